# SPDX-License-Identifier: Apache-2.0
"""How good a training is, by numbers that cost seconds: pictures and masks against the data, and poses against truth.

They steer and compare trainings on small pictures; they are no FID, and are not called so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from portrait_core.body.smpl import rodrigues
from portrait_core.networks.discriminator import PortraitDiscriminator
from portrait_core.rendering.jitter import Deterministic
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.data import PortraitData, yaws
from portrait_core.training.adversarial.moments import Moment, real_portraits
from portrait_core.training.adversarial.phases import Phases

FAKES = 256
"""Generated pictures that are compared."""
TOGETHER = 16
"""How many are made at a time where they are small."""
REALS = 1024
"""Pictures of the data set they are compared with."""
YAWS = 8
"""Yaw bins of mean masks."""
CELLS = 8
"""Pictures and masks are compared as CELLS x CELLS means."""
READ = 400
"""Held-out pictures whose pose is read, at most."""


@dataclass(frozen=True)
class Fakes:
    """Generated ``image[N, 3, S, S]`` and ``mask[N, 1, R, R]`` with their labels (N, 25) and poses ``[N, 6]``."""

    image: Tensor
    mask: Tensor
    labels: NDArray[np.float32]
    poses: Tensor


@torch.no_grad()
def draw_fakes(phases: Phases, moment: Moment, *, seed: int = 5) -> Fakes:
    """Pictures of the averaged generator at cameras of the data set, each conditioned on its own camera and pose."""
    generator, data, count = phases.networks.generator_average, phases.data, FAKES
    rng, random = np.random.default_rng(seed), torch.Generator(phases.device).manual_seed(seed)
    numbers = data.draw(rng, count)
    cameras, coarse = data.labels_of(numbers)
    image: list[Tensor] = []
    mask: list[Tensor] = []
    poses: list[Tensor] = []
    together = phases.at_once if phases.config.generator.img_resolution > 128 else TOGETHER
    for rows in np.array_split(np.arange(count), range(together, count, together)):
        z = torch.randn(len(rows), phases.config.generator.z_dim, generator=random, device=phases.device)
        c = cameras[rows].to(phases.device)
        pose = phases.networks.poses.poses(generator, z, c, coarse[rows].to(phases.device))
        seen = generator.synthesis(
            generator.mapping(z, c, pose),
            c,
            deform=phases.warp(pose),
            numbers=Deterministic(),
            neural_resolution=moment.resolution,
        )
        image.append(seen["image"].cpu())
        mask.append(seen["image_mask"].clamp(0, 1).cpu())
        poses.append(pose.cpu())
    return Fakes(torch.cat(image), torch.cat(mask), cameras.numpy(), torch.cat(poses))


def picture_figures(fakes: Fakes, data: PortraitData) -> dict[str, Any]:
    """``distance``: Frechet distance of small pictures and masks. ``mask_iou``: of mean masks, mean over yaws.

    ``mask_iou_by_yaw`` has a number a bin, None where the data set has no such view.
    """
    rng = np.random.default_rng(6)
    numbers = data.draw(rng, REALS)
    image, mask = data.pictures_of(numbers)
    real = data.labels_of(numbers)[0].numpy()
    return {
        "distance": frechet(small_pictures(fakes.image, fakes.mask).numpy(), small_pictures(image, mask).numpy()),
        **mask_figures(fakes, mask, real),
        "pose_std": [round(float(each), 4) for each in fakes.poses.std(dim=0)],
        "pose_mean": [round(float(each), 4) for each in fakes.poses.mean(dim=0)],
    }


def mask_figures(fakes: Fakes, mask: Tensor, labels: NDArray[np.float32]) -> dict[str, Any]:
    """``mask_iou`` and ``mask_iou_by_yaw`` of generated masks with those of the data ``[N, 1, S, S]``."""
    size = fakes.mask.shape[-1]
    # Drawing may give a view of which there is only one; masks of the two sides must come from the same yaws.
    overlap = [
        _soft_iou(fakes.mask[ours].mean(dim=0), functional.adaptive_avg_pool2d(mask[theirs], size).mean(dim=0))
        if ours.any() and theirs.any()
        else None
        for ours, theirs in zip(yaw_bins(fakes.labels), yaw_bins(labels), strict=True)
    ]
    found = [each for each in overlap if each is not None]
    return {"mask_iou": float(np.mean(found)) if found else None, "mask_iou_by_yaw": overlap}


@torch.no_grad()
def read_poses(
    discriminator: PortraitDiscriminator,
    data: PortraitData,
    config: TrainingConfig,
    moment: Moment,
    *,
    device: torch.device,
    together: int,
) -> Tensor:
    """Poses ``[N, 6]`` that a discriminator reads from the first pictures of a data set, ``together`` at a time.

    What it reads depends a little on a picture's companions; sampling scripts give it one at a time.
    """
    found: list[Tensor] = []
    count = min(len(data), READ)
    for rows in np.array_split(np.arange(count), range(together, count, together)):
        image, mask = (each.to(device) for each in data.pictures_of(rows))
        shown = real_portraits(config, image, mask, moment)
        found.append(discriminator.predict_pose(shown, data.labels_of(rows)[0].to(device)).cpu())
    return torch.cat(found)


def pose_figures(read: Tensor, true: Tensor) -> dict[str, Any]:
    """How far poses ``[N, 6]`` are from the true ones.

    ``head_deg`` and ``head_deg_centred``: mean angle between total head rotations (neck, then head), as they are and
    after the turn that all share is taken away: canonical space may lie turned in itself, and no picture tells.
    ``rms`` and ``rms_centred``: radians a number. ``corr``: of the sums of neck and head, for nod, turn and tilt.
    """
    total = turn_errors(_total(read), _total(true))
    error = read - true
    sums, wanted = read[:, :3] + read[:, 3:], true[:, :3] + true[:, 3:]
    corr = [float(np.corrcoef(sums[:, k].numpy(), wanted[:, k].numpy())[0, 1]) for k in range(3)]
    return {
        "head_deg": total[0],
        "head_deg_centred": total[1],
        "rms": float(error.square().mean().sqrt()),
        "rms_centred": float((error - error.mean(dim=0)).square().mean().sqrt()),
        "corr": dict(zip(("nod", "turn", "tilt"), (round(each, 4) for each in corr), strict=True)),
    }


def turn_errors(read: Tensor, true: Tensor) -> tuple[float, float]:
    """Mean angle in degrees between rotations ``[N, 3, 3]``: as they are, and without the turn that all share."""
    apart = read.transpose(1, 2) @ true
    shared = _nearest_rotation(apart.mean(dim=0))
    return float(_angle(apart).mean()), float(_angle(apart @ shared.T).mean())


def frechet(a: NDArray[np.floating], b: NDArray[np.floating], *, unbiased: bool = True) -> float:
    """Frechet distance of two sets of rows (N, K), taken as normal distributions.

    Covariances are divided by N - 1, or by N as published distances of pictures' features have it (not ``unbiased``).
    """
    off = a.mean(axis=0, dtype=np.float64) - b.mean(axis=0, dtype=np.float64)
    root_a, root_b = _covariance_root(a, unbiased=unbiased), _covariance_root(b, unbiased=unbiased)
    # With covariances A'A and B'B the trace of the root of their product is the sum of the singular values of AB'.
    shared = scipy.linalg.svdvals(root_a @ root_b.T).sum()
    return float(off @ off + np.square(root_a).sum() + np.square(root_b).sum() - 2 * shared)


def _covariance_root(rows: NDArray[np.floating], *, unbiased: bool) -> NDArray[np.float64]:
    """A matrix A of at most as many rows as columns whose A'A is the covariance."""
    off = (rows - rows.mean(axis=0, dtype=np.float64)) / np.sqrt(len(rows) - int(unbiased))
    if len(off) <= off.shape[1]:
        return off
    root = scipy.linalg.qr(off, mode="r", check_finite=False)[0][: off.shape[1]]
    return np.asarray(root, np.float64)


