# SPDX-License-Identifier: Apache-2.0
"""Pieces of the skin's build on small meshes: islands, the cut's border, the texture layout, coarser levels, lips."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.geometry.half_edges import boundary_loops
from portrait_core.parts.part_mesh import cut_seams, triangles_of_quads
from portrait_core.training.parts_template.crop import _slides  # pyright: ignore[reportPrivateUsage]
from portrait_core.training.parts_template.islands import islands, loop_between
from portrait_core.training.parts_template.layout import lay_out
from portrait_core.training.parts_template.levels import collapsed
from portrait_core.training.parts_template.lips import find_contact


def grid(columns: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Places (V, 2) at whole numbers and quads of a flat grid, counter-clockwise."""
    x, y = np.meshgrid(np.arange(columns + 1), np.arange(rows + 1))
    k = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).ravel()
    quads = np.stack([k, k + 1, k + columns + 2, k + columns + 1], 1)
    return np.stack([x.ravel(), y.ravel()], 1).astype(float), quads


def test_islands_are_told_by_the_texture_the_largest_first() -> None:
    places, quads = grid(4, 3)
    uvs = places[quads] / 10
    uvs[quads[:, 0] % 5 == 0] += 0.5  # the first column elsewhere
    found = islands(uvs)
    assert np.bincount(found).tolist() == [9, 3]
    assert (found == 1).tolist() == (quads[:, 0] % 5 == 0).tolist()


def test_the_line_between_two_parts_runs_around_the_inner_one() -> None:
    places, quads = grid(4, 4)
    middle = places[quads].mean(axis=1)
    inner = np.abs(middle - 2).max(axis=1) < 1
    loop = loop_between(quads, ~inner, inner)
    assert {tuple(places[v]) for v in loop} == {(x, y) for x in (1, 2, 3) for y in (1, 2, 3)} - {(2, 2)}
    step = np.abs(places[loop] - places[np.roll(loop, 1)]).sum(axis=1)
    assert (step == 1).all()
    with pytest.raises(ValueError, match="no closed line"):
        loop_between(quads, middle[:, 0] < 2, middle[:, 0] > 2)


def test_vertices_beyond_the_cut_slide_onto_it() -> None:
    places, quads = grid(4, 3)
    inside = places[:, 1] - 0.3  # the first row of vertices is beyond
    moved = places + _slides(quads, inside) @ places
    assert moved[places[:, 1] == 0] == pytest.approx(np.stack([np.arange(5), np.full(5, 0.3)], 1))
    assert (moved[places[:, 1] > 0] == places[places[:, 1] > 0]).all()


