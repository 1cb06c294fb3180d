# SPDX-License-Identifier: Apache-2.0
"""A data set as a training reads it: doubled by mirroring, evened by yaw, in batches that follow from numbers alone.

Nothing here remembers what was drawn: a batch belongs to a seed, a process and an iteration, so that a resumed training
sees what an uninterrupted one would have seen.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from portrait_core.errors import UsageError
from portrait_core.networks.resampling import resize
from portrait_core.training.adversarial.data_files import check_pictures, open_data_set
from portrait_core.world.dataset_files import mirror_dataset_label

IntArray = NDArray[np.int64]

KEPT_BYTES = 2 << 30
"""Decoded pictures up to this size in all stay in memory."""
READERS = 4
"""Threads that decode pictures."""
YAW_BINS = 16


@dataclass(frozen=True)
class DataOptions:
    """How a data set is read; names and defaults of the published options.

    ``mirror`` doubles it by left-right mirroring, ``back_repeat`` (from 2 on) repeats views from behind, ``rebalance``
    draws all yaws equally often instead of all pictures.
    """

    mirror: bool = True
    back_repeat: int = 1
    rebalance: bool = False


class PortraitData:
    """Pictures (``size`` pixels), masks and labels; entries of :attr:`order` are drawn.

    ``labels`` (N, 31) float32, ``true_poses`` (N, 6) and ``persons`` (N,) where the data set knows them. Numbers of
    pictures from N on mean mirrored ones.
    """

    def __init__(
        self,
        images: Path,
        masks: Path | None = None,
        *,
        size: int | None = None,
        options: DataOptions = DataOptions(),
    ) -> None:
        """Open and check the whole data set; raises UsageError that names what is wrong."""
        self.path = images
        self._pictures, self._masks, table = open_data_set(images, masks)
        self.source_size = check_pictures(self._pictures, self._masks, table)
        self.size = self.source_size if size is None else size
        if self.size > self.source_size:
            raise UsageError(
                f"data set: {images}: the pictures have {self.source_size} pixels, the configuration asks for "
                f"{self.size}. Choose a smaller img_resolution or larger pictures."
            )
        self.names, self.labels = table.names, table.labels
        self.true_poses, self.persons = table.true_poses, table.persons
        self.options = options
        self.order = _order(self.labels, options)
        self._weights = _yaw_weights(self.labels, self.order, len(self.labels)) if options.rebalance else None
        self._kept: tuple[Tensor, Tensor] | None = None
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="portraits")
        if len(self.labels) * self.size**2 * 4 <= KEPT_BYTES:
            image, mask = zip(*self._pool.map(self._decoded, range(len(self.labels))), strict=True)
            self._kept = torch.stack(image), torch.stack(mask)

    @property
    def in_memory(self) -> bool:
        """Whether all pictures are decoded already."""
        return self._kept is not None

    def __len__(self) -> int:
        """How many pictures the files hold, mirrored ones not counted."""
        return len(self.labels)

    def draw(self, rng: np.random.Generator, count: int) -> IntArray:
        """Numbers (count,) of pictures, mirrored ones among them."""
        if self._weights is None:
            return self.order[rng.integers(len(self.order), size=count)]
        return self.order[rng.choice(len(self.order), size=count, p=self._weights)]

    def labels_of(self, numbers: IntArray) -> tuple[Tensor, Tensor]:
        """Cameras (B, 25) and coarse poses (B, 6) of pictures."""
        label, mirrored = self.labels[numbers % len(self)], numbers >= len(self)
        label = np.where(mirrored[:, None], mirror_dataset_label(label), label)
        return torch.as_tensor(label[:, :25].copy()), torch.as_tensor(label[:, 25:].copy())

    def pictures_of(self, numbers: IntArray) -> tuple[Tensor, Tensor]:
        """Images ``[B, 3, S, S]`` in [-1, 1] and masks ``[B, 1, S, S]`` in [0, 1]."""
        index = numbers % len(self)
        if self._kept is None:
            found = list(self._pool.map(self._decoded, index.tolist()))
            image, mask = (torch.stack(each) for each in zip(*found, strict=True))
        else:
            rows = torch.as_tensor(index)
            image, mask = self._kept[0][rows], self._kept[1][rows]
        flip = torch.as_tensor(numbers >= len(self))[:, None, None, None]
        image, mask = torch.where(flip, image.flip(3), image), torch.where(flip, mask.flip(3), mask)
        return image.float() / 127.5 - 1, mask.float() / 255

    @cached_property
    def content_digest(self) -> str:
        """A digest of the content of all pictures and masks; decoding them would take longer."""
        return f"{self._pictures.digest(self.names)}-{self._masks.digest(self.names)}"

    def _decoded(self, index: int) -> tuple[Tensor, Tensor]:
        name = self.names[index]
        image = torch.as_tensor(self._pictures.pixels(name)).permute(2, 0, 1)
        mask = torch.as_tensor(self._masks.pixels(name))[None]
        return _smaller(image, self.size), _smaller(mask, self.size)


def _smaller(picture: Tensor, size: int) -> Tensor:
    """uint8 pixels ``[C, S, S]`` brought to ``size``: means of whole squares where it goes."""
    if picture.shape[-1] == size:
        return picture.contiguous()
    wide = picture[None].float()
    if picture.shape[-1] % size == 0:
        small = functional.avg_pool2d(wide, picture.shape[-1] // size)
    else:
        small = resize(wide, size)
    return small.round().clamp(0, 255).to(torch.uint8)[0]


def yaws(labels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The cameras' yaws (N,) in radians: 0 in front, positive at the subject's left."""
    return np.arctan2(labels[:, 3], labels[:, 11])


def _order(labels: NDArray[np.float32], options: DataOptions) -> IntArray:
    every = np.arange(len(labels), dtype=np.int64)
    behind = np.abs(yaws(labels)) >= np.pi / 2
    order = every
    if options.back_repeat > 1 and behind.any():
        front = int((~behind).sum())
        # At least so often that views from behind are half as many as those of the front.
        repeat = max(options.back_repeat, -(-front // (2 * int(behind.sum()))))
        order = np.concatenate([every, np.tile(every[behind], repeat - 1)])
    return np.concatenate([order, order + len(labels)]) if options.mirror else order


def _yaw_weights(labels: NDArray[np.float32], order: IntArray, count: int) -> NDArray[np.float64]:
    yaw = yaws(labels)[order % count]
    yaw = np.where(order >= count, -yaw, yaw)
    bins = np.clip(((yaw + np.pi) / (2 * np.pi) * YAW_BINS).astype(int), 0, YAW_BINS - 1)
    weights = 1 / np.bincount(bins, minlength=YAW_BINS)[bins]
    return weights / weights.sum()
