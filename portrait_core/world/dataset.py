# SPDX-License-Identifier: Apache-2.0
"""The portrait world rendered into the published data-set format, with the truth that photographs lack.

Cameras are drawn all around the person at the published distance and focal length; neck and head are turned a little.
Portrait ``i`` depends on the configuration's seeds and ``i`` alone, so a longer data set begins with a shorter one.
"""

from __future__ import annotations

import io
import json
import logging
import zipfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.cameras import Camera
from portrait_core.files.whole_file import whole_file
from portrait_core.imaging.colour_space import linear_to_srgb, srgb_to_linear
from portrait_core.progress import Progress, silent
from portrait_core.world.bust import Bust, PortraitWorld
from portrait_core.world.dataset_files import (
    CARD,
    DEPTH_UNIT,
    DEPTHS,
    FILES,
    IMAGES,
    LABELS,
    MASKS,
    TRUTH,
    DatasetConfig,
    is_complete,
)
from portrait_core.world.latent import Z_DIM
from portrait_core.world.portraits import render_portrait

FloatArray = NDArray[np.float32]

PITCH_SPREAD = 0.15
"""Standard deviation of the camera's elevation, radians."""
POSE_SPREAD = np.array([0.12, 0.20, 0.08])
"""Standard deviations of nodding, turning and tilting, radians, of the neck and again of the head."""
CLIP = 2.5
"""Elevation and pose stay within this many standard deviations: beyond it skinning folds and nobody is photographed."""
SAMPLES = 2
"""Rays a pixel and axis for the colours. Mask and depth have one of their own, through the pixel's centre."""
GREY = 0.5

_LOGGER = logging.getLogger("portraitkit")


@dataclass(frozen=True)
class Shot:
    """How one portrait is taken: camera, ``pose`` (6,) float32 in radians, ``background`` (3,) sRGB in [0, 1]."""

    camera: Camera
    pose: FloatArray
    background: FloatArray

    @property
    def label(self) -> FloatArray:
        """The 31 numbers."""
        return np.concatenate([self.camera.label, self.pose])


@dataclass(frozen=True)
class Sample:
    """``image`` (S, S, 3) uint8 sRGB, ``mask`` (S, S) uint8 0 or 255, ``depth`` (S, S) uint16 in steps of 0.1 mm."""

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    depth: NDArray[np.uint16]


def draw_shot(config: DatasetConfig, index: int) -> Shot:
    """Camera, pose and background of portrait ``index``."""
    rng = np.random.default_rng([config.seed, index])
    yaw = rng.uniform(-np.pi, np.pi)
    pitch = PITCH_SPREAD * np.clip(rng.normal(), -CLIP, CLIP)
    pose = np.clip(rng.normal(size=(2, 3)), -CLIP, CLIP) * POSE_SPREAD
    # Drawn for every choice, so that the choice changes nothing else.
    # Muted, as walls are: a grey with a tint.
    random = rng.uniform(0.2, 0.9) + rng.uniform(-0.08, 0.08, 3)
    background = {"random": random, "grey": np.full(3, GREY), "white": np.ones(3)}[config.background]
    return Shot(Camera.orbit(yaw, pitch), pose.ravel().astype(np.float32), background.astype(np.float32))


def draw_latent(config: DatasetConfig, index: int) -> NDArray[np.float64]:
    """Latent (66,) of portrait ``index``: the same person that this seed means everywhere else."""
    return np.random.RandomState(config.seed_start + index).randn(Z_DIM)


