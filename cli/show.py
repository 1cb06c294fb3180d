# SPDX-License-Identifier: Apache-2.0
"""What a command shows: a progress bar on stderr, result lines on stdout, JSON lines for machines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from cli.lines import say, say_json
from portrait_core.runtime.stage_clock import StageClock

_log = logging.getLogger("portraitkit")


class Show:
    """Decides by ``--json`` and ``--quiet`` what a command says; results go to stdout, everything else to stderr."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self.as_json = as_json
        self.quiet = quiet

    def result(self, line: str, facts: Mapping[str, Any]) -> None:
        """One finished thing: ``facts`` as a JSON line, or ``line`` for people, or nothing when quiet."""
        if self.as_json:
            say_json(facts)
        elif not self.quiet:
            say(line)

    def note(self, line: str) -> None:
        """Something worth knowing that is no result."""
        if not self.quiet:
            say(line, err=True)

    @contextmanager
    def progress(self, title: str, total: int = 1) -> Generator[Watcher, None, None]:
        """A bar over ``total`` things, each made of stages; only on a terminal, and never with ``--quiet``."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        if self.quiet or self.as_json or not console.is_terminal:
            # No bar at all: older versions of rich end even a hidden one with an empty line.
            yield Watcher(lambda _done, _stage, _name: None)
            return
        title_column, stage_column = TextColumn("{task.description}"), TextColumn("{task.fields[stage]}")
        columns = (title_column, BarColumn(), stage_column, TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(title, total=total, stage="")

            def draw(done: float, stage: str, name: str) -> None:
                bar.update(task, completed=done, stage=stage, description=name)

            yield Watcher(draw)


class Watcher:
    """The progress watcher that commands hand to the engine; it also measures how long each stage takes."""

    def __init__(self, draw: Callable[[float, str, str], None]) -> None:
        self._draw = draw
        self._title = ""
        self._done = 0
        self._clock = StageClock()
        self._seen: list[str] = []

    def begin(self, title: str) -> None:
        """A new thing begins; its stages are measured from here."""
        self._title, self._seen = title, []
        self._clock.restart()

    def finish(self) -> dict[str, float]:
        """The thing is done; returns the seconds of each of its stages."""
        stages = self._clock.close()
        if stages:
            told = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in stages.items())
            _log.info("%s: %.2f s (%s)", self._title, sum(stages.values()), told)
        self._done += 1
        self._draw(self._done, "", self._title)
        return {stage: round(seconds, 3) for stage, seconds in stages.items()}

    def __call__(self, stage: str, fraction: float) -> None:
        if self._clock.enter(stage):
            self._seen.append(stage)
            _log.debug("%s: %s", self._title, stage)
        # How many stages come is unknown: each fills a quarter of what is left, which never runs backwards.
        before = 1 - 0.75 ** (len(self._seen) - 1)
        after = 1 - 0.75 ** len(self._seen)
        self._draw(self._done + before + (after - before) * min(max(fraction, 0.0), 1.0), stage, self._title)
