# SPDX-License-Identifier: Apache-2.0
"""Garments of meshes: worn by the body, thick at their borders, over skin that is left out where it is hidden."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.parts.arrays import Arrays, Sparse, below, named
from portrait_core.parts.body import Body
from portrait_core.parts.code_units import in_metres
from portrait_core.parts.fitting import Fitting
from portrait_core.parts.neck_border import NeckBorder
from portrait_core.parts.neckline import Neckline, cleared
from portrait_core.parts.normals import SmoothNormals
from portrait_core.parts.part_mesh import PartMesh, Topology, cut_seams, triangles_of_quads
from portrait_core.parts.person_look import PersonLook
from portrait_core.parts.rest_pose import RestPose
from portrait_core.parts.skin import SkinTemplate
from portrait_core.parts.skin_weights import strongest_of_rows

DEEPEST = 0.05
"""A neckline this many metres deep counts as one."""

NECKLINES: dict[str, tuple[float, float]] = {
    "female_casualsuit01": (0.30, 0.75),
    "female_casualsuit02": (0.20, 0.45),
    "female_elegantsuit01": (0.90, 0.15),
    "male_elegantsuit01": (0.10, 0.15),
    "male_casualsuit06": (0.10, 0.45),
    "male_casualsuit04": (0.35, 0.60),
    "male_casualsuit03": (0.55, 0.25),
    "male_casualsuit05": (0.50, 0.45),
    "male_casualsuit01": (0.80, 0.30),
}
"""How deep (0 to 1) and how round (0 to 1) the neckline of each garment is, beside those of the code."""

SHIRT = "male_casualsuit02"
"""The plain shirt whose neckline follows the code's numbers; anybody wears it."""

ALIKE = 0.28
"""A garment whose neckline is farther than this from the one asked for gives way to a shirt that has just that one."""

LOOSE = 0.0004
"""Metres that a garment stands off further than fitted: skin of another build is rounder between its vertices."""

STRIPED = 0.5
"""Persons with more of the scalar ``stripes`` wear the shirt too: nothing on it breaks the stripes."""


