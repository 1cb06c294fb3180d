# SPDX-License-Identifier: GPL-3.0-or-later
"""Another program that works beside Blender, not the engine: how far it is comes in lines, nobody waits for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from .engine.child import Child
from .failure import Failure
from .log_file import LogFile
from .supervisor import describe_exit
from .text import Text

STEP, DONE, REFUSED = "portraitkit-step ", "portraitkit-done ", "portraitkit-refused"


class Aside:
    """A started program. Call :meth:`step` now and then; it has ended when ``result`` or ``failure`` is there."""

    def __init__(
        self,
        command: Sequence[str],
        log: LogFile,
        what: Text,
        *,
        refused: Failure,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """``what`` names it in failures, ``refused`` is the one that it can tell itself.

        Raises :class:`Failure` where the program cannot be run.
        """
        self.stage = ""
        self.overall = 0.0
        self.result: dict[str, Any] | None = None
        self.failure: Failure | None = None
        self._log = log
        self._what = what
        self._refused = refused
        self._last: list[str] = []
        log.note(f"{what}: {command[0]}")
        try:
            self._child = Child(command, environment)
        except (OSError, ValueError) as error:
            raise Failure(
                "start", Text("{program} cannot be run: {reason}", program=command[0], reason=error)
            ) from error

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._child.pid

    @property
    def ended(self) -> bool:
        """Nothing more will come."""
        return self.result is not None or self.failure is not None

    def step(self) -> None:
        """Take what it said; never waits."""
        if self.ended:
            return
        status = self._child.status  # before the lines: once it is told, all of them are there
        done: dict[str, Any] | None = None
        while (line := self._child.take()) is not None:
            self._last = [*self._last[-29:], line]
            if line.startswith(STEP):
                name, _, share = line.removeprefix(STEP).partition(" ")
                self.stage, self.overall = name, max(self.overall, float(share))
                continue
            self._log.write((line + "\n").encode("utf-8", "replace"))
            if line.startswith(DONE):
                done = cast("dict[str, Any]", json.loads(line.removeprefix(DONE)))
            elif line.startswith(REFUSED):
                self.failure = self._refused
        if done is not None:
            # what it said last counts, however it ends: Blender as a module may fall while it is taken down
            self.result, self.overall = done, 1.0
        elif status is not None and self.failure is None:
            told = Text("{what}: the Blender that did it ended: {how}.", what=self._what, how=describe_exit(status))
            advice = "The scene is as it was. Try again, with fewer faces."
            self.failure = Failure("crashed", told, advice, detail="\n".join(self._last))

    def close(self) -> None:
        """End it at once, with its children."""
        self._child.kill()
