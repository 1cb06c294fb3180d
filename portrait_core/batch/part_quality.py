# SPDX-License-Identifier: Apache-2.0
"""How good an avatar of parts is: what may go wrong where parts meet, measured on the finished asset.

- ``parts cross``: skin that comes through the garment.
- ``hair through an ear``: the share of an ear that sticks in hair instead of lying over or under it.
- ``hair over an eye``: looks from ahead that hair is in before they meet an eye.
- ``empty mouth``: an avatar that is to have teeth has none, or they stand before its lips.
- ``ragged border``: how uneven the open borders of the garment are, and how torn the ends of the hair
  (:mod:`portrait_core.batch.borders`).
- ``empty face``: a face without relief.

A part that is not there is not measured.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import spatial

from portrait_core.avatar import Avatar, Level
from portrait_core.batch.borders import blocks, border_places, raggedness, saw_teeth, torn_share, without_seams
from portrait_core.geometry.mesh_queries import MeshQueries

LIMITS: dict[str, tuple[float, float]] = {
    "crossing_mm": (1.0, 4.0),
    "ear_crossed": (0.06, 0.20),
    "eye_covered": (0.25, 0.9),
    "mouth_mm": (0.0, 3.0),
    "ragged_mm": (1.2, 2.6),
    "hair_torn": (0.045, 0.095),
    "hair_blocks": (0.15, 0.60),
    "hair_saw": (0.16, 0.30),
}
"""Of each measure, the value that scores 1 and the one that scores 0."""

REASONS = {
    "crossing_mm": "parts cross",
    "ear_crossed": "hair through an ear",
    "eye_covered": "hair over an eye",
    "mouth_mm": "empty mouth",
    "ragged_mm": "ragged border",
    "hair_torn": "ragged border",
    "hair_blocks": "ragged border",
    "hair_saw": "ragged border",
}
REACH = 0.012
"""Skin that lies farther outside a garment than this is beside it, metres."""
BORDER = 0.010
"""Around its border skin and garment cross by design, metres."""
FEW = 4
"""Vertices that may lie deeper than what is told: a single one is seen by nobody."""
CONE = (-18.0, -9.0, 0.0, 9.0, 18.0)
"""Degrees to the sides, and up and down, from which an eye is looked at."""
AHEAD = 0.3
"""Hair farther before an eye than this does not count, metres."""
LAYERS = 8
EAR, EAR_HALF, SIDE = (0.072, -0.020, -0.078), (0.024, 0.044, 0.036), 0.062
"""Where ears are from the middle of the eyes, half of how large the space around them is, and what is nearer to the
middle of the head is none of theirs; metres, of a head whose eyes are :data:`EYES_APART`."""
EYES_APART = 0.064
ENDS = 0.02
"""Ends of hair count from this far under the eyes on, metres."""
TEXELS = 512
"""The outline of hair is judged at as many texels."""
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
        queries = MeshQueries(hair.vertices, hair.faces)
        found["eye_covered"] = max(_covered(hair, eye, queries) for eye in eyes)
        if skin is not None:
            found["ear_crossed"] = max(ears_crossed(skin, hair, eyes, queries), default=0.0)
        found |= _torn(hair, eyes, queries)
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


def _covered(hair: Level, eye: Level, queries: MeshQueries) -> float:
    """Share of the looks at an eye's foremost point that hair is in."""
    front = eye.vertices[int(eye.vertices[:, 2].argmax())].astype(np.float64) + np.array([0, 0, 0.002])
    yaw, pitch = (np.deg2rad(each).ravel() for each in np.meshgrid(CONE, CONE))
    looks = np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], 1)
    starts = np.broadcast_to(front, looks.shape)
    return float(np.isfinite(_first(hair, queries, starts, looks, np.full(len(looks), AHEAD))).mean())


