# SPDX-License-Identifier: Apache-2.0
"""How a hair mesh changes with length, volume and curl: made once, on the mean person, in the base mesh's pose.

Places here are relative to the middle of the eyes, metres: +y up, +z ahead, +x the subject's left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.training.parts_template.strands import Strands

SKULL = np.array([0.0, 0.030, -0.095])
"""Middle of the skull: volume moves hair away from it."""

FREE = -0.060
"""Below this height hair hangs free: only there length matters."""

SHORTEST = 0.45
"""Share of its drop below :data:`FREE` that the shortest hair keeps."""

SHORTEST_TAIL = 0.7
"""The same of tails and braids."""

FARTHEST = 0.05
"""A place found along a strand may be this much farther away than the strand is shortened, metres."""

WAVE, AMPLITUDE = 0.052, 0.0055
"""Length and height of a wave of the curliest hair, metres."""

ROOTS = 0.0012
"""Hair lies at least this far over the skin, metres."""

BETWEEN, ROUNDS = 0.65, 4
"""The share of that in the middle of a triangle, and how often that is looked for."""

DEEPEST, LOWEST = 0.03, -0.13
"""What lies deeper in the head, or below the jaw, is left where it is."""


def smoothstep(x: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def clearance(places: NDArray[np.float64], skin: MeshQueries) -> NDArray[np.float64]:
    """(K,) metres from the skin along rays to the middle of the skull, negative below it; large where none is met."""
    ahead = places - SKULL
    away = np.linalg.norm(ahead, axis=1)
    directions = ahead / np.maximum(away, 1e-9)[:, None]
    starts = SKULL + directions * 0.6
    hits = skin.first_hits(starts.astype(np.float32), (-directions).astype(np.float32))
    return np.where(hits.face >= 0, away - (0.6 - hits.distance.astype(np.float64)), 1.0)


def shortened(
    places: NDArray[np.float64], triangles: NDArray[np.int64], strands: Strands, tail: bool
) -> NDArray[np.float64]:
    """(K, 3) what takes each vertex up along its own strand when hair is worn shortest.

    The place is looked up on the same piece of the mesh, where the coordinate across strands is the vertex's own and
    the height is the one wanted. A ``tail``, which has no sheets to look on, is pressed together along its middle line.
    """
    height = places[:, 1]
    low = np.flatnonzero(height < FREE)
    moved = np.zeros_like(places)
    if len(low) == 0:
        return moved
    if tail:
        return _along_middle(places, low)
    wanted = np.where(height < FREE, FREE + (height - FREE) * SHORTEST, height)
    return drawn_up(places, triangles, strands, wanted)


def drawn_up(
    places: NDArray[np.float64], triangles: NDArray[np.int64], strands: Strands, wanted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(K, 3) what takes each vertex up along its own strand to the height ``wanted`` (K,) of it."""
    height = places[:, 1]
    low = np.flatnonzero(wanted > height + 1e-5)
    moved = np.zeros_like(places)
    if len(low) == 0:
        return moved
    flat = np.stack([strands.across, height, strands.piece.astype(np.float64)], 1)
    asked = flat[low].copy()
    asked[:, 1] = wanted[low]
    hits = MeshQueries(flat.astype(np.float32), triangles.astype(np.int32)).closest(asked.astype(np.float32))
    found = (places[triangles[hits.face]] * np.asarray(hits.weights, np.float64)[..., None]).sum(axis=1)
    missed = np.abs(found[:, 1] - wanted[low])
    jump = np.linalg.norm(found - places[low], axis=1)
    good = (missed < 0.012) & (jump < 1.3 * (wanted[low] - height[low]) + FARTHEST)
    moved[low[good]] = (found - places[low])[good]
    # What was not found goes with its neighbours, and all go smoothly.
    around = neighbours(len(places), triangles)
    known = np.ones(len(places), bool)
    known[low[~good]] = False
    for _ in range(40):
        moved = np.where(known[:, None], moved, np.asarray(around @ moved))
    going = np.zeros(len(places), bool)
    going[low] = True
    for _ in range(4):
        moved = np.where(going[:, None], 0.5 * moved + 0.5 * np.asarray(around @ moved), moved)
    return moved


