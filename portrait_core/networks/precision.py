# SPDX-License-Identifier: Apache-2.0
"""Convolutions in whole float32 on graphics cards, where torch rounds their factors to ten bits unless told not to."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch


@contextmanager
def exact_convolutions(exact: bool = True) -> Generator[None, None, None]:
    """Within it CUDA convolutions of float32 are what a processor computes (``exact``), or quick ("TF32"), by which a
    picture changes by about a grey level. Nothing changes on other devices."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = not exact
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before
