# SPDX-License-Identifier: Apache-2.0
"""Borders that look torn: of cloth, and of the ends of hair.

Strands of uneven length are how hair ends. What looks torn is a mesh that ends in teeth or in stairs of whole faces, a
transparency in blocks of texels, and one that goes to and fro from texel to texel. Each has a measure that is about
zero on whole borders (docs/batch.md has the numbers).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.mesh_queries import MeshQueries

CUTOFF = 0.35
"""Hair is there where its opacity is above this, as its material says."""
TOOTH, SHARP = 0.001, 0.4
"""A vertex is a tooth that lies this many metres beside its neighbours' line, and more than that share of its shorter
edge: round borders bend less."""
LENGTH = 0.25
"""Metres of border to which teeth are reckoned at least: one tooth is no torn border."""
APART, FAR = 0.001, 0.3
"""A border is seen when a look at it from around meets nothing from the first to the second distance, metres."""
FLAT = 0.99
"""A place is flat where the mean of its faces' directions is at least so long: they are within some eight degrees."""
LOOKS = 12
GRIDS = (2, 4, 8, 16)
"""Sizes of blocks of texels."""
OUTLINE = 100
"""Shorter outlines than this many texels are not judged by their texels."""


def border_edges(faces: NDArray[np.integer]) -> NDArray[np.int64]:
    """(E, 2) edges of one face alone."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1).astype(np.int64)
    count = int(faces.max(initial=0)) + 1
    # Edges as one number each: sorting rows takes ten times as long.
    found, counts = np.unique(edges[:, 0] * count + edges[:, 1], return_counts=True)
    return np.stack(np.divmod(found[counts == 1], count), axis=1)


def border_places(places: NDArray[np.float64], faces: NDArray[np.integer]) -> NDArray[np.float64]:
    """(K, 3) vertices on open borders."""
    return places[np.unique(border_edges(faces))]


@dataclass(frozen=True, eq=False)
class Teeth:
    """Of the N vertices of borders that have two neighbours there, as have these: ``vertices`` (N,), ``rough`` (N,)
    metres that they lie to and fro beside the line of their neighbours, ``edge`` (N,) metres to the nearer one, and
    ``beside`` (N, 2) the neighbours."""

    vertices: NDArray[np.int64]
    rough: NDArray[np.float64]
    edge: NDArray[np.float64]
    beside: NDArray[np.int64]


def teeth(places: NDArray[np.float64], faces: NDArray[np.integer]) -> Teeth:
    """How borders go to and fro.

    A vertex counts that lies beside the straight line of its neighbours where those lie to the other side of theirs: a
    round border bends one way, and so does the corner of a collar, however far apart its vertices are.
    """
    edges = border_edges(faces)
    ends = np.concatenate([edges, edges[:, ::-1]])
    ends = ends[np.argsort(ends[:, 0], kind="stable")]
    first, count = np.unique(ends[:, 0], return_counts=True)
    beside = np.zeros((len(places), 2), np.int64)
    beside[first[count == 2]] = ends[np.repeat(count == 2, count), 1].reshape(-1, 2)
    simple = np.zeros(len(places), np.bool_)
    simple[first[count == 2]] = True
    away = np.zeros_like(places)
    own, one, other = places[simple], places[beside[simple, 0]], places[beside[simple, 1]]
    along = (other - one) / np.maximum(np.linalg.norm(other - one, axis=1, keepdims=True), 1e-12)
    # Beside the line: how the vertices are spaced along it does not count.
    away[simple] = own - one - ((own - one) * along).sum(axis=1, keepdims=True) * along
    edge = np.zeros(len(places))
    edge[simple] = np.minimum(np.linalg.norm(one - own, axis=1), np.linalg.norm(other - own, axis=1))
    inner = np.flatnonzero(simple & simple[beside].all(axis=1))
    against = -(away[inner, None] * away[beside[inner]]).sum(axis=2)
    rough = np.sqrt(np.maximum(against.min(axis=1), 0.0)) if len(inner) else np.zeros(0)
    return Teeth(inner, rough, edge[inner], beside[inner])


def raggedness(places: NDArray[np.float64], faces: NDArray[np.integer]) -> float:
    """How far (metres, the 95th percentile) vertices of borders go to and fro."""
    rough = teeth(places, faces).rough
    return float(np.percentile(rough, 95)) if len(rough) else 0.0


def torn_share(
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    uvs: NDArray[np.floating],
    opacity: NDArray[np.floating] | None,
    below: float,
    queries: MeshQueries | None = None,
) -> float:
    """The share, 0 to 1, of a mesh's visible lower borders that are teeth.

    Visible is a border whose texels are not transparent; a tooth must be seen from around or from below as well. Lower
    is what lies under the height ``below``. A vertex of a flat place where a border touches itself is a tooth too:
    faces that are missing between others leave such corners, while the strands of a braid touch at angles. ``opacity``
    (S, S), 0 to 1, row 0 at the top, None where all is solid; ``queries`` those of the mesh, where they are there
    already.
    """
    welded, number = without_seams(vertices)
    own = number[faces]
    shown = np.ones(len(welded), np.bool_)
    if opacity is not None:
        shown[:] = False
        shown[number[sampled(opacity, uvs) >= CUTOFF]] = True
    shown &= welded[:, 1] < below
    edges = border_edges(own)
    edges = edges[shown[edges].all(axis=1)]
    length = np.linalg.norm(welded[edges[:, 1]] - welded[edges[:, 0]], axis=1)
    share = np.bincount(edges.ravel(), np.repeat(length, 2) / 2, len(welded))
    found = teeth(welded, own)
    tooth = (found.rough > TOOTH) & (found.rough > SHARP * found.edge)
    tooth &= shown[found.vertices] & shown[found.beside].all(axis=1)
    touched = (np.bincount(border_edges(own).ravel(), minlength=len(welded)) > 2) & (_flatness(welded, own) > FLAT)
    at = np.concatenate([found.vertices[tooth], np.flatnonzero(touched & shown)])
    met = queries or MeshQueries(np.asarray(vertices, np.float32), np.asarray(faces, np.int32))
    at = at[_seen(met, welded[at])]
    return float(share[at].sum() / max(float(length.sum()), LENGTH))


def _flatness(places: NDArray[np.float64], faces: NDArray[np.integer]) -> NDArray[np.float64]:
    """(N,) the length of the mean of the unit normals of the faces around each of the places (N, 3)."""
    a, b, c = (places[faces[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
    at, count = faces.ravel(), np.bincount(faces.ravel(), minlength=len(places))
    sums = [np.bincount(at, np.repeat(normals[:, k], 3), len(places)) for k in range(3)]
    return np.asarray(np.linalg.norm(sums, axis=0) / np.maximum(count, 1), np.float64)


def without_seams(vertices: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Places (N, 3) of vertices (V, 3) that are apart, and the number of each vertex's place (V,)."""
    rows = np.ascontiguousarray(vertices, np.float32).view(np.dtype((np.void, 12))).ravel()
    _, first, number = np.unique(rows, return_index=True, return_inverse=True)
    return vertices[first].astype(np.float64), np.ravel(number).astype(np.int64)