def _first(
    hair: Level,
    queries: MeshQueries,
    starts: NDArray[np.float64],
    ways: NDArray[np.float64],
    reach: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Metres (N,) to the first place that is not transparent, from ``starts`` (N, 3) along ``ways``, infinite beyond
    ``reach``."""
    opacity = hair.maps.get("opacity")
    found = np.full(len(starts), np.inf)
    passed, going = np.zeros(len(starts)), np.arange(len(starts))
    for _ in range(LAYERS):
        at = starts[going] + ways[going] * passed[going, None]
        hits = queries.first_hits(at.astype(np.float32), ways[going].astype(np.float32))
        met = (hits.face >= 0) & (passed[going] + hits.distance <= reach[going])
        going, hits = going[met], hits.take(met)
        if len(going) == 0:
            break
        passed[going] += hits.distance
        there = np.ones(len(going), np.bool_)
        if opacity is not None:
            uv = hits.interpolated(hair.uvs, hair.faces)
            size = len(opacity)
            column, row = (np.clip((each * size).astype(int), 0, size - 1) for each in (uv[:, 0], 1 - uv[:, 1]))
            there = opacity[row, column, 0] >= 128
        found[going[there]] = passed[going[there]]
        passed[going] += 2e-5
        going = going[~there]
    return found


def ears_crossed(skin: Level, hair: Level, eyes: list[Level], queries: MeshQueries) -> list[float]:
    """The share of the edges of each ear that go through hair."""
    places, faces = _welded(skin)
    middles = np.array([eye.vertices.astype(np.float64).mean(axis=0) for eye in eyes])
    scale = float(np.linalg.norm(middles[0] - middles[-1])) / EYES_APART if len(eyes) > 1 else 1.0
    away = (places - middles.mean(axis=0)) / (scale or 1.0)
    result: list[float] = []
    for side in (1.0, -1.0):
        own = (((away * [side, 1, 1] - EAR) / EAR_HALF) ** 2).sum(axis=1) < 1
        ear = faces[(own & (away[:, 0] * side > SIDE))[faces].all(axis=1)]
        if len(ear):
            ends = np.sort(np.concatenate([ear[:, [0, 1]], ear[:, [1, 2]], ear[:, [2, 0]]]), axis=1)
            ends = np.unique(ends, axis=0)
            along = places[ends[:, 1]] - places[ends[:, 0]]
            length = np.linalg.norm(along, axis=1)
            ways = along / np.maximum(length, 1e-12)[:, None]
            result.append(float(np.isfinite(_first(hair, queries, places[ends[:, 0]], ways, length)).mean()))
    return result


def _torn(hair: Level, eyes: list[Level], queries: MeshQueries) -> dict[str, float]:
    """The measures of the ends of hair."""
    image = hair.maps.get("opacity")
    clear = None if image is None else image[..., 0].astype(np.float64) / 255
    below = float(np.mean([eye.vertices[:, 1].mean() for eye in eyes])) - ENDS
    found = {"hair_torn": torn_share(hair.vertices, hair.faces, hair.uvs, clear, below, queries)}
    if clear is not None:
        step = max(1, len(clear) // TEXELS)
        few = clear.reshape(len(clear) // step, step, -1, step).mean(axis=(1, 3)) if len(clear) % step == 0 else clear
        found |= {"hair_blocks": blocks(few), "hair_saw": saw_teeth(few)}
    return found


def _before_lips(skin: Level, teeth: Level) -> float:
    """Metres that the foremost tooth stands before the skin around the mouth; 0 behind it."""
    foremost = teeth.vertices[int(teeth.vertices[:, 2].argmax())]
    near = np.abs(skin.vertices[:, :2] - foremost[:2]).max(axis=1) < 0.02
    return max(0.0, float(foremost[2] - skin.vertices[near, 2].max())) if near.any() else 0.0


def _welded(level: Level) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices and faces without the cuts of the texture."""
    places, number = without_seams(level.vertices)
    return places, number[level.faces]
