# SPDX-License-Identifier: Apache-2.0
"""Normal maps: the direction of their axes, and a coarse ball that shows the bumps of a fine one."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from portrait_core.geometry.mesh_queries import closest_points
from textures.atlas import unwrap
from textures.normal_map import fine_normals, normal_map
from textures.raster import cover_texels
from textures.tangents import tangents

SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
HALVES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
FORWARD = np.tile(np.array([[0, 0, 1]], np.float32), (4, 1))


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def decode(texels: np.ndarray, normals: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """What a viewer makes of a map's values: glTF 2.0 (3.9.3), the frame as three.js builds it."""
    value = texels.astype(np.float64) / 255.0 * 2.0 - 1.0
    up, along = unit(normals), unit(frame[:, :3])
    across = unit(np.cross(up, along)) * frame[:, 3:]
    return unit(value[:, :1] * along + value[:, 1:2] * across + value[:, 2:] * up)


def bumpy(subdivisions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A ball with bumps of a few hundredths: places, normals by area, faces."""
    ball = trimesh.creation.icosphere(subdivisions=subdivisions)
    p = np.asarray(ball.vertices)
    height = 0.015 * np.sin(9 * p[:, 0]) * np.sin(8 * p[:, 1] + 1) * np.sin(9 * p[:, 2])
    places = (p * (1 + height)[:, None]).astype(np.float32)
    mesh = trimesh.Trimesh(places, ball.faces, process=False)
    area = np.asarray(mesh.area_faces)[:, None] * mesh.face_normals
    total = np.zeros_like(places, dtype=np.float64)
    for corner in range(3):
        np.add.at(total, mesh.faces[:, corner], area)
    return places, unit(total).astype(np.float32), np.asarray(ball.faces, np.int32)


@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_red_is_right_and_green_is_up_in_the_image(mirror: float) -> None:
    fine = np.tile(np.array([[0.36, 0.48, 0.8]], np.float32), (4, 1))
    uvs = (SQUARE[:, :2] * np.array([mirror, 1.0]) + (0.0 if mirror > 0 else np.array([1.0, 0.0]))).astype(np.float32)
    frame = tangents(SQUARE, FORWARD, uvs, HALVES).tangents
    image = normal_map(
        HALVES, uvs, SQUARE, FORWARD, frame, 16, dense_faces=HALVES, dense_normals=fine,
        closest=closest_points(SQUARE, HALVES), reach=0.1, detail=0.1,
    )  # fmt: skip
    # the world's x is the image's right, or left where the texture is mirrored; the world's y is up in both
    expected = np.array([127.5 + 127.5 * 0.36 * mirror, 127.5 + 127.5 * 0.48, 127.5 + 127.5 * 0.8])
    assert np.abs(image.reshape(-1, 3) - expected).max() <= 0.51
    seen = decode(image[8, 8:9], FORWARD[:1], frame[:1])
    assert seen[0] == pytest.approx([0.36, 0.48, 0.8], abs=0.01)


def test_a_coarse_ball_shows_the_bumps_of_a_fine_one() -> None:
    dense, dense_normals, dense_faces = bumpy(6)
    low, low_normals, low_faces = bumpy(4)
    atlas = unwrap(low, low_faces, resolution=512, padding=4)
    found = tangents(low[atlas.vertex_map], low_normals[atlas.vertex_map], atlas.uvs, atlas.faces)
    source = atlas.vertex_map[found.vertex_map]
    places, normals, uvs = low[source], low_normals[source], atlas.uvs[found.vertex_map]
    edge = float(np.linalg.norm(dense[dense_faces[:, 0]] - dense[dense_faces[:, 1]], axis=1).mean())
    closest = closest_points(dense, dense_faces)
    image = normal_map(
        found.faces, uvs, places, normals, found.tangents, 512, dense_faces=dense_faces,
        dense_normals=dense_normals, closest=closest, reach=0.05, detail=edge,
    )  # fmt: skip
    texels = cover_texels(found.faces, uvs, 512)
    at = texels.interpolate(found.faces, places)
    flat = unit(texels.interpolate(found.faces, normals))
    frame = texels.interpolate(found.faces, found.tangents)
    seen = decode(image[texels.row, texels.column], flat, frame)
    face, weights, _ = closest(at)
    truth = unit((dense_normals[dense_faces[face]] * weights[:, :, None]).sum(axis=1))
    error = np.degrees(np.arccos(np.clip((seen * truth).sum(axis=1), -1, 1)))
    without = np.degrees(np.arccos(np.clip((flat * truth).sum(axis=1), -1, 1)))
    assert np.median(error) < 1.5 and np.percentile(error, 99) < 8.0
    assert np.percentile(error, 90) < 0.5 * np.percentile(without, 90)
    assert (image[0, 0] != 128).any()  # texels between the charts continue them


def test_one_lip_does_not_take_the_normal_of_the_other() -> None:
    lower = SQUARE * np.array([1, 1, 0], np.float32)
    upper = lower + np.array([0, 0, 0.002], np.float32)
    faces = np.concatenate([HALVES, HALVES[:, ::-1] + 4])
    tilt = unit(np.array([[0.3, 0.1, 1.0]])).astype(np.float32)
    normals = np.concatenate([np.tile(tilt, (4, 1)), np.tile(-tilt, (4, 1))])
    closest = closest_points(np.concatenate([lower, upper]), faces)
    place = np.array([[0.4, 0.6, 0.0016], [0.4, 0.6, 0.5]], np.float32)  # nearer to the upper one, and far from both
    found = fine_normals(place, FORWARD[:2], faces, normals, closest, 0.004)
    assert found[0] == pytest.approx(tilt[0], abs=1e-6)
    assert (found[1] == FORWARD[0]).all()


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="tangents"):
        normal_map(
            HALVES, SQUARE[:, :2], SQUARE, FORWARD, FORWARD, 16, dense_faces=HALVES, dense_normals=FORWARD,
            closest=closest_points(SQUARE, HALVES), reach=0.1, detail=0.1,
        )  # fmt: skip
