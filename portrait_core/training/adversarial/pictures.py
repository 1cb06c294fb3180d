# SPDX-License-Identifier: Apache-2.0
"""What a training looks like: fakes beside the data, turntables with depth, and posed rows, as PNG grids."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from portrait_core.cameras import Camera
from portrait_core.files.whole_file import whole_file
from portrait_core.rendering.jitter import Deterministic
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.figures import Fakes
from portrait_core.training.adversarial.moments import Moment
from portrait_core.training.adversarial.phases import Phases

Pixels = NDArray[np.uint8]

PERSONS = 4
TRUNCATION = 0.7
YAWS = 8
SHOWN = 64
"""Side in pixels that small pictures are brought to, so that grids can be looked at."""
POSES: tuple[tuple[float, ...], ...] = (
    (0, 0, 0, 0, 0, 0), (0.4, 0, 0, 0, 0, 0), (-0.4, 0, 0, 0, 0, 0), (0, 0.6, 0, 0, 0, 0), (0, -0.6, 0, 0, 0, 0),
    (0, 0, 0.4, 0, 0, 0), (0, 0, -0.4, 0, 0, 0), (0, 0, 0, 0, 0.6, 0),
)  # fmt: skip
"""At rest; the neck nods, turns and tilts to both sides; the head turns."""


def write_pictures(folder: Path, phases: Phases, moment: Moment, fakes: Fakes, kimg: float) -> None:
    """Write ``fakes-*.png`` (left generated, right the data), ``turntable-*.png`` (colours, then depths) and
    ``posed-*.png``; each row of the last two is a person."""
    stamp = f"{kimg:010.3f}"
    some = fakes.image[: 8 * (min(len(fakes.image), 64) // 8)]
    side = _side(phases)
    made, real = _grid(some, 8, side), _grid(_real(phases.data, len(some)), 8, side)
    _write(folder / f"fakes-{stamp}.png", np.concatenate([made, np.full_like(made[:, :4], 255), real], axis=1))
    _write(folder / f"turntable-{stamp}.png", turntable(phases, moment))
    _write(folder / f"posed-{stamp}.png", posed_rows(phases, moment))


@torch.no_grad()
def turntable(phases: Phases, moment: Moment) -> Pixels:
    """Four persons from eight sides, and the depth of each view, near is light."""
    images: list[Tensor] = []
    depths: list[Tensor] = []
    ws = _persons(phases)
    for yaw in np.linspace(-math.pi, math.pi, YAWS + 1)[:-1]:
        seen = _seen(phases, moment, ws, Camera.orbit(float(yaw), 0.05), None)
        # The head is about 0.3 m deep around the orbit's middle.
        near = ((2.95 - seen["image_depth"]) / 0.5).clamp(0, 1) * 2 - 1
        near = torch.where(seen["image_mask"] > 0.5, near, torch.full_like(near, -1))
        images.append(seen["image"])
        depths.append(functional.interpolate(near, size=seen["image"].shape[-1]).expand(-1, 3, -1, -1))
    grids = [_grid(torch.stack(each, dim=1).flatten(0, 1), YAWS, _side(phases)) for each in (images, depths)]
    return np.concatenate(grids, axis=0)


@torch.no_grad()
def posed_rows(phases: Phases, moment: Moment) -> Pixels:
    """Four persons in the poses of `POSES`, from the front."""
    ws = _persons(phases)
    camera = Camera.orbit(0.0, 0.0)
    rows = [_seen(phases, moment, ws, camera, torch.tensor(each)[None].expand(PERSONS, -1))["image"] for each in POSES]
    return _grid(torch.stack(rows, dim=1).flatten(0, 1), len(POSES), _side(phases))


def _side(phases: Phases) -> int:
    """Side in pixels of every picture in a grid: also while the rendered resolution grows."""
    return max(SHOWN, phases.config.generator.img_resolution)


def _persons(phases: Phases) -> Tensor:
    generator = phases.networks.generator_average
    z = torch.as_tensor(np.random.RandomState(9).randn(PERSONS, phases.config.generator.z_dim).astype(np.float32))
    front = torch.as_tensor(Camera.orbit(0.0, 0.0).label)[None].expand(PERSONS, -1)
    return generator.mapping(z.to(phases.device), front.to(phases.device), psi=TRUNCATION)


def _seen(phases: Phases, moment: Moment, ws: Tensor, camera: Camera, pose: Tensor | None) -> dict[str, Tensor]:
    label = torch.as_tensor(camera.label)[None].expand(len(ws), -1).to(phases.device)
    seen = phases.networks.generator_average.synthesis(
        ws,
        label,
        deform=None if pose is None else phases.warp(pose.to(phases.device)),
        numbers=Deterministic(),
        neural_resolution=moment.resolution,
    )
    return {name: each.cpu() for name, each in seen.items()}


def _real(data: PortraitData, count: int) -> Tensor:
    return data.pictures_of(data.draw(np.random.default_rng(7), count))[0]


def _grid(pictures: Tensor, columns: int, side: int) -> Pixels:
    """Pictures ``[N, 3, S, S]`` in [-1, 1] side by side, row by row, each brought to ``side`` pixels."""
    pixels = (pictures * 127.5 + 128).clamp(0, 255).to(torch.uint8)
    pixels = functional.interpolate(pixels, size=side, mode="nearest")
    rows = pixels.reshape(-1, columns, *pixels.shape[1:]).permute(0, 3, 1, 4, 2)
    return rows.reshape(rows.shape[0] * rows.shape[1], columns * pixels.shape[-1], 3).numpy()


def _write(path: Path, pixels: Pixels) -> None:
    with whole_file(path, overwrite=True) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG")
