# SPDX-License-Identifier: Apache-2.0
"""Workers on a Ray cluster. Ray decides where they run; the batch keeps the plan, the manifest and the time limits.

Every node needs portraitkit and, unless the batch goes to a URL, the batch's folder under the same path.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from typing import Any

from portrait_core.batch.executors import PER_CARD, Outcome
from portrait_core.batch.records import Record
from portrait_core.batch.task import Task, carry_out
from portrait_core.engine.engine import Engine
from portrait_core.errors import UsageError, remedy

_log = logging.getLogger("portraitkit")

CARD_SHARE = 1 / PER_CARD
"""Of a graphics card for each worker."""

MOST_FAILED_STARTS = 5


class RayWorker:
    """What runs on a node: a worker with its models."""

    def __init__(self, name: str, device: str, threads: int) -> None:
        import torch

        from portrait_core.engine.engine import warm_up
        from portrait_core.runtime.threads import limit_threads

        torch.set_num_threads(threads)
        limit_threads(threads)
        self._name = name
        self._engine = Engine(kept_persons=1)
        self._engine.device = device
        warm_up()

    def ready(self) -> None:
        """Answers once the cluster has found a place for this worker."""

    def carry_out(self, facts: dict[str, Any]) -> dict[str, Any]:
        """The record of a task, as plain data."""
        return carry_out(Task.of(facts), self._engine, worker=self._name).model_dump(mode="json")


class RayExecutor:
    """Actors of a cluster, ``count`` of them, or as many as it has room for."""

    def __init__(self, address: str | None, count: int | None, device: str, threads: int) -> None:
        try:
            ray: Any = importlib.import_module("ray")
        except ImportError:
            told = remedy("install", extra="cluster", package="ray")
            raise UsageError("a cluster needs the package ray, which is missing.", remedy=told) from None
        self._ray = ray
        self._mine = not ray.is_initialized()
        if self._mine:
            options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.WARNING}
            try:
                ray.init(address=address or None, **options)
            except (ConnectionError, ValueError, RuntimeError) as error:
                told = " ".join(str(error).split())[:300]
                raise UsageError(f"Ray: no cluster at {address or 'this machine'}: {told}") from None
        resources: dict[str, float] = ray.cluster_resources()
        cards = resources.get("GPU", 0.0) if device in ("auto", "cuda") else 0.0
        self._needs: dict[str, Any] = {"num_cpus": threads, "num_gpus": CARD_SHARE if cards else 0}
        fits = int(cards / CARD_SHARE) if cards else int(resources.get("CPU", 1.0) // threads)
        self._device, self._threads = device, threads
        self._started = self._failed_starts = 0
        self._busy: dict[Any, tuple[Any, Task]] = {}
        self._idle: list[Any] = []
        self._starting: dict[Any, Any] = {}
        for _ in range(count or max(1, fits)):
            self._start()

    def _start(self) -> None:
        name = f"ray-{self._started}"
        self._started += 1
        remote: Any = self._ray.remote(RayWorker)
        actor = remote.options(max_restarts=0, **self._needs).remote(name, self._device, self._threads)
        # No work for one that waits for a place: a cluster that has lost a node may never have one.
        self._starting[actor.ready.remote()] = actor

    def idle(self) -> int:
        """How many tasks can be given now."""
        return len(self._idle)

    def give(self, task: Task) -> None:
        """Have a task carried out."""
        actor = self._idle.pop(0)
        self._busy[actor.carry_out.remote(task.facts())] = (actor, task)

    def wait(self, seconds: float) -> Sequence[Outcome]:
        """What is finished."""
        awaited = [*self._busy, *self._starting]
        if not awaited:
            return []
        done, _ = self._ray.wait(awaited, num_returns=1, timeout=max(0.0, seconds))
        outcomes: list[Outcome] = []
        for answer in done:
            if answer in self._starting:
                self._begin(answer)
                continue
            actor, task = self._busy.pop(answer)
            try:
                record = Record.model_validate(self._ray.get(answer))
            except Exception as error:  # a node that went away, a process that was killed: Ray has classes for each
                reason = f"its worker on the cluster was lost ({type(error).__name__})"
                _log.warning("%s: %s: %s", task.name, reason, error)
                self._ray.kill(actor)
                self._start()
                outcomes.append(Outcome(task, None, reason))
                continue
            self._idle.append(actor)
            outcomes.append(Outcome(task, record))
        return outcomes

    def _begin(self, answer: Any) -> None:
        actor = self._starting.pop(answer)
        try:
            self._ray.get(answer)
        except Exception as error:
            _log.warning("a worker could not start on the cluster: %s", error)
            self._ray.kill(actor)
            self._failed_starts += 1
            if self._failed_starts > MOST_FAILED_STARTS and not (self._idle or self._busy):
                raise UsageError(
                    f"Ray: workers do not start on the cluster ({type(error).__name__}). Is the same "
                    "portraitkit installed on every node?"
                ) from None
            self._start()
            return
        self._idle.append(actor)

    def drop(self, task: Task) -> None:
        """End a task that hangs, with its worker."""
        for answer, (actor, given) in list(self._busy.items()):
            if given is task:
                del self._busy[answer]
                self._ray.kill(actor)
                self._start()

    def close(self) -> None:
        """End all workers."""
        for actor in [*self._idle, *self._starting.values(), *(actor for actor, _ in self._busy.values())]:
            self._ray.kill(actor)
        self._idle, self._busy, self._starting = [], {}, {}
        if self._mine:
            self._ray.shutdown()
