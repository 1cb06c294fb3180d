# SPDX-License-Identifier: Apache-2.0
"""Textures out of a model's own pictures: what its networks paint along the edges of a picture is not believed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.cameras import Camera
from portrait_core.geometry.normals import vertex_normals
from portrait_core.person import Capability, Pose
from portrait_core.pipeline import make_avatar, maps
from portrait_core.recipe import Recipe
from portrait_core.rendering.preview import Preview
from portrait_core.shape import extract_surface
from tests.analytic_model import AnalyticModel, AnalyticPerson

FRAME = 6
"""Pixels along the edges that come out wrong."""


class PaintingModel(AnalyticModel):
    """A bust whose pictures are green, and magenta along their edges, as networks that end in convolutions do it."""

    capabilities = frozenset[Capability]({"render", "sharper_pictures"})

    def picture_of(self, person: AnalyticPerson, camera: Camera, pose: Pose, size: int) -> dict[str, NDArray[Any]]:
        field = person.field
        rough = extract_surface(field, 96)
        vertices = field.place(rough.vertices)
        uvs = np.zeros((len(vertices), 2), np.float32)
        scene = Preview(
            vertices, vertex_normals(vertices, rough.faces), rough.faces, uvs, np.zeros((1, 1, 3), np.uint8)
        )
        seen = scene.render(camera.cam2world, camera.intrinsics, size)
        image = np.full((size, size, 3), (40, 200, 40), np.uint8)
        for edge in (image[:FRAME], image[-FRAME:], image[:, :FRAME], image[:, -FRAME:]):
            edge[...] = (255, 0, 255)
        return {"image": image, "depth": seen.depth, "mask": seen.mask}


def test_the_edges_of_pictures_are_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "VIEW_YAWS", 4)
    monkeypatch.setattr(maps, "VIEW_PITCHES", (0.0,))
    monkeypatch.setattr(maps, "VIEW_SIZE", 256)
    recipe = Recipe(model="balls", seed=1, faces=600, texture_size=128, lattice=64, texture="views", normal_map=False)
    model = PaintingModel()
    image = make_avatar(recipe, model).main.maps.base_colour.astype(int)
    green = (image[:, :, 1] > 150) & (image[:, :, 0] < 90)
    assert green.mean() > 0.2
    # Magenta blends into what is around it; neither green nor the field's own colours, 0.5 and less, are like it.
    assert not ((image[:, :, 0] > image[:, :, 1] + 60) & (image[:, :, 2] > image[:, :, 1] + 60)).any()
