# SPDX-License-Identifier: Apache-2.0
"""A blink closes the own eye: lids meet and do not go on over each other, on narrow eyes and wide ones."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.face.carry import face_morphs
from portrait_core.face.closing import LEAST, MOST, closing_of, lid_edges
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


def test_narrow_eyes_take_less_of_a_blink(starter_with_face: PortraitModel) -> None:
    narrow, wide = (closing_of(_figure(starter_with_face, seed)) for seed in (910004, 9))
    for name in narrow:
        assert float(np.median(narrow[name].share)) < float(np.median(wide[name].share)) - 0.1
        assert float(narrow[name].share.min()) >= LEAST and float(wide[name].share.max()) <= MOST
