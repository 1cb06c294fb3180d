# SPDX-License-Identifier: Apache-2.0
"""The strands of a person's hair as polylines: hair systems, fibres for renderers, guides for simulation."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.parts.character import Figure, meshes
from portrait_core.parts.hair import HairStyle, shape_of
from portrait_core.parts.hair_maps import hair_maps
from portrait_core.parts.part_mesh import PartMesh, triangles_of_quads
from portrait_core.parts.rest_pose import JOINTS
from portrait_core.parts.strands import HEAD, Closest, HairSheet, StrandLines, strand_lines

MAP_SIZE = 512
"""Texels along the picture that is asked where there is hair."""


def hair_strands(figure: Figure, count: int = 6000, *, points: int = 14, seed: int = 0) -> StrandLines:
    """Up to ``count`` strands of ``points`` points of what a person wears on the head, at rest, metres, root first.

    Strands near the skin have their roots in it, the others where their sheet of hair begins. There are none for bald
    persons. Equal numbers give equal strands. Raises ``ValueError`` as
    :func:`portrait_core.parts.strands.strand_lines`.
    """
    style = figure.hair
    if style is None:
        return StrandLines(np.zeros((0, points, 3)), np.zeros((0, points)), np.zeros((0, 2)))
    sheet = hair_sheet(style, style.places(figure.body, figure.template.rest, shape_of(figure.look)))
    (skin,) = (mesh for mesh in meshes(figure.at(0), ("skin",)) if mesh.name == "skin")
    return strand_lines(sheet, count, opacity=_opacity(style), closest=_scalp(skin), points=points, seed=seed)


def hair_sheet(style: HairStyle, places: NDArray[np.float64]) -> HairSheet:
    """The mesh of a style worn at ``places`` (K, 3)."""
    faces, _ = triangles_of_quads(style.quads)
    corners, _ = triangles_of_quads(style.corners)
    along = style.strands[corners, 1].astype(np.float64)
    return HairSheet(places, faces.astype(np.int64), style.uvs[corners].astype(np.float64), along)


@lru_cache(maxsize=4)
def _opacity(style: HairStyle) -> NDArray[np.float32]:
    return hair_maps(style, MAP_SIZE).opacity[..., 0].astype(np.float32) / np.float32(255)


def _scalp(skin: PartMesh) -> Closest:
    """Asks the skin that the head moves."""
    moved = (skin.weights * (skin.joints == JOINTS.index("head"))).sum(axis=1)
    faces = skin.faces[(moved[skin.faces] >= HEAD).all(axis=1)]
    queries = MeshQueries(skin.vertices, faces)

    def closest(places: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        hits = queries.closest(places.astype(np.float32))
        corner, weight = faces[hits.face], np.asarray(hits.weights, np.float64)[..., None]
        return tuple((each[corner] * weight).sum(axis=1) for each in (skin.vertices, skin.normals))  # type: ignore[return-value]

    return closest
