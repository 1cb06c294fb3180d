# SPDX-License-Identifier: Apache-2.0
"""How good an avatar of parts is: what may go wrong where parts meet, measured on the finished asset.

- ``parts cross``: skin that comes through the garment.
- ``hair over an eye``: looks from ahead that hair is in before they meet an eye.
- ``empty mouth``: an avatar that is to have teeth has none, or they stand before its lips.
- ``ragged border``: how uneven the open borders of the garment are.
- ``empty face``: a face without relief.

A part that is not there is not measured.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import spatial

from portrait_core.avatar import Avatar, Level
from portrait_core.geometry.mesh_queries import MeshQueries

LIMITS: dict[str, tuple[float, float]] = {
    "crossing_mm": (1.0, 4.0),
    "eye_covered": (0.25, 0.9),
    "mouth_mm": (0.0, 3.0),
    "ragged_mm": (1.2, 2.6),
}
"""Of each measure, the value that scores 1 and the one that scores 0."""

REASONS = {
    "crossing_mm": "parts cross",
    "eye_covered": "hair over an eye",
    "mouth_mm": "empty mouth",
    "ragged_mm": "ragged border",
}
REACH = 0.012
"""Skin that lies farther outside a garment than this is beside it, metres."""
BORDER = 0.010
"""Around its border skin and garment cross by design, metres."""
FEW = 4
"""Vertices that may lie deeper than what is told: a single one is seen by nobody."""
CONE = (-18.0, -9.0, 0.0, 9.0, 18.0)
"""Degrees to the sides, and up and down, from which an eye is looked at."""
LAYERS = 8
MISSING = 99.0
"""Millimetres that stand for teeth that are not there."""


def measures(avatar: Avatar) -> dict[str, float]:
    """The measures of what is there, by the names of :data:`LIMITS`."""
    pieces = dict(avatar.main.pieces())
    found: dict[str, float] = {}
    skin, garment, hair = (pieces.get(name) for name in ("skin", "garment", "hair"))
    if skin is not None and garment is not None:
        found["crossing_mm"] = 1000 * _crossing(skin, garment)
    if garment is not None:
        found["ragged_mm"] = 1000 * raggedness(*_welded(garment))
    eyes = [piece for name, piece in pieces.items() if name.startswith("eye_")]
    if hair is not None and eyes:
        found["eye_covered"] = max(_covered(hair, eye) for eye in eyes)
    wanted = avatar.recipe.get("parts") or ["teeth"]
    if skin is not None and "teeth" in wanted:
        found["mouth_mm"] = 1000 * _before_lips(skin, pieces["teeth"]) if "teeth" in pieces else MISSING
    return found


def _crossing(skin: Level, garment: Level) -> float:
    """Metres that skin which is shown lies outside the garment, away from the garment's border."""
    shown = np.unique(skin.faces)
    places, normals = skin.vertices[shown], skin.normals[shown]
    hits = MeshQueries(garment.vertices, garment.faces).first_hits(places, -normals, REACH)
    met = np.flatnonzero(hits.face >= 0)
    if len(met) == 0:
        return 0.0
    a, b, c = (garment.vertices[garment.faces[hits.face[met], k]].astype(np.float64) for k in range(3))
    outwards = np.cross(b - a, c - a)
    outwards /= np.maximum(np.linalg.norm(outwards, axis=1, keepdims=True), 1e-15)
    through = (outwards * normals[met]).sum(axis=1) > 0.25
    border = border_places(*_welded(garment))
    if len(border):
        foot = places[met] - normals[met] * hits.distance[met, None]
        through &= spatial.cKDTree(border).query(foot)[0] > BORDER
    deepest = np.sort(hits.distance[met][through])[::-1]
    return float(deepest[FEW]) if len(deepest) > FEW else 0.0


