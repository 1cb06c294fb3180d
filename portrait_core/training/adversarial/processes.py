# SPDX-License-Identifier: Apache-2.0
"""Several processes that train one model: who they are, and gradients averaged by hand.

By hand, as published, not by torch's wrapper: the gradient penalty goes backwards on its own and leaves some parameters
without gradient, which the wrapper takes for an error, and mapping, synthesis and pose prediction are methods beside
``forward``, which it does not see.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed

_distributed: Any = distributed  # its functions are typed in part

LARGEST = 1e5
"""What infinite gradients become."""


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
            _distributed.all_reduce(value)
            value /= self.count
        return value

    def agree(self, flag: bool) -> bool:
        """Whether any process says so."""
        if self.count == 1:
            return flag
        told = torch.tensor(float(flag))
        if distributed.get_backend() == "nccl":
            told = told.cuda()
        _distributed.all_reduce(told)
        return bool(told > 0)


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


def copy_from_first(tensors: Iterable[Tensor], processes: Processes) -> None:
    """Give all processes the first one's values."""
    if processes.count > 1:
        for each in tensors:
            distributed.broadcast(each, 0)
