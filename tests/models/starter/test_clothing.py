# SPDX-License-Identifier: Apache-2.0
"""The clothing of whole busts follows the formulas of the world."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

from benchmarks.shell_borders import LIMITS, faults
from portrait_core.models.load import load_model
from portrait_core.models.starter.clothing import (
    PLAIN_SHADE,
    clothing_columns,
    neckline_distance,
    neckline_height,
)
from portrait_core.models.starter.person import CanonicalPerson
from portrait_core.parts.cloth_colours import STRIPE_SHARE
from portrait_core.recipe import Recipe
from portrait_core.weights.registry import shipped_folder
from portrait_core.world.appearance import Look, neckline

STRIPED_SEED = 4
OUT = 0.006
"""Metres from the bare body to about the clothing's surface."""
needs_starter = pytest.mark.skipif(
    not (shipped_folder() / "starter.safetensors").is_file(), reason="no starter weights here"
)


@pytest.mark.parametrize(("depth", "shape"), [(0.0, 0.0), (0.02, 0.3), (0.06, 1.0)])
def test_the_formula_is_the_worlds(depth: float, shape: float) -> None:
    places = np.random.default_rng(1).uniform((-0.2, -0.3, -0.3), (0.2, 0.0, 0.1), (2000, 3)).astype(np.float32)
    look = cast("Look", SimpleNamespace(neck_depth=np.float32(depth), neck_shape=np.float32(shape)))
    found = neckline_height(torch.as_tensor(places), depth, shape).numpy()
    np.testing.assert_allclose(found, neckline(places, look), atol=2e-6)


def test_a_height_is_a_distance_along_the_skin() -> None:
    """In front a neckline without depth is level, over the shoulder it falls by 0.55 towards the front."""
    at = torch.tensor([[0.0, -0.150, -0.06]] * 2)
    normals = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    height = neckline_height(at, 0.0, 0.5)
    found = neckline_distance(at, normals, 0.0, 0.5)
    torch.testing.assert_close(found, height / torch.tensor([1.0, 0.55]), rtol=1e-4, atol=1e-6)


def test_a_model_that_names_no_scalars_has_no_formulas() -> None:
    named: Any = SimpleNamespace(parts={"scalars": ["stripes", "tone", "neck_shape", "neck_depth"]})
    assert clothing_columns(named, 6) == (21, 20, 18)
    assert clothing_columns(cast(Any, SimpleNamespace(parts={})), 6) is None


@pytest.fixture(scope="module")
def striped() -> CanonicalPerson:
    return cast(CanonicalPerson, load_model("starter", "cpu").person(Recipe(model="starter", seed=STRIPED_SEED)))


@needs_starter
def test_borders_of_a_bust_lie_where_the_formulas_say(striped: CanonicalPerson) -> None:
    """And those of the decoder alone do not, or the measure would see nothing."""
    found, alone = faults(striped), faults(striped, alone=True)
    for name, limit in LIMITS.items():
        assert found[name] <= limit / 4, found
    assert alone["neckline_mm"] > LIMITS["neckline_mm"]
    assert alone["eyes_mm"] > found["eyes_mm"]


@needs_starter
def test_stripes_of_a_bust_are_the_two_colours_of_the_person(striped: CanonicalPerson) -> None:
    """Down the chest the colour goes from the one to the other as often as the formula does; far from the clothing the
    decoder has its say."""
    network, identity = striped.network, striped.identity
    assert identity.clothing is not None
    warp, middle = network.identity_warp, torch.tensor(network.options.eye_place) * torch.tensor([0.0, 1.0, 1.0])
    front = (warp.vertices[:, 1] - middle[1] < -0.21) & (warp.vertices[:, 0].abs() < 0.2)
    points = warp.vertices[front & (warp.vertices[:, 2] > 0.03)]
    points = points[neckline_height(points - middle, *identity.clothing[:2]) < -0.02]
    # The clothing stands off the body, and deep inside everything is plain.
    colour = network.colour(identity, points + OUT * warp.foot(points)[1])
    plain, stripe = identity.palette[0, 3], identity.palette[0, 4]
    high = torch.sin((points - middle)[:, 1] * 210)
    for rows, wanted in ((high < -0.3, plain), (high > 0.3, torch.lerp(plain, stripe, STRIPE_SHARE))):
        assert rows.sum() > 100
        off = (colour[rows] - wanted * PLAIN_SHADE).abs().amax(1)
        assert (off < 2e-3).float().mean() > 0.7
        assert off.median() < 1e-3
    low, high = middle[1] - 0.058, middle[1] - 0.03
    face = warp.vertices[(warp.vertices[:, 1] > low) & (warp.vertices[:, 1] < high) & (warp.vertices[:, 2] > 0.1)]
    alone = replace(identity, clothing=None)
    assert torch.equal(network.colour(identity, face), network.colour(alone, face))
