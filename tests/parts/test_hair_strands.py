# SPDX-License-Identifier: Apache-2.0
"""Strands as polylines: along the flow of a sheet in closed form, cut by its picture, rooted in the skin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.models.load import load_model
from portrait_core.parts.character import Figure, Wanted
from portrait_core.parts.hair import BALD, shape_of
from portrait_core.parts.hair_strands import hair_sheet, hair_strands
from portrait_core.parts.strands import FINE, SPREAD, HairSheet, _traced, strand_lines
from portrait_core.recipe import Recipe


def grid(rows: int, columns: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points (K, 2) of a grid over the unit square and triangles between them."""
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    number = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]
    quads = np.stack([a, b, c, d], -1).reshape(-1, 4)
    return np.stack([u.ravel(), v.ravel()], 1), np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def hanging() -> HairSheet:
    """A flat sheet 0.1 m wide and 0.2 m long: strands hang down, the texture lies on its side."""
    at, faces = grid(21, 11)
    places = np.stack([0.1 * at[:, 0], 0.2 * at[:, 1], np.zeros(len(at))], 1)
    return HairSheet(places, faces, at[:, ::-1][faces], 0.2 * (1 - at[:, 1])[faces])


def wound() -> HairSheet:
    """A tube of radius 0.05 m, open along a seam of the texture that is welded: strands wind around it at 30 degrees to
    its axis, the texture is twice as dense along it as around."""
    at, faces = grid(41, 33)
    angle = 2 * np.pi * at[:, 0]
    places = np.stack([0.05 * np.cos(angle), 0.2 * at[:, 1], 0.05 * np.sin(angle)], 1)
    flat = np.stack([0.05 * angle, 0.2 * at[:, 1]], 1)
    # `along` is straight in the texture where steps there are as the strand's are on the tube.
    way = np.array([np.sin(np.pi / 6), np.cos(np.pi / 6)])
    scale = np.array([1.0, 2.0])
    uvs = flat * scale
    along = uvs @ (way * scale / np.linalg.norm(way * scale))
    number = np.arange(len(at)).reshape(41, 33)
    number[:, -1] = number[:, 0]
    return HairSheet(places, number.ravel()[faces], uvs[faces], along[faces])


def test_strands_of_a_flat_sheet_hang_straight_and_end_where_it_ends() -> None:
    lines = strand_lines(hanging(), 200, points=9, seed=3)
    assert lines.points.shape == (200, 9, 3) and lines.widths.shape == (200, 9) and lines.uvs.shape == (200, 2)
    assert np.abs(lines.points[:, 0, 1] - 0.2).max() < 1e-6 and np.abs(lines.points[:, -1, 1]).max() < 1e-6
    assert np.ptp(lines.points[..., 0], axis=1).max() < 4 * SPREAD
    assert np.abs(lines.points[..., 2]).max() < 4 * SPREAD
    assert (np.diff(lines.widths, axis=1) < 0).all()
    assert np.abs(np.histogram(lines.points[:, 0, 0], 5, (0, 0.1))[0] - 40).max() < 15


def test_strands_wind_over_seams_as_the_closed_form_says() -> None:
    sheet = wound()
    rng = np.random.default_rng(1)
    faces, at = rng.integers(0, len(sheet.faces), 60), rng.dirichlet(np.ones(3), 60)
    fine, _ = _traced(sheet, faces, at)
    angle = np.unwrap(np.arctan2(fine[..., 2], fine[..., 0]), axis=1) * 0.05
    whole = np.linalg.norm(np.diff(fine, axis=1), axis=2).sum(axis=1)
    # All run from one end of the tube to the other, at 30 degrees to its axis.
    assert np.mean((fine[:, 0, 1] < 0.005) & (fine[:, -1, 1] > 0.195)) > 0.95
    good = whole > 0.2
    turned = (angle[good, -1] - angle[good, 0]) / (fine[good, -1, 1] - fine[good, 0, 1])
    assert np.abs(np.degrees(np.arctan(turned)) - 30).max() < 2.5


def test_the_picture_cuts_strands_and_bridges_small_holes() -> None:
    # The texture lies on its side: its columns are the sheet's height, the root at the right.
    opacity = np.ones((64, 64))
    opacity[:, :16] = 0
    opacity[:, 40:42] = 0
    lines = strand_lines(hanging(), 100, opacity=opacity)
    tips = lines.points[:, -1, 1]
    assert np.abs(tips - 0.05).max() < 0.2 / FINE + 0.003
    opacity[:, 30:42] = 0
    lines = strand_lines(hanging(), 100, opacity=opacity)
    assert lines.points[:, -1, 1].min() > 0.12
    assert len(strand_lines(hanging(), 100, opacity=np.zeros((8, 8))).points) == 0


def test_roots_are_set_on_the_skin() -> None:
    def closest(places: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        # A wall behind the upper half of the sheet.
        on = places.copy()
        on[:, 1] = np.maximum(on[:, 1], 0.12)
        on[:, 2] = -0.01
        return on, np.tile([0.0, 0.0, 1.0], (len(places), 1))

    lines = strand_lines(hanging(), 100, closest=closest)
    assert np.abs(lines.points[:, 0, 2] + 0.0108).max() < 1e-6
    assert lines.points[:, 0, 1].min() > 0.08 and np.ptp(lines.points[:, 0, 1]) > 0.05
    assert np.abs(lines.points[:, -1, 2]).max() < 4 * SPREAD


def test_equal_numbers_give_equal_strands() -> None:
    one, two, other = (strand_lines(hanging(), 50, seed=seed).points for seed in (5, 5, 6))
    assert np.array_equal(one, two) and not np.array_equal(one, other)


@pytest.mark.parametrize(("count", "points"), [(0, 9), (5, 2)])
def test_none_at_all_are_refused(count: int, points: int) -> None:
    with pytest.raises(ValueError, match="at least 1 of 3"):
        strand_lines(hanging(), count, points=points)


@pytest.fixture(scope="module")
def person() -> Any:
    return load_model("starter").person(Recipe(seed=1, topology="parts"))


@pytest.mark.parametrize("style", ["bob01", "ponytail01"])
def test_the_hair_of_a_person_keeps_to_its_mesh(person: Any, style: str) -> None:
    figure = Figure(person.parts_template, person.look, Wanted(hair=style))
    lines = hair_strands(figure, 400)
    assert 300 < len(lines.points) <= 400 and np.isfinite(lines.points).all()
    assert figure.hair is not None
    places = figure.hair.places(figure.body, figure.template.rest, shape_of(figure.look))
    sheet = hair_sheet(figure.hair, places)
    low, high = places.min(axis=0) - 0.02, places.max(axis=0) + 0.02
    assert ((lines.points > low) & (lines.points < high)).all()
    tips = lines.points[:, -1]
    corners = sheet.corners.mean(axis=1)
    near = np.sqrt(((tips[:, None] - corners[None]) ** 2).sum(axis=2).min(axis=1))
    assert np.quantile(near, 0.99) < 0.02
    assert np.linalg.norm(np.diff(lines.points, axis=1), axis=2).sum(axis=1).max() < 0.6


def test_bald_persons_have_none(person: Any) -> None:
    figure = Figure(person.parts_template, person.look)
    figure.__dict__["hair"] = None
    assert BALD not in figure.template.hair and len(hair_strands(figure, 10).points) == 0
