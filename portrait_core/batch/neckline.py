# SPDX-License-Identifier: Apache-2.0
"""How ragged the neckline of a bust in one piece is: its cloth is a colour of the same surface, and only its picture
tells where it ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from portrait_core.avatar import Level
from portrait_core.batch.borders import sampled
from portrait_core.geometry.mesh_queries import MeshQueries

STEP = 0.001
"""Metres between the looks from ahead."""
WIDE, LOW, HIGH = 0.08, -0.17, -0.01
"""Half of how wide the picture is, and where it begins and ends over the joint of the neck, metres."""
CLOTH = 0.03
"""Less than this share of the picture is no cloth, and no skin."""
UNLIKE = 0.08
"""Colours of cloth and skin that differ by less (sRGB, 0 to 1) have no border to be seen."""
SMOOTH = 0.003
"""Metres over which the border is smoothed to be compared with itself."""
BINS = 64
LEAST = 0.03
"""Metres of border that are worth a measure."""


def raggedness(level: Level, neck: NDArray[np.float64]) -> float | None:
    """Metres, on average along the neckline, by which it leaves its own smoothed course, seen from ahead.

    ``neck`` (3,) is the joint. None where no neckline is to be seen: cloth of the skin's colour, or up to the chin.
    """
    colours, seen = _picture(level, neck)
    throat = seen.copy()
    throat[: int(0.75 * len(seen))] = False
    middle, quarter = seen.shape[1] // 2, int(WIDE / 2 / STEP)
    throat[:, : middle - quarter] = throat[:, middle + quarter :] = False
    if int(throat.sum()) < CLOTH * seen.size:
        return None
    unlike = np.linalg.norm(colours - np.median(colours[throat], axis=0), axis=-1)
    parted = _parted(unlike[seen])
    worn = seen & (unlike > parted)
    if parted < UNLIKE or not CLOTH < float(worn.sum()) / seen.size < 1 - CLOTH:
        return None
    smooth = ndimage.gaussian_filter(worn.astype(np.float32), SMOOTH / STEP, mode="nearest") > 0.5
    border = smooth & ~ndimage.binary_erosion(smooth, border_value=1)
    inside = ndimage.binary_erosion(seen, iterations=int(3 * SMOOTH / STEP))
    near = ndimage.binary_dilation(border, iterations=int(2 * SMOOTH / STEP)) & inside
    length = float((border & near).sum()) * STEP
    return None if length < LEAST else float(((worn ^ smooth) & near).sum()) * STEP**2 / length


def _parted(values: NDArray[np.floating]) -> float:
    """The value that parts values best in two groups (Otsu)."""
    counts, steps = np.histogram(values, BINS)
    middles = (steps[1:] + steps[:-1]) / 2
    below, sums = np.cumsum(counts)[:-1].astype(np.float64), np.cumsum(counts * middles)[:-1]
    whole, total = float(counts.sum()), float((counts * middles).sum())
    between = (total * below / whole - sums) ** 2 / np.maximum(below * (whole - below), 1e-9)
    return float(middles[int(between.argmax())])


def _picture(level: Level, neck: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Colours (H, W, 3), sRGB 0 to 1, lowest row first, of what is seen from ahead, and where something is (H, W)."""
    across, up = np.arange(-WIDE, WIDE, STEP) + float(neck[0]), np.arange(LOW, HIGH, STEP) + float(neck[1])
    starts = np.empty((len(up), len(across), 3), np.float32)
    starts[..., 0], starts[..., 1], starts[..., 2] = across, up[:, None], level.vertices[:, 2].max() + 0.1
    flat = starts.reshape(-1, 3)
    ways = np.tile(np.array([0, 0, -1], np.float32), (len(flat), 1))
    hits = MeshQueries(level.vertices, level.faces).first_hits(flat, ways)
    colours, met = np.zeros((len(flat), 3)), hits.face >= 0
    colours[met] = _coloured(level, hits.take(met).interpolated(level.uvs, level.faces))
    return colours.reshape(starts.shape), met.reshape(starts.shape[:2])


def _coloured(level: Level, uvs: NDArray[np.floating]) -> NDArray[np.float64]:
    image = level.maps.base_colour.astype(np.float32) / 255
    return np.stack([sampled(image[..., k], uvs) for k in range(3)], axis=1)
