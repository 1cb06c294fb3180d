# SPDX-License-Identifier: Apache-2.0
"""A data set of coloured balls, made in a moment, and a configuration that learns it in seconds."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from portrait_core.cameras import Camera
from portrait_core.training.adversarial import figures
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.named_configs import NAMED

SIZE = 16

DataMaker = Callable[..., Path]


@pytest.fixture(autouse=True, scope="session")
def few() -> Iterator[None]:
    """Figures of fewer pictures than users get: they are as sure as these tests need."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "FAKES", 48)
        patch.setattr(figures, "REALS", 128)
        patch.setattr(figures, "READ", 16)
        yield


def ball(camera: Camera, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A ball of 0.13 m about (0, 0.06, 0), light in front and dark behind, on grey: pixels and mask."""
    place = (np.arange(size) + 0.5) / size - 0.5
    x, y = np.meshgrid(place / camera.intrinsics[0, 0], place / camera.intrinsics[1, 1])
    ray = np.stack([x, y, np.ones_like(x)], -1) @ camera.cam2world[:3, :3].T
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    towards = np.array([0, 0.06, 0]) - camera.centre
    along = ray @ towards
    inside = 0.13**2 - (towards @ towards - along**2)
    mask = inside > 0
    front = camera.centre + ray * (along - np.sqrt(np.maximum(inside, 0)))[..., None]
    light = np.clip(0.5 + 3 * front[..., 2], 0, 1)[..., None] * [1.0, 0.8, 0.6]
    image = np.where(mask[..., None], light, 0.4)
    return np.round(image * 255).astype(np.uint8), mask.astype(np.uint8) * 255


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


@pytest.fixture(scope="session")
def make_data() -> DataMaker:
    """``make(folder, count)`` writes a data set and returns its folder; ``change(table, images, masks)`` spoils it."""

    def make(folder: Path, count: int = 64, *, size: int = SIZE, change: Any = None, seed: int = 0) -> Path:
        rng = np.random.default_rng(seed)
        table: dict[str, list[Any]] = {"labels": [], "true_poses": []}
        images: dict[str, bytes] = {}
        masks: dict[str, bytes] = {}
        for index in range(count):
            name = f"ball-{index:03d}.png"
            camera = Camera.orbit(rng.uniform(-np.pi, np.pi), rng.normal() * 0.15)
            image, mask = ball(camera, size)
            images[name], masks[name] = png(image), png(mask)
            pose = rng.normal(size=6) * 0.1
            table["labels"].append([name, [*camera.label.tolist(), *(pose + rng.normal(size=6) * 0.1).tolist()]])
            table["true_poses"].append([name, pose.tolist()])
        if change is not None:
            change(table, images, masks)
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(folder / "images.zip", "w") as archive:
            for name, content in images.items():
                archive.writestr(name, content)
            archive.writestr("dataset.json", json.dumps(table, indent=0))
        with zipfile.ZipFile(folder / "masks.zip", "w") as archive:
            for name, content in masks.items():
                archive.writestr(name, content)
        return folder

    return make


@pytest.fixture(scope="session")
def balls(make_data: DataMaker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """64 pictures of a ball."""
    return make_data(tmp_path_factory.mktemp("balls"))


@pytest.fixture(scope="session")
def small() -> TrainingConfig:
    """`tiny`, with 16 pixels and as little as there can be of everything."""
    return NAMED["tiny"].changed(
        {
            "name": "small",
            "kimg": 0.064,
            "kimg_per_tick": 0.016,
            "snap": 2,
            "image_snap": 1000,
            "lattice_nodes": 6,
            "d_reg_interval": 4,
            "blur_init_sigma": 0,
            "neural_rendering_resolution_initial": SIZE,
            "neural_rendering_resolution_final": SIZE,
            "generator": {
                "z_dim": 16,
                "w_dim": 16,
                "plane_resolution": 16,
                "plane_features": 4,
                "channel_base": 256,
                "channel_max": 16,
                "decoder_hidden": 16,
                "features": 4,
                "img_resolution": SIZE,
                "neural_resolution": SIZE,
                "background_resolution": 8,
                "rendering": {"depth_resolution": 8, "depth_resolution_importance": 6},
            },
            "discriminator": {"img_resolution": SIZE, "channel_base": 256, "channel_max": 16},
        }
    )
