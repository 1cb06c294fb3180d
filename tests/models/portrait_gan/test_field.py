# SPDX-License-Identifier: Apache-2.0
"""A published-architecture generator as a field: its quick lattice, its surface and its colours against the model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from portrait_core.field import StructuredField
from portrait_core.geometry.surface import outer_shell
from portrait_core.models.portrait_gan.field import TrigridField
from portrait_core.models.portrait_gan.generator import GeneratorConfig, PortraitGenerator
from portrait_core.progress import silent
from portrait_core.rendering.renderer import RenderSettings
from portrait_core.shape import extract_surface, inspect_surface
from portrait_core.shape.adaptive_sampling import sample_sparse_grid
from portrait_core.shape.grid import Lattice, dense_values
from portrait_core.shape.isosurface import triangulate

CONFIG = GeneratorConfig(
    z_dim=8,
    w_dim=16,
    c_dim=0,
    normalize_z=False,
    plane_resolution=16,
    plane_features=4,
    triplane_depth=3,
    channel_base=256,
    channel_max=8,
    features=3,
    img_resolution=12,
    neural_resolution=12,
    superresolution=None,
    background=False,
    raw_to_rgb=False,
    pose_branch=False,
    rendering=RenderSettings(depth_resolution=6, depth_resolution_importance=5, box_warp=0.7),
)


def field_of(config: GeneratorConfig) -> TrigridField:
    """A random model; its level is where a quarter of the box is solid."""
    model = PortraitGenerator(config, seed=3).eval().requires_grad_(False)
    ws = model.mapping(torch.randn(1, 8, generator=torch.Generator().manual_seed(0)))
    field = TrigridField(model, model.planes(ws) * 3, ws, level=0.0)
    points = np.random.default_rng(0).uniform(-0.35, 0.35, (4000, 3)).astype(np.float32)
    return replace(field, level=float(np.quantile(field.value(points), 0.75)))


@pytest.fixture(scope="module")
def field() -> TrigridField:
    return field_of(CONFIG)


def test_the_lattice_gives_the_model_s_densities(field: TrigridField) -> None:
    assert isinstance(field, StructuredField)
    np.testing.assert_allclose(field.bounds, [[-0.35] * 3, [0.35] * 3])
    lattice = Lattice.over(field.bounds, 40)
    index = np.random.default_rng(2).integers(0, 41, (9000, 3))
    points = lattice.points(index)
    found = field.on_lattice(lattice.axes())(index)
    sigma, _ = field.model.evaluate_points(field.planes, torch.as_tensor(points)[None], field.ws)
    np.testing.assert_allclose(found, sigma[0, :, 0].numpy() - field.level, atol=2e-5)
    np.testing.assert_allclose(field.value(points), sigma[0, :, 0].numpy() - field.level, atol=1e-6)
    assert found.std() > 1e-2


def test_its_surface_is_the_dense_one(field: TrigridField) -> None:
    lattice = Lattice.over(field.bounds, 72)
    bricks, evaluated = sample_sparse_grid(field, lattice, progress=silent)
    dense = outer_shell(triangulate(dense_values(field, lattice), lattice))
    surface = extract_surface(field, 72)
    assert inspect_surface(surface).open_edges == 0
    assert abs(len(surface.vertices) - len(dense.vertices)) <= 0.002 * len(dense.vertices)
    assert abs(surface.volume() / dense.volume() - 1) < 1e-3
    assert evaluated < np.prod(lattice.cells) and len(bricks) > 0


@pytest.mark.parametrize("activation", ["none", "sigmoid"])
@pytest.mark.parametrize("to_rgb", [False, True])
def test_colours_are_those_of_the_picture_before_super_resolution(activation: str, to_rgb: bool) -> None:
    config = replace(CONFIG, decoder_activation=activation, raw_to_rgb=to_rgb, features=8 if to_rgb else 3)
    field = field_of(config)
    points = np.random.default_rng(4).uniform(-0.3, 0.3, (50, 3)).astype(np.float32)
    _, features = field.model.evaluate_points(field.planes, torch.as_tensor(points)[None], field.ws)
    features = features * 2 - 1 if activation == "sigmoid" else features
    raw = field.model.to_rgb(features.transpose(1, 2).reshape(1, -1, 10, 5), field.ws[:, -1])
    shade = ((raw.reshape(3, -1).t() + 1) / 2).clamp(0, 1).numpy()
    linear = np.where(shade <= 0.04045, shade / 12.92, ((shade + 0.055) / 1.055) ** 2.4)
    np.testing.assert_allclose(field.colour(points), linear, atol=1e-5)


def test_the_field_may_be_cropped_and_needs_no_placing(field: TrigridField) -> None:
    box = np.array([[-0.2, -0.1, -0.2], [0.2, 0.3, 0.2]], np.float32)
    cropped = replace(field, box=box)
    np.testing.assert_array_equal(cropped.bounds, box)
    surface = extract_surface(cropped, 48)
    assert (surface.vertices >= box[0] - 1e-6).all() and (surface.vertices <= box[1] + 1e-6).all()
    np.testing.assert_array_equal(cropped.place(surface.vertices), surface.vertices)
    np.testing.assert_array_equal(cropped.unplace(surface.vertices), surface.vertices)
