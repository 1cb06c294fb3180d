# SPDX-License-Identifier: Apache-2.0
"""A blink closes the own eye: lids meet and do not go on over each other, on narrow eyes and wide ones."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.face.carry import face_morphs
from portrait_core.face.closing import LEAST, MOST, OVER, closing_of, lid_edges
from portrait_core.parts.character import Figure, meshes
from portrait_core.parts.eyes import SIDES
from portrait_core.pipeline.characters import figure_of
from portrait_core.portrait_model import PortraitModel
from portrait_core.recipe import Recipe


def _figure(model: PortraitModel, seed: int) -> Figure:
    recipe = Recipe(seed=seed, topology="parts")
    return figure_of(recipe, model.person(recipe))  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [7, 9, 910003, 910004])
@pytest.mark.parametrize("side", SIDES)
def test_closed_lids_meet_within_a_millimetre(starter_with_face: PortraitModel, seed: int, side: str) -> None:
    """In the middle half of the opening the upper edge ends at the lower one, and not millimetres below it."""
    figure = _figure(starter_with_face, seed)
    skin = figure.at(1)
    (mesh,) = meshes(skin, ["skin"])
    morphs = {morph.name: morph for morph in face_morphs(skin, [mesh])[0]}
    moved = np.zeros_like(figure.skin)
    moved[mesh.welded] = morphs[f"eyeBlink{side.capitalize()}"].dense(len(mesh.vertices))
    edges, eye = lid_edges(figure.template, side), figure.template.eyes.eyeball(figure.body, side)
    ends = figure.skin + moved - eye.middle
    across = figure.skin[edges.lower, 0]
    at = np.linspace(*np.quantile(across, [0.25, 0.75]), 9)
    stands = []
    for rows in (edges.upper, edges.lower):
        order = np.argsort(figure.skin[rows, 0], kind="stable")
        angle = np.arctan2(ends[rows, 1], ends[rows, 2])
        stands.append(np.interp(at, figure.skin[rows, 0][order], angle[order]))
    over = (stands[1] - stands[0]) * eye.radius
    assert float(over.min()) > -0.0006 and float(over.max()) < 0.0026


@pytest.mark.parametrize("seed", [1, 5])
def test_closed_lids_leave_no_gap_that_a_straight_line_finds(starter_with_face: PortraitModel, seed: int) -> None:
    """Point for point of the eyeball, towards five viewers: a line to each meets a triangle of the skin."""
    figure = _figure(starter_with_face, seed)
    skin, ball = (mesh for mesh in meshes(figure, ["skin", "eyes"]) if mesh.name in ("skin", "eye_left"))
    morphs = {morph.name: morph for morph in face_morphs(figure, [skin])[0]}
    places = skin.vertices.astype(np.float64) + morphs["eyeBlinkLeft"].dense(len(skin.vertices))
    eye = figure.template.eyes.eyeball(figure.body, "left")
    near = skin.faces[np.linalg.norm(skin.vertices[skin.faces].mean(axis=1) - eye.middle, axis=1) < 0.05]
    points = ball.vertices[ball.vertices[:, 2] > eye.middle[2] + 0.3 * eye.radius].astype(np.float64)
    for yaw, pitch in ((0.0, 0.0), (0.6, 0.0), (-0.6, 0.0), (0.0, 0.4), (0.0, -0.5)):
        way = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
        facing = points[(points - eye.middle) @ way > 0.2 * eye.radius]
        for point in facing:
            assert _meets(point, way, places[near]), (yaw, pitch, (point - eye.middle).round(4))


def _meets(start: np.ndarray, way: np.ndarray, corners: np.ndarray) -> bool:
    """Whether a line from ``start`` (3,) along ``way`` (3,) meets any triangle of (F, 3, 3) (Moeller and Trumbore)."""
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    cross = np.cross(way, two)
    scale = np.einsum("fi,fi->f", one, cross)
    scale = np.where(np.abs(scale) < 1e-18, np.inf, scale)
    from_corner = start - corners[:, 0]
    u = np.einsum("fi,fi->f", from_corner, cross) / scale
    beside = np.cross(from_corner, one)
    v, along = (beside @ way) / scale, np.einsum("fi,fi->f", two, beside) / scale
    return bool(((u >= 0) & (v >= 0) & (u + v <= 1) & (along > 0)).any())


@pytest.mark.parametrize("seed", [0, 9])
def test_smoothing_takes_nothing_of_what_closes(starter_with_face: PortraitModel, seed: int) -> None:
    """Away from the corners the upper edge, taken down by its share, is past the lower one by what it is to be."""
    figure = _figure(starter_with_face, seed)
    edges, eye = lid_edges(figure.template, "left"), figure.template.eyes.eyeball(figure.body, "left")
    face = figure.template.face
    assert face is not None
    moves = figure.template.skin.moves(face.targets["eyeBlinkLeft"].dense(face.count))
    share = closing_of(figure)["eyeBlinkLeft"](figure.skin)[:, None]
    start, end = figure.skin - eye.middle, figure.skin + moves - eye.middle
    turned = np.arctan2(end[:, 1], end[:, 2]) - np.arctan2(start[:, 1], start[:, 2])
    stands = np.arctan2(start[:, 1], start[:, 2]) + share[:, 0] * turned
    x = figure.skin[:, 0]
    upper, lower = (rows[np.argsort(x[rows], kind="stable")] for rows in (edges.upper, edges.lower))
    for at in np.linspace(*np.quantile(x[lower], [0.2, 0.8]), 15):
        over = np.interp(at, x[lower], stands[lower]) - np.interp(at, x[upper], stands[upper])
        assert over * eye.radius > OVER - 0.0001, at


def test_narrow_eyes_take_less_of_a_blink(starter_with_face: PortraitModel) -> None:
    narrow, wide = (closing_of(_figure(starter_with_face, seed)) for seed in (910004, 9))
    for name in narrow:
        assert float(np.median(narrow[name].share)) < float(np.median(wide[name].share)) - 0.1
        assert float(narrow[name].share.min()) >= LEAST and float(wide[name].share.max()) <= MOST
