# SPDX-License-Identifier: Apache-2.0
"""The bust avatar with all that an asset may have: levels of detail, normal and surface maps, tangents, a motion."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from portrait_core.avatar import Avatar, Level, Maps
from portrait_core.geometry.vertex_data import VertexData
from portrait_core.rig import Motion, quaternion, skin_from_template
from portrait_core.shape import decimate, extract_surface, vertex_normals
from tests.analytic import bust_field, bust_template
from tests.formats.busts import bust_avatar
from textures import bake_colour, unwrap

POSE = {"head": (0.1, 0.4, 0.0), "neck": (0.0, 0.1, 0.0)}


def some_tangents(normals: np.ndarray) -> np.ndarray:
    """Unit vectors orthogonal to ``normals``, (V, 4) with both signs of handedness."""
    helper = np.where(np.abs(normals[:, :1]) < 0.9, [[1.0, 0, 0]], [[0, 1.0, 0]])
    across = np.cross(normals, helper)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    sign = np.where(np.arange(len(normals)) % 3 == 0, -1.0, 1.0)
    return np.concatenate([across, sign[:, None]], axis=1).astype(np.float32)


def all_maps(base_colour: np.ndarray, seed: int = 0) -> Maps:
    """Maps of three different kinds over a base colour."""
    size = len(base_colour)
    random = np.random.default_rng(seed)
    normal = np.tile(np.array([128, 128, 255], np.uint8), (size, size, 1))
    normal[:, : size // 2, 0] = 140
    orm = np.zeros((size, size, 3), np.uint8)
    orm[:, :, 0] = random.integers(180, 256, (size, size))
    orm[:, :, 1] = np.linspace(80, 200, size)[None]
    return Maps(base_colour=base_colour, normal=normal, orm=orm)


def turning() -> Motion:
    """Half a second of a head that turns while the pelvis sinks."""
    times = np.arange(16, dtype=np.float32) / np.float32(30)
    angles = np.linspace(0, 0.8, 16)
    heads = np.array([quaternion((0.0, angle, 0.0)) for angle in angles], np.float32)
    necks = np.array([quaternion((angle / 4, 0.0, 0.0)) for angle in angles], np.float32)
    sink = np.stack([0 * angles, -0.05 * angles, 0 * angles], axis=1).astype(np.float32)
    return Motion("turn", times, {"head": heads, "neck": necks}, sink)


@cache
def asset(*, shared: bool = False, moving: bool = True) -> Avatar:
    """Two levels of detail with everything on them; ``shared``: on one set of maps."""
    avatar = bust_avatar()
    maps = all_maps(avatar.main.maps.base_colour)
    main = replace(avatar.main, maps=maps).with_(tangents=some_tangents(avatar.main.normals))
    return replace(
        avatar,
        name="asset",
        levels=(main, _coarse(maps if shared else None)),
        pose=POSE,
        motion=turning() if moving else None,
        report={"watertight": True, "charts": 12},
    )


def _coarse(maps: Maps | None) -> Level:
    field = bust_field()
    lattice = extract_surface(field, 96)
    surface = decimate(lattice, 1200)
    atlas = unwrap(surface.vertices, surface.faces, resolution=128, padding=2)
    places = surface.vertices[atlas.vertex_map]
    normals = vertex_normals(surface.vertices, surface.faces)
    skin = skin_from_template(bust_template(decimate(lattice, 1500)), surface.vertices, normals)
    if maps is None:
        maps = all_maps(bake_colour(atlas.faces, atlas.uvs, places, field.colour, 128), 1)
    whole = VertexData(vertices=surface.vertices, normals=normals, joints=skin.joints, weights=skin.weights)
    data = whole.take(atlas.vertex_map).with_(uvs=atlas.uvs, tangents=some_tangents(normals[atlas.vertex_map]))
    return Level(data, atlas.faces, maps)
