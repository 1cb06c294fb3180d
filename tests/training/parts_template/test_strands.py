# SPDX-License-Identifier: Apache-2.0
"""Strand coordinates of meshes whose strands are known."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.training.parts_template.strands import (
    flow_from_crown,
    flow_of_texture,
    solve_strands,
    texture_direction,
)

LONG, WIDE = 0.2, 0.05


def strip(rows: int = 21, columns: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A hanging sheet, bent forwards: places, triangles, uvs; strands run down it, and down the texture."""
    t, s = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    angle = 0.8 * t
    x = WIDE * s
    y, z = -LONG / 0.8 * np.sin(angle), LONG / 0.8 * (1 - np.cos(angle))
    places = np.stack([x, y, z], -1).reshape(-1, 3)
    number = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (n.ravel() for n in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    return places, triangles, np.stack([s, 1 - t], -1).reshape(-1, 2)


def test_along_and_across_a_bent_sheet_are_its_own_lengths() -> None:
    places, triangles, uvs = strip()
    middle = places[triangles].mean(axis=1)
    angle = 0.8 * (1 - uvs[triangles].mean(axis=1)[:, 1])
    down = np.stack([0 * angle, -np.cos(angle), np.sin(angle)], 1)
    strands = solve_strands(places, triangles, down)
    assert strands.along == pytest.approx(LONG * (1 - uvs[:, 1]), abs=0.001)
    assert np.ptp(strands.across) == pytest.approx(WIDE, abs=0.001)
    assert strands.share.min() == 0 and strands.share.max() == pytest.approx(1)
    assert set(strands.piece) == {0} and len(middle) == len(down)


def test_pieces_are_told_apart_and_each_begins_at_zero() -> None:
    places, triangles, _ = strip()
    two = np.concatenate([places, places + np.array([0.1, -0.3, 0.0])])
    both = np.concatenate([triangles, triangles + len(places)])
    strands = solve_strands(two, both, np.tile([0.0, -1.0, 0.0], (len(both), 1)))
    assert set(strands.piece) == {0, 1}
    assert all(strands.along[strands.piece == k].min() == 0 for k in (0, 1))


@pytest.mark.parametrize("degrees", [0, 35, 90, 140])
def test_a_texture_of_lines_shows_where_they_run(degrees: int) -> None:
    angle = np.deg2rad(degrees)
    row, column = np.mgrid[:96, :96]
    u, v = column, -row
    lines = np.sin((-np.sin(angle) * u + np.cos(angle) * v) * 0.9)
    direction, sure = texture_direction(lines)
    inner = direction[20:-20, 20:-20]
    assert np.abs(inner @ [np.cos(angle), np.sin(angle)]).min() > 0.99
    assert sure[20:-20, 20:-20].min() > 0.8


def test_the_texture_turns_the_flow_and_a_plain_one_leaves_it() -> None:
    places, triangles, uvs = strip()
    flow = np.tile([0.3, -1.0, 0.0], (len(places), 1))
    row, column = np.mgrid[:64, :64]
    corner = uvs[triangles]
    lines = np.sin(column * 1.1)  # run along v: down the sheet
    told = flow_of_texture(places, triangles, corner, lines, flow)
    assert np.abs(told[:, 0]).max() < 0.05 and told[:, 1].max() < 0
    plain = flow_of_texture(places, triangles, corner, np.zeros((64, 64)) + row * 0.0, flow)
    assert np.abs(plain[:, 0]).min() > 0.2
    assert np.linalg.norm(plain, axis=1) == pytest.approx(1)


def test_hair_flows_from_the_crown_and_hangs_below_it() -> None:
    flow = flow_from_crown(np.array([[0.0, 0.11, 0.0], [0.08, -0.1, -0.1]]), np.zeros(3))
    assert flow[0, 2] > 0.9
    assert flow[1] == pytest.approx([0, -1, 0], abs=1e-6)
