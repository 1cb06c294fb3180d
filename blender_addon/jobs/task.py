# SPDX-License-Identifier: GPL-3.0-or-later
"""One piece of work that the user started: a few requests to the engine and what is done with their answers.

It is told as a workflow, a generator. It yields :class:`Ask` for each request and gets the engine's answer back, or a
:class:`Failure` thrown into it, and :class:`Wait` to let Blender have its turn. Between two yields it runs on Blender's
main thread.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Literal

from ..core.failure import Failure
from ..core.text import Text, as_it_is, text_of

State = Literal["waiting", "running", "done", "failed", "cancelled"]
Facts = dict[str, Any]

_STAGES = {
    "model": Text("Loading the model"),
    "latent": Text("Finding the person"),
    "lattice": Text("Measuring the shape"),
    "place": Text("Placing the shape"),
    "surface": Text("Making the surface"),
    "clean": Text("Cleaning the surface"),
    "simplify": Text("Simplifying the mesh"),
    "rig": Text("Rigging"),
    "unwrap": Text("Unwrapping"),
    "tangents": Text("Making tangents"),
    "normals": Text("Baking normals"),
    "occlusion": Text("Baking occlusion"),
    "texture": Text("Baking colours"),
    "views": Text("Drawing views"),
    "thumbnail": Text("Drawing the picture"),
    "read": Text("Reading files"),
    "photograph": Text("Looking at the photograph"),
    "person": Text("Finding the person"),
    "shape": Text("Making the shape"),
    "hair": Text("Choosing the hair"),
    "fetch": Text("Fetching the networks"),
    "write": Text("Writing files"),
    "blender": Text("Starting another Blender"),
    "quads": Text("Making quads"),
    "weights": Text("Taking over the weights"),
    "coast": Text("Waiting until you are done"),
}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ask:
    """A request to the engine; ``on_item`` is called on the main thread for each finished piece."""

    do: str
    fields: Facts
    on_item: Callable[[Facts], None] | None = None


@dataclass(frozen=True)
class Wait:
    """Blender gets its turn; it goes on at one of the next steps."""

    why: Text | str = ""
    """What it waits for, for the panel."""
    stage: str = ""
    """What is waited for, for the panel; empty where that has not changed."""
    overall: float = 0.0


Workflow = Generator[Ask | Wait, Facts, None]


@dataclass
class Task:
    """Where a piece of work stands. ``kind`` says which button it came from."""

    kind: str
    label: Text
    workflow: Workflow
    number: int = field(default_factory=lambda: next(_numbers))
    state: State = "waiting"
    stage: str = ""
    overall: float = 0.0
    remaining: float | None = None
    job: Any = None
    ask: Ask | Wait | None = None
    stopping: bool = False
    waits: Text | str = ""
    """What it waits for, other than the engine."""
    failure: Failure | None = None

    @property
    def ended(self) -> bool:
        """Nothing more will happen."""
        return self.state in ("done", "failed", "cancelled")

    def line(self) -> Text:
        """The stage and the time left, for the progress bar."""
        if self.stopping:
            return Text("Cancelling")
        if self.waits:
            return text_of(self.waits)
        stage = _words(self.stage) if self.stage else Text("Waiting" if self.state == "waiting" else "Starting")
        if self.remaining is None:
            return stage
        return Text("{stage}, {time_left}", stage=stage, time_left=time_left(self.remaining))


def _words(stage: str) -> Text:
    """A stage of the engine's for people; one that is not known yet is shown as it is called."""
    return _STAGES.get(stage) or as_it_is(stage.replace("_", " ").capitalize())


def time_left(seconds: float) -> Text:
    """``12 s left``; minutes where that reads better."""
    if seconds < 90:
        return Text("{seconds} s left", seconds=max(1, round(seconds)))
    return Text("{minutes} min left", minutes=round(seconds / 60))
