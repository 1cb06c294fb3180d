# SPDX-License-Identifier: Apache-2.0
"""An executor inside the test's process, over the analytic bust: the real work of a worker, without its start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from portrait_core.batch.executors import Outcome
from portrait_core.batch.manifest import Manifest
from portrait_core.batch.records import Job, Outputs
from portrait_core.batch.run import Run, Summary
from portrait_core.batch.task import Task, carry_out
from portrait_core.engine.engine import Engine
from portrait_core.recipe import Recipe
from portrait_core.weights.header import ModelHeader
from tests.analytic_model import HEADER, AnalyticModel

SMALL: dict[str, Any] = {
    **{"model": "balls", "faces": 500, "texture_size": 64, "lattice": 64, "normal_map": False},
    "unwrap": "xatlas",  # in half of the time
}


class BallsEngine(Engine):
    """An engine that knows the analytic bust alone."""

    def __init__(self, *, kept_persons: int = 1) -> None:
        super().__init__(kept_persons=kept_persons)
        self.device = "cpu"
        self.balls = AnalyticModel()

    def header(self, name: str) -> ModelHeader:
        return HEADER

    def model(self, name: str) -> AnalyticModel:
        return self.balls


class InlineExecutor:
    """Carries tasks out when it is waited for. ``before`` may name a reason to lose a task."""

    def __init__(self, engine: Engine | None = None, before: Callable[[Task], str] = lambda task: "") -> None:
        self.engine = engine or BallsEngine()
        self.before = before
        self.given: list[Task] = []
        self.waiting: list[Task] = []
        self.dropped: list[Task] = []

    def idle(self) -> int:
        return 2 - len(self.waiting)

    def give(self, task: Task) -> None:
        self.given.append(task)
        self.waiting.append(task)

    def wait(self, seconds: float) -> Sequence[Outcome]:
        if not self.waiting:
            return []
        task = self.waiting.pop(0)
        lost = self.before(task)
        return [Outcome(task, None, lost) if lost else Outcome(task, carry_out(task, self.engine, worker="inline"))]

    def drop(self, task: Task) -> None:
        self.dropped.append(task)

    def close(self) -> None:
        pass


def jobs(count: int, **fields: Any) -> list[Job]:
    """Jobs ``balls-0`` and so on."""
    return [
        Job(seed, f"balls-{seed}", Recipe(**{**SMALL, "seed": seed, **fields}), HEADER.digest) for seed in range(count)
    ]


def run_once(
    folder: Path,
    wanted: Sequence[Job],
    executor: InlineExecutor | None = None,
    outputs: Outputs | None = None,
    **more: Any,
) -> tuple[Summary, InlineExecutor, Run]:
    """One run of jobs in a folder, to its end."""
    executor = executor or InlineExecutor()
    manifest = Manifest(folder)
    run = Run(wanted, outputs or Outputs(), folder, manifest, **more)
    summary = run.go(executor, run.missing())
    run.finish()
    return summary, executor, run
