# SPDX-License-Identifier: Apache-2.0
"""Torn borders are told from whole ones: on made-up strips, and on a style of the starter with faults made in it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.batch.borders import blocks, sampled, saw_teeth, torn_share
from portrait_core.models.load import load_model
from portrait_core.parts.character import Figure, Wanted, meshes
from portrait_core.parts.hair_maps import hair_maps
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.recipe import Recipe


def strip(
    teeth: NDArray[np.floating], turn: float = 2 * np.pi
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """A cylinder's side (or part of it) that looks outwards, each vertex of its lower border lifted by ``teeth``."""
    count = len(teeth)
    angle = np.linspace(0, turn, count, endpoint=turn < 6)
    lower = np.stack([0.1 * np.sin(angle), teeth, 0.1 * np.cos(angle)], 1)
    upper = np.stack([0.1 * np.sin(angle), np.full(count, 0.05), 0.1 * np.cos(angle)], 1)
    k = np.arange(count - 1)
    faces = np.concatenate([np.stack([k, k + 1, count + k], 1), np.stack([k + 1, count + k + 1, count + k], 1)])
    uvs = np.stack([np.tile(np.linspace(0.02, 0.98, count), 2), np.repeat([0.02, 0.98], count)], 1)
    return np.concatenate([lower, upper]), faces, uvs


def test_a_border_in_teeth_is_torn_and_even_or_wavy_ones_are_not() -> None:
    count = np.arange(160)
    assert torn_share(*strip(0.006 * (count % 2)), None, 0.02) > 0.5
    assert torn_share(*strip(0.0 * count), None, 0.02) < 0.01
    assert torn_share(*strip(0.006 * np.sin(count / 6)), None, 0.02) < 0.01


def test_a_border_that_touches_itself_is_torn_and_a_straight_step_is_not() -> None:
    """Cells of a grid in two rows: where the lower ones are whole, and where they lie apart with corners that touch."""
    count, cells = 80, np.arange(79)
    at = np.linspace(0, 0.4, count)
    places = np.concatenate([np.stack([at, np.full(count, y), np.zeros(count)], 1) for y in (0.0, 0.005, 0.010)])
    uvs = np.tile(np.array([[0.5, 0.5]]), (len(places), 1))

    def rows(lower: NDArray[np.int64], upper: NDArray[np.int64]) -> NDArray[np.int64]:
        low = np.concatenate([lower, count + upper])
        quads = np.stack([low, low + 1, low + count + 1, low + count], 1)
        return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])

    whole, stepped = rows(cells, cells), rows(cells[:40], cells)
    assert torn_share(places, whole, uvs, None, 0.02) == 0.0
    assert torn_share(places, stepped, uvs, None, 0.02) < 0.02
    touching = rows(cells[::2], cells[1::2])
    assert torn_share(places, touching, uvs, None, 0.02) > 0.3


def test_teeth_that_are_transparent_or_above_do_not_count() -> None:
    torn = strip(0.006 * (np.arange(160) % 2))
    clear = np.ones((64, 64))
    clear[-32:] = 0
    assert torn_share(*torn, clear, 0.02) == 0.0
    assert torn_share(*torn, None, -0.01) == 0.0


def test_teeth_that_nobody_sees_do_not_count() -> None:
    places, faces, uvs = strip(0.006 * (np.arange(160) % 2))
    around, more, wide = strip(np.full(160, -0.2))
    around = around * [1.1, 1.0, 1.1]
    both = np.concatenate([places, around]), np.concatenate([faces, more + len(places)]), np.concatenate([uvs, wide])
    assert torn_share(*both, None, 0.02) < 0.05  # but for the seam of the outer one


def test_values_between_texels_are_bilinear() -> None:
    image = np.array([[0.0, 1.0], [2.0, 3.0]])
    uvs = np.array([[0.25, 0.75], [0.75, 0.25], [0.5, 0.5], [0.0, 1.0]])
    assert sampled(image, uvs) == pytest.approx([0.0, 3.0, 1.5, 0.0])


@cache
def bob() -> tuple[PartMesh, NDArray[np.float64], float]:
    """A style on a person, its opacity, and the height under which ends count."""
    person = load_model("starter", "cpu").person(Recipe(seed=1))
    template = person.parts_template  # pyright: ignore[reportAttributeAccessIssue]
    figure = Figure(template, person.look, Wanted(hair="bob01"))  # pyright: ignore[reportAttributeAccessIssue]
    (mesh,) = meshes(figure, ("hair",))
    clear = hair_maps(template.hair["bob01"], 512).opacity[..., 0] / 255
    return mesh, clear, float(figure.look.landmarks["left_eye"][1]) - 0.02


def torn(mesh: PartMesh, below: float, share: float) -> NDArray[np.int32]:
    """Triangles of a mesh without some of the quads of its lower border, two rows of them."""
    numbers, faces, quads = np.random.default_rng(0), mesh.faces, mesh.quads
    for _ in range(2):
        own = mesh.welded[faces].astype(np.int64)
        begin, end, count = own, np.roll(own, -1, axis=1), int(mesh.welded.max()) + 1
        border = (~np.isin(begin * count + end, end * count + begin)).any(axis=1)
        low = mesh.vertices[faces][..., 1].mean(axis=1) < below
        at = np.unique(quads[border & low])
        kept = ~np.isin(quads, at[numbers.random(len(at)) < share])
        faces, quads = faces[kept], quads[kept]
    return faces


def test_a_style_that_lost_quads_at_its_ends_is_torn() -> None:
    mesh, clear, below = bob()
    assert torn_share(mesh.vertices, mesh.faces, mesh.uvs, clear, below) < 0.03
    assert torn_share(mesh.vertices, torn(mesh, below, 0.3), mesh.uvs, clear, below) > 0.06


def test_blocks_and_teeth_of_texels_are_told_from_strands() -> None:
    _, clear, _ = bob()
    small = clear.reshape(64, 8, 64, 8).mean(axis=(1, 3)) >= 0.5
    assert blocks(clear) < 0.1 and blocks(np.kron(small, np.ones((8, 8)))) > 0.9
    there = clear >= 0.35
    beside = there & ~(np.roll(there, 1, 0) & np.roll(there, -1, 0) & np.roll(there, 1, 1) & np.roll(there, -1, 1))
    every_other = np.add.outer(np.arange(512), np.arange(512)) % 2 == 0
    assert saw_teeth(clear) < 0.08 and saw_teeth((there & ~(beside & every_other)).astype(float)) > 0.3
    assert blocks(np.ones((64, 64))) == 0.0 and saw_teeth(np.ones((64, 64))) == 0.0
