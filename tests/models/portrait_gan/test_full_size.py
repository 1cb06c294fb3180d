# SPDX-License-Identifier: Apache-2.0
"""The published configuration at full size: built, saved, loaded, rendered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from benchmarks.published_bust import bust_generator, save_bust
from portrait_core.cameras import Camera
from portrait_core.models.load import load_model
from portrait_core.models.portrait_gan.model import PublishedAvatarModel
from portrait_core.models.portrait_gan.options import PictureOptions
from portrait_core.recipe import Recipe


def test_built_saved_loaded_and_rendered(tmp_path: Path) -> None:
    model = bust_generator()
    assert (model.config.img_resolution, model.config.neural_resolution) == (512, 128)
    path = tmp_path / "full.safetensors"
    save_bust(path, model, half=True)
    state = {key: tensor.shape for key, tensor in model.state_dict().items()}
    loaded = load_model(str(path), "cpu")
    assert isinstance(loaded, PublishedAvatarModel)
    assert {key: tensor.shape for key, tensor in loaded.network.state_dict().items()} == state
    # Few samples: what is tested is that every network fits the next.
    loaded.options = PictureOptions(samples=1, near=None)
    person = loaded.person(Recipe(seed=4, psi=0.7))
    seen = person.pictures(Camera.orbit(0.4), {"head": (0.0, 0.3, 0.0)})
    assert seen["image"].shape == (1, 3, 512, 512) and seen["image_raw"].shape == (1, 3, 128, 128)
    assert all(bool(torch.isfinite(each).all()) for each in seen.values())
    small = person.render(Camera.orbit(0.4), {}, 128)
    assert small["image"].shape == (128, 128, 3) and np.ptp(small["image"]) > 10
    template = person.template
    assert template.vertices.shape == (6890, 3) and 2000 < len(template.faces) < 13776
