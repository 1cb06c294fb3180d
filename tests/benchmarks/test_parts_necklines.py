# SPDX-License-Identifier: Apache-2.0
"""The measure of necklines says how far a border is off, and sees a tooth."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from benchmarks.parts_necklines import border_of, measured, summary
from portrait_core.models.load import load_model
from portrait_core.parts.character import prepared
from portrait_core.parts.garment import SHIRT
from portrait_core.person import PersonOfParts
from portrait_core.recipe import Recipe
from portrait_core.training.parts_template.neck_curve import neck_curve
from tests.training.parts_template.test_neck_curve import cone, halves

DEPTH, SHAPE = 0.03, 0.5


def test_a_border_on_the_closed_form_is_right_and_a_tooth_is_seen() -> None:
    places, quads = cone()
    border = neck_curve(places, halves(quads), DEPTH, SHAPE)
    right = measured(border, DEPTH, SHAPE)
    assert right["off_mm"] < 0.8 and right["tooth_mm"] < 0.5
    toothed = border.copy()
    toothed[np.abs(border[:, 0]).argmin()] += [0, -0.004, 0]
    wrong = measured(toothed, DEPTH, SHAPE)
    assert wrong["tooth_mm"] > 1 and wrong["off_mm"] > 1
    low = measured(border - [0, 0.002, 0], DEPTH, SHAPE)
    assert 1 < low["off_mm"] < 2.7 and low["tooth_mm"] < 0.5


def test_the_border_of_the_shirt_goes_once_around_the_neck() -> None:
    model = load_model("starter", "cpu")
    person = cast(PersonOfParts, model.person(Recipe(model="starter", seed=9000)))
    template = person.parts_template
    border = prepared(template).border(template.garments[SHIRT])
    assert border is not None
    assert len(np.unique(border.along[:, 0])) == len(border.along) >= 40
    lies = border_of(border, person.look, template.controls.mean.astype(np.float64))
    middle = lies.mean(axis=0)
    angle = np.unwrap(np.arctan2(*(lies - middle)[:, [0, 2]].T))
    assert abs(angle[-1] - angle[0]) == pytest.approx(2 * np.pi, abs=0.6)


def test_a_summary_counts_what_is_over() -> None:
    rows = [{"off_mm": 0.5, "tooth_mm": 0.1, "held": 0.0}, {"off_mm": 1.5, "tooth_mm": 0.2, "held": 1.0}]
    found = summary(rows)
    assert found["failed"] == {"off_mm": 1, "tooth_mm": 0} and found["held"] == 1
    assert found["worst"]["off_mm"] == 1.5
