# SPDX-License-Identifier: Apache-2.0
"""The device that tensors live on: what was asked for, or the best there is."""

from __future__ import annotations

from typing import Any

import torch

from portrait_core.errors import UsageError, remedy, suggestion

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
    """``auto`` takes CUDA, then Apple's MPS, then the CPU; a named device that is not there raises ``UsageError``."""
    if name not in DEVICES:
        raise UsageError(f"unknown device {name!r}. {suggestion(name, DEVICES, what='known devices')}")
    has = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(device for device in ("cuda", "mps", "cpu") if has[device])
    if not has[name]:
        told = f"device {name} is not available to torch {torch.__version__} here."
        raise UsageError(told, remedy=remedy("choose_device", device="cpu"))
    return torch.device(name)


_share = 1.0


def set_chunk_share(share: float) -> None:
    """From now on work on this share (0 to 1) of the usual number of points at a time, in this process."""
    global _share  # noqa: PLW0603 - a limit of the whole process, as memory is
    _share = share


def chunk_size(usual: int) -> int:
    """How many points to work on at a time where ``usual`` are, at least a thousand."""
    return max(min(usual, 1000), int(usual * _share))


def share_card(share: float) -> None:
    """From now on take at most this share (0 to 1) of the graphics card's memory, in this process.

    Libraries that take all that is free, as cuDNN does for some of its algorithms, then leave room for other processes.
    """
    cuda: Any = torch.cuda  # its hints do not say what the share is
    cuda.set_per_process_memory_fraction(share)


def free_memory() -> None:
    """Give memory that torch keeps for later back to the graphics card."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
