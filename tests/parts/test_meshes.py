# SPDX-License-Identifier: Apache-2.0
"""Seams, quads and normals of parts on small meshes."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.geometry.normals import vertex_normals
from portrait_core.parts.normals import LiftedNormals, SmoothNormals
from portrait_core.parts.part_mesh import cut_seams, topology_of, triangles_of_quads
from portrait_core.parts.skin_weights import on_one_joint

STRIP = np.array([(0, 1, 4, 3), (1, 2, 5, 4)])
FLAT = np.array([(x, y, 0.0) for y in (0, 1) for x in (0, 1, 2)])


def test_a_vertex_on_a_seam_is_there_once_for_each_place_in_the_texture() -> None:
    uvs = FLAT[STRIP][..., :2] / 4
    welded, _, cut = cut_seams(STRIP, uvs)
    assert sorted(welded) == list(range(6))  # no seam
    uvs[1] += 0.25
    welded, places, cut = cut_seams(STRIP, uvs)
    assert np.bincount(welded).tolist() == [1, 2, 1, 1, 2, 1]
    assert (welded[cut] == STRIP).all()
    assert places[cut] == pytest.approx(uvs)


def test_the_two_triangles_of_a_quad_follow_each_other() -> None:
    faces, quads = triangles_of_quads(STRIP)
    assert quads.tolist() == [0, 0, 1, 1]
    for quad, pair in zip(STRIP, faces.reshape(2, 2, 3), strict=True):
        assert set(pair.ravel()) == set(quad)
    assert vertex_normals(FLAT, faces) == pytest.approx(np.tile((0, 0, 1), (6, 1)))


def test_triangles_among_quads_stay_triangles() -> None:
    polygons = np.array([(0, 1, 4, 3), (1, 2, 4, -1)])
    uvs = FLAT[np.where(polygons < 0, 0, polygons)][..., :2]
    topology = topology_of(polygons, uvs, on_one_joint("head", 6), "teeth")
    assert topology.quads.tolist() == [0, 0, 1]
    assert len(topology.faces) == 3
    assert set(topology.welded[topology.faces[2]]) == {1, 2, 4}
    assert len(topology.uvs) == 5  # the missing corner made no vertex


def ball(count: int = 12) -> tuple[np.ndarray, np.ndarray]:
    turn = 2 * np.pi * np.arange(count) / count
    rings = [np.stack([np.sin(a) * np.cos(turn), np.sin(a) * np.sin(turn), np.full(count, np.cos(a))], 1)
             for a in np.linspace(0.3, 2.8, 9)]  # fmt: skip
    k, n = np.arange(count), (np.arange(count) + 1) % count
    starts = count * np.arange(8)
    quads = [np.stack([s + k, s + count + k, s + count + n, s + n], 1) for s in starts]
    return np.concatenate(rings), np.concatenate(quads)


def test_smooth_normals_point_out_of_a_ball() -> None:
    places, quads = ball()
    inner = slice(12, -12)
    found = SmoothNormals.of(quads, len(places))(places)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)
    assert np.einsum("vi,vi->v", found, places)[inner].min() > 0.995
    slow = vertex_normals(places, triangles_of_quads(quads)[0])
    assert np.einsum("vi,vi->v", found, slow)[inner].min() > 0.995
    triangles = SmoothNormals.of(triangles_of_quads(quads)[0], len(places))(places)
    assert np.einsum("vi,vi->v", triangles, places)[inner].min() > 0.99


def test_a_vertex_without_faces_has_a_normal_too() -> None:
    found = SmoothNormals.of(np.array([(0, 1, 2)]), 4)(np.array([(0, 0, 0), (1, 0, 0), (0, 0, -1), (5, 5, 5.0)]))
    assert found[0] == pytest.approx((0, 1, 0))
    assert found[3] == pytest.approx((0, 0, 1))


@pytest.mark.parametrize("corners", [3, 4])
def test_normals_of_vertices_that_move_up_and_down_are_the_same(corners: int) -> None:
    random = np.random.default_rng(0)
    places = np.concatenate([FLAT + random.normal(size=FLAT.shape) * 0.1, [(5.0, 5.0, 5.0)]])  # the last one alone
    plain = SmoothNormals.of(STRIP[:, :corners], len(places))
    lifted = LiftedNormals(plain, places)
    for _ in range(3):
        places[:, 1] = random.normal(size=len(places))
        used = np.unique(STRIP[:, :corners])
        np.testing.assert_allclose(lifted(places[:, 1]).T[used], plain(places)[used], rtol=0, atol=1e-15)
    assert not lifted(places[:, 1])[:, -1].any()


@pytest.mark.parametrize("scale", [1.0, 2.0**20, 2.0**38])
def test_seams_are_cut_as_rows_of_numbers_are_told_apart(scale: float) -> None:
    random = np.random.default_rng(1)
    quads = random.integers(0, 40, (60, 4))
    uvs = (scale * random.integers(-2, 3, (60, 4, 2)) / 4).astype(np.float32)
    rows = np.concatenate([quads.reshape(-1, 1), np.rint(uvs.reshape(-1, 2).astype(np.float64) * (1 << 22))], axis=1)
    found, first, number = np.unique(rows.astype(np.int64), axis=0, return_index=True, return_inverse=True)
    welded, places, cut = cut_seams(quads, uvs)
    np.testing.assert_array_equal(welded, found[:, 0])
    np.testing.assert_array_equal(places, uvs.reshape(-1, 2)[first])
    np.testing.assert_array_equal(cut.ravel(), number.ravel())
