# SPDX-License-Identifier: Apache-2.0
"""Work of one page beside its controls: the newest wish of a kind wins, older ones are left or stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Condition, Thread

from portrait_core.errors import Cancelled

Report = Callable[[str, float], None]


class Watch:
    """The progress watcher of one piece of work; stops it once ``cancelled`` is set."""

    def __init__(self, report: Report) -> None:
        self.cancelled = False
        self._report = report
        self._told = 0.0
        self._stage = ""

    def __call__(self, stage: str, fraction: float) -> None:
        self.check()
        now = time.monotonic()
        if stage != self._stage or now - self._told > 0.1:
            self._stage, self._told = stage, now
            self._report(stage, fraction)

    def check_only(self, stage: str, fraction: float) -> None:
        """A watcher that tells nobody: for pieces of work with stages of their own."""
        self.check()

    def check(self) -> None:
        """Raise where something newer waits."""
        if self.cancelled:
            raise Cancelled("Something newer was asked for.")


Work = Callable[[Watch], None]


class Lane:
    """One thread that works off wishes, each of a ``kind``: of a kind there is only the newest.

    ``failed`` is told of what goes wrong, ``report`` of stages, and ``rested`` when nothing is left to do.
    """

    def __init__(
        self, name: str, failed: Callable[[Exception], None], report: Report, rested: Callable[[], None]
    ) -> None:
        self._failed, self._report, self._rested = failed, report, rested
        self._waiting: dict[str, tuple[float, Work]] = {}
        self._running: tuple[str, Watch] | None = None
        self._ended = False
        self._changed = Condition()
        Thread(target=self._run, name=name, daemon=True).start()

    @property
    def idle(self) -> bool:
        """Whether nothing runs or waits."""
        with self._changed:
            return self._running is None and not self._waiting

    def ask(self, kind: str, work: Work, *, after: float = 0.0, stop: bool = True) -> None:
        """Do ``work`` in ``after`` seconds, unless something newer of this kind comes; what runs of it is stopped, or
        with ``stop`` false finished first: of what comes many times a second some has to be seen."""
        with self._changed:
            self._waiting.pop(kind, None)
            self._waiting[kind] = (time.monotonic() + after, work)
            if stop:
                self._stop(kind)
            self._changed.notify()

    def drop(self, *kinds: str) -> None:
        """Forget and stop work of these kinds, of all without any."""
        with self._changed:
            for kind in kinds or (*self._waiting, *(self._running or ("",))[:1]):
                self._waiting.pop(kind, None)
                self._stop(kind)

    def end(self) -> None:
        """No more work; what runs is stopped."""
        with self._changed:
            self._ended = True
            self._waiting.clear()
            if self._running is not None:
                self._running[1].cancelled = True
            self._changed.notify()

    def _stop(self, kind: str) -> None:
        if self._running is not None and self._running[0] == kind:
            self._running[1].cancelled = True

    def _next(self) -> tuple[str, Work, Watch] | None:
        with self._changed:
            while not self._ended:
                now = time.monotonic()
                ready = [(due, kind) for kind, (due, _) in self._waiting.items()]
                if ready and min(ready)[0] <= now:
                    kind = min(ready)[1]
                    work, watch = self._waiting.pop(kind)[1], Watch(self._report)
                    self._running = kind, watch
                    return kind, work, watch
                self._changed.wait(min(ready)[0] - now if ready else None)
            return None

    def _run(self) -> None:
        while (found := self._next()) is not None:
            _, work, watch = found
            try:
                work(watch)
            except Cancelled:
                pass
            except Exception as error:
                if not self._ended:
                    self._failed(error)
            with self._changed:
                self._running = None
                idle = not self._waiting and not self._ended
            if idle:
                self._rested()
