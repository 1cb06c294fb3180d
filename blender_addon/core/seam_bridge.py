# SPDX-License-Identifier: GPL-3.0-or-later
"""The band of faces between two rings: quads where their vertices stand opposite, else triangles."""

from __future__ import annotations

from typing import cast

import numpy as np

from .seam_frame import Places

OPPOSITE = 0.4
"""Two vertices stand opposite where their angles differ by less than this share of the shorter step."""


def bridge(upper: Places, lower: Places) -> list[tuple[int, ...]]:
    """Faces between an upper ring of U vertices and a lower one of L, facing outwards, each edge of both rings once.

    The arguments are the rings' angles (U,) and (L,), growing. Vertices of the faces count from 0, those of the lower
    ring from U.
    """
    count, others = len(upper), len(lower)
    above, unturned = _unrolled(upper), _unrolled(lower)
    # The lower ring begins beside the first of the upper.
    first = int(np.argmin(np.abs((lower - upper[0] + np.pi) % (2 * np.pi) - np.pi)))
    turned = np.concatenate([unturned[first:-1], unturned[: first + 1] + 2 * np.pi])
    below = cast("Places", turned + 2 * np.pi * np.round((above[0] - turned[0]) / (2 * np.pi)))
    faces: list[tuple[int, ...]] = []
    i = j = 0
    while i < count or j < others:
        a, next_a = i % count, (i + 1) % count
        b, next_b = count + (first + j) % others, count + (first + j + 1) % others
        left = i < count and j < others
        if left and _opposite(above, below, i, j):
            faces.append((b, next_b, next_a, a))
            i, j = i + 1, j + 1
        elif i < count and (j == others or above[i + 1] < below[j + 1]):
            faces.append((b, next_a, a))
            i += 1
        else:
            faces.append((b, next_b, a))
            j += 1
    return faces


def _unrolled(ring: Places) -> Places:
    """The angles (K + 1,) with the first once more behind the last, a turn further."""
    return np.append(np.unwrap(ring), ring[0] + 2 * np.pi)


def _opposite(above: Places, below: Places, i: int, j: int) -> bool:
    step = min(above[i + 1] - above[i], below[j + 1] - below[j])
    return bool(abs(above[i + 1] - below[j + 1]) < OPPOSITE * step)