def _along_middle(places: NDArray[np.float64], low: NDArray[np.int64]) -> NDArray[np.float64]:
    """The same for a tail: heights are pressed together, and what is around the middle line keeps its place there."""
    height = places[low, 1]
    wanted = FREE + (height - FREE) * SHORTEST_TAIL
    steps: NDArray[np.float64] = np.linspace(float(places[:, 1].min()), FREE + 0.02, 24)
    bins = [np.abs(places[:, 1] - h) < 0.02 for h in steps]
    middle = np.array([places[b][:, [0, 2]].mean(axis=0) if b.any() else [np.nan, np.nan] for b in bins])
    known = np.isfinite(middle[:, 0])
    moved = np.zeros_like(places)
    moved[low, 1] = wanted - height
    for axis, column in ((0, 0), (2, 1)):
        line = middle[known, column]
        moved[low, axis] = np.interp(wanted, steps[known], line) - np.interp(height, steps[known], line)
    return moved


def neighbours(count: int, triangles: NDArray[np.int64]) -> Any:
    """(K, K) the mean of each vertex's neighbours."""
    one, two = triangles.ravel(), np.roll(triangles, -1, axis=1).ravel()
    ends = np.concatenate([one, two]), np.concatenate([two, one])
    links = sparse.csr_matrix((np.ones(len(ends[0])), ends), (count, count))
    links.data[:] = 1
    return sparse.csr_matrix(sparse.diags(1 / np.maximum(np.asarray(links.sum(axis=1)).ravel(), 1)) @ links)


def outward(places: NDArray[np.float64], above: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, 3) what a metre of volume moves vertices that lie ``above`` (K,) metres over the skin: what lies on it, at
    the hairline, stays."""
    away = places - SKULL
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    hanging = smoothstep(places[:, 1], -0.14, -0.04)
    # Below the skull hair swings out to the sides, not down.
    away[:, 1] *= hanging
    return away * (smoothstep(above, 0.001, 0.013) * (0.35 + 0.65 * hanging))[:, None]


def wave(
    places: NDArray[np.float64],
    normals: NDArray[np.float64],
    flow: NDArray[np.float64],
    strands: Strands,
    edge: NDArray[np.float64],
    above: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(K, 3) metres that full curl moves vertices: across their strands, more towards the ends.

    Args:
        places, normals, flow: (K, 3), the latter two unit vectors.
        edge: (K,) length of a vertex's edges along strands: waves that the mesh is too coarse for are left out.
        above: (K,) metres over the skin.
    """
    side = np.cross(normals, flow)
    phase = 2 * np.pi * (strands.along / WAVE + strands.across / 0.15 + 0.37 * strands.piece)
    height = AMPLITUDE * smoothstep(strands.along, 0.03, 0.14) * smoothstep(above, 0.002, 0.015)
    height *= 1 - smoothstep(edge, WAVE / 5, WAVE / 3)
    moved = side * np.sin(phase)[:, None] + 0.5 * normals * np.cos(phase)[:, None]
    return moved * height[:, None]


def over_skin(
    places: NDArray[np.float64], triangles: NDArray[np.int64], skin: MeshQueries, roots: float = ROOTS
) -> NDArray[np.float64]:
    """Places (K, 3) with what lies in the head taken out to ``roots`` metres over the skin: hairlines are drawn by the
    texture, not by where mesh and skin happen to cross. Neighbours go along."""
    lift = _short_of(places, skin, roots)
    around = neighbours(len(places), triangles)
    for _ in range(2):
        lift = np.maximum(lift, 0.6 * np.asarray(around @ lift))
    moved = places + _away(places) * lift[:, None]
    # Between vertices the skin may be rounder than the mesh.
    for _ in range(ROUNDS):
        middle = moved[triangles].mean(axis=1)
        short = np.zeros(len(places))
        np.maximum.at(short, triangles, _short_of(middle, skin, BETWEEN * roots)[:, None].repeat(3, axis=1))
        moved = moved + _away(moved) * short[:, None]
    return moved


def _short_of(places: NDArray[np.float64], skin: MeshQueries, wanted: float) -> NDArray[np.float64]:
    """(K,) metres that places lie lower over the skin than ``wanted``; 0 for what is left where it is."""
    above = clearance(places, skin)
    return np.where((above > -DEEPEST) & (places[:, 1] > LOWEST), np.clip(wanted - above, 0, DEEPEST), 0.0)


def _away(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, 3) unit vectors from the middle of the skull."""
    away = places - SKULL
    return away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
