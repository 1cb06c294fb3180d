# SPDX-License-Identifier: GPL-3.0-or-later
"""A head laid onto another: the size and the place at which two surfaces lie closest, without turning either."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from .seam_frame import Places

Nearest = Callable[[Places], tuple[Places, Places]]
"""For points (P, 3) the nearest places of the other surface (P, 3) and its normals there (P, 3)."""
ROUNDS = 30
TRIMMED = 0.25
"""The share of points, the furthest off, that is left out: ears, noses, hair that one of the two has."""
AGREE = 0.3
"""Cosine of the angle between normals up to which two places can belong together."""
FIRST_SIZES = (0.8, 0.9, 1.0, 1.12, 1.25)
_SKULL = 0.1
"""Metres below the crown to which the first guess looks."""


def fitted(points: Places, normals: Places, other: Places, nearest: Nearest) -> tuple[float, Places, float]:
    """The size about the origin and the shift (3,) that bring ``points`` (P, 3) closest to another surface, and how
    close: the mean distance that is left, in metres, of what belongs together.

    ``normals`` (P, 3) are the points' own; ``other`` (M, 3) places of the other surface, +z upwards. Begun from several
    sizes, crown on crown, and the best taken. Raises ``ValueError`` where nothing belongs together.
    """
    found: list[tuple[float, Places, float]] = []
    for size in FIRST_SIZES:
        end = _refined(points, normals, nearest, size, _crown_on_crown(size * points, other, size))
        if end is not None:
            found.append(end)
    if not found:
        raise ValueError("no part of the two surfaces faces the same way")
    return min(found, key=lambda each: each[2])


def _crown_on_crown(points: Places, other: Places, size: float) -> Places:
    """The shift that lays highest place on highest place, and the middles of what is below over each other."""
    shift = np.zeros(3)
    tops = points[:, 2].max(), other[:, 2].max()
    shift[2] = tops[1] - tops[0]
    for axis in (0, 1):
        spans = [at[at[:, 2] > top - _SKULL * size][:, axis] for at, top in ((points, tops[0]), (other, tops[1]))]
        middles = [(each.min() + each.max()) / 2 for each in spans]
        shift[axis] = middles[1] - middles[0]
    return shift


def _refined(
    points: Places, normals: Places, nearest: Nearest, size: float, shift: Places
) -> tuple[float, Places, float] | None:
    """Each round brings the points onto the planes that touch the surface where they are nearest to it (Chen and
    Medioni, 1992), without a turn."""
    left = np.inf
    for _ in range(ROUNDS):
        moved = size * points + shift
        place, normal = nearest(moved)
        agree = np.einsum("pc,pc->p", normal, normals) > AGREE
        if agree.sum() < 10:
            return None
        off = np.einsum("pc,pc->p", place - moved, normal)
        far = np.linalg.norm(place - moved, axis=1)
        kept = agree & (far <= np.quantile(far[agree], 1 - TRIMMED))
        left = float(np.abs(off[kept]).mean()) / (agree.sum() / len(agree))
        columns = np.column_stack([np.einsum("pc,pc->p", moved, normal), normal])[kept]
        more = cast("Places", np.linalg.lstsq(columns, off[kept], rcond=None)[0])
        # A round never changes the size by more than a tenth: far from the surface the planes say little.
        grown = 1 + float(np.clip(more[0], -0.1, 0.1))
        size, shift = size * grown, shift * grown + more[1:]
        if np.abs(more).max() < 1e-6:
            break
    return size, shift, left
