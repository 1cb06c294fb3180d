# SPDX-License-Identifier: Apache-2.0
"""Coarser levels of what is worn: open sheets, sheets that meet in a point, seams."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.training.parts_template.levels import collapsed


def sheet(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """A bent sheet: places (K, 3), triangles."""
    t, s = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    places = np.stack([s, t, 0.05 * s * (1 - s)], -1).reshape(-1, 3)
    number = np.arange(rows * columns).reshape(rows, columns)
    quads = np.stack([number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]], -1).reshape(-1, 4)
    return places, np.stack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]], 1).reshape(-1, 3).astype(np.int32)


def test_sheets_that_meet_in_one_point_are_collapsed_each_for_itself() -> None:
    places, faces = sheet(13, 9)
    count = len(places)
    other = places[1:] * [-1, -1, 1]  # its first vertex is that of the sheet itself
    second = np.where(faces == 0, 0, faces + count - 1)[:, ::-1]
    both, every = np.concatenate([places, other]), np.concatenate([faces, second]).astype(np.int32)
    welded = np.arange(len(both), dtype=np.int32)
    uvs = (0.1 + 0.4 * (both[:, :2] + 1)).astype(np.float32)
    levels = collapsed(both, welded, every, uvs, (0.5, 0.2), both.mean(axis=0), reach=100.0)
    assert [len(level) for level in levels] == pytest.approx([0.5 * len(every), 0.2 * len(every)], rel=0.4)
    for level in levels:
        assert level.max() < len(both) and (np.sort(level, axis=1)[:, :2] != np.sort(level, axis=1)[:, 1:]).all()
        mixed = (level < count).any(axis=1) & (level >= count).any(axis=1)
        assert (level[mixed] == 0).any(axis=1).all()
        # The corners of the sheets stay, so that nothing of them is lost at the border.
        assert {count - 1, len(both) - 1} <= set(level.ravel().tolist())


def test_a_seam_keeps_two_vertices_all_along() -> None:
    places, faces = sheet(17, 9)
    middle = np.flatnonzero(np.isclose(places[:, 0], 0.5))
    right = places[faces][:, :, 0].mean(axis=1) > 0.5
    copy = np.full(len(places), -1)
    copy[middle] = len(places) + np.arange(len(middle))
    cut = np.where(right[:, None] & (copy[faces] >= 0), copy[faces], faces).astype(np.int32)
    welded = np.concatenate([np.arange(len(places)), middle]).astype(np.int32)
    uvs = places[welded][:, :2].astype(np.float32) * 0.4
    uvs[len(places) :, 0] += 0.3
    (level,) = collapsed(places, welded, cut, uvs, (0.4,), places.mean(axis=0), reach=100.0)
    left = set(level.ravel().tolist()) & set(middle.tolist())
    assert {int(copy[v]) for v in left} == set(level.ravel().tolist()) & set(range(len(places), len(welded)))
    assert 2 <= len(left) < len(middle)
