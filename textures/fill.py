# SPDX-License-Identifier: Apache-2.0
"""Colours for the texels outside all charts, so that neither filtering nor mip maps mix in a background."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx)


def fill_empty(image: NDArray[np.uint8], covered: NDArray[np.bool_], rings: int = 4) -> NDArray[np.uint8]:
    """``image`` (H, W, C) with every texel outside ``covered`` (H, W) filled from those inside; those stay as they are.

    The first ``rings`` texels around a chart continue it: each is the mean of its filled neighbours. The rest comes
    from ever coarser means of the covered texels (the pull-push of Gortler et al. 1996), as mip levels are. An image
    without covered texels comes back unchanged.
    """
    if not bool(covered.any()) or bool(covered.all()):
        return image
    result = image.copy()
    known = covered.copy()
    _grow(result, known, rings)
    empty = np.flatnonzero(~known.ravel())
    if len(empty):
        coarse = _pull(*_halve(result, known))
        row, column = np.divmod(empty, image.shape[1])
        result.reshape(-1, image.shape[2])[empty] = np.rint(coarse[row // 2, column // 2]).astype(np.uint8)
    return result


def _grow(image: NDArray[np.uint8], known: NDArray[np.bool_], rings: int) -> None:
    """Continue the known texels of ``image`` by ``rings`` texels, in place; ``known`` grows with them."""
    height, width, channels = image.shape
    flat, flat_known = image.reshape(-1, channels), known.reshape(-1)
    ring = _edge(known)
    for _ in range(rings):
        if len(ring) == 0:
            return
        row, column = np.divmod(ring, width)
        total = np.zeros((len(ring), channels), np.uint16)
        count = np.zeros(len(ring), np.uint16)
        reached: list[NDArray[np.int64]] = []
        for dy, dx in NEIGHBOURS:
            inside = (row + dy >= 0) & (row + dy < height) & (column + dx >= 0) & (column + dx < width)
            beside = np.where(inside, ring + dy * width + dx, ring)  # `ring` itself is not known yet: it adds nothing
            full = flat_known[beside]
            total += flat[beside] * full[:, None]
            count += full
            reached.append(beside[inside & ~full])
        flat[ring] = np.rint(total / count[:, None]).astype(np.uint8)
        flat_known[ring] = True
        beyond = np.concatenate(reached)
        beyond = np.sort(beyond[~flat_known[beyond]])
        ring = beyond[np.flatnonzero(np.diff(beyond, prepend=-1))]


def _edge(known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Flat numbers of the unknown texels that touch a known one, diagonally too."""
    wide = known.copy()
    wide[1:] |= known[:-1]
    wide[:-1] |= known[1:]
    touched = wide.copy()
    touched[:, 1:] |= wide[:, :-1]
    touched[:, :-1] |= wide[:, 1:]
    return np.flatnonzero((touched & ~known).ravel())


def _halve(
    image: NDArray[np.uint8], known: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sums (H', W', C) of the known texels of 2 x 2 blocks, and how many (H', W') they are."""
    height, width = (-(-n // 2) for n in known.shape)
    total = np.zeros((height, width, image.shape[2]), np.uint16)
    count = np.zeros((height, width), np.uint8)
    for dy in (0, 1):
        for dx in (0, 1):
            part = known[dy::2, dx::2]
            rows, columns = part.shape
            total[:rows, :columns] += image[dy::2, dx::2] * part[:, :, None]
            count[:rows, :columns] += part
    return total.astype(np.float32), count.astype(np.float32)


def _pull(total: NDArray[np.float32], count: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means (H, W, C) of sums (H, W, C) over counts (H, W); where the count is 0, the mean of a coarser level."""
    mean = np.asarray(total / np.maximum(count, 1.0)[:, :, None], np.float32)
    empty = count == 0
    if not bool(empty.any()):
        return mean
    height, width = (-(-n // 2) for n in count.shape)
    coarse_total = np.zeros((height, width, total.shape[2]), np.float32)
    coarse_count = np.zeros((height, width), np.float32)
    present = (~empty).astype(np.float32)
    for dy in (0, 1):
        for dx in (0, 1):
            part = mean[dy::2, dx::2]
            rows, columns = part.shape[:2]
            coarse_total[:rows, :columns] += part
            coarse_count[:rows, :columns] += present[dy::2, dx::2]
    coarse = _pull(coarse_total, coarse_count)
    row, column = np.nonzero(empty)
    mean[row, column] = coarse[row // 2, column // 2]
    return mean