def small_pictures(image: Tensor, mask: Tensor) -> Tensor:
    """Means ``[N, 4 CELLS^2]`` of pictures ``[N, 3, S, S]`` in [-1, 1] and masks ``[N, 1, R, R]`` in [0, 1]."""
    parts = [functional.adaptive_avg_pool2d(image, CELLS), 2 * functional.adaptive_avg_pool2d(mask, CELLS) - 1]
    return torch.cat(parts, dim=1).flatten(1)


def yaw_bins(labels: NDArray[np.float32]) -> list[Tensor]:
    """Which of the cameras (N, 25) look from each of `YAWS` sides, from behind over the subject's right to behind."""
    yaw = yaws(labels)
    number = np.clip(((yaw + np.pi) / (2 * np.pi) * YAWS).astype(int), 0, YAWS - 1)
    return [torch.as_tensor(number == each) for each in range(YAWS)]


def _soft_iou(a: Tensor, b: Tensor) -> float:
    return float(torch.minimum(a, b).sum() / torch.maximum(a, b).sum())


def _total(pose: Tensor) -> Tensor:
    return rodrigues(pose[:, :3].double()) @ rodrigues(pose[:, 3:].double())


def _angle(rotation: Tensor) -> Tensor:
    cosine = (rotation.diagonal(dim1=-2, dim2=-1).sum(-1) - 1) / 2
    return torch.rad2deg(torch.arccos(cosine.clamp(-1, 1)))


def _nearest_rotation(matrix: Tensor) -> Tensor:
    u, _, v = np.linalg.svd(matrix.numpy())
    return torch.as_tensor(u @ np.diag([1, 1, np.linalg.det(u @ v)]) @ v)
