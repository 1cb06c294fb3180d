# SPDX-License-Identifier: Apache-2.0
"""What ends a training before its time: Ctrl-C, numbers that are none any more, a card that is too small."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from portrait_core.errors import PortraitError, UsageError
from portrait_core.runtime.stop_signals import stop_signals
from portrait_core.training.adversarial.config import TrainingConfig

SAME_STOP = 30.0
"""Seconds. Each process hears Ctrl-C from the terminal and again from torchrun, which ends them after so long."""


class DivergedError(PortraitError):
    """A training whose numbers are no numbers any more."""


@contextmanager
def interruptible(same: float) -> Generator[threading.Event, None, None]:
    """An event that the first Ctrl-C sets; a second one, more than ``same`` seconds later, is an interrupt as ever."""
    asked = threading.Event()
    first = 0.0
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def heard() -> None:
        nonlocal first
        if asked.is_set() and time.monotonic() - first > same:
            raise KeyboardInterrupt
        if not asked.is_set():
            first = time.monotonic()
        asked.set()

    with stop_signals(heard):
        yield asked


def too_small(config: TrainingConfig, processes: int) -> UsageError:
    """What to say where a card's memory is too small: the setting that halves what is needed, if one is left."""
    own, at_once = config.share(processes)
    told = f"the card's memory is too small for {at_once} image{'s' if at_once > 1 else ''} at a time. "
    half = at_once // 2
    if half and own % half == 0 and half % min(config.discriminator.mbstd_group_size, half) == 0:
        told += f"batch_gpu={half} halves what is needed: the same step in more parts. "
    smaller = config.neural_rendering_resolution_final // 2
    if config.precision in ("fp32", "tf32"):
        told += "precision=bf16 saves about a third; "
    told += (
        f"neural_rendering_resolution_final={smaller} or generator.rendering.depth_resolution too would do with less."
    )
    return UsageError(told)
