# SPDX-License-Identifier: Apache-2.0
"""A person's mouth under shapes: what of its inside comes through the face, and what is seen of teeth and tongue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.faces_measures import FloatArray, IntArray, fronts, opening, rays, stands_out
from portrait_core.face.carry import face_morphs
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.geometry.morphs import Morph
from portrait_core.parts.character import Figure, meshes
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.skin import REGIONS

MOUTH_STEP, MOUTH_SIZE = 0.0005, (0.09, 0.10)
COARSE_STEP = 0.0008
"""Metres between the lines that look first; where they find :data:`DOUBTFUL`, closer ones look again."""
DOUBTFUL = 0.05
"""Millimetres."""
SIDES_OF_MOUTH = (-0.5, 0.0, 0.5)
"""Yaws from where teeth are looked for."""
INSIDES = ("teeth", "gums", "tongue", "bag")
KINDS = ("skin", "eyes", "teeth", "tongue")
MARGIN, MOVING = 0.004, 0.0001
"""Metres above teeth, gums and tongue, and metres that a shape moves anything there, from which on it is looked at."""
FAR = 0.02
"""Metres within which the nearest place of the face is looked for: more than anything stands out."""
REACH = 0.062
"""Metres from the mouth's middle, along each axis, within which a face may be a lip or a cheek."""


class Face:
    """A person's meshes with their morphs by name."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        made = meshes(figure, KINDS)
        self.meshes: dict[str, PartMesh] = {mesh.name: mesh for mesh in made}
        self.morphs: dict[str, dict[str, Morph]] = {
            mesh.name: {morph.name: morph for morph in found}
            for mesh, found in zip(made, face_morphs(figure, made), strict=True)
        }
        skin, regions = self.meshes["skin"], figure.template.skin.regions
        of_face = regions[skin.quads]
        self.inner = np.isin(of_face, [REGIONS.index("mouth")])
        self.lips = np.unique(skin.faces[np.isin(of_face, [REGIONS.index("lips")])])
        eyes = (figure.look.landmarks["left_eye"] + figure.look.landmarks["right_eye"]) / 2
        self.mouth: FloatArray = np.asarray(eyes, np.float64) + np.array([0.0, -0.08, 0.0])

    def at(self, name: str, weights: Mapping[str, float]) -> FloatArray:
        """(V, 3) a mesh's vertices with morphs pulled."""
        places = self.meshes[name].vertices.astype(np.float64)
        for shape, weight in weights.items():
            morph = self.morphs[name].get(shape)
            if morph is not None:
                places[morph.rows] += weight * morph.moves
        return places


