# SPDX-License-Identifier: Apache-2.0
"""Measures of persons: whether two views show one surface, how far persons differ, how smoothly they blend."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from portrait_core.cameras import Camera
from portrait_core.errors import UsageError
from portrait_core.metrics.distances import path_length
from portrait_core.metrics.features import Features, gathered_rows
from portrait_core.metrics.generated import GeneratedPictures, Subject
from portrait_core.metrics.vgg import Lpips
from portrait_core.networks.resampling import resize
from portrait_core.progress import Progress, silent
from portrait_core.rendering.rays import rays_of_labels
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.figures import small_pictures
from portrait_core.training.adversarial.processes import ALONE, Processes

YAWS = (-0.8, 0.0, 0.8, 3.14159)
"""Sides from which a person is seen, radians."""
APART = 0.2
"""Angle between the two views of a side, radians: about eleven degrees."""
NEAR = 0.01
"""Metres between depths up to which two pixels show the same place."""
SURE = 0.9
"""Coverage from which a pixel belongs to the person."""

PERSONS, VIEWS = 24, 8
"""Persons and views of each that spreads are estimated from."""

EPSILON = 1e-4
"""Step in w of path lengths, as published."""
LPIPS_SIDE = 256
"""Larger pictures are brought to this side before LPIPS, by means of squares."""


def view_consistency(pictures: GeneratedPictures, count: int, progress: Progress = silent) -> dict[str, float | None]:
    """Whether colours stay on their surface from one view to the next.

    A pixel of one view is carried by its depth into a second view, `APART` further; where that one shows the same
    place, colours are compared. ``view_consistency``: mean difference in grey levels of 255; ``view_share``: share of
    the person's pixels that could be compared. Pictures are compared at the size of the depths. None where nobody is
    seen from both sides.
    """
    subject = pictures.subject
    differences: list[float] = []
    shares: list[float] = []
    for number in range(count):
        ws = pictures.condition(np.array([number]))[2]
        for yaw in YAWS:
            labels = torch.as_tensor(np.stack([Camera.orbit(yaw + turn, 0.0).label for turn in (0.0, APART)]))
            seen = subject.show(ws.expand(2, -1, -1), labels, torch.zeros(2, 6))
            image = resize(seen["image"], seen["image_depth"].shape[-1])
            found = compared_views(image, seen["image_depth"], seen["image_mask"], labels)
            if found is not None:
                differences.append(found[0])
                shares.append(found[1])
        progress("views", (number + 1) / count)
    if not differences:
        return {"view_consistency": None, "view_share": None}
    return {"view_consistency": float(np.mean(differences)), "view_share": float(np.mean(shares))}


def compared_views(image: Tensor, depth: Tensor, mask: Tensor, labels: Tensor) -> tuple[float, float] | None:
    """Mean difference (grey levels) and share of pixels compared, of two views of one person; None where nobody is.

    Args:
        image: ``[2, 3, R, R]`` in [-1, 1]. depth: ``[2, 1, R, R]``, metres along the ray. mask: ``[2, 1, R, R]``.
        labels: cameras ``[2, 25]``.
    """
    size = depth.shape[-1]
    origins, directions = rays_of_labels(labels[:1], size)
    sure = mask[0].flatten() > SURE
    if not bool(sure.any()):
        return None
    points = (origins + directions * depth[0].flatten()[None, :, None])[0][sure]
    cam2world, intrinsics = labels[1, :16].reshape(4, 4), labels[1, 16:25].reshape(3, 3)
    from_camera = points - cam2world[:3, 3]
    x, y, z = (from_camera @ cam2world[:3, :3]).unbind(dim=1)
    place = (intrinsics @ torch.stack([x / z, y / z, torch.ones_like(z)])).T[:, :2] * 2 - 1
    other = torch.cat([image[1], depth[1], (mask[1] > SURE).float()])[None]
    found = functional.grid_sample(other, place[None, None], align_corners=False)[0, :, 0]
    same = ((found[3] - from_camera.square().sum(dim=1).sqrt()).abs() < NEAR) & (found[4] > 0.999)
    if not bool(same.any()):
        return None
    apart = (image[0].flatten(1)[:, sure] - found[:3]).abs()[:, same]
    return 127.5 * float(apart.mean()), float(same.float().mean())


def identity_spread(pictures: GeneratedPictures, progress: Progress = silent) -> float:
    """How far persons differ, as a share of how far the data's do: 0 where all are one, 1 where they are as various.

    It is the ratio of two variances between persons (:func:`between_persons`) of small pictures with masks, estimated
    from as many persons and views on both sides.

    Raises:
        UsageError: the data set does not tell whose portraits are whose, or has too few of each.
    """
    subject, data = pictures.subject, pictures.data
    own = _views_of_persons(data, seed=pictures.seed)
    persons, views = own.shape
    image, mask = data.pictures_of(own.ravel())
    theirs = small_pictures(image, mask).numpy().reshape(persons, views, -1)
    rows: list[NDArray[np.float32]] = []
    for person in range(persons):
        ws = pictures.condition(np.array([person]))[2]
        labels, coarse = data.labels_of(own[(person + 1) % persons])
        seen = subject.show(ws.expand(views, -1, -1), labels, coarse)
        rows.append(small_pictures(seen["image"].clamp(-1, 1), seen["image_mask"].clamp(0, 1)).numpy())
        progress("persons", (person + 1) / persons)
    return between_persons(np.stack(rows)) / max(between_persons(theirs), 1e-12)


def between_persons(rows: NDArray[np.floating]) -> float:
    """Variance between persons of features (persons, views, d), summed over features; without bias, at least 0.

    Means of few views differ by the views' own variance too; that part is taken away (analysis of variance).
    """
    views = rows.shape[1]
    within = rows.var(axis=1, ddof=1, dtype=np.float64).mean(axis=0)
    among = rows.mean(axis=1, dtype=np.float64).var(axis=0, ddof=1)
    return float(max((among - within / views).sum(), 0.0))


def _views_of_persons(data: PortraitData, *, seed: int) -> NDArray[np.int64]:
    """Numbers of pictures (persons, views) of different persons."""
    if data.persons is None:
        raise UsageError(f"{data.path} does not tell whose portraits are whose; the portrait world's with views do.")
    rng = np.random.default_rng(seed)
    names, counts = np.unique(data.persons, return_counts=True)
    enough = names[counts >= 2]
    if len(enough) < 2:
        raise UsageError(f"{data.path} has {len(enough)} persons with several portraits; identities take two at least.")
    chosen = rng.permutation(enough)[:PERSONS]
    views = min(VIEWS, int(counts[np.isin(names, chosen)].min()))
    return np.stack([rng.permutation(np.flatnonzero(data.persons == each))[:views] for each in chosen])


def path_lengths(
    pictures: GeneratedPictures,
    lpips: Lpips,
    *,
    together: int,
    processes: Processes = ALONE,
    progress: Progress = silent,
) -> NDArray[np.float32]:
    """Perceptual path lengths (N,): LPIPS of two pictures whose w lie `EPSILON` of the way apart, over its square.

    Pictures share camera, pose and condition (docs/published/metrics.md: w space, end points, no crop).
    """
    subject: Subject = pictures.subject
    found: list[Features] = []
    own = np.arange(processes.rank, len(pictures), processes.count, dtype=np.int64)
    for start in range(0, len(own), together):
        numbers = own[start : start + together]
        c, pose, first = pictures.condition(numbers)
        # The other end has the same label and another latent.
        towards = pictures.condition(numbers, latent=3)[2]
        ends = (first, torch.lerp(first, towards, EPSILON))
        a, b = (_shown(subject.show(ws, c, pose)["image"]) for ws in ends)
        found.append((lpips.distances(a, b) / EPSILON**2)[:, None].numpy())
        progress("path lengths", (start + len(numbers)) / len(own))
    return gathered_rows(found, len(pictures), processes)[:, 0]


def mean_path_length(lengths: NDArray[np.float32], subject: Subject) -> float:
    """The published summary of path lengths. Raises UsageError where they are not finite."""
    bad = int((~np.isfinite(lengths)).sum())
    if bad:
        raise UsageError(f"{subject.path}: {bad} of {len(lengths)} path lengths are not finite; the model is broken.")
    return path_length(lengths)


def _shown(image: Tensor) -> Tensor:
    """[-1, 1] to [0, 1], and to `LPIPS_SIDE` by means of squares where it goes."""
    image = (image + 1) / 2
    factor = image.shape[-1] // LPIPS_SIDE
    return functional.avg_pool2d(image, factor) if factor > 1 else image
