# SPDX-License-Identifier: Apache-2.0
"""How many workers, with how many threads, on which devices: so that nothing is asked for twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from portrait_core.batch.executors import PER_CARD, Executor, LocalExecutor
from portrait_core.errors import UsageError
from portrait_core.runtime.cores import available_cores
from portrait_core.runtime.memory import free_memory_mib

MOST = 256


@dataclass(frozen=True)
class Resources:
    """What the user asked for; None where it is left to us."""

    engine: Literal["local", "ray"] = "local"
    workers: int | None = None
    threads: int | None = None
    device: str = "auto"
    address: str | None = None

    def count(self, jobs: int, memory_mib: float) -> tuple[int, int]:
        """Workers and threads of each, on this machine, for so many jobs that need so much memory each."""
        cores = available_cores()
        cards = card_count() if self.device in ("auto", "cuda") else 0
        if self.workers is not None:
            workers = self.workers
        else:
            workers = min(cores, cards * PER_CARD) if cards else cores
            free = free_memory_mib()
            if free is not None:
                workers = min(workers, int(free / max(1.0, memory_mib)))
        workers = max(1, min(workers, max(1, jobs), MOST))
        return workers, self.threads or max(1, cores // workers)

    def executor(self, jobs: int, memory_mib: float) -> Executor:
        """Start the workers. Raises :class:`UsageError` for a device or an engine that is not there."""
        if self.engine == "ray":
            from portrait_core.batch.ray_executor import RayExecutor

            return RayExecutor(self.address, self.workers, self.device, self.threads or 1)
        from portrait_core.runtime.devices import choose_device

        chosen = choose_device(self.device)
        workers, threads = self.count(jobs, memory_mib)
        if chosen.type != "cuda":
            return LocalExecutor([chosen.type] * workers, threads)
        cards = max(1, card_count())
        return LocalExecutor([f"cuda:{number % cards}" for number in range(workers)], threads)


def card_count() -> int:
    """Graphics cards that torch can use."""
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def parse_shard(text: str | None) -> tuple[int, int] | None:
    """``3/8`` is the third of eight parts; raises :class:`UsageError`."""
    if text is None:
        return None
    first, slash, second = text.partition("/")
    if not (slash and first.strip().isdecimal() and second.strip().isdecimal() and len(text) < 16):
        raise UsageError(f"shard {text!r}: expected i/n, such as 3/8 for the third of eight parts.")
    part, parts = int(first), int(second)
    if not 1 <= part <= parts:
        raise UsageError(f"shard {text}: parts count from 1 to {parts}.")
    return part, parts
