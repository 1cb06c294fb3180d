# SPDX-License-Identifier: Apache-2.0
"""Blocks of a data set: the pictures of a few persons as one file each, so that work can be stopped and shared."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.files.whole_file import whole_file
from portrait_core.files.zip_files import add_file, stored
from portrait_core.imaging.colour_space import linear_to_srgb, srgb_to_linear
from portrait_core.progress import Progress, silent
from portrait_core.runtime.stop_signals import leave_stopping_to_parent
from portrait_core.world.assets import AssetFolders
from portrait_core.world.bust import Bust, PortraitWorld
from portrait_core.world.dataset_files import DEPTH_UNIT, DEPTHS, IMAGES, MASKS, TRUTH, DatasetConfig
from portrait_core.world.painted_bust import PaintedBust
from portrait_core.world.portraits import Portrait, render_portrait
from portrait_core.world.shots import Shot, draw_latent, draw_shot

SAMPLES = 2
"""Rays a pixel and axis for the colours. Mask and depth have one of their own, through the pixel's centre."""
PAINTED_UP_TO = 256
"""Edge in pixels up to which several views of a person are drawn from colours at the vertices."""
BLOCK = 16
"""About how many portraits are in a block."""

PICTURES = (IMAGES, MASKS, DEPTHS)


@dataclass(frozen=True)
class Sample:
    """``image`` (S, S, 3) uint8 sRGB, ``mask`` (S, S) uint8 0 or 255, ``depth`` (S, S) uint16 in steps of 0.1 mm."""

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    depth: NDArray[np.uint16]


def render_sample(world: PortraitWorld, bust: Bust, shot: Shot, size: int) -> Sample:
    """The pictures of one portrait, ``size`` pixels wide and high, painted ray by ray."""
    cam2world = shot.camera.cam2world.astype(np.float64)
    intrinsics = shot.camera.intrinsics.astype(np.float64)
    pose = {"neck": shot.pose[:3].astype(np.float64), "head": shot.pose[3:].astype(np.float64)}
    fine = render_portrait(world, bust, cam2world, intrinsics, size * SAMPLES, pose=pose, samples=1)
    exact = render_portrait(world, bust, cam2world, intrinsics, size, pose=pose, samples=1, mask_only=True)
    return _finished(fine, exact, shot)


def draw_sample(painted: PaintedBust, shot: Shot, size: int) -> Sample:
    """The same from colours at the vertices; :func:`render_sample` is the exact way."""
    fine = painted.portrait(shot.camera, shot.pose, size * SAMPLES)
    return _finished(fine, painted.portrait(shot.camera, shot.pose, size, mask_only=True), shot)


def _finished(fine: Portrait, exact: Portrait, shot: Shot) -> Sample:
    size = len(exact.mask)
    # The background is put behind every ray, before pixels are averaged: outlines blend without a dark rim.
    linear = np.where(fine.mask[..., None], fine.shaded, srgb_to_linear(shot.background))
    linear = linear.reshape(size, SAMPLES, size, SAMPLES, 3).mean(axis=(1, 3), dtype=np.float32)
    depth = np.round(np.clip(exact.depth / DEPTH_UNIT, 0, 65535)).astype(np.uint16)
    return Sample(np.round(linear_to_srgb(linear) * 255).astype(np.uint8), exact.mask.astype(np.uint8) * 255, depth)


class Blocks:
    """The blocks of a data set: numbers 0 to len - 1, each a zip in ``folder`` once it is made."""

    def __init__(self, folder: Path, config: DatasetConfig) -> None:
        self.folder, self.config = folder, config
        self.persons = max(1, BLOCK // config.views)

    def __len__(self) -> int:
        return (self.config.count - 1) // self.persons + 1

    def path(self, block: int) -> Path:
        return self.folder / f"{block:06d}.zip"

    def missing(self) -> list[int]:
        return [block for block in range(len(self)) if not self.path(block).is_file()]

    def make(self, world: PortraitWorld, progress: Progress) -> None:
        """Make all that are missing in this process."""
        for block in self.missing():
            self.make_one(world, block, progress)

    def make_by_workers(self, assets: AssetFolders, workers: int, progress: Progress) -> None:
        missing = self.missing()
        if not missing:
            return
        progress("portraits", 1 - len(missing) / len(self))
        pool = ProcessPoolExecutor(min(workers, len(missing)), get_context("spawn"), _start_worker, (assets,))
        try:
            waiting = [pool.submit(_make_block, self.folder, self.config, block) for block in missing]
            for done, future in enumerate(as_completed(waiting), start=1):
                future.result()
                progress("portraits", 1 - (len(missing) - done) / len(self))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def make_one(self, world: PortraitWorld, block: int, progress: Progress = silent) -> None:
        config = self.config
        with whole_file(self.path(block), overwrite=True) as path, stored(path) as archive:
            rows: list[dict[str, Any]] = []
            for person in range(block * self.persons, min((block + 1) * self.persons, config.count)):
                progress("portraits", person / config.count)
                bust = world.build(draw_latent(config, person))
                quick = config.views > 1 and config.size <= PAINTED_UP_TO
                painted = PaintedBust(world, bust) if quick else None
                for view in range(config.views):
                    index = person * config.views + view
                    shot, name = draw_shot(config, index), f"portrait-{index:06d}.png"
                    if painted is None:
                        sample = render_sample(world, bust, shot, config.size)
                    else:
                        sample = draw_sample(painted, shot, config.size)
                    for room, picture in zip(PICTURES, (sample.image, sample.mask, sample.depth), strict=True):
                        add_file(archive, f"{room}/{name}", _png(picture))
                    facts = {"file": name, "seed": config.seed_start + person} | _truth(bust, shot)
                    rows.append(facts | {"label": shot.label.tolist()})
            add_file(archive, TRUTH, json.dumps(rows).encode())

    def read(self) -> Iterator[tuple[Iterator[tuple[tuple[str, str], bytes]], list[dict[str, Any]]]]:
        """Of every block in order: its pictures by archive and name, and the lines of truth with their labels."""
        for block in range(len(self)):
            with zipfile.ZipFile(self.path(block)) as archive:
                names = [name for name in archive.namelist() if name != TRUTH]
                rooms = ((name.partition("/")[0], name.partition("/")[2]) for name in names)
                pictures = zip(rooms, map(archive.read, names), strict=True)
                yield pictures, json.loads(archive.read(TRUTH))


_world: PortraitWorld | None = None


def _start_worker(assets: AssetFolders) -> None:
    global _world  # noqa: PLW0603 - a worker process has one world, made once
    leave_stopping_to_parent()
    _world = PortraitWorld(assets)


def _make_block(folder: Path, config: DatasetConfig, block: int) -> None:
    assert _world is not None  # the pool's initialiser has run
    Blocks(folder, config).make_one(_world, block)


def _truth(bust: Bust, shot: Shot) -> dict[str, Any]:
    facts = {
        "z": bust.z.tolist(),
        "landmarks": {name: place.tolist() for name, place in bust.landmarks.items()},
        "pose": shot.pose.tolist(),
        "camera": shot.camera.label.tolist(),
        "background": shot.background.tolist(),
    }
    return facts if shot.coarse is None else facts | {"coarse_pose": shot.coarse.tolist()}


def _png(picture: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="PNG")
    return stream.getvalue()
