# SPDX-License-Identifier: Apache-2.0
"""Bare skin: what is baked is what was trained, and a refined code is nearer to the latent's than the linear one."""

from __future__ import annotations

import numpy as np
import torch

from portrait_core.imaging.colour_space import linear_to_srgb
from portrait_core.models.load import load_model
from portrait_core.models.starter.brow_skin import brow_band
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.recipe import Recipe
from portrait_core.world.latent import Z_DIM, attributes, code


def starter() -> CanonicalAvatarModel:
    model = load_model("starter", "cpu")
    assert isinstance(model, CanonicalAvatarModel)
    return model


def test_the_baked_skin_is_the_trained_branch_on_the_plain_decoder() -> None:
    model = starter()
    network, person = model.network, model.person(Recipe(seed=11))
    points = person.parts_template.skin_places.canonical[::40]
    made, roughness = person.skin_materials(points, np.zeros((len(points), 2), np.float32))
    branch = network.bare_skin
    assert branch is not None
    with torch.no_grad():
        identity = network.with_planes(network.parts_identity(torch.as_tensor(person.styles)[None]))
        places = network.normalised(torch.as_tensor(points))[None]
        hidden = network.decoder.first_hidden(identity.planes, places, identity.style)
        colour, lips = branch(hidden, identity.style, identity.palette)
    off = np.abs(linear_to_srgb(made) - colour[0].clamp(0, 1).numpy()).max(axis=1)
    brows = brow_band(torch.as_tensor(points), torch.tensor(network.options.eye_place)).rows.numpy()
    assert 0 < len(brows) < len(points) / 10  # there the skin is mixed from beside them
    assert np.delete(off, brows).max() < 2e-3
    assert lips.min() >= 0 and roughness.min() > 0.3
    assert np.ptp(made, axis=0).min() > 0.05  # lips, cheeks and shade


def test_refined_codes_are_nearer_to_the_truth() -> None:
    network = starter().network
    z = np.random.default_rng(3).normal(size=(200, Z_DIM))
    known = torch.as_tensor(code(attributes(z)).astype(np.float32))
    with torch.no_grad():
        w = network.backbone.mapping.single(torch.as_tensor(z.astype(np.float32)))
        linear, refined = network.identity_code.read(w)[0], network.refined_code(w)
        spread = network.identity_code.code_deviation
    before, after = (float(((each - known) / spread).square().mean()) for each in (linear, refined))
    assert after < 0.5 * before
