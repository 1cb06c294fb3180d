# SPDX-License-Identifier: Apache-2.0
"""Several processes that train one model: who they are, and gradients averaged by hand.

By hand, as published, not by torch's wrapper: the gradient penalty goes backwards on its own and leaves some parameters
without gradient, which the wrapper takes for an error, and mapping, synthesis and pose prediction are methods beside
``forward``, which it does not see.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, distributed

from portrait_core.errors import PortraitError

T = TypeVar("T")

_distributed: Any = distributed  # its functions are typed in part

LARGEST = 1e5
"""What infinite gradients become."""


class LostProcessError(PortraitError):
    """Another process of the training has ended."""


class ToldElsewhereError(PortraitError):
    """What ends this process has been told by the first one."""


@dataclass(frozen=True)
class Processes:
    """This process among all that train one model: ``rank`` of ``count``."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that writes files."""
        return self.rank == 0

    def mean(self, value: Tensor) -> Tensor:
        """The mean over all processes, in place."""
        if self.count > 1:
            self._exchange(lambda: _distributed.all_reduce(value))
            value /= self.count
        return value

    def gathered(self, value: Tensor) -> Tensor:
        """The rows of all processes, in their order; each has as many."""
        if self.count == 1:
            return value
        found = [torch.empty_like(value) for _ in range(self.count)]
        self._exchange(lambda: _distributed.all_gather(found, value.contiguous()))
        return torch.cat(found)

    def mean_of(self, values: Mapping[str, float]) -> dict[str, float]:
        """The mean of numbers that every process has, under the same names."""
        if self.count == 1:
            return dict(values)
        told = self._told(list(values.values()))
        means: list[float] = cast("Any", self.mean(told)).tolist()
        return dict(zip(values, means, strict=True))

    def agree(self, flag: bool) -> bool:
        """Whether any process says so."""
        if self.count == 1:
            return flag
        told = self._told([float(flag)])
        self._exchange(lambda: _distributed.all_reduce(told))
        return bool(told > 0)

    def together(self, error: PortraitError | None) -> None:
        """Raise ``error``, or another process's, if any has one: the first process tells it, the others are still."""
        if self.count == 1:
            if error is not None:
                raise error
            return
        texts = self.all_objects("" if error is None else str(error))
        rank = next((rank for rank, text in enumerate(texts) if text), None)
        if rank is None:
            return
        if not self.first:
            raise ToldElsewhereError(texts[rank])
        raise error or LostProcessError(f"process {rank + 1} of {self.count}: {texts[rank]}")

    def copied_from_first(self, tensors: Iterable[Tensor]) -> None:
        """Give all processes the first one's values."""
        if self.count > 1:
            for each in tensors:
                self._exchange(lambda each=each: _distributed.broadcast(each, 0))

    def _exchange(self, operation: Callable[[], object]) -> None:
        try:
            operation()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            raise LostProcessError(
                f"process {self.rank + 1} of {self.count}: another process of this training has ended, so it cannot go "
                "on. What was learnt since the last snapshot is lost; the run can be resumed from there."
            ) from error

    @staticmethod
    def _told(numbers: list[float]) -> Tensor:
        """Numbers where the processes exchange them."""
        told = torch.tensor(numbers, dtype=torch.float64)
        return told.cuda() if distributed.get_backend() == "nccl" else told

    def all_objects(self, own: T) -> list[T]:
        """What every process gives, by rank."""
        if self.count == 1:
            return [own]
        found: list[Any] = [None] * self.count
        self._exchange(lambda: _distributed.all_gather_object(found, own))
        return found


ALONE = Processes()


def own_device(device: torch.device) -> torch.device:
    """The card of this process among those of its machine; another device as it is."""
    if device.type != "cuda" or "LOCAL_RANK" not in os.environ:
        return device
    own = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    torch.cuda.set_device(own)
    return own


@contextmanager
def joined(device: torch.device) -> Generator[Processes, None, None]:
    """The processes that ``torchrun`` started, or this one alone where it was not."""
    if distributed.is_available() and distributed.is_initialized():  # by Ray Train
        yield Processes(distributed.get_rank(), distributed.get_world_size())
        return
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield ALONE
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(distributed.get_rank(), count)
    finally:
        distributed.destroy_process_group()


def average_gradients(parameters: Iterable[Tensor], processes: Processes) -> None:
    """Make every gradient the mean over the processes; NaN becomes 0, infinity ±1e5 (docs/published/training.md)."""
    own = [each for each in parameters if each.grad is not None]
    if not own:
        return
    gradients = [each.grad for each in own if each.grad is not None]
    flat = processes.mean(torch.cat([gradient.flatten() for gradient in gradients]))
    torch.nan_to_num(flat, nan=0.0, posinf=LARGEST, neginf=-LARGEST, out=flat)
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


class StyleAverage:
    """The generator's running style average, moved by every part of a step and every process as by one batch.

    Each part moves it from where the step began; what they come to is averaged in the end.
    """

    def __init__(self, kept: Tensor) -> None:
        self._kept, self._before = kept, kept.clone()
        self._moved: list[Tensor] = []

    @contextmanager
    def moved(self, moves: bool = True) -> Generator[None, None, None]:
        """A part moves it inside, if it ``moves``."""
        self._kept.copy_(self._before)
        yield
        if moves:
            self._moved.append(self._kept.clone())

    def settle(self, processes: Processes) -> None:
        """Take the mean of all parts, here and elsewhere."""
        self._kept.copy_(processes.mean(torch.stack(self._moved).mean(dim=0)))
