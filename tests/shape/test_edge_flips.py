# SPDX-License-Identifier: Apache-2.0
"""Flipped caps: better shapes, the same closed surface, creases left alone."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import trimesh

from portrait_core.geometry.half_edges import is_closed_manifold
from portrait_core.shape import Surface, decimate, extract_surface
from portrait_core.shape.edge_flips import flip_caps, shape_of
from tests.analytic import bust_field


def closed_prism(bend: float) -> Surface:
    """A double pyramid over a square whose upper side has a cap: a vertex close to the diagonal."""
    vertices = np.array([[0, 0, 0], [4, 0, 0], [4, 4, 0], [0, 4, 0], [2.05, 1.95, bend], [2, 2, -3]], np.float32)
    top = [[0, 4, 2], [0, 1, 4], [1, 2, 4], [0, 2, 3]]
    bottom = [[1, 0, 5], [2, 1, 5], [3, 2, 5], [0, 3, 5]]
    return Surface(vertices, np.array(top + bottom, np.int32))


def test_a_cap_s_longest_side_is_flipped() -> None:
    before = closed_prism(0.0)
    after = flip_caps(before, 0.12)
    assert is_closed_manifold(after) and len(after.faces) == len(before.faces)
    assert shape_of(before.vertices, before.faces).min() < 0.02 < 0.3 < shape_of(after.vertices, after.faces).min()
    assert trimesh.Trimesh(after.vertices, after.faces).volume == np.float64(
        trimesh.Trimesh(before.vertices, before.faces).volume
    )


def test_a_crease_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cap that stands up from a flat neighbour: flipping it would be the better shape, and fill the crease."""
    steep = closed_prism(0.5)
    steep.vertices[3, :2] = 2 - 0.5**0.5, 2 + 0.5**0.5
    assert shape_of(steep.vertices, steep.faces).min() < 0.09
    assert np.array_equal(flip_caps(steep, 0.12).faces, steep.faces)
    monkeypatch.setattr(sys.modules["portrait_core.shape.edge_flips"], "CREASE", -1.0)
    bent = flip_caps(steep, 0.12)
    assert not np.array_equal(bent.faces, steep.faces)  # so it was the crease that kept it
    assert shape_of(bent.vertices, bent.faces).min() > shape_of(steep.vertices, steep.faces).min()


def test_shape_is_height_over_the_longest_side() -> None:
    vertices = np.array([[0, 0, 0], [4, 0, 0], [1, 0.5, 0], [2, 0, 12**0.5]], np.float32)
    np.testing.assert_allclose(shape_of(vertices, np.array([[0, 1, 2], [0, 1, 3]], np.int32)), [0.125, 0.75**0.5])


def test_decimated_meshes_have_few_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    dense = extract_surface(bust_field(), 96)

    def caps() -> int:
        surface = decimate(dense, 4000)
        assert is_closed_manifold(surface)
        return int((shape_of(surface.vertices, surface.faces) < 0.12).sum())

    left = caps()
    monkeypatch.setattr(sys.modules["portrait_core.shape.decimate"], "flip_caps", lambda surface, _least: surface)
    # Those at the rim's crease stay.
    assert left <= 25 and caps() > 1.5 * left
