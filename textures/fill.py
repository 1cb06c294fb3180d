# SPDX-License-Identifier: Apache-2.0
"""Colours for the texels outside all charts, so that neither filtering nor mip maps mix in a background."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx)

LANES, BITS = 4, 12
"""Channels packed into one 64-bit number, beside their count, and bits of each: room for eight times 255."""


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
    if bool(known.all()):
        return result
    coarse = np.rint(_pull(*_halve(result, known))).astype(np.uint8)
    for dy in (0, 1):
        for dx in (0, 1):
            unknown = ~known[dy::2, dx::2]
            rows, columns = unknown.shape
            for k, plane in enumerate(coarse):
                np.copyto(result[dy::2, dx::2, k], plane[:rows, :columns], where=unknown)
    return result


def _grow(image: NDArray[np.uint8], known: NDArray[np.bool_], rings: int) -> None:
    """Continue the known texels of ``image`` by ``rings`` texels, in place; ``known`` grows with them."""
    height, width, channels = image.shape
    # A border of unknown texels all around: nothing need be asked about the image's own border.
    across = width + 2
    packed = [np.zeros((height + 2) * across, np.uint64) for _ in range(0, channels, LANES)]
    flat, flat_known = image.reshape(-1, channels), known.reshape(-1)
    rim = _edge(~known)
    for first, numbers in zip(range(0, channels, LANES), packed, strict=True):
        numbers[_padded(rim, width)] = _pack(flat[rim, first : first + LANES])
    offsets = [dy * across + dx for dy, dx in NEIGHBOURS]
    for _ in range(rings):
        ring = _edge(known)
        if len(ring) == 0:
            return
        place = _padded(ring, width)
        for first, numbers in zip(range(0, channels, LANES), packed, strict=True):
            total = numbers[place + offsets[0]]
            for offset in offsets[1:]:
                total += numbers[place + offset]
            mean = _mean(total, min(LANES, channels - first))
            flat[ring, first : first + LANES] = mean
            numbers[place] = _pack(mean)
        flat_known[ring] = True


def _padded(flat: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Flat numbers in an image that is one texel wider on each side."""
    return flat + 2 * (flat // width) + (width + 3)


def _pack(texels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Texels (N, C) as one number each (N,): a count of 1, then the channels, so that sums of eight do not mix."""
    number = np.ones(len(texels), np.uint64)
    for k in range(texels.shape[1]):
        number |= texels[:, k].astype(np.uint64) << np.uint64(BITS * (k + 1))
    return number


def _mean(total: NDArray[np.uint64], channels: int) -> NDArray[np.uint8]:
    """The means (N, C) of sums (N,) of packed texels."""
    mask = np.uint64((1 << BITS) - 1)
    share = np.float32(1) / (total & mask).astype(np.float32)
    mean = np.empty((len(total), channels), np.uint8)
    for k in range(channels):
        channel = ((total >> np.uint64(BITS * (k + 1))) & mask).astype(np.float32)
        mean[:, k] = np.rint(channel * share)
    return mean


def _edge(known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Flat numbers of the unknown texels that touch a known one, diagonally too."""
    wide = known.copy()
    wide[1:] |= known[:-1]
    wide[:-1] |= known[1:]
    touched = wide.copy()
    touched[:, 1:] |= wide[:, :-1]
    touched[:, :-1] |= wide[:, 1:]
    return np.flatnonzero(touched > known)


def _halve(image: NDArray[np.uint8], known: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sums (C, H', W') of the known texels of 2 x 2 blocks of an image (H, W, C), and how many (H', W') they are."""
    height, width = (-(-n // 2) for n in known.shape)
    total = np.zeros((image.shape[2], height, width), np.float32)
    count = np.zeros((height, width), np.float32)
    for dy in (0, 1):
        for dx in (0, 1):
            part = known[dy::2, dx::2]
            rows, columns = part.shape
            for k, plane in enumerate(total):  # NumPy is slow along a short last axis
                plane[:rows, :columns] += image[dy::2, dx::2, k] * part
            count[:rows, :columns] += part
    return total, count


def _pull(total: NDArray[np.float32], count: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means (C, H, W) of sums (C, H, W) over counts (H, W); where the count is 0, the mean of a coarser level."""
    mean = np.asarray(total / np.maximum(count, 1.0), np.float32)
    empty = count == 0
    if not bool(empty.any()):
        return mean
    height, width = (-(-n // 2) for n in count.shape)
    coarse_total = np.zeros((len(total), height, width), np.float32)
    coarse_count = np.zeros((height, width), np.float32)
    present = (~empty).astype(np.float32)
    for dy in (0, 1):
        for dx in (0, 1):
            part = mean[:, dy::2, dx::2]
            rows, columns = part.shape[1:]
            coarse_total[:, :rows, :columns] += part
            coarse_count[:rows, :columns] += present[dy::2, dx::2]
    coarse = _pull(coarse_total, coarse_count)
    for dy in (0, 1):
        for dx in (0, 1):
            where = empty[dy::2, dx::2]
            rows, columns = where.shape
            np.copyto(mean[:, dy::2, dx::2], coarse[:, :rows, :columns], where=where)
    return mean
