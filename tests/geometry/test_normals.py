# SPDX-License-Identifier: Apache-2.0
"""Normals of a surface that moved: the slow way makes them all anew."""

from __future__ import annotations

import numpy as np

from portrait_core.geometry.normals import renewed_normals, vertex_normals


def _bumpy(count: int = 9) -> tuple[np.ndarray, np.ndarray]:
    step = np.linspace(-1, 1, count)
    x, y = np.meshgrid(step, step, indexing="ij")
    draw = np.random.default_rng(0)
    places = np.stack([x, y, draw.normal(scale=0.1, size=x.shape)], axis=-1).reshape(-1, 3).astype(np.float32)
    first = (np.arange(count - 1)[:, None] * count + np.arange(count - 1)).ravel()
    one, two = (
        np.stack([first, first + count, first + 1], 1),
        np.stack([first + 1, first + count, first + count + 1], 1),
    )
    return places, np.concatenate([one, two]).astype(np.int32)


def test_normals_of_the_triangles_become_those_of_the_moved_triangles() -> None:
    before, faces = _bumpy()
    after = before.copy()
    after[20:50] += np.random.default_rng(1).normal(scale=0.05, size=(30, 3)).astype(np.float32)
    found = renewed_normals(vertex_normals(before, faces), before, after, faces)
    assert np.allclose(found, vertex_normals(after, faces), atol=1e-5)


def test_copies_along_a_seam_turn_alike() -> None:
    before, faces = _bumpy()
    # The right half has vertices of its own along the middle.
    middle = np.flatnonzero(before[:, 1] == 0)
    copy = np.arange(len(before))
    copy[middle] = len(before) + np.arange(len(middle))
    right = before[faces].mean(axis=1)[:, 1] > 0
    cut = np.where(right[:, None], copy[faces], faces).astype(np.int32)
    apart = np.concatenate([before, before[middle]])
    move = np.random.default_rng(2).normal(scale=0.05, size=before.shape).astype(np.float32)
    after = before + move
    whole = vertex_normals(before, faces)
    found = renewed_normals(np.concatenate([whole, whole[middle]]), apart, np.concatenate([after, after[middle]]), cut)
    assert np.allclose(found[len(before) :], found[middle], atol=1e-6)
    assert np.allclose(found[: len(before)], vertex_normals(after, faces), atol=1e-5)


def test_normals_that_are_not_the_triangles_turn_with_the_surface() -> None:
    before, faces = _bumpy()
    own = np.random.default_rng(3).normal(size=before.shape).astype(np.float32)
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    # A quarter turn of everything about an axis in the mean surface keeps every angle to the surface.
    turn = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32)
    found = renewed_normals(own, before, before @ turn.T, faces)
    surface = vertex_normals(before, faces)
    moved = vertex_normals(before @ turn.T, faces)
    assert np.allclose((found * moved).sum(axis=1), (own * surface).sum(axis=1), atol=1e-5)


def test_nothing_changes_where_nothing_moved() -> None:
    before, faces = _bumpy()
    own = vertex_normals(before, faces)
    assert renewed_normals(own, before, before.copy(), faces) is own
    after = before.copy()
    after[0] += 0.05
    found = renewed_normals(own, before, after, faces)
    changed = (found != own).any(axis=1)
    touched = np.unique(faces[(faces == 0).any(axis=1)])
    assert changed.any() and not np.setdiff1d(np.flatnonzero(changed), touched).size
