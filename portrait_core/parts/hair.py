# SPDX-License-Identifier: Apache-2.0
"""Hair of meshes: one mesh a style, worn by the head, longer or shorter, fuller, curlier as the person is.

All shaping is linear in the person's numbers and in the places, so that a style keeps its vertices and its texture for
everybody: *length* draws the free ends up along their own strands to where the shortest cut would leave them,
*volume* moves hair away from the skull, *curl* waves it across its strands.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.arrays import Arrays, below, named
from portrait_core.parts.body import Body
from portrait_core.parts.code_units import in_metres
from portrait_core.parts.fitting import Fitting
from portrait_core.parts.footing import Footing
from portrait_core.parts.normals import SmoothNormals
from portrait_core.parts.part_mesh import PartMesh, Topology, cut_seams, triangles_of_quads
from portrait_core.parts.person_look import PersonLook
from portrait_core.parts.rest_pose import RestPose
from portrait_core.parts.skin_weights import strongest_of_rows

BALD = "bald"

NEAREST = {"long01": "ponytail01", "bob02": "bob01"}
"""Styles of the world that templates may lack, and the one of like length that is worn instead."""

CUTS = (-0.040, -0.190)
"""Heights of the cut (metres above the eyes) of the shortest and the longest hair of a style."""

VOLUMES = (-0.002, 0.008)
"""Metres that hair stands off further than modelled, at least and at most."""


@dataclass(frozen=True)
class Shape:
    """How a style is worn: ``length`` from 0, the shortest, to 1, as modelled; ``volume`` in metres; ``curl`` from 0,
    as modelled, to 1."""

    length: float
    volume: float
    curl: float


def style_of(styles: Mapping[str, float], offered: Mapping[str, HairStyle]) -> str:
    """The style with the most weight; of equal ones the first.

    Where it is not ``offered`` the :data:`NEAREST`, or the strongest that is: nobody is bald for want of a style.
    """
    known = {name: weight for name, weight in styles.items() if name in offered}
    if not known:
        return BALD
    first = max(styles, key=lambda name: styles[name])
    first = first if first in offered else NEAREST.get(first, first)
    return first if first == BALD or first in offered else max(known, key=lambda name: known[name])


def shape_of(look: PersonLook) -> Shape:
    """What a person's numbers ask for."""
    length = (in_metres(look, "cut") - CUTS[0]) / (CUTS[1] - CUTS[0])
    volume = float(np.clip(in_metres(look, "volume"), *VOLUMES))
    return Shape(float(np.clip(length, 0, 1)), volume, float(np.clip(look.scalars["curl"], 0, 1)))


@dataclass(frozen=True, eq=False)
class HairStyle:
    """Q quads over K vertices.

    Attributes:
        fitting: the vertices on the body, as modelled.
        quads, corners: (Q, 4) into the vertices and into ``uvs`` (U, 2) float32.
        strands: (U, 2) float32 metres across and along strands, from the root of each piece.
        shorter: (K, 3) metres that the shortest cut moves the vertices, up along their strands.
        outward: (K, 3) what a metre of volume moves the vertices, in the base mesh's pose.
        wave: (K, 3) metres that full curl moves them.
        roots: (C,) 0 to 1: how much of the scalp's colour at a control is hair, not skin.
        detail: the bytes of a PNG file, grey and alpha: how light each texel is beside the style's mean, and whether
            there is hair at all.
        coarse: the triangles (F, 3) of coarser levels, into the vertices after the seams are cut.
        footing: which vertices are held over the skin of whoever wears the style.
    """

    fitting: Fitting
    quads: NDArray[np.int64]
    corners: NDArray[np.int64]
    uvs: NDArray[np.float32]
    strands: NDArray[np.float32]
    shorter: NDArray[np.float64]
    outward: NDArray[np.float64]
    wave: NDArray[np.float64]
    roots: NDArray[np.float64]
    detail: bytes
    coarse: tuple[NDArray[np.int32], ...]
    footing: Footing = field(default_factory=Footing.none)

    def places(self, body: Body, rest: RestPose, shape: Shape) -> NDArray[np.float64]:
        """(K, 3) metres on a person, at rest."""
        shaped = self.outward * shape.volume + self.wave * shape.curl + self.shorter * (1 - shape.length)
        moved = self.footing.kept(self.fitting.modelled(body.modelled) + shaped, body.modelled)
        return self.fitting.places(body, rest, moved)

    def meshes(
        self, body: Body, rest: RestPose, shape: Shape, details: Collection[int] | None = None
    ) -> dict[int, PartMesh]:
        """The levels of detail of one person, 0 the finest, coarser ones below; those of ``details`` or all."""
        places = self.places(body, rest, shape)
        normals = self._normals(places)
        chosen = self.topologies if details is None else details
        return {detail: self.topologies[detail].placed("hair", places, normals) for detail in chosen}

    @cached_property
    def topologies(self) -> dict[int, Topology]:
        """What each level has in common for everybody."""
        welded, uvs, quads = cut_seams(self.quads, self.uvs[self.corners])
        faces, of_quad = triangles_of_quads(quads)
        joints, weights = strongest_of_rows(self.fitting.weights)
        along = np.zeros(len(welded), np.float32)
        along[quads] = self.strands[self.corners, 1]
        whole = Topology(welded, faces, of_quad, uvs, joints[welded], weights[welded], "hair", strands=along)
        result = {0: whole}
        for step, triangles in enumerate(self.coarse, start=1):
            result[-step] = whole.reduced(triangles)
        return result

    @cached_property
    def _normals(self) -> SmoothNormals:
        return SmoothNormals.of(self.quads, self.fitting.count)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        plain = {
            "quads": self.quads.astype(np.int16),
            "corners": self.corners.astype(np.int16),
            "uvs": self.uvs,
            # Single precision: charts lie up to 64 m apart, and strands are drawn a millimetre wide.
            "strands": self.strands,
            "shorter": self.shorter.astype(np.float16),
            "outward": self.outward.astype(np.float16),
            "wave": self.wave.astype(np.float16),
            "roots": np.rint(self.roots * 255).astype(np.uint8),
            "detail": np.frombuffer(self.detail, np.uint8).copy(),
        }
        plain |= named("fitting", self.fitting.to_arrays()) | named("footing", self.footing.to_arrays())
        return plain | {f"coarse.{k}": faces.astype(np.int16) for k, faces in enumerate(self.coarse)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> HairStyle:
        levels = sorted(int(name.partition(".")[2]) for name in arrays if name.startswith("coarse."))
        return cls(
            fitting=Fitting.from_arrays(below(arrays, "fitting")),
            quads=arrays["quads"].astype(np.int64),
            corners=arrays["corners"].astype(np.int64),
            uvs=arrays["uvs"],
            strands=arrays["strands"].astype(np.float32),
            shorter=arrays["shorter"].astype(np.float64),
            outward=arrays["outward"].astype(np.float64),
            wave=arrays["wave"].astype(np.float64),
            roots=arrays["roots"].astype(np.float64) / 255,
            detail=arrays["detail"].tobytes(),
            coarse=tuple(arrays[f"coarse.{k}"].astype(np.int32) for k in levels),
            footing=Footing.from_arrays(below(arrays, "footing")),
        )
