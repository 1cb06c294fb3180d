# SPDX-License-Identifier: Apache-2.0
"""Lips made of two facing sheets: what is apart meets, what lies in each other parts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist

from portrait_core.parts.contact import ALLOWED, FARTHEST, LEAST_SLOPE, REACH, ROUNDS, SPREAD, Facing, LipContact

COLUMNS, ROWS = 15, 9
LATER = ("overlaps", "limits", "upper", "lower")


def lips(gap: float, dip: float) -> tuple[np.ndarray, np.ndarray]:
    """Two sheets (x across, z into the mouth), ``gap`` apart at the front edge; further in they reach ``dip`` metres
    farther towards each other."""
    x, z = np.meshgrid(np.linspace(-0.02, 0.02, COLUMNS), np.linspace(0.02, 0.012, ROWS))
    bulge = dip * np.sin(np.pi * (0.02 - z) / 0.008) ** 2
    lower = np.stack([x.ravel(), (-gap / 2 + bulge / 2).ravel(), z.ravel()], 1)
    upper = lower * (1, -1, 1)
    k = np.arange(COLUMNS - 1)
    quads = np.concatenate(
        [np.stack([r * COLUMNS + k, r * COLUMNS + k + 1, (r + 1) * COLUMNS + k + 1, (r + 1) * COLUMNS + k], 1)
         for r in range(ROWS - 1)]
    )  # fmt: skip
    return np.concatenate([upper, lower]), np.concatenate([quads[:, ::-1], quads + COLUMNS * ROWS])


def contact(limit: float = 1.0) -> LipContact:
    """Pairs at the front edge, each moved by its own field, which carries the whole column along."""
    count = COLUMNS * ROWS
    column = np.tile(np.arange(COLUMNS), ROWS)
    upper, lower = np.arange(count), count + np.arange(count)
    rows = np.arange(COLUMNS)
    ones = np.ones(COLUMNS)
    overlaps = sparse.csr_matrix((ones, (rows, lower[rows])), (COLUMNS, 2 * count)) - sparse.csr_matrix(
        (ones, (rows, upper[rows])), (COLUMNS, 2 * count)
    )
    half = 0.5 * np.ones(count)
    fields = sparse.csr_matrix((np.r_[half, -half], (np.r_[upper, lower], np.r_[column, column])), (2 * count, COLUMNS))
    return LipContact(overlaps, fields, np.zeros(COLUMNS), np.full(COLUMNS, limit), upper, lower)


@pytest.mark.parametrize("gap", [0.0005, 0.003, -0.001])
def test_edges_meet_whether_they_were_apart_or_past_each_other(gap: float) -> None:
    places, quads = lips(gap, 0.0)
    own = contact()
    closed = own.closed(places, own.prepare(quads, len(places)))
    edge = closed[:COLUMNS, 1] - closed[COLUMNS * ROWS : COLUMNS * ROWS + COLUMNS, 1]
    assert edge == pytest.approx(0, abs=1e-9)
    assert (closed[:, [0, 2]] == places[:, [0, 2]]).all()


def test_lips_that_lie_in_each_other_give_way() -> None:
    places, quads = lips(0.0004, 0.0006)
    own = contact()
    sealed = places.copy()
    sealed[:, 1] += own.fields @ (own.amounts @ sealed[:, 1])
    half = COLUMNS * ROWS
    assert (sealed[:half, 1] - sealed[half:, 1]).min() < -0.0005
    closed = own.closed(places, own.prepare(quads, len(places)))
    left = (closed[:half, 1] - closed[half:, 1]).min()
    assert left > -3 * ALLOWED
    assert np.abs((closed[:half] + closed[half:])[:, 1]).max() < 1e-6  # both give way alike


def test_arrays_give_the_same_contact() -> None:
    places, quads = lips(0.0004, 0.0006)
    own = contact()
    again = LipContact.from_arrays(own.to_arrays())
    facing = own.prepare(quads, len(places))
    assert (again.closed(places, facing) == own.closed(places, facing)).all()


def test_a_field_is_taken_no_further_than_its_limit() -> None:
    places, quads = lips(0.003, 0.0)
    own = contact(limit=0.001)
    closed = own.closed(places, own.prepare(quads, len(places)))
    assert np.abs(closed - places).max() == pytest.approx(0.001)  # half of it for each lip, each time


def test_edges_that_came_apart_where_lips_gave_way_meet_again() -> None:
    places, quads = lips(0.0004, 0.0020)
    whole = contact()
    # The seal reaches the front rows alone, as on a face.
    reach = np.tile(np.repeat(np.exp(-np.arange(ROWS) / 1.5), COLUMNS), 2)
    own = LipContact(
        whole.amounts, sparse.csr_matrix(sparse.diags(reach) @ whole.fields), *[getattr(whole, name) for name in LATER]
    )
    facing = own.prepare(quads, len(places))
    half = COLUMNS * ROWS

    def edge(of: np.ndarray) -> float:
        return float((of[:COLUMNS, 1] - of[half : half + COLUMNS, 1]).max())

    sealed = places.copy()
    sealed[:, 1] += own.fields @ (own.amounts @ sealed[:, 1])
    assert edge(sealed) < 1e-9
    opened = own.given_way(sealed[facing.vertices], facing)
    assert edge(opened) > 0.00005
    closed = own.closed(places, facing)
    assert edge(closed) < 1e-9
    assert (closed[:half] - closed[half:])[:, 1].min() > -0.0003


def plainly_given_way(own: np.ndarray, facing: Facing) -> np.ndarray:
    """What :meth:`LipContact.given_way` says, a vertex at a time, with nothing kept from round to round."""
    start, own = own, own.copy()
    lips = {1: (facing.upper, facing.lower), -1: (facing.lower, facing.upper)}
    away = {side: cdist(start[mine], start[other]) for side, (mine, other) in lips.items()}
    for _ in range(ROUNDS):
        normals, push = facing.normals(own), np.zeros(len(own))
        for side, (mine, other) in lips.items():
            for row, vertex in enumerate(mine):
                across = other[away[side][row].argmin()]
                if away[side][row].min() > REACH or normals[vertex] @ normals[across] > 0:
                    continue
                inside = -(own[vertex] - own[across]) @ normals[across] - ALLOWED
                push[vertex] += side * 0.5 * max(inside, 0) / max(abs(normals[across, 1]), LEAST_SLOPE)
        up, down = np.maximum(push, 0), np.maximum(-push, 0)
        for _ in range(2):
            up, down = (np.maximum(each, SPREAD * (facing.means @ each)) for each in (up, down))
        own[:, 1] = np.clip(own[:, 1] + up - down, start[:, 1] - FARTHEST, start[:, 1] + FARTHEST)
    return own


@pytest.mark.parametrize("dip", [0.0006, 0.0020])
def test_giving_way_is_what_a_vertex_at_a_time_does(dip: float) -> None:
    places, quads = lips(0.0002, dip)
    places += np.random.default_rng(0).normal(size=places.shape) * 0.00005  # no two places across are as near
    facing = contact().prepare(quads, len(places))
    found = contact().given_way(places[facing.vertices], facing)
    np.testing.assert_allclose(found, plainly_given_way(places[facing.vertices], facing), rtol=0, atol=1e-12)
    assert np.abs(found - places[facing.vertices]).max() > 0.0001
