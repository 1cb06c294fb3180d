# SPDX-License-Identifier: Apache-2.0
"""Colours from pictures of a ball that a small ball hides in part: seen ones right, hidden ones filled, no seams."""

from __future__ import annotations

import numpy as np
import pytest

from tests.textures.measures import decode_srgb
from textures import cover_texels
from textures.views import View, bake_views

SIZE, PIXELS, FOCAL, RADIUS = 128, 256, 2.0, 0.12
OCCLUDER = (np.array([0.0, 0.02, 0.2]), 0.03)
FILL = np.array([0.9, 0.0, 0.9], np.float32)


def ball_mesh(radius: float) -> tuple[np.ndarray, ...]:
    """Faces, uvs, positions and normals of a ball under a cylindrical map, a little smaller than the image."""
    across, up = np.meshgrid(np.linspace(0, 1, 97), np.linspace(0.02, 0.98, 49))
    turn, rise = across * 2 * np.pi, (up - 0.5) * np.pi
    normals = np.stack([np.sin(turn) * np.cos(rise), np.sin(rise), -np.cos(turn) * np.cos(rise)], -1).reshape(-1, 3)
    number = np.arange(across.size).reshape(across.shape)
    quads = np.stack([number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]], -1).reshape(-1, 4)
    faces = np.vstack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    uvs = np.stack([across.ravel(), up.ravel()], 1).astype(np.float32)
    return faces, uvs, (normals * radius).astype(np.float32), normals.astype(np.float32)


def true_colour(points: np.ndarray) -> np.ndarray:
    stripes = 0.5 + 0.2 * np.sin(points * 90)
    return (stripes * (0.6, 0.8, 0.7)).astype(np.float32)


def view(yaw: float, *, brightness: float = 1.0, occluder: bool = False) -> View:
    """The ball from distance 1, by the formula for a ray and a ball; the occluder is green."""
    eye = np.array([np.sin(yaw), 0.0, np.cos(yaw)])
    forward, down = -eye, np.array([0.0, -1.0, 0.0])
    right = np.cross(down, forward)
    axes = np.stack([right, down, forward])
    centre = (np.arange(PIXELS) + 0.5) / PIXELS
    x, y = np.meshgrid(centre, centre)
    rays = np.stack([(x - 0.5) / FOCAL, (y - 0.5) / FOCAL, np.ones_like(x)], -1).reshape(-1, 3) @ axes
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    depth = np.full(len(rays), np.inf)
    image = np.full((len(rays), 3), 1.0)
    balls = [(np.zeros(3), RADIUS)] + ([OCCLUDER] if occluder else [])
    for index, (middle, radius) in enumerate(balls):
        half = rays @ (eye - middle)
        root = half**2 - ((eye - middle) ** 2).sum() + radius**2
        distance = np.where(root > 0, -half - np.sqrt(np.maximum(root, 0)), np.inf)
        hit = distance < depth
        depth[hit] = distance[hit]
        image[hit] = true_colour(eye + rays[hit] * distance[hit, None]) * brightness if index == 0 else (0, 1, 0)
    world2cam = np.eye(4)
    world2cam[:3, :3], world2cam[:3, 3] = axes, -axes @ eye
    camera = np.array([[FOCAL, 0, 0.5], [0, FOCAL, 0.5], [0, 0, 1]])
    return View(
        image.reshape(PIXELS, PIXELS, 3).astype(np.float32), depth.reshape(PIXELS, PIXELS).astype(np.float32),
        world2cam.astype(np.float32), camera.astype(np.float32),
    )  # fmt: skip


def baked(views: list[View], **options: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear colours of the covered texels, their places on the ball, and the image."""
    faces, uvs, positions, normals = ball_mesh(RADIUS)
    image = bake_views(faces, uvs, positions, normals, views, SIZE, **options)
    texels = cover_texels(faces, uvs, SIZE)
    places = texels.interpolate(faces, positions)
    return decode_srgb(image)[texels.row, texels.column], places / np.linalg.norm(places, axis=1)[:, None], image


def filled(points: np.ndarray) -> np.ndarray:
    return np.broadcast_to(FILL, points.shape)


def test_a_ring_of_views_gives_the_surfaces_colour_and_poles_are_filled() -> None:
    colour, direction, _ = baked([view(a) for a in np.arange(8) * np.pi / 4], fill=filled)
    seen = np.abs(direction[:, 1]) < 0.85
    error = np.abs(colour - true_colour(direction * RADIUS)).max(axis=1)[seen]
    assert error.max() < 0.06 and error.mean() < 0.012
    poles = np.abs(direction[:, 1]) > 0.99
    np.testing.assert_allclose(colour[poles], np.broadcast_to(FILL, (poles.sum(), 3)), atol=0.02)


def test_an_occluder_leaves_no_ghost_where_other_views_see_behind_it() -> None:
    angles = np.arange(8) * np.pi / 4
    views = [view(a, occluder=True) for a in angles]
    green = [(each.image == (0, 1, 0)).all(axis=2).sum() for each in views]
    assert green[0] > 1000  # it does hide the front
    colour, direction, _ = baked(views, fill=filled)
    truth = true_colour(direction * RADIUS)
    greener = colour[:, 1] - truth[:, 1]
    assert greener.max() < 0.08
    front = (direction[:, 2] > 0.6) & (np.abs(direction[:, 1]) < 0.7)
    assert np.abs(colour - truth)[front].max() < 0.1


def test_one_view_leaves_the_back_to_the_fill_or_to_its_neighbours() -> None:
    colour, direction, _ = baked([view(0.0)], fill=filled)
    back = direction[:, 2] < 0
    np.testing.assert_allclose(colour[back], np.broadcast_to(FILL, (back.sum(), 3)), atol=0.02)
    _, _, image = baked([view(0.0)])
    assert decode_srgb(image)[:, :, 0].max() < 0.75  # neither the white background nor the grey of empty texels


def test_views_of_different_brightness_meet_without_a_seam() -> None:
    views = [view(a, brightness=1.15 if i % 2 else 0.9) for i, a in enumerate(np.arange(8) * np.pi / 4)]
    _, _, image = baked(views, fill=filled)
    _, _, even = baked([view(a) for a in np.arange(8) * np.pi / 4], fill=filled)
    rows = slice(SIZE // 3, 2 * SIZE // 3)
    ratio = decode_srgb(image)[rows] / decode_srgb(even)[rows]
    assert ratio.max() > 1.1 and ratio.min() < 0.93  # the views' own brightness is kept
    assert np.abs(np.diff(ratio, axis=1)).max() < 0.06  # a seam would be a step of a quarter


def test_bad_views_are_named() -> None:
    with pytest.raises(ValueError, match="at least one view"):
        baked([])
    good = view(0.0)
    with pytest.raises(ValueError, match="depth"):
        baked([View(good.image, good.depth[:-1], good.world2cam, good.intrinsics)])
