# SPDX-License-Identifier: Apache-2.0
"""The program that calls us has settings of its own: torch's default type must not matter, and stays what it is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from portrait_core import Recipe, load_model, make_avatar
from portrait_core.cameras import Camera
from portrait_core.formats.gltf import glb_bytes
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.models.portrait_gan.renderer import QuickRenderer
from tests.published_model import CONFIG, label, latent

RECIPE = Recipe(seed=7, faces=500, texture_size=64, lattice=64, normal_map=False)
CAMERA = Camera.orbit(0.3, 0.1)


@pytest.fixture
def default_type() -> Iterator[None]:
    kind = torch.get_default_dtype()
    yield
    torch.set_default_dtype(kind)


def digest_of(pictures: dict[str, np.ndarray]) -> list[bytes]:
    return [np.ascontiguousarray(pictures[name]).tobytes() for name in sorted(pictures)]


@pytest.mark.usefixtures("default_type")
def test_the_default_type_of_torch_does_not_matter() -> None:
    found: list[tuple[bytes, list[bytes]]] = []
    for kind in (torch.float32, torch.float64):
        torch.set_default_dtype(kind)
        model = load_model("starter")
        pictures = model.person(RECIPE).render(CAMERA, {}, 16)
        found.append((glb_bytes(make_avatar(RECIPE, model)), digest_of(pictures)))
        assert torch.get_default_dtype() == kind
    assert found[0] == found[1]


@pytest.mark.usefixtures("default_type")
def test_nor_for_the_published_architecture() -> None:
    first = PortraitGenerator(CONFIG, seed=0).eval().requires_grad_(False)
    state = first.state_dict()
    found: list[list[bytes]] = []
    for kind in (torch.float32, torch.float64):
        torch.set_default_dtype(kind)
        network = PortraitGenerator(CONFIG).eval().requires_grad_(False)
        network.load_state_dict(state)
        assert {name: each.dtype for name, each in network.state_dict().items()} == {
            name: each.dtype for name, each in state.items()
        }
        renderer = QuickRenderer(network, network.mapping(latent(), label()))
        for made in (network(latent(), label()), renderer.render(label())):
            found.append(digest_of({name: each.numpy() for name, each in made.items()}))
    assert found[:2] == found[2:]
