# SPDX-License-Identifier: Apache-2.0
"""A small model of the published architecture with a bust in it, for tests that need something to see.

It is fitted in a process of its own on one thread, so that its weights are always the same; once for all processes of
a run of the tests.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import filelock
import torch
from torch import Tensor

from benchmarks.published_bust import bust_generator, fit_bust, save_bust
from portrait_core.cameras import Camera
from portrait_core.models.portrait_gan.config import GeneratorConfig
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.networks.discriminator import DiscriminatorConfig, PortraitDiscriminator
from portrait_core.networks.initialise import initialise
from portrait_core.rendering.renderer import RenderSettings

CONFIG = GeneratorConfig(
    z_dim=16,
    plane_resolution=64,
    plane_features=8,
    channel_base=1024,
    channel_max=32,
    features=8,
    img_resolution=128,
    neural_resolution=64,
    superresolution="2X",
    background_resolution=64,
    rendering=RenderSettings(depth_resolution=24, depth_resolution_importance=24),
)


def label(yaw: float = 0.0, pitch: float = 0.0) -> Tensor:
    """The label (1, 25) of an orbit camera."""
    return torch.as_tensor(Camera.orbit(yaw, pitch).label)[None]


def latent(seed: int = 0) -> Tensor:
    """z (1, 16) as recipes draw it."""
    import numpy as np

    return torch.as_tensor(np.random.RandomState(seed).randn(1, CONFIG.z_dim).astype(np.float32))


RUN_FOLDER = "PORTRAITKIT_TESTS_RUN"
"""Names the folder that the processes of one run of the tests share."""


@functools.cache
def small_bust() -> tuple[PortraitGenerator, Tensor]:
    """The model and the style rows (1, n, 512) of seed 0, whose density is that of a bust."""
    model = _unfitted()
    with tempfile.TemporaryDirectory() as own:
        path = Path(os.environ.get(RUN_FOLDER, own)) / "bust.pt"
        with filelock.FileLock(f"{path}.lock"):
            if not path.is_file():
                alone = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
                command = [sys.executable, "-m", "tests.published_model", str(path)]
                subprocess.run(command, cwd=Path(__file__).parents[1], env={**os.environ, **alone}, check=True)
        kept = torch.load(path, weights_only=True)
    model.load_state_dict(kept["model"])
    return model, kept["ws"]


def _unfitted() -> PortraitGenerator:
    return bust_generator(CONFIG, rings=40, segments=32, seed=0)


def _fit(path: Path) -> None:
    model = _unfitted()
    ws = model.mapping(latent(), label()).detach()
    assert fit_bust(model, ws, steps=150, points=3000) > 0.95
    part = path.with_suffix(".part")
    torch.save({"model": model.state_dict(), "ws": ws}, part)
    part.replace(path)


def small_discriminator() -> PortraitDiscriminator:
    """A discriminator of the same picture size with random weights."""
    network = PortraitDiscriminator(DiscriminatorConfig(img_resolution=128, channel_base=512, channel_max=16))
    initialise(network, torch.Generator().manual_seed(1))
    return network.eval().requires_grad_(False)


def install(folder: Path, name: str = "bust") -> Path:
    """Save the model into a models folder; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    save_bust(path, small_bust()[0], small_discriminator())
    return path


if __name__ == "__main__":
    _fit(Path(sys.argv[1]))
