# SPDX-License-Identifier: Apache-2.0
"""Cloth ends on the cut, everywhere; a fringe ends over the eyes and not beside them."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.training.parts_template.garment_cut import onto_cut
from portrait_core.training.parts_template.hair_fringe import FRINGE, NAPE, TEMPLE, over_nape, uncut
from portrait_core.training.parts_template.hem import open_edges


@pytest.mark.parametrize("turn", [0.0, 0.3, 0.8, 1.3])
def test_every_vertex_of_the_new_border_lies_on_a_slanted_cut(turn: float) -> None:
    count = 12
    x, y = np.meshgrid(np.linspace(-1, 1, count), np.linspace(-1, 1, count))
    places = np.stack([x, y], -1).reshape(-1, 2)
    number = np.arange(count * count).reshape(count, count)
    quads = np.stack([number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]], -1).reshape(-1, 4)
    inside = places @ [np.sin(turn), np.cos(turn)] + 0.137
    quads = quads[(inside[quads] > 0).any(axis=1)]
    moved = np.asarray(onto_cut(quads, inside) @ places)
    after = moved @ [np.sin(turn), np.cos(turn)] + 0.137
    begin, _, _ = open_edges(quads)
    cut = begin[np.abs(places[begin]).max(axis=1) < 0.99]
    cut = cut[inside[cut] <= 0]
    assert len(cut) > 5 and np.abs(after[cut]).max() < 1e-9
    assert after[np.unique(quads)].min() > -1e-9
    kept = np.unique(quads)[inside[np.unique(quads)] > 0]
    assert (moved[kept] == places[kept]).all()
    corners = moved[quads]
    one, two = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    area = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    assert area.min() > -1e-12


def test_a_fringe_is_cut_before_the_eyes_and_not_at_the_temples_or_the_forehead() -> None:
    eye, brow, forehead = [0.03, 0.0, 0.02], [0.03, FRINGE - 0.015, 0.02], [0.03, FRINGE + 0.03, 0.01]
    temple, nape = [0.078, -0.03, -0.06], [0.0, -0.06, -0.2]
    left = uncut(np.array([eye, brow, forehead, temple, nape]))
    assert left[:2].max() == 0.0 and left[2:].min() > 0.99


def test_short_hair_is_cut_at_the_temples_too_but_not_over_the_ears() -> None:
    temple, side = [-0.078, TEMPLE - 0.015, -0.06], [-0.078, TEMPLE + 0.04, -0.06]
    over_ear, nape = [0.08, -0.03, -0.12], [0.0, -0.06, -0.2]
    left = uncut(np.array([temple, side, over_ear, nape]), short=True)
    assert left[0] == 0.0 and left[1:].min() > 0.99


def test_the_nape_is_cut_straight_and_before_the_ears_nothing_is() -> None:
    long, short, ahead = [0.03, NAPE - 0.015, -0.19], [0.03, NAPE + 0.015, -0.19], [0.06, NAPE - 0.015, -0.02]
    assert over_nape(np.array([long, short, ahead])).tolist() == [0.0, 1.0, 1.0]