def tube(turns: int = 16, rows: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A tube around y, wider in its middle, with a hole; its places (V, 3), quads, and corner uvs cut at the back."""
    angle = np.arange(turns) * 2 * np.pi / turns
    height = np.linspace(-0.1, 0.1, rows + 1)
    width = 0.06 + 0.02 * np.cos(height * 15)
    places = np.stack(
        [np.outer(width, np.sin(angle)), np.repeat(height[:, None], turns, 1), np.outer(width, np.cos(angle))], -1
    ).reshape(-1, 3)
    k, r = np.meshgrid(np.arange(turns), np.arange(rows))
    k, r, n = k.ravel(), r.ravel(), (k.ravel() + 1) % turns
    quads = np.stack([r * turns + k, r * turns + n, (r + 1) * turns + n, (r + 1) * turns + k], 1)
    u = (k + turns // 2) % turns
    uvs = np.stack([np.stack([u + a, r + b], 1) for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))], 1) / 40
    hole = (r == rows // 2) & (k == 0)
    return places, quads[~hole], uvs[~hole]


def area(corners: np.ndarray) -> np.ndarray:
    one, two = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    return 0.5 * (one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])


def test_a_layout_has_no_turned_quad_and_is_finer_where_it_is_asked_to_be() -> None:
    places, quads, uvs = tube()
    density = np.where(places[:, 1] > 0, 1.0, 0.4)
    layout = lay_out(quads, uvs, places, density, np.zeros((0, 2), np.int64), np.ones(len(places), bool))
    flat = layout.uvs[layout.corners].astype(float)
    assert flat.min() >= 0
    assert flat.max() <= 1
    shares = area(flat)
    assert (shares > 0).all()
    surface = np.linalg.norm(
        np.cross(places[quads[:, 2]] - places[quads[:, 0]], places[quads[:, 3]] - places[quads[:, 1]]), axis=1
    )
    fine, coarse = (np.sqrt(shares[m].sum() / surface[m].sum()) for m in (
        places[quads][:, :, 1].min(axis=1) > 0.02, places[quads][:, :, 1].max(axis=1) < -0.02))  # fmt: skip
    assert fine > 1.7 * coarse
    upward = flat[:, 3] - flat[:, 0]
    assert upward[:, 1].mean() > 0  # upright
    # Cut at the back, and nowhere else.
    welded, _, _ = cut_seams(quads, flat)
    twice = np.flatnonzero(np.bincount(welded) > 1)
    assert len(twice) == 13
    assert (places[twice, 2] < -0.05).all()


def test_a_slit_opens_the_layout_along_its_edges() -> None:
    places, quads, uvs = tube()
    line = np.array([(3 * 16, 4 * 16), (4 * 16, 5 * 16)])
    layout = lay_out(quads, uvs, places, np.ones(len(places)), line, np.ones(len(places), bool))
    welded, _, _ = cut_seams(quads, layout.uvs[layout.corners])
    assert np.bincount(welded)[4 * 16] == 2


def test_coarser_levels_keep_vertices_seams_and_border() -> None:
    places, quads, uvs = tube(32, 30)
    welded, uv, cut = cut_seams(quads, uvs)
    faces = triangles_of_quads(cut)[0]
    half, fifth = collapsed(places, welded, faces, uv, (0.5, 0.2), np.array([0.0, 0.0, 0.07]))
    assert len(half) <= 0.52 * len(faces)
    assert len(fifth) <= 0.3 * len(faces)
    assert len(fifth) < len(half)
    for level in (half, fifth):
        assert len(boundary_loops(welded[level].astype(np.int32), len(places))) == 3  # both ends and the hole
        corners = uv[level].astype(float)
        one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        assert (one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0] > 0).all()


def mouth(gap: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A face with a slit of ``gap`` between two lips and a bag behind it: a sheet folded inwards along both lips,
    closed at the corners. Returns places, quads and which quads are the bag's."""
    columns, rows = 90, 24
    flat, quads = grid(columns, rows)
    x = (flat[:, 0] / columns - 0.5) * 0.06
    t = flat[:, 1] / rows * 2 - 1  # -1 chin, 0 the back of the bag, 1 nose
    lip = np.abs(t) < 0.5
    open_ = gap * np.clip(1 - (np.abs(x) / 0.024) ** 2, 0, None)
    y = np.sign(t) * (np.where(lip, np.abs(t) * 0.004, 0.002 + (np.abs(t) - 0.5) * 0.03) + open_ / 2)
    z = np.where(lip, 0.02 * (np.abs(t) / 0.5 - 1) * np.clip(1 - (np.abs(x) / 0.026) ** 2, 0, None), 0.0)
    z = z - 0.004 * (1 - np.cos(np.pi * np.clip((0.5 - np.abs(np.abs(t) - 0.5)), 0, 0.5)))
    places = np.stack([x, y, z], 1)
    bag = np.abs(flat[quads].mean(axis=1)[:, 1] / rows * 2 - 1) < 0.33
    bag &= np.abs(places[quads].mean(axis=1)[:, 0]) < 0.024
    return places, quads, bag


def test_pairs_that_were_found_on_an_open_mouth_close_a_shut_one() -> None:
    opened, quads, bag = mouth(0.006)
    closed, _, _ = mouth(0.001)
    contact = find_contact(opened, closed, quads, bag)
    pairs = contact.amounts.shape[0]
    assert pairs > 10
    moved = closed.copy()
    moved[:, 1] += contact.fields @ (contact.amounts @ moved[:, 1])
    # Closed once, nothing is left to do; and nothing far from the lips has moved.
    assert np.abs(contact.amounts @ moved[:, 1]).max() < 1e-9
    far = np.abs(closed[:, 1]) > 0.012
    assert np.abs(moved - closed)[far].max() < 2e-4
    assert np.abs(moved - closed).max() > 3e-4
    assert set(contact.upper) & set(contact.lower) == set()
    assert closed[contact.upper][:, 1].mean() > closed[contact.lower][:, 1].mean()
