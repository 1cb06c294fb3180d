# SPDX-License-Identifier: Apache-2.0
"""A data set with truth, made in a moment: balls of several persons; and a snapshot that has learnt nothing."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from portrait_core.cameras import Camera
from portrait_core.metrics import generated
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.named_configs import NAMED
from portrait_core.training.adversarial.networks import body_of, build_networks, with_body
from portrait_core.training.adversarial.state import Reached, save_snapshot
from portrait_core.weights.checkpoint import load_weights
from portrait_core.weights.registry import find_model
from tests.training.adversarial.conftest import ball, png

SIZE = 16
PERSONS, VIEWS = 4, 12
CENTRE, RADIUS = np.array([0, 0.06, 0]), 0.13


@pytest.fixture(autouse=True, scope="session")
def coarse() -> Iterator[None]:
    """A lattice of fewer nodes than users get: no test here asks how exactly poses bend."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated, "LATTICE_NODES", 6)
        yield


def depths_of(camera: Camera, size: int) -> np.ndarray:
    """Distances along the rays to the ball, metres; 0 beside it."""
    place = (np.arange(size) + 0.5) / size - 0.5
    x, y = np.meshgrid(place / camera.intrinsics[0, 0], place / camera.intrinsics[1, 1])
    ray = np.stack([x, y, np.ones_like(x)], -1) @ camera.cam2world[:3, :3].T
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    towards = CENTRE - camera.centre
    along = ray @ towards
    inside = RADIUS**2 - (towards @ towards - along**2)
    return np.where(inside > 0, along - np.sqrt(np.maximum(inside, 0)), 0)


def write_world(folder: Path, *, persons: int = PERSONS, views: int = VIEWS, spread: float = 1.0) -> Path:
    """Balls as `portrait train data` writes portraits; persons differ in brightness, by ``spread``."""
    rng = np.random.default_rng(0)
    rows: dict[str, list[object]] = {"labels": [], "true_poses": [], "persons": []}
    truth: list[str] = []
    with (
        zipfile.ZipFile(folder / "images.zip", "w") as images,
        zipfile.ZipFile(folder / "masks.zip", "w") as masks,
        zipfile.ZipFile(folder / "depths.zip", "w") as depths,
    ):
        for index in range(persons * views):
            name, person = f"portrait-{index:06d}.png", index // views
            camera = Camera.orbit(-np.pi + 2 * np.pi * (index % views + rng.random()) / views, rng.normal() * 0.1)
            image, mask = ball(camera, SIZE)
            shade = 1 - 0.6 * spread * person / persons
            images.writestr(name, png((image * np.where(mask[..., None] > 0, shade, 1)).astype(np.uint8)))
            masks.writestr(name, png(mask))
            depths.writestr(name, png(np.round(depths_of(camera, SIZE) / 1e-4).astype(np.uint16)))
            pose = rng.normal(size=6) * 0.1
            coarse = pose + rng.normal(size=6) * 0.1
            rows["labels"].append([name, [*camera.label.tolist(), *coarse.tolist()]])
            rows["true_poses"].append([name, pose.tolist()])
            rows["persons"].append([name, person])
            truth.append(json.dumps({"file": name, "pose": pose.tolist()}))
        images.writestr("dataset.json", json.dumps(rows))
    (folder / "truth.jsonl").write_text("\n".join(truth) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 pictures of 4 persons, with masks, depths and true poses."""
    return write_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def config() -> TrainingConfig:
    """As little as there can be of everything, at 16 pixels."""
    return NAMED["tiny"].changed(
        {
            "name": "least",
            "neural_rendering_resolution_initial": SIZE,
            "neural_rendering_resolution_final": SIZE,
            "generator": {
                "z_dim": 8,
                "w_dim": 8,
                "plane_resolution": 8,
                "plane_features": 4,
                "channel_base": 128,
                "channel_max": 8,
                "decoder_hidden": 8,
                "features": 4,
                "img_resolution": SIZE,
                "neural_resolution": SIZE,
                "background_resolution": 8,
                "rendering": {"depth_resolution": 6, "depth_resolution_importance": 4},
            },
            "discriminator": {"img_resolution": SIZE, "channel_base": 128, "channel_max": 8},
        }
    )


@pytest.fixture(scope="session")
def run(config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder with two snapshots; the second is a little denser, so that there is something to see."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    folder.mkdir()
    body = body_of(load_weights(find_model("starter")), config)
    config = with_body(config, body)
    networks = build_networks(config, body)
    for images in (0, 2000):
        if images:
            with torch.no_grad():
                networks.generator_average.decoder.net[-1].bias[0] += 8
        save_snapshot(folder / f"snapshot-{images / 1000:010.3f}.safetensors", networks, config, Reached(1, images), {})
    return folder
