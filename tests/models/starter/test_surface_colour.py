# SPDX-License-Identifier: Apache-2.0
"""Colours where the decoder's own are not to be shown: inside the cut, and under a lid."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
import torch.nn.functional as nnf

from portrait_core.models.starter.decoder import CLOTH_ROUGHNESS, HAIR_ROUGHNESS
from portrait_core.models.starter.generator import INSIDE, CanonicalGenerator, Identity
from portrait_core.weights.registry import shipped_folder
from tests.models.starter.test_networks import CONFIG, fill

UNDER = 0.0004
"""Metres: as far as a mesh's chords run below a lid."""


@pytest.fixture(scope="module")
def generator() -> CanonicalGenerator:
    model = CanonicalGenerator(CONFIG, seed=1).eval().requires_grad_(False)
    fill(model.identity_warp)
    return model


def inside(generator: CanonicalGenerator, body: float, hair: float) -> tuple[CanonicalGenerator, Identity]:
    """The same with everything this far inside body and hair, in units of the decoder's distances."""
    deep = deepcopy(generator)
    deep.decoder.out.weight[:2] = 0.0
    deep.decoder.out.bias[:2] = torch.tensor([-body, -hair])
    return deep, deep.identity(deep.mapping(torch.randn(1, 6, generator=torch.Generator().manual_seed(0))))


@pytest.mark.parametrize(
    ("body", "hair", "colour", "roughness"), [(1.0, 0.0, 3, CLOTH_ROUGHNESS), (0.5, 1.0, 2, HAIR_ROUGHNESS)]
)
def test_the_inside_that_a_cut_shows_is_plain(
    generator: CanonicalGenerator, body: float, hair: float, colour: int, roughness: float
) -> None:
    """Deep inside there was nothing to learn from: whatever the decoder says there, the cut shows cloth or hair."""
    deep, identity = inside(generator, body, hair)
    points = torch.rand(50, 3, generator=torch.Generator().manual_seed(4)) * 0.1 - 0.15
    shown, gloss = deep.materials(identity, points)
    torch.testing.assert_close(shown, identity.palette[:, colour].clamp(0, 1).expand(50, 3))
    torch.testing.assert_close(gloss, torch.full((50,), roughness))
    skin_deep, same = inside(generator, 0.9 * INSIDE[0] / 0.05, 0.0)
    assert skin_deep.materials(same, points)[0].std(0).max() > 1e-3  # near the surface the decoder has its say


@pytest.mark.skipif(not (shipped_folder() / "starter.safetensors").is_file(), reason="no starter weights here")
def test_a_little_under_a_lid_is_still_the_lid() -> None:
    """Around both eyes: what a point a chord's depth below the outermost surface shows is what that surface shows."""
    from portrait_core.models.load import load_model

    model = load_model("starter", "cpu").network
    z = torch.as_tensor(torch.randn(1, 66, generator=torch.Generator().manual_seed(3)))
    with torch.no_grad():
        identity = model.identity(model.mapping(z, psi=0.7))
        place = torch.tensor(model.options.eye_place)
        turn, tilt = torch.meshgrid(torch.linspace(-0.9, 0.9, 61), torch.linspace(-0.7, 0.7, 61), indexing="ij")
        way = nnf.normalize(torch.stack([turn.sin() * tilt.cos(), tilt.sin(), turn.cos() * tilt.cos()], -1), dim=-1)
        for side in (1.0, -1.0):
            centre, out = place * torch.tensor([side, 1, 1]), way.reshape(-1, 3)
            reach = torch.linspace(0.019, 0.008, 111)
            values = torch.stack([model.value(identity, centre + r * out) for r in reach])
            first = (values < 0).float().argmax(0)
            met = (first > 0) & (values.min(0).values < 0)
            outside, within = (values[first + shift, torch.arange(len(out))] for shift in (-1, 0))
            radius = reach[first - 1] - 1e-4 * outside / (outside - within)
            surface = (centre + radius[:, None] * out)[met]
            assert len(surface) > 1000
            on, under = (model.colour(identity, p) for p in (surface, surface - UNDER * out[met]))
            lids = model.canonical_sample(identity, surface + UNDER * out[met]).eye[0] < -1.0
            assert lids.sum() > 300
            assert float(((on - under).abs().amax(1) < 0.03)[lids].float().mean()) > 0.98
