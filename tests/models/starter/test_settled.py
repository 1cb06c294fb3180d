# SPDX-License-Identifier: Apache-2.0
"""Shapes on a grid: rounded, exact in float32, and what float64 gives is what float32 means."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from portrait_core.geometry.settled import STEPS, settled
from portrait_core.models.load import load_model
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.models.starter.person import CanonicalPerson
from portrait_core.models.starter.settled import precise, precise_codes
from portrait_core.recipe import Recipe


@pytest.fixture(scope="module")
def person() -> CanonicalPerson:
    model = load_model("starter")
    assert isinstance(model, CanonicalAvatarModel)
    return model.person(Recipe(seed=3))


def test_the_grid_is_exact_in_float32_and_hides_rounding_errors() -> None:
    metres = np.random.default_rng(0).uniform(-4, 4, 1000)
    found = settled(metres)
    assert found.dtype == np.float32
    steps = found.astype(np.float64) * STEPS
    np.testing.assert_array_equal(steps, np.round(steps))
    assert np.abs(found - metres).max() <= 0.5 / STEPS + 1e-15
    np.testing.assert_array_equal(settled(metres * (1 + 4e-16)), found)


def test_a_shape_is_that_of_the_network_in_its_own_precision(person: CanonicalPerson) -> None:
    """The same identity by the float32 network: all within a few micrometres."""
    network = person.network
    with torch.no_grad():
        rows = network.mapping(torch.as_tensor(person.origin.z), psi=person.origin.psi)
        plain = network.identity(rows)
    np.testing.assert_allclose(person.shape.landmarks.numpy(), plain.landmarks.numpy(), atol=2e-6)
    low, high = person.field.bounds
    points = np.random.default_rng(1).uniform(low, high, (3000, 3)).astype(np.float32)
    with torch.no_grad():
        value = -network.value(plain, torch.as_tensor(points)).numpy()
        place = network.identity_warp(torch.as_tensor(points), plain.coefficients).numpy()
    near = np.abs(value) < 0.05
    assert near.sum() > 300
    np.testing.assert_allclose(person.field.value(points)[near], value[near], atol=1e-5)
    np.testing.assert_allclose(person.field.place(points), place, atol=1e-5)


def test_a_precise_copy_leaves_the_network_alone(person: CanonicalPerson) -> None:
    copy = precise(person.network)
    assert copy.decoder.static_planes.dtype == torch.float64
    assert person.network.decoder.static_planes.dtype == torch.float32
    assert copy.identity_warp.search is not person.network.identity_warp.search


def test_the_precise_codes_are_the_whole_copys_and_share_the_rest(person: CanonicalPerson) -> None:
    network = person.network
    whole, codes = precise(network), precise_codes(network)
    with torch.no_grad():
        rows = [each.mapping(torch.as_tensor(person.origin.z).double()) for each in (whole, codes)]
        made = [each.parts_identity(own) for each, own in zip((whole, codes), rows, strict=True)]
    assert torch.equal(*rows)
    for name in ("style", "palette", "coefficients", "landmarks"):
        one, two = (getattr(each, name) for each in made)
        assert one.dtype == torch.float64 and torch.equal(one, two)
    assert codes.decoder.static_planes is network.decoder.static_planes
    assert codes.identity_warp.basis is network.identity_warp.basis
    assert network.identity_code.code_mean.dtype == torch.float32  # as before
