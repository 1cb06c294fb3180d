# SPDX-License-Identifier: Apache-2.0
"""Measures of hair and garments on a person: swallowed ears, hair over the eyes, skin that comes through.

All take plain meshes; a see-through texture counts as there where it is opaque by half. ``python -m
benchmarks.parts_worn`` measures everything that a model offers, see :mod:`benchmarks.parts_worn_table`; torn ends are
measured by :mod:`portrait_core.batch.borders`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.mesh_queries import Hits, MeshQueries
from portrait_core.geometry.normals import vertex_normals

LAYERS = 12
"""Sheets that a ray passes at most."""

BEHIND = 2e-5
"""Metres that a ray starts behind a see-through place."""

CONE = (-18.0, -9.0, 0.0, 9.0, 18.0)
"""Degrees to the sides and up and down from which an eye is looked at."""

AHEAD = 0.30
"""Hair farther before an eye than this does not count, metres."""

EAR_CROSSED = 0.05
"""An ear is swallowed when more than this share of its edges go through hair."""

THROUGH_REACH = 0.012
"""Skin that lies farther outside a part than this does not come through it, it is beside it, metres."""

BORDER = 0.010
"""Around the border of a part skin and part cross by design, metres."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """A part: ``vertices`` (V, 3), ``faces`` (F, 3), counter-clockwise from outside, ``uvs`` (V, 2) and ``opacity``
    (S, S), 0 to 1, row 0 at the top, or None where it is solid."""

    vertices: NDArray[np.floating]
    faces: NDArray[np.integer]
    uvs: NDArray[np.floating] | None = None
    opacity: NDArray[np.floating] | None = None

    @cached_property
    def queries(self) -> MeshQueries:
        return MeshQueries(self.vertices.astype(np.float32), self.faces.astype(np.int32))

    @cached_property
    def normals(self) -> NDArray[np.float64]:
        """(F, 3) of the faces."""
        a, b, c = (self.vertices[self.faces[:, k]].astype(np.float64) for k in range(3))
        cross = np.cross(b - a, c - a)
        return cross / np.maximum(np.linalg.norm(cross, axis=1, keepdims=True), 1e-15)

    def opaque(self, hits: Hits) -> NDArray[np.bool_]:
        """(N,) whether the places of ``hits`` are there."""
        if self.opacity is None or self.uvs is None:
            return np.ones(len(hits.face), bool)
        uv = hits.interpolated(self.uvs.astype(np.float64), self.faces)
        size = len(self.opacity)
        column = np.clip((uv[:, 0] * size).astype(int), 0, size - 1)
        row = np.clip(((1 - uv[:, 1]) * size).astype(int), 0, size - 1)
        return self.opacity[row, column] >= 0.5

    def first(
        self, starts: NDArray[np.floating], directions: NDArray[np.floating], reach: NDArray[np.floating] | float
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Metres (N,) to the first opaque place along rays, infinite beyond ``reach``, and its face, -1 for none."""
        found, face = np.full(len(starts), np.inf), np.full(len(starts), -1)
        limit = np.broadcast_to(np.asarray(reach, np.float64), len(starts))
        passed, going = np.zeros(len(starts)), np.arange(len(starts))
        for _ in range(LAYERS):
            if len(going) == 0:
                break
            at = starts[going] + directions[going] * passed[going, None]
            hits = self.queries.first_hits(at.astype(np.float32), directions[going].astype(np.float32))
            met = (hits.face >= 0) & (passed[going] + hits.distance <= limit[going])
            going, hits = going[met], hits.take(met)
            passed[going] += hits.distance
            there = self.opaque(hits)
            found[going[there]], face[going[there]] = passed[going[there]], hits.face[there]
            passed[going] += BEHIND
            going = going[~there]
        return found, face


def over_eye(hair: Sheet, front: NDArray[np.floating]) -> float:
    """Share of the looks at an eye's foremost point (3,), from ahead and up to 18 degrees aside, that hair is in."""
    yaw, pitch = (np.deg2rad(a).ravel() for a in np.meshgrid(CONE, CONE))
    looks = np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], 1)
    distance, _ = hair.first(np.repeat(np.asarray(front)[None] + [[0, 0, 0.002]], len(looks), 0), looks, AHEAD)
    return float(np.isfinite(distance).mean())


def ear_crossed(hair: Sheet, places: NDArray[np.floating], faces: NDArray[np.integer]) -> float:
    """Share of the edges of an ear's triangles (F, 3) over ``places`` (V, 3) that go through hair."""
    both = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    edges = np.unique(both, axis=0)
    along = places[edges[:, 1]].astype(np.float64) - places[edges[:, 0]]
    length = np.linalg.norm(along, axis=1)
    distance, _ = hair.first(places[edges[:, 0]], along / np.maximum(length, 1e-12)[:, None], length)
    return float(np.isfinite(distance).mean())


def comes_through(
    part: Sheet, places: NDArray[np.floating], faces: NDArray[np.integer], shown: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """How far (V,) each of the skin's vertices (V, 3) lies outside a part that should cover it, metres; 0 elsewhere.

    Skin is looked at inwards: where it meets the outer face of the part within a centimetre, and not at the part's
    border, it has come through. ``shown`` (V,): skin that is not left out.
    """
    normals = vertex_normals(places.astype(np.float32), faces.astype(np.int32)).astype(np.float64)
    distance, face = part.first(places, -normals, THROUGH_REACH)
    met = face >= 0
    facing = np.zeros(len(places), bool)
    facing[met] = (part.normals[face[met]] * normals[met]).sum(axis=1) > 0.25
    border = border_points(part)
    if len(border):
        from scipy.spatial import cKDTree

        foot = places - normals * np.where(met, distance, 0.0)[:, None]
        facing &= cKDTree(border).query(foot)[0] > BORDER
    if shown is not None:
        facing &= shown
    return np.where(facing, np.where(met, distance, 0.0), 0.0)


def border_points(part: Sheet) -> NDArray[np.float64]:
    """Vertices on open borders, welded by place."""
    key = np.unique(np.rint(part.vertices.astype(np.float64) * 1e6).astype(np.int64), axis=0, return_inverse=True)[1]
    own = key.ravel()[part.faces]
    begin, end = own.ravel(), np.roll(own, -1, axis=1).ravel()
    count = int(own.max()) + 1
    alone = ~np.isin(begin * count + end, end * count + begin)
    return np.asarray(part.vertices, np.float64)[part.faces.ravel()[alone]]


if __name__ == "__main__":
    from benchmarks.parts_worn_table import main

    main()