class Mouth:
    """What of a face's mouth stands out of it, asked for many expressions.

    Two hierarchies, of what belongs inside and of the outside, are made once and moved along.
    """

    def __init__(self, face: Face) -> None:
        self._face = face
        skin = face.meshes["skin"]
        near = (np.abs(skin.vertices[skin.faces].mean(axis=1) - face.mouth) < REACH).all(axis=1)
        self._outer = skin.faces[~face.inner & near]
        self._inner = [name for name in INSIDES if name == "bag" or name in face.meshes]
        faces = [skin.faces[face.inner] if name == "bag" else face.meshes[name].faces for name in self._inner]
        self._part = np.repeat(np.arange(len(faces)), [len(each) for each in faces])
        sizes = [len(self._places(name, {})) for name in self._inner]
        ends = np.cumsum([0, *sizes])
        self._faces: IntArray = np.concatenate(
            [each + np.int32(end) for each, end in zip(faces, ends[:-1], strict=True)]
        )
        self._inside = MeshQueries(self._whole({}), self._faces)
        self._outside = MeshQueries(face.at("skin", {}), self._outer)
        self._coarse, self._fine = (
            [rays(face.mouth, MOUTH_SIZE, step, yaw, 0.0)[:2] for yaw in SIDES_OF_MOUTH]
            for step in (COARSE_STEP, MOUTH_STEP)
        )
        self._concerned = self._shapes_here()
        self._known: dict[tuple[tuple[str, float], ...], dict[str, float]] = {}

    def through(self, weights: Mapping[str, float], without: Sequence[str] = ()) -> dict[str, float]:
        """Millimetres that teeth, gums, tongue and the mouth's bag stand out of the face, to its nearest place,
        those ``without`` left out; of two that stand out on one line the foremost counts."""
        key = tuple(sorted((name, weight) for name, weight in weights.items() if name in self._concerned))
        if key not in self._known:
            self._known[key] = self._measured(weights, without)
        return self._known[key]

    def _measured(self, weights: Mapping[str, float], without: Sequence[str]) -> dict[str, float]:
        outside, inside = self._face.at("skin", weights), self._whole(weights)
        for name in without:  # where no line meets it
            if name in self._inner:
                inside[self._faces[self._part == self._inner.index(name)].ravel()] = self._face.mouth + 10.0
        self._outside.move(outside)
        self._inside.move(inside)
        found = self._along(self._coarse, outside)
        if max(value for name, value in found.items() if name != "bag") > DOUBTFUL:
            found = self._along(self._fine, outside)
        return found

    def _along(self, lines: Sequence[tuple[FloatArray, FloatArray]], outside: FloatArray) -> dict[str, float]:
        worst = np.zeros(len(self._inner))
        for starts, ways in lines:
            first = self._inside.first_hits(starts, ways)
            rows = np.flatnonzero(first.face >= 0)
            far = fronts(outside, self._outer, self._outside, starts[rows], ways[rows])
            apart = stands_out(first.distance[rows].astype(np.float64), far)
            out = np.flatnonzero(apart > 0)
            if len(out):
                # Along a line that grazes a lip a tooth stands far before what it is next to.
                at = starts[rows[out]] + first.distance[rows[out], None].astype(np.float64) * ways[rows[out]]
                deep = np.minimum(apart[out], self._outside.closest(at, FAR).distance)
                np.maximum.at(worst, self._part[first.face[rows[out]]], deep * 1e3)
        return dict(zip(self._inner, worst.tolist(), strict=True))

    def seen(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Square millimetres that are seen from the front between the lips: of the opening in all, and of it ``teeth``
        and ``tongue``."""
        face, skin = self._face, self._face.meshes["skin"]
        result = {"opening": opening(face.at("skin", weights), skin.faces, face.inner, face.mouth)}
        starts, ways, _ = rays(face.mouth, (0.11, 0.12), MOUTH_STEP, 0.0, 0.0)
        lids = MeshQueries(face.at("skin", weights), skin.faces).first_hits(starts, ways)
        before = np.where(lids.face >= 0, lids.distance, np.inf)
        names = [name for name in ("teeth", "gums", "tongue") if name in face.meshes]
        away: list[NDArray[np.float64]] = []
        for name in names:
            hits = MeshQueries(face.at(name, weights), face.meshes[name].faces).first_hits(starts, ways)
            away.append(np.where(hits.face >= 0, hits.distance, np.inf))
        whole = np.stack(away)
        first, nearest = np.argmin(whole, axis=0), whole.min(axis=0)
        for row, name in enumerate(names):
            seen = (first == row) & np.isfinite(nearest) & (nearest < before)
            result[name] = float(seen.sum()) * MOUTH_STEP * MOUTH_STEP * 1e6
        return result

    def _shapes_here(self) -> set[str]:
        """The shapes that move anything looked at: lines are level, and only those count that meet teeth, gums or
        tongue, so nothing above these, which no shape raises."""
        face, skin = self._face, self._face.meshes["skin"]
        highest = max(float(face.meshes[name].vertices[:, 1].max()) for name in self._inner if name != "bag")
        level = np.flatnonzero(skin.vertices[:, 1] < highest + MARGIN)
        looked_at = np.intersect1d(level, np.union1d(self._outer, skin.faces[face.inner]))
        found = {name for part in self._inner for name in face.morphs.get(part, {})}
        for name, morph in face.morphs["skin"].items():
            moving = morph.rows[np.abs(morph.moves).max(axis=1, initial=0.0) > MOVING]
            if bool(np.isin(moving, looked_at).any()):
                found.add(name)
        return found

    def _places(self, name: str, weights: Mapping[str, float]) -> FloatArray:
        return self._face.at("skin" if name == "bag" else name, weights)

    def _whole(self, weights: Mapping[str, float]) -> FloatArray:
        return np.concatenate([self._places(name, weights) for name in self._inner])