def _covered(hair: Level, eye: Level) -> float:
    """Share of the looks at an eye's foremost point that hair is in."""
    front = eye.vertices[int(eye.vertices[:, 2].argmax())].astype(np.float64) + np.array([0, 0, 0.002])
    yaw, pitch = (np.deg2rad(each).ravel() for each in np.meshgrid(CONE, CONE))
    looks = np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], 1).astype(np.float32)
    opacity = hair.maps.get("opacity")
    queries, covered = MeshQueries(hair.vertices, hair.faces), np.zeros(len(looks), bool)
    passed, going = np.zeros(len(looks), np.float32), np.arange(len(looks))
    for _ in range(LAYERS):
        starts = (front + looks[going] * passed[going, None]).astype(np.float32)
        hits = queries.first_hits(starts, looks[going], 0.3)
        met = hits.face >= 0
        going, hits = going[met], hits.take(met)
        if len(going) == 0:
            break
        passed[going] += hits.distance + np.float32(2e-5)
        there = np.ones(len(going), bool)
        if opacity is not None:
            uv = hits.interpolated(hair.uvs, hair.faces)
            size = len(opacity)
            column, row = (np.clip((each * size).astype(int), 0, size - 1) for each in (uv[:, 0], 1 - uv[:, 1]))
            there = opacity[row, column, 0] >= 128
        covered[going[there]] = True
        going = going[~there]
    return float(covered.mean())


def _before_lips(skin: Level, teeth: Level) -> float:
    """Metres that the foremost tooth stands before the skin around the mouth; 0 behind it."""
    foremost = teeth.vertices[int(teeth.vertices[:, 2].argmax())]
    near = np.abs(skin.vertices[:, :2] - foremost[:2]).max(axis=1) < 0.02
    return max(0.0, float(foremost[2] - skin.vertices[near, 2].max())) if near.any() else 0.0


def _welded(level: Level) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices and faces without the cuts of the texture."""
    places, number = np.unique(level.vertices, axis=0, return_inverse=True)
    return places.astype(np.float64), np.ravel(number)[level.faces]


def _border_edges(faces: NDArray[np.int64]) -> NDArray[np.int64]:
    """(E, 2) edges of one face alone."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    found, counts = np.unique(edges, axis=0, return_counts=True)
    return found[counts == 1]


def border_places(places: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[np.float64]:
    """(K, 3) vertices on open borders."""
    return places[np.unique(_border_edges(faces))]


def raggedness(places: NDArray[np.float64], faces: NDArray[np.int64]) -> float:
    """How far (metres, the 95th percentile) vertices of open borders lie beside the line through those next to them,
    where these lie to the other side: the teeth of a border."""
    edges = _border_edges(faces)
    if len(edges) == 0:
        return 0.0
    ends = np.concatenate([edges, edges[:, ::-1]])
    ends = ends[np.argsort(ends[:, 0], kind="stable")]
    first, count = np.unique(ends[:, 0], return_counts=True)
    two = np.repeat(count == 2, count)
    beside = np.zeros((len(places), 2), np.int64)
    beside[first[count == 2]] = ends[two, 1].reshape(-1, 2)
    simple = np.zeros(len(places), bool)
    simple[first[count == 2]] = True
    away = np.zeros_like(places)
    one, other = places[beside[simple, 0]], places[beside[simple, 1]]
    along = (other - one) / np.maximum(np.linalg.norm(other - one, axis=1, keepdims=True), 1e-12)
    # Beside the straight line between its neighbours: how they are spaced along it does not count.
    offset = places[simple] - one
    away[simple] = offset - (offset * along).sum(axis=1, keepdims=True) * along
    # A round border bends one way, and so does the corner of a collar between straight edges, however far apart its
    # vertices are; a tooth bends one way between two that bend the other.
    inner = simple & simple[beside].all(axis=1)
    against = -(away[inner, None] * away[beside[inner]]).sum(axis=2)
    rough = np.sqrt(np.maximum(against.min(axis=1), 0.0))
    return float(np.percentile(rough, 95)) if len(rough) else 0.0
