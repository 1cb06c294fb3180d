# SPDX-License-Identifier: Apache-2.0
"""Which points of a hair mesh are held over the skin: those near it, as far as they are over the mean person's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.controls import Controls
from portrait_core.parts.footing import Footing
from portrait_core.training.parts_template.worn import Mannequin

HELD, LEAST = 0.005, 0.0008
"""Points are held this far over everybody's skin, or as far as they are over the mean person's if that is less; but at
least the second, metres."""

NEAR, DEEPEST = 0.02, -0.012
"""Only points between these heights over the mean person's skin are held, metres: what lies deeper does on purpose."""

STEP = 0.012
"""Metres between the points along a triangle's longest edge."""


def points_of(
    places: NDArray[np.float64], triangles: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Points (M, 3) of the triangles (F, 3) of a mesh (K, 3) and their shares (M, 3): every corner, and as many between
    them as a triangle is long."""
    corner = places[triangles]
    longest = np.linalg.norm(corner - np.roll(corner, 1, axis=1), axis=2).max(axis=1)
    parts = np.maximum(np.ceil(longest / STEP).astype(int), 1)
    used = np.unique(triangles)
    vertices = [np.stack([used, used, used], axis=1)]
    shares = [np.tile([1.0, 0.0, 0.0], (len(used), 1))]
    for count in np.unique(parts[parts > 1]):
        own = triangles[parts == count]
        grid = np.array([(i, j, count - i - j) for i in range(count + 1) for j in range(count - i + 1)]) / count
        grid = grid[grid.max(axis=1) < 1]
        vertices.append(np.repeat(own, len(grid), axis=0))
        shares.append(np.tile(grid, (len(own), 1)))
    return np.concatenate(vertices), np.concatenate(shares).astype(np.float32)


def footing_of(
    places: NDArray[np.float64], triangles: NDArray[np.int64], mannequin: Mannequin, controls: Controls
) -> Footing:
    """The footing of a mesh, places (K, 3) from the middle of the eyes, on the mannequin's skin without the ears."""
    skin = mannequin.head_triangles
    known: NDArray[np.bool_] = np.asarray(np.isin(skin, controls.index).all(axis=1), bool)
    vertices, shares = points_of(places, triangles)
    at = (places[vertices] * shares[..., None]).sum(axis=1)
    hits = mannequin.head.closest(at.astype(np.float32))
    near: NDArray[np.bool_] = np.asarray(hits.distance < NEAR, bool) & np.asarray(known, bool)[hits.face]
    hits = hits.take(near)
    corners = controls.rows_of(skin[hits.face].astype(np.int64))
    zero = np.zeros(len(corners), np.float32)
    footing = Footing(vertices[near], shares[near], corners, np.asarray(hits.weights, np.float32), zero)
    over, _ = footing.over(places, (mannequin.places - mannequin.eyes)[controls.index])
    kept = over > DEEPEST
    return replace(
        footing,
        vertices=footing.vertices[kept],
        shares=footing.shares[kept],
        corners=corners[kept],
        weights=footing.weights[kept],
        least=np.clip(over[kept], LEAST, HELD).astype(np.float32),
    )
