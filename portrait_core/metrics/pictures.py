# SPDX-License-Identifier: Apache-2.0
"""Sets of pictures that are measured or measured against: a data set's, or those and worse ones made of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from portrait_core.rendering.composition import to_bytes
from portrait_core.training.adversarial.data import PortraitData

IntArray = NDArray[np.int64]
Fault = Literal["none", "noise", "blur"]

NOISE = 0.2
"""Deviation of the noise of noisy pictures, which go from -1 to 1."""
BLURRED = 8
"""Side in pixels that blurred pictures went through."""


@dataclass(frozen=True)
class Batch:
    """Some pictures: ``images`` uint8 ``[B, 3, S, S]``, ``masks`` ``[B, 1, R, R]`` in [0, 1], cameras ``labels``
    (B, 25) and ``poses`` (B, 6); of generated ones also ``depths`` ``[B, 1, R, R]``, metres along the ray."""

    images: Tensor
    masks: Tensor
    labels: Tensor
    poses: Tensor
    depths: Tensor | None = None


class PictureSet(Protocol):
    """Pictures that are made or read when they are asked for."""

    @property
    def name(self) -> str:
        """What reports call them."""
        ...

    @property
    def digest(self) -> str:
        """Changes with whatever the pictures depend on."""
        ...

    def __len__(self) -> int: ...

    def batches(self, numbers: IntArray, together: int) -> Iterator[Batch]:
        """The pictures of these numbers (from 0 to the set's length), at most ``together`` at a time, in that order.

        A picture does not depend on which others are asked for.
        """
        ...


class DataPictures:
    """Pictures of a data set, as they are or with a fault that measures are to notice."""

    def __init__(self, data: PortraitData, numbers: IntArray, *, name: str = "data", fault: Fault = "none") -> None:
        """``numbers``: as `PortraitData.draw` gives them; from the data set's length on they mean mirrored ones."""
        self.data, self.numbers, self.name, self.fault = data, numbers, name, fault
        facts = json.dumps([data_digest(data), data.size, fault])
        self.digest = hashlib.sha256(facts.encode() + numbers.tobytes()).hexdigest()

    def __len__(self) -> int:
        return len(self.numbers)

    def batches(self, numbers: IntArray, together: int) -> Iterator[Batch]:
        """See :class:`PictureSet`."""
        for start in range(0, len(numbers), together):
            chosen = self.numbers[numbers[start : start + together]]
            images, masks = self.data.pictures_of(chosen)
            labels, poses = self.data.labels_of(chosen)
            yield Batch(to_bytes(self._spoilt(images, chosen)), masks, labels, poses)

    def _spoilt(self, images: Tensor, chosen: IntArray) -> Tensor:
        if self.fault == "blur":
            small = functional.interpolate(images, size=(BLURRED, BLURRED), mode="area")
            return functional.interpolate(small, size=images.shape[-2:], mode="bilinear")
        if self.fault == "noise":
            noise = [
                torch.randn(images.shape[1:], generator=torch.Generator().manual_seed(int(number))) for number in chosen
            ]
            return images + NOISE * torch.stack(noise)
        return images


def gathered(batches: Sequence[Batch]) -> Batch:
    """Batches as one, each with depths or none."""
    depths = [each.depths for each in batches if each.depths is not None]
    images, masks, labels, poses = (
        torch.cat([getattr(each, name) for each in batches]) for name in ("images", "masks", "labels", "poses")
    )
    return Batch(images, masks, labels, poses, torch.cat(depths) if len(depths) == len(batches) else None)


def draw_pictures(data: PortraitData, count: int | None, *, seed: int, mirror: bool) -> IntArray:
    """``count`` pictures of a data set, all for None or where it has no more; ``mirror`` doubles what it has."""
    every = len(data) * (2 if mirror else 1)
    if count is None or count >= every:
        return np.arange(every, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).permutation(every)[:count].astype(np.int64))


def data_digest(data: PortraitData) -> str:
    """A digest of a data set's labels and of the content of its files."""
    sha = hashlib.sha256(json.dumps(data.names).encode())
    sha.update(data.labels.tobytes())
    sha.update(data.content_digest.encode())
    return sha.hexdigest()
