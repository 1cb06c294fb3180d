# SPDX-License-Identifier: Apache-2.0
"""How exactly a training computes, and whether torch compiles its networks.

As published, half precision is for the layers that cost most and bear it: both blocks of the super-resolution and the
discriminator's four largest resolutions, whose outputs are clamped to 256. Parameters, their gradients and averages,
tri-grid, rays and masks stay in float32.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from typing import Any, cast

import torch
from torch import nn

from portrait_core.errors import UsageError
from portrait_core.networks.discriminator import DiscriminatorBlock
from portrait_core.networks.precision import exact_convolutions
from portrait_core.networks.synthesis import SynthesisBlock
from portrait_core.training.adversarial.config import Precision
from portrait_core.training.adversarial.networks import Networks

HALF_RESOLUTIONS = 4
"""The discriminator's resolutions that compute in half precision, from the largest on."""

_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def set_precision(networks: Networks, precision: Precision, device: torch.device) -> None:
    """Have the learning networks compute as ``precision`` says; averages compute in float32 as ever.

    ``fp16`` is the published one and, as published, float32 on a processor. ``bf16`` acts everywhere.
    """
    dtype = None if precision == "fp16" and device.type == "cpu" else _DTYPES.get(precision)
    sr = networks.generator.superresolution
    for block in [] if sr is None else [each for each in sr.modules() if isinstance(each, SynthesisBlock)]:
        block.working_dtype = dtype
    judge = [each for each in networks.discriminator.modules() if isinstance(each, DiscriminatorBlock)]
    for block in judge[:HALF_RESOLUTIONS]:
        block.working_dtype = dtype


@contextmanager
def computing(precision: Precision) -> Generator[None, None, None]:
    """Within it float32 on cards is whole, or rounded to ten bits (``tf32``); elsewhere nothing changes."""
    matmul: Any = torch.backends.cuda.matmul
    before = matmul.allow_tf32
    matmul.allow_tf32 = precision == "tf32"
    try:
        with exact_convolutions(precision != "tf32"):
            yield
    finally:
        matmul.allow_tf32 = before


def compile_networks(networks: Networks) -> None:
    """Have torch compile what takes most of a step's time, when it is first called.

    Raises:
        UsageError: this torch cannot leave compiled code out of the gradient penalty, which differentiates twice.
    """
    if not hasattr(torch.compiler, "set_stance"):
        raise UsageError(f"training: compile needs torch 2.6 or later; this is {torch.__version__}. Set compile=false.")
    generator = networks.generator
    hot: list[nn.Module | None] = [
        *generator.backbone.synthesis.blocks(),
        *([] if generator.bcg_synthesis is None else generator.bcg_synthesis.blocks()),
        generator.superresolution,
        generator.decoder,
        *(each for each in networks.discriminator.modules() if isinstance(each, DiscriminatorBlock)),
    ]
    for each in hot:
        if each is not None:
            cast("Any", each).compile()


def uncompiled(compiled: bool) -> Any:
    """A context in which compiled networks run as they are written: compiled code has no second derivative."""
    compiler: Any = torch.compiler  # not all versions have it
    return compiler.set_stance("force_eager") if compiled else nullcontext()
