# SPDX-License-Identifier: Apache-2.0
"""Cleaning: analytic shapes with faults put into them, and the report says what was done."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
import trimesh

from portrait_core.geometry.half_edges import boundary_loops, euler_genus, is_closed_manifold, twins
from portrait_core.geometry.surface import face_cross
from portrait_core.shape import (
    Surface,
    clean,
    clean_carrying,
    extract_surface,
    inspect_surface,
    level_facts,
    open_cut,
)
from portrait_core.shape.cut import flatten_cut, snap
from portrait_core.shape.handle_removal import remove_handles, short_loops
from portrait_core.shape.repair import collapse_slivers, make_closed
from portrait_core.shape.smooth import roughness, take_off_terraces
from tests.analytic import AnalyticField, Array, ball, box, bust_field, union

BOX = ((-0.25,) * 3, (0.25,) * 3)
VOXEL = 0.5 / 96
PLANES = np.array([(0.0, -1.0, 0.0, 0.05), (1.0, 0.0, 0.0, 0.17)])


def extract(value: object, resolution: int = 96) -> Surface:
    return extract_surface(AnalyticField(value, BOX), resolution)  # type: ignore[arg-type]


def ring(radius: float, thick: float) -> Callable[[Array], Array]:
    def value(points: Array) -> Array:
        around = np.hypot(points[:, 0], points[:, 1]) - radius
        return thick - np.hypot(around, points[:, 2])

    return value


def join(*parts: Surface) -> Surface:
    offsets = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    faces = [part.faces + offset for part, offset in zip(parts, offsets, strict=True)]
    return Surface(np.vstack([part.vertices for part in parts]), np.vstack(faces).astype(np.int32))


def nothing_carried(surface: Surface) -> Array:
    return np.zeros((len(surface.vertices), 0), np.float32)


def closed_by_trimesh(surface: Surface) -> bool:
    mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
    return bool(mesh.is_watertight and mesh.is_winding_consistent and mesh.is_volume)


def test_floaters_and_hulls_go() -> None:
    body, floater, hull = (
        extract(ball(c, r)) for c, r in (((0, 0, 0), 0.15), ((0.2, 0.2, 0.2), 0.03), ((0, 0, 0), 0.1))
    )
    inside_out = Surface(hull.vertices, np.ascontiguousarray(hull.faces[:, ::-1]))
    result, report = clean(join(floater, body, inside_out), None, VOXEL)
    assert report.shells_dropped == 2 and report.watertight and report.genus == 0
    assert result.volume() == pytest.approx(body.volume())
    assert json.loads(json.dumps(report.facts()))["shells_dropped"] == 2


def test_values_are_carried_over_tunnels_cuts_and_repairs() -> None:
    """Each vertex carries its place: afterwards they are still where the surface is, and untouched ones the same."""
    handle = union(ball((0, 0, 0), 0.1), lambda p: ring(0.03, 0.012)(p - np.array([0, 0.1, 0.0], np.float32)))
    surface = extract(handle)
    planes = np.array([(0.0, -1.0, 0.0, 0.05)])
    torn = Surface(surface.vertices, np.delete(surface.faces, np.arange(5, 900, 90), axis=0))
    for each in (surface, torn):
        result, carried, report = clean_carrying(each, each.vertices, planes, 2 * VOXEL)
        assert report.tunnels_closed == 1 and report.watertight and report.repaired == (each is torn)
        away = np.linalg.norm(carried - result.vertices, axis=1)
        height = result.vertices[:, 1] + 0.05
        assert carried.dtype == np.float32 and away.max() < 0.12  # the cap is pressed up from the ball's pole
        wall = height > 22 * VOXEL
        assert (away[wall] == 0.0).mean() > 0.98 and away[wall].max() < 0.03
        rim = (height > 1e-5) & ~wall
        assert away[rim].max() < 4 * VOXEL
        same, _ = clean(each, planes, 2 * VOXEL)
        assert np.array_equal(same.vertices, result.vertices) and np.array_equal(same.faces, result.faces)


def test_one_pinched_vertex_among_many_is_seen() -> None:
    """Two balls that share one vertex: every edge is closed, one vertex has two fans."""
    one = extract(ball((0, 0, 0), 0.1), 32)
    count = len(one.vertices)
    other = np.where(one.faces == 7, 7 - count, one.faces) + count
    both = Surface(np.vstack([one.vertices, -one.vertices]), np.vstack([one.faces, other]).astype(np.int32))
    assert is_closed_manifold(one) and twins(both.faces, 2 * count) is not None
    assert not is_closed_manifold(both)
    doubled = Surface(one.vertices, np.vstack([one.faces, one.faces[:1]]))
    assert twins(doubled.faces, count) is None


def test_holes_and_stray_faces_are_repaired() -> None:
    body = extract(ball((0, 0, 0), 0.15))
    rng = np.random.default_rng(3)
    torn = np.delete(body.faces, rng.choice(len(body.faces), 40, replace=False), axis=0)
    # a fin on an edge, and a T: a face split at a point that its neighbour does not know
    fin = np.array([[torn[0, 0], torn[0, 1], torn[900, 2]], [torn[5, 0], torn[5, 1], torn[5, 1]]], np.int32)
    face = torn[300]
    vertices = np.vstack([body.vertices, body.vertices[face[:2]].mean(axis=0)[None]]).astype(np.float32)
    tee = np.array([[face[0], len(body.vertices), face[2]], [len(body.vertices), face[1], face[2]]], np.int32)
    broken = Surface(vertices, np.vstack([np.delete(torn, 300, axis=0), fin, tee]))
    assert not is_closed_manifold(broken)
    result, report = clean(broken, None, VOXEL)
    assert report.repaired and report.watertight and closed_by_trimesh(result)
    assert result.volume() == pytest.approx(body.volume(), rel=1e-3)


def test_topology_agrees_with_slow_counting() -> None:
    surface = extract(ring(0.12, 0.05), 32)
    other = twins(surface.faces, len(surface.vertices))
    assert other is not None
    edges = {
        (int(u), int(v)): 3 * f + c
        for f, t in enumerate(surface.faces)
        for c, (u, v) in enumerate(zip(t, np.roll(t, -1), strict=True))
    }
    for (u, v), half in edges.items():
        assert edges[(v, u)] == other[half]
    assert euler_genus(surface) == 1
    opened = Surface(surface.vertices, surface.faces[1:])
    assert twins(opened.faces, len(opened.vertices)) is None
    loops = boundary_loops(opened.faces, len(opened.vertices))
    assert len(loops) == 1 and set(loops[0].tolist()) == set(surface.faces[0].tolist())


def test_two_cones_that_touch_in_a_point_are_no_manifold() -> None:
    tetra = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], np.int32)
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    both = Surface(np.vstack([corners, -corners[[2, 1, 3]]]), np.vstack([tetra, np.where(tetra == 0, 0, tetra + 3)]))
    assert is_closed_manifold(Surface(corners, tetra)) and not is_closed_manifold(both)
    assert is_closed_manifold(make_closed(both))


def test_small_handles_go_and_large_ones_stay() -> None:
    """A ball with a thin bridge over a shallow arch on one side, and a wide ring on the other."""
    shape = union(
        ball((0, 0, 0), 0.1),
        lambda p: ring(0.03, 0.012)(p - np.array([0.1, 0.0, 0.0], np.float32)),
        lambda p: ring(0.08, 0.02)(p - np.array([-0.14, 0.0, 0.0], np.float32)),
    )
    surface = extract(shape)
    assert euler_genus(surface) == 2
    loops = short_loops(surface, 0.5)
    # Around the thin bridge, and around the thick ring: a circle of 0.02 m has 0.126 m.
    assert loops[0].length == pytest.approx(2 * np.pi * 0.012, rel=0.12)
    one, removed = remove_handles(surface, 0.1)
    assert removed == 1 and euler_genus(one) == 1 and closed_by_trimesh(one)
    none, removed = remove_handles(surface, 0.3)
    assert removed == 2 and euler_genus(none) == 0 and closed_by_trimesh(none)
    same, removed = remove_handles(surface, 0.02)
    assert removed == 0 and same is surface


def test_terraces_go_without_shrinking() -> None:
    smooth = ball((0, 0, 0), 0.2)
    stepped = extract(lambda points: np.where(smooth(points) > 0, 1.0, -1.0))
    result, passes, rough = take_off_terraces(stepped, VOXEL)
    off = (
        (np.linalg.norm(stepped.vertices, axis=1) - 0.2) / VOXEL,
        (np.linalg.norm(result.vertices, axis=1) - 0.2) / VOXEL,
    )
    assert rough == roughness(stepped, VOXEL)
    assert passes > 0 and roughness(result, VOXEL) < 0.5 * roughness(stepped, VOXEL)
    assert off[1].std() < 0.75 * off[0].std()
    assert result.volume() == pytest.approx(stepped.volume(), rel=1e-4)
    assert np.linalg.norm(result.vertices - stepped.vertices, axis=1).max() <= 0.51 * VOXEL


def test_a_smooth_field_is_not_smoothed() -> None:
    surface = extract_surface(bust_field(), 128)
    same, passes, rough = take_off_terraces(surface, 0.52 / 128)
    assert passes == 0 and same is surface and rough < 0.05


@pytest.mark.parametrize("resolution", [96, 137])
def test_the_cut_is_flat_and_its_rim_a_true_circle(resolution: int) -> None:
    """A ball cut by two planes through the lattice, with noise in the cap."""
    voxel = 0.5 / resolution

    def value(points: Array) -> Array:
        wave = 0.2 * voxel * np.sin(400 * points[:, 0]) * np.sin(400 * points[:, 2])
        return np.minimum(ball((0, 0, 0), 0.2)(points), np.minimum(points[:, 1] + 0.05 + wave, 0.17 - points[:, 0]))

    ragged = extract(value, resolution)
    result, _ = flatten_cut(ragged, nothing_carried(ragged), PLANES, voxel)
    assert closed_by_trimesh(result) and inspect_surface(result).clean
    assert result.vertices[:, 1].min() == np.float32(-0.05)
    assert result.vertices[:, 0].max() == np.float32(0.17)
    rim = open_cut(result, PLANES)
    loops = boundary_loops(rim.faces, len(rim.vertices))
    assert len(loops) == 1  # the two caps meet, so they have one rim together
    place = rim.vertices[loops[0]].astype(float)
    below = place[np.abs(place[:, 1] + 0.05) < 1e-5]
    # away from where the other plane stretches the wall
    radius = np.hypot(below[:, 0], below[:, 2])[below[:, 0] < 0.1]
    # the wall is scored 1.25 voxels up and carried straight down: a little wider than the true circle, but smooth
    expected = np.sqrt(0.2**2 - (0.05 - 1.25 * voxel) ** 2)
    assert abs(radius.mean() - expected) < 0.03 * voxel and radius.std() < 0.03 * voxel
    assert (np.abs(rim.vertices[:, 1] + 0.05) < 1e-5).sum() == len(below)
    flat = (result.vertices[result.faces][..., 1] == np.float32(-0.05)).all(axis=1)
    up = face_cross(result.vertices, result.faces)[flat, 1]
    assert up[up > 0].sum() < 1e-4 * np.abs(up).sum()  # nothing of the cap is folded over


def test_a_plane_that_is_not_reached_changes_nothing() -> None:
    surface = extract(ball((0, 0, 0), 0.1))
    assert flatten_cut(surface, nothing_carried(surface), np.array([(0.0, 1.0, 0.0, 0.2)]), VOXEL)[0] is surface
    moved = snap(np.array([[0, 0.1999, 0], [0, 0.25, 0], [0, 0.1, 0]]), np.array([(0.0, 1.0, 0.0, 0.2)]), 1e-3)
    np.testing.assert_allclose(moved[:, 1], [0.2, 0.2, 0.1], atol=1e-7)


def test_slivers_collapse() -> None:
    surface = extract(box((0, 0, 0), (0.1, 0.12, 0.14)), 32)
    face = surface.faces[100]
    vertices = surface.vertices.copy()
    vertices[face[0]] = vertices[face[1]] + np.float32(1e-7) * (vertices[face[2]] - vertices[face[1]])
    result = collapse_slivers(Surface(vertices, surface.faces), 1e-11)
    assert len(result.faces) < len(surface.faces) and closed_by_trimesh(result)
    assert np.linalg.norm(face_cross(result.vertices, result.faces), axis=1).min() > 2e-11


def test_edges_too_short_for_a_texel_collapse() -> None:
    surface = extract(ball((0, 0, 0), 0.1), 32)
    face = surface.faces[100]
    vertices = surface.vertices.copy()
    # Two vertices 30 micrometres apart: their triangles are thin, but not without area.
    away = vertices[face[1]] - vertices[face[0]]
    vertices[face[1]] = vertices[face[0]] + away * np.float32(3e-5 / np.linalg.norm(away))
    bent = Surface(vertices, surface.faces)
    assert len(collapse_slivers(bent, 1e-11).faces) == len(surface.faces)
    result = collapse_slivers(bent, 1e-11, 1e-4)
    assert len(result.faces) == len(surface.faces) - 2 and closed_by_trimesh(result)
    corners = result.vertices[result.faces]
    assert np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2).min() > 1e-4


def test_level_facts_tell_open_from_closed() -> None:
    surface = extract(ball((0, 0, 0), 0.1), 32)
    assert level_facts(surface)["watertight"] is True
    opened = level_facts(Surface(surface.vertices, surface.faces[:-1]))
    assert opened["watertight"] is False and opened["open_edges"] == 3 and opened["genus"] is None
