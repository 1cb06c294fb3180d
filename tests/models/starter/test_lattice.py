# SPDX-License-Identifier: Apache-2.0
"""The starter on a lattice against its values point by point, and the quick warp against the one with gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from portrait_core.field import StructuredField
from portrait_core.geometry.surface import outer_shell
from portrait_core.models.load import load_model
from portrait_core.models.starter.field import BustField
from portrait_core.models.starter.lattice import CanonicalLattice
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.progress import silent
from portrait_core.recipe import Recipe
from portrait_core.shape.adaptive_sampling import sample_sparse_grid
from portrait_core.shape.grid import Lattice
from portrait_core.shape.isosurface import triangulate_bricks


@pytest.fixture(scope="module")
def model() -> CanonicalAvatarModel:
    return load_model("starter", "cpu")


@pytest.fixture(scope="module")
def field(model: CanonicalAvatarModel) -> BustField:
    return model.person(Recipe(seed=11)).field


def test_values_near_the_surface_are_those_of_the_points(field: BustField) -> None:
    assert isinstance(field, StructuredField)
    lattice = Lattice.over(field.bounds, 128)
    bricks, _ = sample_sparse_grid(field, lattice, progress=silent)
    flat = np.flatnonzero(np.abs(bricks.values) < 2 * lattice.spacing.max())[::7]
    index = bricks.index(flat)
    inside = ((index >= 0) & (index <= np.array(lattice.cells))).all(axis=1)
    flat, index = flat[inside], index[inside]
    points = lattice.points(index)
    error = np.abs(bricks.values.reshape(-1)[flat] - field.value(points))
    assert len(index) > 3000 and (points[:, 1] < -0.12).sum() > 300  # at the shoulder cut as well
    # The cut is exact within the edges that cross it; farther from it a coarse lattice of the warp is good enough.
    near = np.abs(bricks.values.reshape(-1)[flat]) < lattice.spacing.max()
    assert error[near].max() < 3e-6 and error.max() < 2e-3


def test_signs_agree_everywhere(field: BustField) -> None:
    lattice = Lattice.over(field.bounds, 128)
    index = np.random.default_rng(0).integers(0, 129, (20_000, 3))
    found, expected = field.on_lattice(lattice.axes())(index), field.value(lattice.points(index))
    clear = np.abs(expected) > 1e-3
    assert ((found > 0) == (expected > 0))[clear].all()


def test_the_surface_is_on_the_zero_level_and_the_cut_on_its_planes(field: BustField) -> None:
    lattice = Lattice.over(field.bounds, 192)
    bricks, _ = sample_sparse_grid(field, lattice, progress=silent)
    surface = outer_shell(triangulate_bricks(bricks, lattice))
    placed = field.place(surface.vertices)
    low = field.identity.shoulders.y
    cap = np.abs(placed[:, 1] - low) < 0.5 * lattice.spacing.max()
    assert cap.sum() > 1000
    assert np.percentile(np.abs(placed[cap, 1] - low), 90) < 2e-5
    assert placed[:, 1].min() > low - 5e-4


def test_the_hair_alone_is_that_of_the_samples(field: BustField) -> None:
    lattice = Lattice.over(field.bounds, 64)
    index = np.random.default_rng(1).integers(0, 65, (5000, 3))
    found = CanonicalLattice(field.model, field.identity, lattice.axes(), part="hair")(index)
    with torch.no_grad():
        sample = field.model.canonical_sample(field.identity, torch.as_tensor(lattice.points(index)))
    expected = -torch.maximum(sample.hair, -sample.body - 0.004)[0].numpy()
    np.testing.assert_allclose(found, expected, atol=2e-6)
    with pytest.raises(ValueError, match="'ears'"):
        CanonicalLattice(field.model, field.identity, lattice.axes(), part="ears")


def test_the_quick_warp_is_the_one_with_gradients(field: BustField) -> None:
    warp, coefficients = field.model.identity_warp, field.identity.coefficients
    low, high = field.bounds
    points = torch.rand(5000, 3, generator=torch.Generator().manual_seed(1)) * torch.as_tensor(high - low)
    points = torch.cat([points + torch.as_tensor(low), warp.vertices[::20]])
    slow = warp.move(warp.sites(points), warp.displacement(coefficients))
    torch.testing.assert_close(warp(points, coefficients), slow, atol=3e-6, rtol=0)
    leaf = points[:50].clone().requires_grad_(True)
    warp(leaf, coefficients).sum().backward()
    assert leaf.grad is not None and float(leaf.grad.abs().min()) > 0


def test_place_and_unplace_are_inverse(field: BustField) -> None:
    """The fixed-point iteration's residual around the skin; where an eyelid's warp folds over there is no inverse."""
    points = field.model.identity_warp.vertices[::40].numpy() * np.float32(1.02)
    placed = field.place(points)
    residual = np.linalg.norm(field.place(field.unplace(placed)) - placed, axis=1)
    assert np.percentile(residual, 98) < 5e-5 and residual.max() < 1e-2
