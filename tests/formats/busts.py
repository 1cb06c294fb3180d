# SPDX-License-Identifier: Apache-2.0
"""One small avatar from the analytic bust, made once by the real stages, for the tests of files and pictures."""

from __future__ import annotations

from functools import cache

import numpy as np

from portrait_core.avatar import Avatar, Level, Maps
from portrait_core.geometry.vertex_data import VertexData
from portrait_core.rig import skin_from_template
from portrait_core.shape import decimate, extract_surface, vertex_normals
from tests.analytic import bust_field, bust_template
from textures import bake_colour, unwrap


@cache
def bust_avatar() -> Avatar:
    field = bust_field()
    lattice = extract_surface(field, 96)
    surface = decimate(lattice, 4000)
    atlas = unwrap(surface.vertices, surface.faces, resolution=256, padding=2)
    places = surface.vertices[atlas.vertex_map]
    normals = vertex_normals(surface.vertices, surface.faces)
    template = bust_template(decimate(lattice, 1500))
    skin = skin_from_template(template, surface.vertices, normals)
    data = VertexData(vertices=surface.vertices, normals=normals, joints=skin.joints, weights=skin.weights)
    return Avatar(
        name="bust",
        levels=(
            Level(
                data.take(atlas.vertex_map).with_(uvs=atlas.uvs),
                atlas.faces,
                Maps(base_colour=bake_colour(atlas.faces, atlas.uvs, places, field.colour, 256)),
            ),
        ),
        joint_names=template.joint_names,
        parents=template.parents,
        joints=template.joints,
        recipe={"model": "bust", "seed": 7, "attributes": {"age": 1.5}},
        provenance={"model": {"name": "bust", "licence": "CC0-1.0"}},
        thumbnail=np.full((16, 16, 3), 200, np.uint8),
    )
