# SPDX-License-Identifier: Apache-2.0
"""Baked colours as they are seen: rendered pixels against the field, the starter's map against all its texels."""

from __future__ import annotations

import numpy as np

from portrait_core.cameras import Camera
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.models.load import load_model
from portrait_core.recipe import Recipe
from portrait_core.rendering.preview import bilinear, ray_directions
from portrait_core.shape import decimate, extract_surface
from tests.analytic import AnalyticField, ball, gradient
from textures import bake_colour, bake_materials, cover_texels, unwrap


def test_rendered_pixels_have_the_fields_colour() -> None:
    field = AnalyticField(ball((0, 0.02, 0), 0.15), ((-0.2,) * 3, (0.2,) * 3), gradient)
    surface = decimate(extract_surface(field, 64), 2000)
    atlas = unwrap(surface.vertices, surface.faces, resolution=256, padding=2)
    places = surface.vertices[atlas.vertex_map]
    image = bake_colour(atlas.faces, atlas.uvs, places, field.colour, 256)
    camera = Camera.orbit(0.5, 0.1)
    directions = ray_directions(camera.cam2world, camera.intrinsics, 64)
    hits = MeshQueries(places, atlas.faces).first_hits(camera.cam2world[:3, 3], directions)
    seen = np.flatnonzero(hits.face >= 0)
    assert len(seen) > 300
    corner, weights = atlas.faces[hits.face[seen]], hits.weights[seen]
    uv = np.einsum("nk,nkc->nc", weights, atlas.uvs[corner])
    points = camera.cam2world[:3, 3] + directions[seen] * hits.distance[seen, None]
    error = np.abs(bilinear(image, uv) - field.colour(points))  # linear light on both sides
    assert error.mean() < 0.003 and error.max() < 0.03


def test_interpolation_on_the_starter_stays_within_two_levels() -> None:
    model = load_model("starter", "cpu")
    recipe = Recipe(seed=7)
    field = model.person(recipe).field
    surface = extract_surface(field, 96)
    place = surface.vertices
    # The face under a plain front view: enough to have brows, eyes, lips and the border of the hair in it.
    uvs = np.stack([0.5 + place[:, 0] / 0.16, (place[:, 1] - 0.03) / 0.16], axis=1).astype(np.float32)
    front = surface.faces[(place[surface.faces][:, :, 2] > 0.06).all(axis=1)]
    corners = uvs[front].astype(np.float64)
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    front = front[one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0] > 0]
    counts = [0]

    def materials(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        counts[0] += len(points)
        return field.materials(points)

    size = 512
    full = bake_materials(front, uvs, place, materials, size, tolerance=0, antialias=False)
    every, counts[0] = counts[0], 0
    quick = bake_materials(front, uvs, place, materials, size, antialias=False)
    assert counts[0] < 0.8 * every
    texels = cover_texels(front, uvs, size)
    for one_map, other in zip(full, quick, strict=True):
        error = np.abs(one_map.astype(int) - other)[texels.row, texels.column]
        assert np.percentile(error, 99.9) <= 2
    roughness = full[1][texels.row, texels.column] / 255
    assert roughness.min() < 0.2 and np.percentile(roughness, 20) < 0.56  # eyes, skin
