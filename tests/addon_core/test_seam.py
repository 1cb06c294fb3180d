# SPDX-License-Identifier: Apache-2.0
"""How two necks are joined, in numbers: rings, bands, surfaces, heads laid onto heads."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from blender_addon.core.seam_blend import around, evened, faired, filled, taper
from blender_addon.core.seam_bridge import bridge
from blender_addon.core.seam_fit import fitted
from blender_addon.core.seam_frame import Places, Rows, angles, radii
from blender_addon.core.seam_loop import closed_path, components, distances, sides, spread
from blender_addon.core.seam_surface import radius_along


def tube(around_it: int, rows: int, radius: float = 0.06, tilt: float = 0.0) -> tuple[Places, list[list[int]], Rows]:
    """A tube of quads along z from -0.1 to 0.1: places, faces, edges. Vertices of a row are next to each other."""
    turn = np.arange(around_it) * 2 * np.pi / around_it - np.pi + 1e-3
    places = np.array(
        [
            (radius * np.sin(a), -radius * np.cos(a), z + tilt * np.sin(a))
            for z in np.linspace(-0.1, 0.1, rows)
            for a in turn
        ]
    )
    faces = []
    for low in range(0, (rows - 1) * around_it, around_it):
        for i in range(around_it):
            after = (i + 1) % around_it
            faces.append([low + i, low + after, low + around_it + after, low + around_it + i])
    edges = {tuple(sorted(pair)) for face in faces for pair in itertools.pairwise([*face, face[0]])}
    return places, faces, np.array(sorted(edges))


@pytest.mark.parametrize("tilt", [0.0, 0.008])
def test_the_way_around_a_tube_of_rings_is_a_ring(tilt: float) -> None:
    places, _, edges = tube(24, 17, tilt=tilt)
    path = closed_path(places, edges, 0.001)
    assert path is not None
    assert sorted(path.tolist()) == list(range(8 * 24, 9 * 24))  # the middle row
    assert np.all(np.diff(angles(places[path])) > 0)


def test_of_a_mesh_without_rings_the_way_closes_once_and_stays_near() -> None:
    generator = np.random.default_rng(3)
    places, faces, _ = tube(24, 17)
    edges = {tuple(sorted(pair)) for face in faces for pair in itertools.pairwise([*face, face[0]])}
    edges |= {tuple(sorted((face[0], face[2]))) for face in faces}
    places = places + generator.normal(0, 0.001, places.shape)
    path = closed_path(places, np.array(sorted(edges)), 0.02)
    assert path is not None and len(set(path.tolist())) == len(path) >= 20
    assert all(tuple(sorted(pair)) in edges for pair in itertools.pairwise([*path.tolist(), int(path[0])]))
    steps = np.diff(angles(places[[*path, path[0]]]))
    assert ((steps + np.pi) % (2 * np.pi) - np.pi).sum() == pytest.approx(2 * np.pi)  # once, not twice
    assert np.abs(places[path, 2] - 0.02).max() < 0.015


def test_no_way_closes_around_a_slit_tube_or_where_it_may_not_go() -> None:
    places, _, edges = tube(24, 17)
    turned = angles(places)
    slit = edges[np.abs(turned[edges[:, 0]] - turned[edges[:, 1]]) < np.pi]
    assert closed_path(places, slit, 0.0) is None
    assert closed_path(places, edges, 0.0, places[:, 2] > 0.05) is None


def test_heights_may_differ_around() -> None:
    places, _, edges = tube(24, 17)
    wanted = np.where(angles(places) > 0, 0.025, -0.025)
    path = closed_path(places, edges, wanted)
    assert path is not None
    own = places[path]
    assert own[angles(own) > 0.5][:, 2].mean() > 0.01 and own[angles(own) < -0.5][:, 2].mean() < -0.01


def test_components_are_those_of_a_search() -> None:
    generator = np.random.default_rng(5)
    edges = generator.integers(0, 200, (150, 2))
    label = components(200, edges)
    neighbours: dict[int, set[int]] = {each: set() for each in range(200)}
    for a, b in edges.tolist():
        neighbours[a].add(b)
        neighbours[b].add(a)
    for start in range(200):
        seen, waiting = {start}, [start]
        while waiting:
            for other in neighbours[waiting.pop()] - seen:
                seen.add(other)
                waiting.append(other)
        assert label[start] == min(seen)


def test_sides_of_a_ring_with_teeth_above_and_a_foot_below() -> None:
    places, _, edges = tube(24, 17)
    ring = np.arange(8 * 24, 9 * 24)
    places = np.concatenate([places, [[0, 0, 0.1], [0, 0.01, 0.1]], [[0, 0, -1.0], [0, 0.01, -1.0]]])
    edges = np.concatenate([edges, [[408, 409], [410, 411]]])
    side = sides(places, edges, ring)
    assert np.all(side[: 8 * 24] == -1) and np.all(side[ring] == 0) and np.all(side[9 * 24 : 17 * 24] == 1)
    assert side[408:].tolist() == [1, 1, -1, -1]


def test_distances_are_the_shortest_along_edges() -> None:
    places, _, edges = tube(12, 9)
    away, origin = distances(places, edges, np.arange(4 * 12, 5 * 12), 0.06)
    expected = np.abs(places[:, 2])
    assert np.allclose(away[expected < 0.055], expected[expected < 0.055])
    assert np.all(np.isinf(away[expected > 0.07]))
    near = np.isfinite(away)
    assert np.array_equal(origin[near], (np.arange(len(places)) % 12)[near])


def test_vertices_of_a_ring_that_stand_over_each_other_are_spread() -> None:
    turned = np.linspace(-np.pi, np.pi, 24, endpoint=False)
    assert np.allclose(spread(turned), turned)
    turned[8], turned[17] = turned[7], turned[16] - 0.02  # two of one angle, and one that goes back
    assert np.diff(spread(turned)).min() > 0.02


@pytest.mark.parametrize(("upper", "lower"), [(24, 24), (24, 23), (60, 24), (7, 31), (3, 3)])
def test_a_band_has_each_edge_of_both_rings_once_and_faces_outwards(upper: int, lower: int) -> None:
    generator = np.random.default_rng(upper * 100 + lower)

    def ring(count: int) -> Places:
        even = np.linspace(-np.pi, np.pi, count, endpoint=False)
        return np.sort(even + generator.uniform(0, 2 / count, count))

    above, below = ring(upper), ring(lower)
    faces = bridge(above, below)
    sides_of = Counter((a, b) for face in faces for a, b in itertools.pairwise([*face, face[0]]))
    assert max(sides_of.values()) == 1  # no edge twice in one direction: all faces turn the same way
    for count, first in ((upper, 0), (lower, upper)):
        for each in range(count):
            a, b = first + each, first + (each + 1) % count
            assert sides_of[(a, b)] + sides_of[(b, a)] == 1
    inner = [edge for edge in sides_of if (edge[0] < upper) != (edge[1] < upper)]
    assert all((b, a) in sides_of for a, b in inner)  # closed all around
    places = np.array([(np.sin(a), -np.cos(a), 0.1) for a in above] + [(np.sin(a), -np.cos(a), 0.0) for a in below])
    for face in faces:
        a, b, c = places[list(face[:3])]
        assert np.dot(np.cross(b - a, c - a), places[list(face)].mean(axis=0) * (1, 1, 0)) > 0
    if upper == lower == 24:
        assert len(bridge(above, above)) == 24 and all(len(face) == 4 for face in bridge(above, above))


def test_radius_is_that_of_a_cone() -> None:
    places, faces, _ = tube(64, 9)
    places[:, :2] *= 1 + 3 * places[:, 2:]
    triangles = np.array([[f[0], f[1], f[2]] for f in faces] + [[f[0], f[2], f[3]] for f in faces])
    generator = np.random.default_rng(1)
    turn, height = generator.uniform(-3, 3, 50), generator.uniform(-0.09, 0.09, 50)
    found = radius_along(places[triangles], turn, height, np.full(50, 0.06))
    assert np.allclose(found, 0.06 * (1 + 3 * height), atol=2e-4)
    assert np.isnan(radius_along(places[triangles], turn[:1], np.array([0.5]), np.array([0.06]))).all()


def test_of_several_surfaces_the_nearest_counts() -> None:
    inner, faces, _ = tube(32, 5, 0.04)
    outer, _, _ = tube(32, 5, 0.08)
    triangles = np.array([[f[0], f[1], f[2]] for f in faces] + [[f[0], f[2], f[3]] for f in faces])
    corners = np.concatenate([inner[triangles], outer[triangles]])
    found = radius_along(corners, np.array([0.3, 0.3]), np.array([0.01, 0.01]), np.array([0.05, 0.07]))
    assert np.allclose(found, [0.04, 0.08], atol=4e-4)


def test_tapers_gaps_and_means() -> None:
    assert taper(np.array([0, 0.05, 0.1, np.inf]), 0.1).tolist() == [1, 0.5, 0, 0]
    turn = np.array([-3.0, -1.0, 1.0, 3.0])
    assert filled(np.array([1.0, np.nan, 3.0, np.nan]), turn)[1] == pytest.approx(2.0)
    assert filled(np.full(4, np.nan), turn).tolist() == [0, 0, 0, 0]
    edges = np.array([[0, 1], [1, 2]])
    assert evened(np.array([0.0, 4.0, 0.0, 7.0]), edges, 1).tolist() == [2, 2, 2, 7]
    many = np.linspace(-np.pi, np.pi, 50, endpoint=False)
    wave = np.sin(many)
    assert np.allclose(around(many, wave, many + 2 * np.pi), wave)
    rough = wave + 0.3 * (-1.0) ** np.arange(50)
    assert np.abs(around(many, rough, many, 0.3) - wave).max() < 0.1 < np.abs(rough - wave).max()


def test_fairing_evens_and_does_not_shrink() -> None:
    places, _, edges = tube(24, 17)
    generator = np.random.default_rng(2)
    share = taper(np.abs(places[:, 2]), 0.06)
    rough = places + generator.normal(0, 0.002, places.shape) * (share > 0)[:, None]
    smooth = faired(rough, edges, share)
    off = [np.abs(radii(each) - 0.06)[np.abs(places[:, 2]) < 0.03].mean() for each in (rough, smooth)]
    assert off[1] < 0.6 * off[0]
    assert radii(faired(places, edges, share))[8 * 24 : 9 * 24].mean() == pytest.approx(0.06, abs=5e-4)
    assert np.array_equal(smooth[share == 0], rough[share == 0])


def egg(count: int, seed: int) -> tuple[Places, Places]:
    """Places on an egg with a nose, and normals."""
    generator = np.random.default_rng(seed)
    ways = generator.normal(size=(count, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    size = np.array([0.08, 0.1, 0.12]) * (1 + 0.25 * (ways[:, 1:2] < -0.95))
    normals = ways / size
    return ways * size, normals / np.linalg.norm(normals, axis=1, keepdims=True)


@pytest.mark.parametrize(("size", "shift"), [(1.0, (0, 0, 0)), (0.8, (0.02, -0.03, 0.06)), (1.3, (-0.01, 0.05, -0.1))])
def test_a_head_is_laid_onto_a_head(size: float, shift: tuple[float, float, float]) -> None:
    points, normals = egg(300, 1)
    other, facing = egg(4000, 2)
    other = other * size + np.array(shift)

    def nearest(moving: Places) -> tuple[Places, Places]:
        rows = np.argmin(((moving[:, None] - other[None]) ** 2).sum(axis=2), axis=1)
        return other[rows], facing[rows]

    found, moved, left = fitted(points, normals, other, nearest)
    assert found == pytest.approx(size, abs=0.02 * size)
    assert np.abs(moved - shift).max() < 0.005
    assert left < 0.002


def test_surfaces_that_face_away_do_not_fit() -> None:
    points, normals = egg(100, 1)
    with pytest.raises(ValueError, match="faces the same way"):
        fitted(points, normals, points, lambda moving: (moving, -normals))
