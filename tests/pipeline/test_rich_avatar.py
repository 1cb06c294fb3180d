# SPDX-License-Identifier: Apache-2.0
"""What a file shows of a bust with roughness, occlusion, ripples and a cut: read from the file by glTF's own rules."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from portrait_core.avatar import Avatar
from portrait_core.formats.write import write_avatar
from portrait_core.geometry.normals import vertex_normals
from portrait_core.pipeline import make_avatar
from portrait_core.pipeline.make import begin
from portrait_core.pipeline.surfaces import reference
from portrait_core.progress import silent
from portrait_core.recipe import Recipe
from portrait_core.runtime.threads import side_by_side
from portrait_core.shape import Surface, clean, extract_surface
from tests.analytic_model import AnalyticModel
from tests.pipeline.materials import BOTTOM, ROUGH, RichModel

RECIPE = Recipe(model="balls", seed=5, faces=2500, texture_size=256, lattice=96, occlusion=True, psi=0.0)
FACE = np.array([0.0, 0.11, 0.08])
"""SMPL's head joint of the analytic template, moved to the face."""


@pytest.fixture(scope="module")
def avatar() -> Avatar:
    return make_avatar(RECIPE, RichModel())


@pytest.fixture(scope="module")
def glb(avatar: Avatar, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_avatar(avatar, tmp_path_factory.mktemp("rich") / "rich.glb")[0]


def picture(path: Path, *slot: str) -> NDArray[np.uint8]:
    """The image in a slot of the first material, such as ``"normalTexture"``."""
    content = path.read_bytes()
    length = int.from_bytes(content[12:16], "little")
    tree = json.loads(content[20 : 20 + length])
    holder: dict[str, Any] = tree["materials"][0]
    for name in slot:
        holder = holder[name]
    view = tree["bufferViews"][tree["images"][tree["textures"][holder["index"]]["source"]]["bufferView"]]
    start = 28 + length + view.get("byteOffset", 0)
    with Image.open(io.BytesIO(content[start : start + view["byteLength"]])) as image:
        return np.asarray(image.convert("RGB"))


def at_vertices(image: NDArray[np.uint8], avatar: Avatar) -> NDArray[np.float64]:
    size = len(image)
    column, row = avatar.main.uvs[:, 0] * size, (1 - avatar.main.uvs[:, 1]) * size
    return image[row.astype(int).clip(0, size - 1), column.astype(int).clip(0, size - 1)].astype(float)


def test_occlusion_is_red_roughness_green_and_nothing_is_metal(avatar: Avatar, glb: Path) -> None:
    image = picture(glb, "pbrMetallicRoughness", "metallicRoughnessTexture")
    assert np.array_equal(image, picture(glb, "occlusionTexture"))
    shown = at_vertices(image, avatar)
    assert np.quantile(np.abs(shown[:, 1] - 255 * ROUGH), 0.98) <= 1.5 and not shown[:, 2].any()
    places = avatar.main.vertices
    assert np.median(shown[places[:, 1] > 0.26, 0]) > 245  # the top of the head sees the whole sky
    throat = (np.abs(places[:, 0]) < 0.03) & (places[:, 1] > 0.03) & (places[:, 1] < 0.07) & (places[:, 2] > 0.03)
    assert shown[throat, 0].mean() < 230


def test_the_edge_around_the_cut_is_hard(avatar: Avatar) -> None:
    """Flat faces of the cut shine as a plane, and the sides beside them as if it were not there."""
    level = avatar.main
    low = np.abs(level.vertices[:, 1] + BOTTOM) < 1e-5
    flat = low[level.faces].all(axis=1)
    floor = np.unique(level.faces[flat])
    assert flat.sum() > 10
    np.testing.assert_allclose(level.normals[floor], np.tile([0.0, -1.0, 0.0], (len(floor), 1)), atol=1e-6)
    rim = np.intersect1d(np.flatnonzero(low), level.faces[~flat])
    assert len(rim) > 10 and np.median(np.abs(level.normals[rim, 1])) < 0.5


def test_a_surface_is_cleaned_by_the_spacing_of_its_lattice() -> None:
    """Voxels are cubes: the longest side of the bounds has ``lattice`` of them."""
    field = RichModel().person(RECIPE).field
    sides = field.bounds[1] - field.bounds[0]
    assert sides.max() > 1.1 * sides.min()
    raw = extract_surface(field, 64)
    voxel = float(sides.max()) / 64
    _, told = clean(Surface(field.place(raw.vertices), raw.faces), field.cut_planes(), voxel)
    assert reference(field, 64, silent).report == told.facts() and told.roughness > 0.0


def test_ripples_are_calmed_on_the_throat_and_kept_on_the_face() -> None:
    """What normal maps are made from: without ripples where a field was seen little, with all of them in front."""
    model, smooth = RichModel(), AnalyticModel()
    with side_by_side(1) as pool:
        dense = begin(RECIPE, model, silent, pool).dense.result()
    places = dense.surface.vertices
    rippled = vertex_normals(places, dense.surface.faces)
    away = np.linalg.norm(places - FACE, axis=1)
    np.testing.assert_allclose(dense.normals[away < 0.095], rippled[away < 0.095], atol=1e-6)
    field = smooth.person(RECIPE).field
    step = np.eye(3, dtype=np.float32) * np.float32(1e-3)
    slope = np.stack([field.value(places - each) - field.value(places + each) for each in step], axis=1)
    slope /= np.linalg.norm(slope, axis=1, keepdims=True)
    throat = (away > 0.14) & (places[:, 1] > -0.15)
    calm, given = (np.median(np.linalg.norm(each - slope, axis=1)[throat]) for each in (dense.normals, rippled))
    assert given > 0.04 and calm < 0.6 * given


def test_without_a_normal_map_nothing_is_calmed() -> None:
    with side_by_side(1) as pool:
        plain = begin(RECIPE.model_copy(update={"normal_map": False}), RichModel(), silent, pool).dense.result()
    assert np.array_equal(plain.normals, vertex_normals(plain.surface.vertices, plain.surface.faces))
