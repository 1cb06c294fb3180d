# SPDX-License-Identifier: Apache-2.0
"""Lids on the persons of a model with shapes: on their whole way they keep off the eyeball, and they close."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from benchmarks.faces_measures import distances, opening, rays, seen_ball
from portrait_core.face.carry import face_morphs
from portrait_core.face.lids import CLEAR, FARTHEST, LASHES_FORTH, LASHES_UP, SHOWN, brought_out, lid_rows
from portrait_core.parts.character import Figure, Wanted, meshes
from portrait_core.parts.skin import REGIONS
from portrait_core.person import PersonOfParts
from portrait_core.portrait_model import PortraitModel
from portrait_core.recipe import Recipe

KINDS = ("skin", "eyes", "lashes")


def figure_of(model: PortraitModel, seed: int) -> Figure:
    person = cast(PersonOfParts, model.person(Recipe(seed=seed)))
    return Figure(person.parts_template, person.look, Wanted(kinds=KINDS))


@pytest.mark.parametrize("seed", [0, 4])
def test_lids_go_around_the_eyeball(starter_with_face: PortraitModel, seed: int) -> None:
    figure = figure_of(starter_with_face, seed)
    skin = meshes(figure, ("skin",))[0]
    morphs = {each.name: each for each in face_morphs(figure, [skin])[0]}
    eye, rows = figure.template.eyes.eyeball(figure.body, "left"), lid_rows(figure.template, "left").rows
    lids = np.flatnonzero(np.isin(skin.welded, rows))
    start = skin.vertices.astype(np.float64) - eye.middle
    off = np.linalg.norm(start, axis=1) - eye.radius
    lids = lids[(off[lids] > SHOWN) & (start[lids, 2] > 0)]
    moves = morphs["eyeBlinkLeft"].dense(len(start)).astype(np.float64)
    assert np.abs(moves[lids]).max() > 0.004
    for share in np.linspace(0, 1, 21):
        way = np.linalg.norm(start[lids] + share * moves[lids], axis=1) - eye.radius
        # As far off as they are at rest, up to CLEAR; those that would have to go too far go as far as allowed.
        assert (way - np.minimum(CLEAR, off[lids])).min() > -0.0003, share
    face = figure.template.face
    assert face is not None
    unpushed = figure.template.skin.moves(face.targets["eyeBlinkLeft"].dense(face.count))[skin.welded]
    assert np.linalg.norm(moves - unpushed, axis=1).max() <= FARTHEST + 1e-6


def test_closed_eyes_show_no_eyeball_and_an_open_jaw_shows_the_mouth(starter_with_face: PortraitModel) -> None:
    figure = figure_of(starter_with_face, 2)
    made = {mesh.name: mesh for mesh in meshes(figure, KINDS)}
    skin = made["skin"]
    morphs = {each.name: each for each in face_morphs(figure, [skin])[0]}
    eye = figure.template.eyes.eyeball(figure.body, "left")
    starts, ways, table = rays(eye.middle, (0.036, 0.03), 0.0005, 0.0, 0.0)
    ball = distances(made["eye_left"].vertices.astype(np.float64), made["eye_left"].faces, starts, ways, table)
    for name, seen in (("eyeWideLeft", True), ("eyeBlinkLeft", False)):
        places = skin.vertices + morphs[name].dense(len(skin.vertices))
        lids = distances(places.astype(np.float64), skin.faces, starts, ways, table)
        assert (seen_ball(ball, lids)[0] > 0) == seen
    inner = figure.template.skin.regions[skin.quads] == REGIONS.index("mouth")
    opened = (skin.vertices + morphs["jawOpen"].dense(len(skin.vertices))).astype(np.float64)
    mouth = eye.middle * (0, 1, 1) - (0, 0.08, 0)
    assert opening(opened, skin.faces, inner, mouth) > 700


def test_lashes_stay_with_their_lids(starter_with_face: PortraitModel) -> None:
    figure = figure_of(starter_with_face, 1)
    made = {mesh.name: mesh for mesh in meshes(figure, KINDS)}
    skin, lashes = made["skin"], made["lashes"]
    found = [{each.name: each for each in own} for own in face_morphs(figure, [skin, lashes])]
    moves = [own["eyeBlinkLeft"].dense(len(mesh.vertices)) for mesh, own in zip((skin, lashes), found, strict=True)]
    upper = np.flatnonzero(moves[1][:, 1] < -0.004)
    assert len(upper) > 20

    def away(share: float) -> np.ndarray:
        """Of each upper lash's vertices how far they are from the skin."""
        under, over = skin.vertices + share * moves[0], lashes.vertices[upper] + share * moves[1][upper]
        return np.linalg.norm(over[:, None] - under[None], axis=2).min(axis=1)

    roots = away(0.0) < 0.0012
    assert np.count_nonzero(roots) > 5
    assert float(np.quantile(away(1.0)[roots], 0.9)) < 0.0025  # roots lie on the lid, open as closed


def test_lashes_come_out_of_the_line_where_lids_meet() -> None:
    moves = brought_out(np.array([0.010, 0.005, 0.0, -0.001]))  # the last one's root rises: of the lower lid
    assert moves[0] == pytest.approx((0, LASHES_UP, LASHES_FORTH))
    assert moves[1] == pytest.approx(moves[0] / 2)
    assert not moves[2:].any()
    assert not brought_out(np.zeros(3)).any()
