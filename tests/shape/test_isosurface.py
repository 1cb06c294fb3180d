# SPDX-License-Identifier: Apache-2.0
"""Marching cubes: exact places, one closed shell, flat caps, both implementations alike."""

from __future__ import annotations

import importlib.util
from typing import cast

import numpy as np
import pytest

from portrait_core.errors import ModelFileError
from portrait_core.field import Field
from portrait_core.geometry.surface import outer_shell
from portrait_core.shape import Surface, extract_surface, inspect_surface, vertex_normals
from portrait_core.shape.grid import Lattice, dense_values
from portrait_core.shape.isosurface import (
    MarchingCubes,
    best_march,
    march_pymcubes,
    march_skimage,
    triangulate,
)
from tests.analytic import AnalyticField, ball, box, bust_field, union

needs_mcubes = pytest.mark.skipif(importlib.util.find_spec("mcubes") is None, reason="PyMCubes has no wheel here")
# An install has one of the two; the tests' own tools bring the other.
needs_skimage = pytest.mark.skipif(importlib.util.find_spec("skimage") is None, reason="scikit-image is not installed")
both = pytest.mark.parametrize(
    "march", [pytest.param(march_pymcubes, marks=needs_mcubes), pytest.param(march_skimage, marks=needs_skimage)]
)


@both
def test_a_sphere_lies_where_it_is(march: MarchingCubes) -> None:
    """Off-centre and on an uneven box, so that a half-voxel shift or a swapped axis shows. Errors in voxels."""
    centre = np.array([0.11, -0.07, 0.04], np.float32)
    field = AnalyticField(ball(centre, 0.6), ((-1.0, -0.9, -0.8), (1.1, 0.8, 1.0)))
    lattice = Lattice.over(field.bounds, 96)
    surface = triangulate(dense_values(field, lattice), lattice, march)
    voxel = float(lattice.spacing.max())
    radius = np.linalg.norm(surface.vertices - centre, axis=1)
    assert np.abs(radius - 0.6).max() < 0.02 * voxel
    # the vertices spread evenly, so a shift would show in the box around them
    middle = (surface.vertices.min(axis=0) + surface.vertices.max(axis=0)) / 2
    assert np.abs(middle - centre).max() < 0.02 * voxel
    assert inspect_surface(surface).clean


@both
def test_the_faces_of_a_box_lie_where_they_are(march: MarchingCubes) -> None:
    centre, half = np.array([0.05, 0.02, -0.1]), np.array([0.5, 0.33, 0.41])
    field = AnalyticField(box(centre, half), ((-1, -1, -1), (1, 1, 1)))
    lattice = Lattice.over(field.bounds, 64)
    surface = triangulate(dense_values(field, lattice), lattice, march)
    over = (np.abs(surface.vertices - centre) - half) / lattice.spacing
    flat = np.sort(over, axis=1)[:, 1] < -1.5  # the middle of a face: only one axis is near its wall
    assert np.abs(over[flat].max(axis=1)).max() < 0.02
    assert flat.sum() > 1000


@needs_mcubes
@needs_skimage
def test_both_implementations_agree() -> None:
    field = bust_field()
    lattice = Lattice.over(field.bounds, 96)
    values = dense_values(field, lattice)
    one, two = triangulate(values, lattice, march_pymcubes), triangulate(values, lattice, march_skimage)
    assert abs(one.volume() - two.volume()) < 1e-4 * one.volume()
    assert len(one.vertices) == len(two.vertices)
    order = [np.lexsort(np.round(s.vertices, 5).T) for s in (one, two)]
    assert np.abs(one.vertices[order[0]] - two.vertices[order[1]]).max() < 0.02 * lattice.spacing.min()


@both
def test_noise_is_closed_and_oriented_everywhere(march: MarchingCubes) -> None:
    """Every ambiguous cube occurs in noise, also at the walls, edges and corners of the box."""
    values = np.random.default_rng(3).normal(size=(25, 21, 29)).astype(np.float32)
    lattice = Lattice(np.zeros(3), np.ones(3), (24, 20, 28))
    report = inspect_surface(triangulate(values, lattice, march))
    assert report.open_edges == report.twisted_edges == report.degenerate_faces == 0