@dataclass(frozen=True, eq=False)
class Garment:
    """Q quads over K vertices.

    Attributes:
        fitting: the vertices on the body.
        quads, corners: (Q, 4) into the vertices and into ``uvs`` (U, 2) float32.
        heights: (U,) float32, metres above the eyes of the canonical body: what stripes are a formula of.
        hidden: (C,) whether the skin at a control lies under the cloth, well away from its borders.
        shade: bytes of a PNG file, grey: how light the cloth is beside its own colour, 128 as it is.
        normals: bytes of a PNG file, a tangent-space normal map (OpenGL), or none.
        coarse: the triangles (F, 3) of coarser levels, into the vertices after the seams are cut.
        neckline: how vertices lie for a person's own neckline; None where it is as modelled.
    """

    fitting: Fitting
    quads: NDArray[np.int64]
    corners: NDArray[np.int64]
    uvs: NDArray[np.float32]
    heights: NDArray[np.float32]
    hidden: NDArray[np.bool_]
    shade: bytes
    normals: bytes
    coarse: tuple[NDArray[np.int32], ...]
    neckline: Neckline | None = None

    def places(self, body: Body, rest: RestPose, border: NeckBorder | None = None) -> NDArray[np.float64]:
        """(K, 3) metres on a person, at rest; with a ``border``, that of the neckline lies on the closed form."""
        if self.neckline is None:
            places = self.fitting.places(body, rest)
            return places + LOOSE * self._smooth(places)
        return self._slid(body, rest, self.neckline, border)[0]

    def meshes(
        self, body: Body, rest: RestPose, border: NeckBorder | None = None, details: Collection[int] | None = None
    ) -> dict[int, PartMesh]:
        """The levels of detail of one person, 0 the finest, coarser ones below; those of ``details`` or all."""
        chosen = self.topologies if details is None else details
        weights: Sparse | None = None
        if self.neckline is None:
            places = self.places(body, rest)
        else:
            places, weights = self._slid(body, rest, self.neckline, border)
        normals = self._smooth(places)
        levels = {detail: self.topologies[detail].placed("garment", places, normals) for detail in chosen}
        if weights is None:
            return levels
        joints, strongest = strongest_of_rows(weights)
        return {
            detail: replace(each, joints=joints[each.welded], weights=strongest[each.welded])
            for detail, each in levels.items()
        }

    def _slid(
        self, body: Body, rest: RestPose, neckline: Neckline, border: NeckBorder | None
    ) -> tuple[NDArray[np.float64], Sparse]:
        """Places (K, 3) and skin weights (K, 24) where the vertices lie."""
        places = neckline.places(body.look, body.modelled, self.fitting.scales(body.modelled))
        weights = neckline.weights_of(body.look, body.weights)
        if border is not None:
            slide = border.slide(body.look)
            places, weights = slide.of(places), slide.of(weights)
        moved = self.fitting.modelled(body.modelled)
        moved[neckline.vertices] = places
        dense = np.asarray(self.fitting.weights.todense())
        dense[neckline.vertices] = cleared(weights)
        whole = sparse.csr_matrix(dense)
        worn = replace(self.fitting, weights=whole).places(body, rest, moved)
        return (worn if border is None else border.evened(worn)), whole

    def heights_of(self, look: PersonLook) -> NDArray[np.float32]:
        """(U,) :attr:`heights` with a person's own neckline."""
        if self.neckline is None:
            return self.heights
        moved = np.full(self.fitting.count, np.nan, np.float32)
        moved[self.neckline.vertices] = self.neckline.heights_of(look)
        result = self.heights.copy()
        result[self.corners.ravel()] = moved[self.quads.ravel()]
        return np.where(np.isnan(result), self.heights, result)

    @cached_property
    def topologies(self) -> dict[int, Topology]:
        """What each level has in common for everybody."""
        welded, uvs, quads = cut_seams(self.quads, self.uvs[self.corners])
        faces, of_quad = triangles_of_quads(quads)
        joints, weights = strongest_of_rows(self.fitting.weights)
        whole = Topology(welded, faces, of_quad, uvs, joints[welded], weights[welded], "garment")
        result = {0: whole}
        for step, triangles in enumerate(self.coarse, start=1):
            result[-step] = whole.reduced(triangles)
        return result

    @cached_property
    def _smooth(self) -> SmoothNormals:
        return SmoothNormals.of(self.quads, self.fitting.count)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        plain = {
            "quads": self.quads.astype(np.int16),
            "corners": self.corners.astype(np.int16),
            "uvs": self.uvs,
            "heights": self.heights.astype(np.float16),
            "hidden": np.packbits(self.hidden),
            "hidden.count": np.asarray([len(self.hidden)], np.int32),
            "shade": np.frombuffer(self.shade, np.uint8).copy(),
            "normals": np.frombuffer(self.normals, np.uint8).copy(),
        }
        plain |= named("fitting", self.fitting.to_arrays())
        if self.neckline is not None:
            plain |= named("neckline", self.neckline.to_arrays())
        return plain | {f"coarse.{k}": faces.astype(np.int16) for k, faces in enumerate(self.coarse)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Garment:
        levels = sorted(int(name.partition(".")[2]) for name in arrays if name.startswith("coarse."))
        return cls(
            fitting=Fitting.from_arrays(below(arrays, "fitting")),
            quads=arrays["quads"].astype(np.int64),
            corners=arrays["corners"].astype(np.int64),
            uvs=arrays["uvs"],
            heights=arrays["heights"].astype(np.float32),
            hidden=np.unpackbits(arrays["hidden"], count=int(arrays["hidden.count"][0])).astype(bool),
            shade=arrays["shade"].tobytes(),
            normals=arrays["normals"].tobytes(),
            coarse=tuple(arrays[f"coarse.{k}"].astype(np.int32) for k in levels),
            neckline=Neckline.from_arrays(below(arrays, "neckline")) if "neckline.depths" in arrays else None,
        )


def hidden_faces(garment: Garment, skin: SkinTemplate, topology: Topology, detail: int) -> NDArray[np.bool_]:
    """(T,) the faces of a level of the skin that a garment hides: those with all corners under the cloth."""
    under = garment.hidden[skin.vertices]
    if detail > 0:
        # A new vertex is hidden when all that it is made of are.
        shown: NDArray[np.float64] = np.asarray(np.abs(skin.fine.matrix) @ (~under).astype(np.float64))
        under = np.less(shown, 1e-9)
    return np.asarray(under[topology.welded[topology.faces]].all(axis=1), np.bool_)


def garment_of(look: PersonLook, masculine: float, there: Iterable[str]) -> str | None:
    """The garment of a person, among those that are ``there``: the one of their set whose neckline is most like the one
    that the person's numbers ask for, or the shirt where none is alike; None where there is none."""
    known, own = set(there), "male" if masculine > 0.5 else "female"
    sets = [name for name in NECKLINES if name.startswith(own) and name in known]
    asked = np.array([in_metres(look, "neck_depth") / DEEPEST, look.scalars["neck_shape"]])
    away = [float(np.linalg.norm(asked - NECKLINES[name])) for name in sets]
    if SHIRT in known and (min(away, default=np.inf) > ALIKE or look.scalars.get("stripes", 0.0) > STRIPED):
        return SHIRT
    return sets[int(np.argmin(away))] if sets else (min(known) if known else None)
