# SPDX-License-Identifier: Apache-2.0
"""Measures against truth that photographs lack, and the portrait world's data have: body poses, and depths by yaw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from portrait_core.body.smpl import rodrigues
from portrait_core.errors import UsageError
from portrait_core.metrics.generated import Subject
from portrait_core.metrics.pictures import Batch, IntArray
from portrait_core.progress import Progress, silent
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.data_files import PictureFiles
from portrait_core.training.adversarial.figures import pose_figures, turn_errors, yaw_bins
from portrait_core.world.dataset_files import DEPTH_UNIT, DEPTHS, TRUTH

FEWEST = 4
"""Pictures of a side below which its mean depth says little."""


def true_poses(data: PortraitData) -> Tensor:
    """True poses ``[N, 6]`` of a data set, radians. Raises UsageError where it does not tell them."""
    if data.true_poses is not None:
        return torch.as_tensor(data.true_poses)
    if (data.path / TRUTH).is_file():
        return torch.as_tensor(data.labels[:, 25:])
    raise UsageError(f"{data.path} does not tell true poses; the portrait world's data do.")


def pose_errors(subject: Subject, data: PortraitData, numbers: IntArray, progress: Progress = silent) -> dict[str, Any]:
    """How far poses that the discriminator reads from pictures ``numbers`` are from the true ones.

    Degrees of the total head rotation (neck, then head), of the neck and of the head, each without the turn that all
    share (``_deg``) and with it (``_deg_as_read``): canonical space may lie turned in itself, and no picture tells.
    ``pose_corr``: correlation of the sums of neck and head for nod, turn and tilt.

    Raises:
        UsageError: no discriminator, or no truth.
    """
    true = true_poses(data)[torch.as_tensor(numbers)]
    read: list[Tensor] = []
    for start in range(0, len(numbers), 16):
        some = numbers[start : start + 16]
        read.append(subject.judge.poses(*data.pictures_of(some), data.labels_of(some)[0]))
        progress("poses", (start + len(some)) / len(numbers))
    found = torch.cat(read)
    total = pose_figures(found, true)
    neck, head = (
        turn_errors(*(rodrigues(each[:, part].double()) for each in (found, true)))
        for part in (slice(0, 3), slice(3, 6))
    )
    return {
        "pose_total_deg": total["head_deg_centred"],
        "pose_total_deg_as_read": total["head_deg"],
        "pose_neck_deg": neck[1],
        "pose_neck_deg_as_read": neck[0],
        "pose_head_deg": head[1],
        "pose_head_deg_as_read": head[0],
        "pose_corr": total["corr"],
    }


def true_depths(data: PortraitData, numbers: IntArray) -> Tensor:
    """Depths ``[N, 1, S, S]`` in metres along the ray of pictures as they are in the files, NaN where nobody is.

    Raises UsageError where the data set has none.
    """
    path: Path = data.path / DEPTHS
    if not path.is_file():
        raise UsageError(f"{data.path} holds no {DEPTHS}; the portrait world's data do.")
    files = PictureFiles(path)
    rows: list[Tensor] = []
    for number in numbers:
        with files.opened(data.names[int(number)]) as picture:
            rows.append(torch.as_tensor(np.asarray(picture).astype(np.float32)))
    steps = torch.stack(rows)[:, None]
    return torch.where(steps > 0, steps * DEPTH_UNIT, torch.full_like(steps, torch.nan))


def depth_figures(made: Batch, depths: Tensor, labels: Tensor) -> dict[str, Any]:
    """Generated depths against the data's, for each of eight yaws.

    ``depth_mm``: mean difference of mean depths where both sides mostly show somebody. ``depth_relief``: how much
    depths differ within a picture, as a share of how much the data's do; about 0 for a flat card.

    Args:
        made: generated pictures, with depths.
        depths: of the data, ``[N, 1, S, S]``, NaN where nobody is. labels: their cameras (N, 25).

    None where no yaw has `FEWEST` pictures of both sides in which somebody is at the same place.
    """
    assert made.depths is not None  # generated pictures have them
    size = made.depths.shape[-1]
    ours = torch.where(made.masks > 0.5, made.depths, torch.full_like(made.depths, torch.nan))
    theirs = _smaller(depths, size)
    errors: list[float] = []
    reliefs: list[float] = []
    for mine, other in zip(yaw_bins(made.labels.numpy()), yaw_bins(labels.numpy()), strict=True):
        if min(int(mine.sum()), int(other.sum())) < FEWEST:
            continue
        a, b = ours[mine], theirs[other]
        both = (a.isfinite().float().mean(dim=0) > 0.5) & (b.isfinite().float().mean(dim=0) > 0.5)
        if bool(both.any()):
            errors.append(float((a.nanmean(dim=0) - b.nanmean(dim=0)).abs()[both].mean()))
            reliefs.append(_relief(a) / max(_relief(b), 1e-9))
    if not errors:
        return {"depth_mm": None, "depth_relief": None}
    return {"depth_mm": 1000 * float(np.mean(errors)), "depth_relief": float(np.mean(reliefs))}


def _relief(depths: Tensor) -> float:
    """Mean deviation of depths within pictures, metres."""
    rows = [each[each.isfinite()] for each in depths]
    return float(np.mean([float(each.std()) for each in rows if len(each) > 1] or [0.0]))


def _smaller(depths: Tensor, size: int) -> Tensor:
    """Means of what is there, NaN where less than half of a cell shows somebody."""
    there = depths.isfinite()
    share = functional.adaptive_avg_pool2d(there.float(), size)
    total = functional.adaptive_avg_pool2d(torch.where(there, depths, torch.zeros_like(depths)), size)
    return torch.where(share > 0.5, total / share.clamp_min(1e-6), torch.full_like(total, torch.nan))
