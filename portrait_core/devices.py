# SPDX-License-Identifier: Apache-2.0
"""The device that tensors live on: what was asked for, or the best there is."""

from __future__ import annotations

import torch

from portrait_core.errors import UsageError
from portrait_core.suggest import suggestion

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
    """``auto`` takes CUDA, then Apple's MPS, then the CPU; a named device that is not there raises ``UsageError``."""
    if name not in DEVICES:
        raise UsageError(f"unknown device {name!r}. {suggestion(name, DEVICES, what='known devices')}")
    has = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(device for device in ("cuda", "mps", "cpu") if has[device])
    if not has[name]:
        raise UsageError(
            f"device {name} is not available to torch {torch.__version__} here. Use --device cpu, or install a torch "
            "build for your graphics card (see README)."
        )
    return torch.device(name)
