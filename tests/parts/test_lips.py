# SPDX-License-Identifier: Apache-2.0
"""The lips of persons of the starter who once had a slit, a crossing or a fold there."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from benchmarks.parts import DEEP, LIMITS
from benchmarks.parts_measures import crossings, folded, slit
from portrait_core.models.load import load_model
from portrait_core.parts.character import Figure, Wanted
from portrait_core.parts.contact import FARTHEST
from portrait_core.parts.part_mesh import triangles_of_quads
from portrait_core.parts.skin import REGIONS
from portrait_core.parts.untangle import SHOWN
from portrait_core.person import PersonOfParts
from portrait_core.recipe import Recipe


def figure(seed: int) -> Figure:
    person = cast(PersonOfParts, load_model("starter", "cpu").person(Recipe(model="starter", seed=seed)))
    return Figure(person.parts_template, person.look)


@pytest.mark.parametrize("seed", [60, 113, 1007, 1023, 1087])
def test_lips_are_closed_apart_and_unfolded(seed: int) -> None:
    own = figure(seed)
    skin, look = own.template.skin, own.look
    places = own.skin[: len(skin.vertices)]
    faces, of_quad = triangles_of_quads(skin.quads)
    of_face = skin.regions[of_quad]
    mouth = (look.landmarks["left_eye"] + look.landmarks["right_eye"]) / 2 - [0.0, 0.075, 0.0]
    assert slit(places, faces, of_face == REGIONS.index("mouth"), mouth) < LIMITS["slit_mm2"]
    lips = faces[np.isin(of_face, [REGIONS.index(name) for name in ("lips", "mouth")])]
    crossed, depth = crossings(places, lips)
    shown = places[lips[crossed]].mean(axis=1)[:, 2] > places[lips].reshape(-1, 3)[:, 2].max() - 0.010
    assert not (shown & (depth > DEEP)).any()
    assert len(folded(places, skin.quads)) == 0
    hasty = Figure(own.template, look, Wanted(lips="closed")).skin[: len(places)]
    moved = np.abs(hasty - places).max(axis=1) > 1e-6
    foremost = places[lips].reshape(-1, 3)[:, 2].max()
    assert (places[moved, 2] < foremost - SHOWN + 0.001).all(), "a picture of a shut mouth shows no difference"
    sealed = Figure(own.template, look, Wanted(lips="sealed")).skin[: len(places)]
    assert np.abs(sealed - hasty).max() < 2 * FARTHEST, "less than a pixel and a half of a gallery's picture"


def test_no_vertex_runs_away_where_lips_give_way() -> None:
    own = figure(39)
    skin = own.template.skin
    modelled = np.asarray(skin._matrix @ own.body.controls[skin.vertices])
    away = np.abs(skin.lips.closed(modelled, skin._facing) - modelled).max()
    assert away < 0.0035  # 9 mm where nothing held it