def render_sample(world: PortraitWorld, bust: Bust, shot: Shot, size: int) -> Sample:
    """The pictures of one portrait, ``size`` pixels wide and high."""
    cam2world = shot.camera.cam2world.astype(np.float64)
    intrinsics = shot.camera.intrinsics.astype(np.float64)
    pose = {"neck": shot.pose[:3].astype(np.float64), "head": shot.pose[3:].astype(np.float64)}
    fine = render_portrait(world, bust, cam2world, intrinsics, size * SAMPLES, pose=pose, samples=1)
    exact = render_portrait(world, bust, cam2world, intrinsics, size, pose=pose, samples=1, mask_only=True)
    # The background is put behind every ray, before pixels are averaged: outlines blend without a dark rim.
    linear = np.where(fine.mask[..., None], fine.shaded, srgb_to_linear(shot.background))
    linear = linear.reshape(size, SAMPLES, size, SAMPLES, 3).mean(axis=(1, 3), dtype=np.float32)
    depth = np.round(np.clip(exact.depth / DEPTH_UNIT, 0, 65535)).astype(np.uint16)
    return Sample(np.round(linear_to_srgb(linear) * 255).astype(np.uint8), exact.mask.astype(np.uint8) * 255, depth)


def write_dataset(
    world: PortraitWorld,
    out: Path,
    config: DatasetConfig,
    progress: Progress = silent,
    *,
    overwrite: bool = False,
) -> None:
    """Render ``config.count`` portraits into the folder ``out``.

    Files: ``images.zip`` (PNG, 8-bit sRGB, and ``dataset.json``: the labels), ``masks.zip`` (same names, one channel,
    255 is person), ``depths.zip`` (same names, 16 bit, tenths of a millimetre along the ray), ``truth.jsonl`` (a line
    per portrait: seed, latent, landmarks at rest in metres, pose, camera, background), ``data.json`` (how it was made).

    A folder that holds this very data set already is left as it is, unless ``overwrite``.

    Raises:
        OutputError: one of the files exists and ``overwrite`` is false, or the folder cannot be written.
        Cancelled: from ``progress``. Nothing half-made is left behind then.
    """
    if not overwrite and is_complete(out, config):
        _LOGGER.info("%s holds this data set already", out)
        return
    labels: list[tuple[str, list[float]]] = []
    with ExitStack() as stack:
        # Left in the opposite order: the zips are closed, then files get their names, the card last.
        parts = {name: stack.enter_context(whole_file(out / name, overwrite=overwrite)) for name in reversed(FILES)}
        truth = stack.enter_context(parts[TRUTH].open("w", encoding="utf-8", newline="\n"))
        images, masks, depths = (stack.enter_context(_stored(parts[name])) for name in (IMAGES, MASKS, DEPTHS))
        for index in range(config.count):
            progress("portraits", index / config.count)
            name = f"portrait-{index:06d}.png"
            z, shot = draw_latent(config, index), draw_shot(config, index)
            bust = world.build(z)
            sample = render_sample(world, bust, shot, config.size)
            for archive, picture in ((images, sample.image), (masks, sample.mask), (depths, sample.depth)):
                _add(archive, name, _png(picture))
            labels.append((name, shot.label.tolist()))
            facts = {"file": name, "seed": config.seed_start + index} | _truth(bust, shot)
            truth.write(json.dumps(facts) + "\n")
        progress("write", 0.0)
        _add(images, LABELS, json.dumps({"labels": labels}).encode())
        parts[CARD].write_text(json.dumps(config.card(), indent=2) + "\n", encoding="utf-8")
        # An old card must not vouch for new files while they take their names.
        (out / CARD).unlink(missing_ok=True)
    progress("write", 1.0)


def _truth(bust: Bust, shot: Shot) -> dict[str, Any]:
    return {
        "z": bust.z.tolist(),
        "landmarks": {name: place.tolist() for name, place in bust.landmarks.items()},
        "pose": shot.pose.tolist(),
        "camera": shot.camera.label.tolist(),
        "background": shot.background.tolist(),
    }


@contextmanager
def _stored(path: Path) -> Generator[zipfile.ZipFile, None, None]:
    """A new zip without compression of its own: PNGs are small already, and trainings read them at random."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        yield archive


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a file without the time and system of its making: equal data sets are equal bytes."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def _png(picture: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="PNG")
    return stream.getvalue()
