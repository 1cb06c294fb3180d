# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the session and the worker's client: which engine to start, with which settings, and its failures as ours."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..base.paths import absolute
from ..base.preferences_access import own_folder, preference, preferred_path
from ..core.client import WorkerClient
from ..core.engine.record import own_python
from ..core.engine_copies import protocol
from ..core.failure import Failure
from ..core.jobs import Job
from ..core.supervisor import Life
from ..core.text import Text
from .task import Facts

ENGINE_VARIABLE = "PORTRAITKIT_ENGINE_PYTHON"
"""Environment variable with the engine's Python, for renders without preferences; goes before everything else."""
# a request that changes nothing but its own files may run again after the worker died under it
SAFE_TO_REPEAT = frozenset({"preview", "vary", "blend", "randomise", "attributes", "read_pose", "read_motion"})
GIBIBYTE = 1024**3


class EngineLink:
    """Owns at most one client."""

    def __init__(self) -> None:
        self.client: WorkerClient | None = None
        self._found: tuple[str, Path | None] = ("", None)
        self._told: tuple[Any, ...] = ()
        self._before: Facts | None = None
        self.used = time.monotonic()
        """When something was last asked of it, or under way."""
        self.refusals: list[Failure] = []
        """Settings that the engine did not take, until somebody shows them."""

    @property
    def python(self) -> Path | None:
        """The engine's Python; None where no engine is set up."""
        given = os.environ.get(ENGINE_VARIABLE)
        if given:
            return Path(given).absolute()
        named = preference("engine_python", "")
        if named:
            try:
                return absolute(named)
            except Failure:  # asked on every redraw; the one who uses it is told that nothing is there
                return Path(named)
        folder = own_folder("engine")
        # a found one is only looked at again when it is used
        if self._found[0] != str(folder) or self._found[1] is None:
            self._found = (str(folder), own_python(folder))
        return self._found[1]

    @property
    def is_set_up(self) -> bool:
        """Whether there is an engine to start."""
        return self.python is not None

    @property
    def capabilities(self) -> Facts | None:
        """What the engine can do, also while it rests; None until it has told."""
        told = self.client.capabilities if self.client is not None else None
        return told if told is not None else self._before

    @property
    def is_open(self) -> bool:
        """Whether a client is there; its worker may still be starting."""
        return self.client is not None

    @property
    def starting(self) -> bool:
        """Whether the worker starts, or has not told yet what it can do."""
        return self.client is not None and self.client.life is not Life.BROKEN and self.client.capabilities is None

    @property
    def log_path(self) -> Path:
        """Where the worker's log goes."""
        return own_folder("log") / "engine.log"

    def open(self) -> WorkerClient:
        """The client; made if there is none. Raises :class:`Failure` without an engine."""
        self.used = time.monotonic()
        if self.client is None:
            python = self.python
            if python is None:
                raise Failure("no_engine", "", "Press Set Up Engine in the Portrait tab or the preferences.")
            if not python.is_file():
                self._found = ("", None)
                raise Failure(
                    "no_engine",
                    Text("The engine's Python is not there: {path}.", path=python),
                    "Set up the engine again, or choose another Python in the preferences.",
                )
            self.client = WorkerClient(
                protocol.worker_command(str(python)),
                self.log_path,
                configure=engine_settings(),
                on_refused=self.refusals.append,
            )
            self.client.submit("ping")  # starts the worker, which then tells what it can do
        return self.client

    def send(self, do: str, fields: Facts, on_item: Callable[[Facts], None] | None) -> Job:
        """Ask for something."""
        return self.open().submit(
            do,
            fields,
            retry=do in SAFE_TO_REPEAT,
            on_item=None if on_item is None else lambda _job, item: on_item(item),
        )

    def cancel(self, job: Job) -> None:
        """Stop a request."""
        if self.client is not None:
            self.client.cancel(job)

    def step(self) -> bool:
        """Handle what came from the worker; True if its state changed."""
        if self.client is None:
            return False
        self.client.step()
        seen = (self.client.life, self.client.capabilities is None, self.client.why)
        changed, self._told = seen != self._told, seen
        return changed

    def reconfigure(self) -> None:
        """The preferences have changed."""
        if self.client is None:
            return
        try:
            self.client.configure(engine_settings())
        except Failure as failure:
            self.refusals.append(failure)

    def rest(self) -> None:
        """End the worker until it is asked for something again; what it can do stays known."""
        known = self.capabilities
        self.close()
        self._before = known

    def close(self) -> None:
        """End the worker."""
        client, self.client, self._told, self._before = self.client, None, (), None
        self._found = ("", None)
        self.refusals.clear()
        if client is not None:
            client.close()


def engine_settings() -> Facts:
    """What the preferences say to the worker; raises :class:`Failure` for a folder that cannot be meant."""
    settings: Facts = {"device": preference("device", "auto")}
    limit = preference("memory_limit", 0)
    settings["memory_limit"] = limit * GIBIBYTE if limit else None
    folder = preferred_path("models_folder")
    settings["models_folder"] = str(folder) if folder is not None else None
    return settings