def _seen(queries: MeshQueries, places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) whether places (N, 3) can be looked at, level from around or from a little below."""
    if len(places) == 0:
        return np.zeros(0, np.bool_)
    turn = np.arange(LOOKS) * (2 * np.pi / LOOKS)
    around = np.stack([np.sin(turn), np.where(np.arange(LOOKS) % 2, 0.0, -0.35), np.cos(turn)], axis=1)
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    starts = (places[:, None] + APART * around).reshape(-1, 3).astype(np.float32)
    ways = np.broadcast_to(around, (len(places), LOOKS, 3)).reshape(-1, 3).astype(np.float32)
    free = queries.first_hits(starts, ways, FAR).face < 0
    return np.asarray(free.reshape(-1, LOOKS).any(axis=1), np.bool_)


def sampled(image: NDArray[np.floating], uvs: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N,) values of an image (S, S), row 0 at the top, at texture coordinates (N, 2), between texels bilinear."""
    size = len(image)
    x, y = np.clip(uvs[:, 0] * size - 0.5, 0, size - 1), np.clip((1 - uvs[:, 1]) * size - 0.5, 0, size - 1)
    column, row = np.minimum(x.astype(int), size - 2), np.minimum(y.astype(int), size - 2)
    s, t = x - column, y - row
    high = image[row, column] * (1 - s) + image[row, column + 1] * s
    low = image[row + 1, column] * (1 - s) + image[row + 1, column + 1] * s
    return np.asarray(high * (1 - t) + low * t, np.float64)


def blocks(opacity: NDArray[np.floating]) -> float:
    """How much of the outline of what is there lies on a grid of whole blocks of texels: about 0 for one that runs
    anywhere, 1 for one that was enlarged without smoothing."""
    there = opacity >= CUTOFF
    most = 0.0
    for at in (np.nonzero(there[:, 1:] != there[:, :-1])[1], np.nonzero(there[1:] != there[:-1])[0]):
        if len(at) < OUTLINE:
            continue
        for size in GRIDS:
            share = float(np.bincount(at % size, minlength=size).max()) / len(at)
            most = max(most, (share - 1 / size) / (1 - 1 / size))
    return most


def saw_teeth(opacity: NDArray[np.floating]) -> float:
    """How many texels stick out alone, or are missing alone, for each texel of the outline of what is there: next to
    none along strands and smooth outlines, nearly a half where every other texel of an outline is missing."""
    there = np.pad(opacity >= CUTOFF, 1, mode="edge")
    across, down = there[:, 1:] != there[:, :-1], there[1:] != there[:-1]
    outline = int(across.sum() + down.sum())
    if outline < OUTLINE:
        return 0.0
    other = across[1:-1, 1:].astype(np.int8) + across[1:-1, :-1] + down[1:, 1:-1] + down[:-1, 1:-1]
    return float((other >= 3).sum()) / outline
