# SPDX-License-Identifier: Apache-2.0
"""What a step works on at a time: its own random numbers and its own pictures, read one step ahead.

A step of a whole training is cut into parts, over processes and within them. Each part's random numbers follow from
seed, iteration and the part's place among all of the step, so that two processes of one part each draw what one process
with two parts draws.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.networks.discriminator import Portraits
from portrait_core.training.adversarial.data import PortraitData


@dataclass(frozen=True)
class Drawing:
    """Latents, cameras and coarse poses of generated pictures."""

    z: Tensor
    c: Tensor
    coarse: Tensor


@dataclass(frozen=True)
class Made:
    """Generated portraits without gradients, their poses ``[B, 6]`` and cameras ``[B, 25]``."""

    shown: Portraits
    poses: Tensor
    c: Tensor


@dataclass(frozen=True)
class Part:
    """Sources of random numbers, and pictures of the data set: ``image[B, 3, S, S]`` in [-1, 1], ``mask[B, 1, S, S]``
    in [0, 1], ``camera[B, 25]`` and ``coarse[B, 6]``."""

    rng: np.random.Generator
    random: torch.Generator
    image: Tensor
    mask: Tensor
    camera: Tensor
    coarse: Tensor


def number_sources(
    seed: int, place: int, iteration: int, device: torch.device
) -> tuple[np.random.Generator, torch.Generator]:
    """Sources of the random numbers of the part that stands at ``place`` among all parts of an iteration."""
    sequence = np.random.SeedSequence([seed, place, iteration])
    state: NDArray[Any] = sequence.generate_state(1, np.uint64)
    return np.random.default_rng(sequence.spawn(1)[0]), torch.Generator(device).manual_seed(int(state[0] >> 1))


class Parts:
    """The parts of one process, iteration by iteration.

    Args:
        data: where pictures come from; those of the next iteration are decoded while this one is worked on, unless all
            are in memory.
        seed: of all random numbers.
        places: where the process's parts stand among all parts of a step.
        size: pictures of a part.
        device: where they are to be.
    """

    def __init__(self, data: PortraitData, seed: int, places: range, size: int, device: torch.device) -> None:
        self._data, self._seed, self._places, self._size, self._device = data, seed, places, size, device
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="next step")
        self._next: tuple[int, Future[list[tuple[Tensor, ...]]]] | None = None

    def of(self, iteration: int) -> list[Part]:
        """The parts of an iteration."""
        ahead, self._next = self._next, None
        read = ahead[1].result() if ahead is not None and ahead[0] == iteration else self._read(iteration)
        if not self._data.in_memory:
            self._next = iteration + 1, self._reader.submit(self._read, iteration + 1)
        found: list[Part] = []
        for place, pictures in zip(self._places, read, strict=True):
            rng, random = number_sources(self._seed, place, iteration, self._device)
            self._data.draw(rng, self._size)  # the pictures, which were read already
            found.append(Part(rng, random, *(self._sent(each) for each in pictures)))
        return found

    def _read(self, iteration: int) -> list[tuple[Tensor, ...]]:
        found: list[tuple[Tensor, ...]] = []
        for place in self._places:
            rng, _ = number_sources(self._seed, place, iteration, torch.device("cpu"))
            numbers = self._data.draw(rng, self._size)
            found.append((*self._data.pictures_of(numbers), *self._data.labels_of(numbers)))
        return found

    def _sent(self, each: Tensor) -> Tensor:
        """To the device; to a card without waiting."""
        if self._device.type != "cuda":
            return each.to(self._device)
        return each.pin_memory().to(self._device, non_blocking=True)
