# SPDX-License-Identifier: Apache-2.0
"""How far each place of the scalp is inside or outside the hair that lies on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.parts.scalp import ROOT_REACH
from portrait_core.training.parts_template.hair_texture import texels_at
from portrait_core.training.parts_template.hairline import FRINGE, over_hairline, turn_from_ahead
from portrait_core.training.parts_template.worn import Mannequin

SHEETS = 8
"""Sheets of hair that are looked through."""

LINE = -0.004
"""Metres over the hairline from which the scalp shows roots."""

LIES, OWN_LINE = 0.007, -0.022
"""What lies on the skin within the first shows roots down to the second as well: styles have hairlines of their own;
metres."""

SCALP_REACH = 0.03
"""Hair farther over the scalp than this does not darken it, metres."""

LOWEST = -0.14
"""No roots below this height, metres from the middle of the eyes."""

STEP = 0.0022
"""Metres between the places that are looked at."""


def scalp_roots(
    places: NDArray[np.float64],
    triangles: NDArray[np.int64],
    corner_uvs: NDArray[np.float64],
    alpha: NDArray[np.uint8],
    mannequin: Mannequin,
    *,
    fringe: bool = False,
) -> NDArray[np.float64]:
    """(N,) 0 to 1 of the base mesh's vertices: half at the border of the hair, and a step of one in twice
    :data:`portrait_core.parts.scalp.ROOT_REACH`, so that it may be interpolated; 0 on ears.

    Under a ``fringe``, which lies on the forehead but does not grow there, roots end at the hairline.

    The hair is places (K, 3) and triangles (F, 3) with ``corner_uvs`` (F, 3, 2) in a texture with ``alpha`` (S, S).
    """
    skin, normals = mannequin.places - mannequin.eyes, mannequin.normals
    at, ways = _spread(skin, normals, mannequin)
    hair = MeshQueries(places.astype(np.float32), triangles.astype(np.int32))
    over = over_hairline(at)
    reach = np.where(over > LINE, SCALP_REACH, np.where(over > OWN_LINE, LIES, 0.0))
    if fringe:
        reach[(over <= LINE) & (turn_from_ahead(at) < FRINGE)] = 0.0
    covered, passed, going = np.zeros(len(at), bool), np.full(len(at), -0.004), np.flatnonzero(reach > 0)
    for _ in range(SHEETS):
        starts = at[going] + ways[going] * passed[going, None]
        hits = hair.first_hits(starts.astype(np.float32), ways[going].astype(np.float32), SCALP_REACH)
        met = hits.face >= 0
        going, hits = going[met], hits.take(met)
        passed[going] += hits.distance + 2e-5
        uv = (corner_uvs[hits.face] * np.asarray(hits.weights, np.float64)[..., None]).sum(axis=1)
        near = passed[going] < reach[going]
        there = (alpha[texels_at(uv, len(alpha))] > 127) & near
        covered[going[there]] = True
        going = going[~there & near]
    result = np.zeros(len(skin))
    if covered.any() and not covered.all():
        inside, outside = (cKDTree(at[own]).query(skin)[0] for own in (~covered, covered))
        result = np.clip(0.5 + 0.5 * (inside - outside) / ROOT_REACH, 0, 1)
    return np.where(np.linalg.norm(normals, axis=1) > 0.5, result, 0.0) * (1 - mannequin.ears)


def _spread(
    skin: NDArray[np.float64], normals: NDArray[np.float64], mannequin: Mannequin
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places (M, 3) all over the head's skin without the ears, and unit normals there."""
    own = mannequin.head_triangles
    own = own[skin[own][..., 1].min(axis=1) > LOWEST]
    longest = np.linalg.norm(skin[own] - np.roll(skin[own], 1, axis=1), axis=2).max(axis=1)
    parts = np.ceil(longest / STEP).astype(int)
    at, ways = list[NDArray[np.float64]](), list[NDArray[np.float64]]()
    for count in np.unique(parts):
        corners = own[parts == count]
        grid = np.array([(i, j, count - i - j) for i in range(count + 1) for j in range(count - i + 1)]) / count
        at.append(np.einsum("gk,fka->fga", grid, skin[corners]).reshape(-1, 3))
        ways.append(np.einsum("gk,fka->fga", grid, normals[corners]).reshape(-1, 3))
    way = np.concatenate(ways)
    return np.concatenate(at), way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
