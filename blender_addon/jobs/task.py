# SPDX-License-Identifier: GPL-3.0-or-later
"""One piece of work that the user started: a few requests to the engine and what is done with their answers.

It is told as a workflow, a generator. It yields :class:`Ask` for each request and gets the engine's answer back, or a
:class:`WorkFailed` thrown into it. Between two yields it runs on Blender's main thread.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["waiting", "running", "done", "failed", "cancelled"]
Facts = dict[str, Any]

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ask:
    """A request to the engine; ``on_item`` is called on the main thread for each finished piece."""

    do: str
    fields: Facts
    on_item: Callable[[Facts], None] | None = None


Workflow = Generator[Ask, Facts, Any]


class WorkFailed(Exception):
    """What went wrong and what to do about it, in the user's words."""

    def __init__(self, message: str, advice: str = "", code: str = "internal", title: str = "") -> None:
        super().__init__(message)
        self.title = title
        self.message = message
        self.advice = advice
        self.code = code


@dataclass
class Task:
    """Where a piece of work stands. ``kind`` says which button it came from, ``origin`` which file asked."""

    kind: str
    label: str
    workflow: Workflow
    origin: Any = None
    number: int = field(default_factory=lambda: next(_numbers))
    state: State = "waiting"
    stage: str = ""
    overall: float = 0.0
    remaining: float | None = None
    job: Any = None
    ask: Ask | None = None
    stopping: bool = False
    answer: Any = None
    failure: WorkFailed | None = None
    began: float = field(default_factory=time.monotonic)
    longest_block: float = 0.0

    @property
    def ended(self) -> bool:
        """Nothing more will happen."""
        return self.state in ("done", "failed", "cancelled")

    def line(self) -> str:
        """The stage and the time left, for the progress bar."""
        if self.stopping:
            return "Cancelling"
        stage = self.stage.replace("_", " ").capitalize() or ("Waiting" if self.state == "waiting" else "Starting")
        return f"{stage}, {time_left(self.remaining)}" if self.remaining is not None else stage


def time_left(seconds: float) -> str:
    """``about 12 s left``; minutes where that reads better."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s left"
    return f"{round(seconds / 60)} min left"
