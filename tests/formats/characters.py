# SPDX-License-Identifier: Apache-2.0
"""A small avatar of parts, made by hand, for the tests of files and pictures: a skin of quads and a sheet of hair that
is half see-through in front of it, each with maps of its own, and a cornea of a clear coat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Level, Maps, Material, Section
from portrait_core.geometry.vertex_data import VertexData

MASK = Material(alpha="mask", cutoff=0.5, double_sided=True)
COAT = Material(
    alpha="blend",
    factors={"pbrMetallicRoughness.baseColorFactor": (1.0, 1.0, 1.0, 0.2), "pbrMetallicRoughness.roughnessFactor": 0.1},
    extensions={"KHR_materials_clearcoat": {"clearcoatFactor": 1.0, "clearcoatRoughnessFactor": 0.03}},
)


def sheet(side: float, z: float, cells: int = 2) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """A square of ``cells`` x ``cells`` quads that faces +z: vertices, faces (halves in pairs) and UVs."""
    step = np.linspace(0, 1, cells + 1)
    v, u = np.meshgrid(step, step, indexing="ij")
    uvs = np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float32)
    vertices = np.concatenate([(uvs - 0.5) * side, np.full((len(uvs), 1), z)], axis=1).astype(np.float32)
    faces: list[tuple[int, int, int]] = []
    for row in range(cells):
        for column in range(cells):
            a = row * (cells + 1) + column
            b, c, d = a + 1, a + cells + 2, a + cells + 1
            faces += [(a, b, c), (a, c, d)]
    return vertices, np.array(faces, np.int32), uvs


def plain_image(*colour: int, size: int = 8) -> NDArray[np.uint8]:
    return np.tile(np.array(colour, np.uint8), (size, size, 1))


def level_of_parts(cells: int = 2) -> Level:
    """``skin`` at z = 0, ``hair`` before it whose left half is see-through, ``eye`` before that."""
    half = plain_image(255)
    half[:, :4] = 0
    found = [
        ("skin", sheet(0.4, 0.0, cells), Maps(base_colour=plain_image(220, 40, 40)), Material()),
        ("hair", sheet(0.3, 0.05, cells), Maps(base_colour=plain_image(40, 200, 40), opacity=half), MASK),
        ("eye", sheet(0.06, 0.1, cells), Maps(base_colour=plain_image(40, 40, 230)), COAT),
    ]
    sections: list[Section] = []
    vertices: list[NDArray[np.float32]] = []
    uvs: list[NDArray[np.float32]] = []
    faces: list[NDArray[np.int32]] = []
    for name, (places, corners, texture), maps, material in found:
        sections.append(Section(name, len(corners), maps, material, part=name, quads=len(corners) // 2))
        faces.append(corners + np.int32(sum(map(len, vertices))))
        vertices.append(places)
        uvs.append(texture)
    count = sum(map(len, vertices))
    weights = np.zeros((count, 4), np.float32)
    weights[:, 0] = 1
    data = VertexData(
        vertices=np.concatenate(vertices),
        normals=np.tile(np.array([0, 0, 1], np.float32), (count, 1)),
        uvs=np.concatenate(uvs),
        joints=np.zeros((count, 4), np.uint16),
        weights=weights,
    )
    return Level(data, np.concatenate(faces), sections[0].maps, tuple(sections))


def character(levels: int = 1) -> Avatar:
    """The finest level first; coarser ones have the same maps."""
    finest = level_of_parts()
    made = [finest]
    for _ in range(1, levels):
        coarse = level_of_parts(1)
        own = zip(coarse.sections, finest.sections, strict=True)
        made.append(replace(coarse, sections=tuple(replace(few, maps=many.maps) for few, many in own)))
    return Avatar(
        name="someone",
        levels=tuple(made),
        joint_names=("neck", "head"),
        parents=np.array([-1, 0], np.int32),
        joints=np.array([[0, 0, 0], [0, 0.1, 0]], np.float32),
        recipe={"model": "someone", "seed": 7},
        provenance={"model": {"name": "someone", "licence": "CC0-1.0"}},
    )