def test_only_the_outer_shell_of_the_largest_body_stays() -> None:
    """A big hollow ball with a core inside it, and a smaller ball beside it: one sphere must remain."""
    big, small = ball((-0.3, 0, 0), 0.5), ball((0.6, 0, 0), 0.25)
    hollow, core = ball((-0.3, 0, 0), 0.35), ball((-0.3, 0, 0), 0.2)
    field = AnalyticField(
        lambda p: np.maximum(np.maximum(np.minimum(big(p), -hollow(p)), core(p)), small(p)),
        ((-1, -1, -1), (1, 1, 1)),
    )
    lattice = Lattice.over(field.bounds, 64)
    every = triangulate(dense_values(field, lattice), lattice)
    surface = extract_surface(cast(Field, field), 64)
    assert len(surface.vertices) < 0.6 * len(every.vertices)
    radius = np.linalg.norm(surface.vertices - np.array([-0.3, 0, 0]), axis=1)
    np.testing.assert_allclose(radius, 0.5, atol=2e-3)
    assert inspect_surface(surface).clean
    assert abs(surface.volume() / (4 / 3 * np.pi * 0.5**3) - 1) < 0.005


def test_the_crop_gets_a_flat_cap_on_the_wall() -> None:
    field = bust_field()
    surface = extract_surface(field, 128)
    report = inspect_surface(surface)
    assert report.clean, report
    floor = field.bounds[0, 1]
    assert surface.vertices[:, 1].min() == floor
    corners = surface.vertices[surface.faces]
    cap = (corners[:, :, 1] == floor).all(axis=1)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[cap]
    assert cap.sum() > 100
    assert (normal[:, 1] < 0).all() and np.abs(normal[:, [0, 2]]).max() == 0.0
    # the cap covers the cut: its area is that of the shoulder ellipse at the floor
    k = np.sqrt(1 - (0.04 / 0.13) ** 2)
    assert abs(np.linalg.norm(normal, axis=1).sum() / 2 / (np.pi * 0.225 * 0.11 * k * k) - 1) < 0.01


def test_a_body_that_fills_the_corner_of_its_box_is_closed() -> None:
    field = AnalyticField(ball((0, 0, 0), 0.8), ((0, 0, 0), (1, 1, 1)))
    surface = extract_surface(field, 32)
    assert inspect_surface(surface).clean
    assert abs(surface.volume() / (4 / 3 * np.pi * 0.8**3 / 8) - 1) < 0.01


def test_exact_zeros_on_lattice_points_make_no_degenerate_faces() -> None:
    field = AnalyticField(box((0, 0, 0), (0.5, 0.5, 0.5)), ((-1, -1, -1), (1, 1, 1)))
    assert inspect_surface(extract_surface(field, 32)).clean


def test_an_empty_field_is_refused() -> None:
    with pytest.raises(ModelFileError, match="no surface"):
        extract_surface(AnalyticField(lambda p: -np.ones(len(p)), ((-1, -1, -1), (1, 1, 1))), 16)


def test_inspection_finds_faults() -> None:
    surface = extract_surface(AnalyticField(ball((0, 0, 0), 0.7), ((-1, -1, -1), (1, 1, 1))), 16)
    faces = surface.faces
    assert inspect_surface(Surface(surface.vertices, faces[1:])).open_edges == 3
    assert inspect_surface(Surface(surface.vertices, faces[:, ::-1])).volume < 0
    assert inspect_surface(Surface(surface.vertices, np.vstack([faces, faces[:1]]))).crowded_edges == 3
    turned = faces.copy()
    turned[0] = turned[0, ::-1]
    assert inspect_surface(Surface(surface.vertices, turned)).twisted_edges == 3
    loose = Surface(np.vstack([surface.vertices, surface.vertices[:1]]), faces)
    assert inspect_surface(loose).loose_vertices == 1 and not inspect_surface(loose).clean


def test_normals_of_a_sphere_point_outwards() -> None:
    surface = extract_surface(AnalyticField(ball((0, 0, 0), 0.7), ((-1, -1, -1), (1, 1, 1))), 64)
    normals = vertex_normals(surface.vertices, surface.faces)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-6)
    assert np.einsum("ij,ij->i", normals, surface.vertices / 0.7).min() > 0.98


def test_best_march_is_available() -> None:
    assert best_march() in (march_pymcubes, march_skimage)


def test_outer_shell_of_one_shell_changes_nothing() -> None:
    surface = extract_surface(AnalyticField(ball((0, 0, 0), 0.7), ((-1, -1, -1), (1, 1, 1))), 16)
    again = outer_shell(surface)
    np.testing.assert_array_equal(again.vertices, surface.vertices)
    np.testing.assert_array_equal(again.faces, surface.faces)


def test_union_helper_is_the_larger_value() -> None:
    points = np.array([[0.0, 0, 0], [1, 0, 0]], np.float32)
    np.testing.assert_allclose(union(ball((0, 0, 0), 0.5), ball((1, 0, 0), 0.25))(points), [0.5, 0.25])
