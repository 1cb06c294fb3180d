# SPDX-License-Identifier: GPL-3.0-or-later
"""The one engine session of a running Blender: the worker, the work under way, and what came of it.

Nothing here lives in a .blend file: undo, opening a file and new scenes do not touch it. :meth:`Session.step` is
all that moves it on; a timer calls it in the window, and :meth:`Session.wait_for` calls it in the
background and in tests.
"""

from __future__ import annotations

import logging
import time

from ..base import redraw
from ..base.preferences_access import preference
from ..base.ticker import Ticker
from ..core.failure import Failure
from ..core.text import Text
from . import attributes, kept_arrivals
from .arrivals import arrivals
from .engine_link import EngineLink
from .error_dialog import show_error
from .notices import notices
from .task import Ask, Facts, Task, Wait, Workflow

log = logging.getLogger("portraitkit")

COMING_WAIT = 0.005
"""Seconds: what the window gets between two steps of an avatar that comes in, beside its own turn."""
BUSY_WAIT = 0.05
IDLE_WAIT = 0.5
DRAWN_EVERY = 0.25
"""Seconds between two drawings of the panel for a bar that grows: each takes Blender's main thread for a while."""
REST_AFTER = 10
"""Minutes without work after which the engine ends, where the preferences do not say; its memory is Blender's then."""


class Session:
    """The engine and the tasks that wait for it."""

    def __init__(self) -> None:
        self.link = EngineLink()
        self.tasks: list[Task] = []
        self.notices = notices
        self.ticker = Ticker(self.step, "the engine session")
        self._drawn = 0.0

    @property
    def waits(self) -> bool:
        """Operators finish their work before they return: in the background, where no timer runs."""
        return arrivals.at_once

    @waits.setter
    def waits(self, value: bool) -> None:
        arrivals.at_once = value

    @property
    def capabilities(self) -> Facts | None:
        """What the engine can do; None until it has told."""
        return self.link.capabilities

    def has_feature(self, name: str) -> bool:
        """Whether the engine offers ``name``."""
        return name in (self.capabilities or {}).get("features", ())

    def lacks(self, name: str) -> bool:
        """Whether the engine has told what it can do, and ``name`` is not among it: it is older than the add-on."""
        return self.capabilities is not None and not self.has_feature(name)

    def running(self, *kinds: str) -> list[Task]:
        """Tasks under way, of the given kinds or of any."""
        return [task for task in self.tasks if not kinds or task.kind in kinds]

    def start(self, kind: str, label: Text, workflow: Workflow) -> Task:
        """Begin ``workflow``. In the background it has ended when this returns, and a failure is raised."""
        task = Task(kind, label, workflow)
        self.tasks.append(task)
        self.notices.said = None
        if not self.waits:
            self.ticker.start()
            redraw.sidebars()
            return task
        self.wait_for(task)
        if task.failure is not None:
            raise task.failure
        return task

    def hurry(self, task: Task) -> None:
        """Send what a task asks for first now: until the next timer a whole window may be drawn."""
        if task.job is None and not task.ended:
            self._advance(task)
            if self.link.client is not None:
                self.link.client.step()

    def wait_for(self, task: Task, timeout: float = 3600.0) -> None:
        """Do the timer's work here until ``task`` has ended."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if task.ended:
                return
            time.sleep(min(self.step() or 0.0, 0.02))
        self.cancel(task)
        message = Text("The engine did not finish within {seconds} seconds.", seconds=f"{timeout:.0f}")
        raise Failure("timeout", message, "Look at the log for the reason.")

    def cancel(self, task: Task) -> None:
        """Ask for the end of ``task``; it ends when the engine has stopped."""
        if task.ended:
            return
        task.stopping = True
        if task.job is not None:
            self.link.cancel(task.job)
        redraw.sidebars()

    def wake(self) -> None:
        """Start the engine, so that it is warm and its models are known; :class:`Failure` without one."""
        self.link.open()
        if not self.waits:
            self.ticker.start()

    def bring_in_waiting(self) -> None:
        """Have those that wait come in one after the other; in the background all of them now."""
        if not self.waits:
            self.ticker.start()
            return
        before = self.notices.error
        while arrivals.step():
            pass
        if self.notices.error is not None and self.notices.error is not before:
            raise self.notices.error

    def step(self) -> float | None:
        """Move everything on a little. Seconds until the next call, or None when there is nothing to watch."""
        told = self.link.step()
        while self.link.refusals:
            self._tell(Text("The engine's settings"), self.link.refusals.pop(0))
        if told:
            attributes.know(self.capabilities)
            redraw.sidebars()
        resumed, before = False, arrivals.coming
        for task in list(self.tasks):
            # one task a step: what follows an answer may be an import, which is a block of its own
            if resumed:
                break
            resumed = self._advance(task)
        # What begins to come in does so with a short step.
        begins = arrivals.coming is not None and arrivals.coming is not before
        arriving = (begins or not resumed) and self._arrive()
        if self.tasks or self.link.starting:
            self.link.used = time.monotonic()
            return COMING_WAIT if arrivals.coming is not None else BUSY_WAIT
        if arrivals.coming is not None:
            return COMING_WAIT
        self._rest()
        return IDLE_WAIT if self.link.is_open or resumed or arriving else None

    def _rest(self) -> None:
        """End an engine that has had nothing to do for long; the next work starts it again."""
        minutes = preference("rest_after", REST_AFTER)
        if self.link.is_open and minutes and time.monotonic() - self.link.used > 60 * minutes:
            log.info("the engine rests after %d minutes without work", minutes)
            self.link.rest()
            redraw.sidebars()

    def _arrive(self) -> bool:
        """Bring in what waits for a clear coast; whether some still does."""
        error, waiting = self.notices.error, [(each, each.why) for each in arrivals.waiting]
        left = arrivals.step()
        if waiting != [(each, each.why) for each in arrivals.waiting]:
            redraw.sidebars()
        if not self.waits:
            kept_arrivals.note(arrivals.waiting)
        if self.notices.error is not error and not self.waits:
            show_error()
        return left

    def close(self) -> None:
        """End the worker and drop all work; nothing of it arrives any more."""
        self.ticker.stop()
        for task in self.tasks:
            task.state = "cancelled"
            task.workflow.close()
        self.tasks.clear()
        self.link.close()

    def restart(self) -> None:
        """End the worker; the next request starts a new one, with the preferences as they are then."""
        for task in list(self.tasks):
            self._end(task, Failure("cancelled", "The engine was stopped.", "Start the work again."))
        self.link.close()

    def _advance(self, task: Task) -> bool:
        """Look after one task; True if its work was resumed."""
        if task.job is None:
            return self._begin(task)
        job = task.job
        stage, before = task.stage, (round(task.overall, 3), round(task.remaining or 0))
        task.stage, task.overall, task.remaining = job.stage or "", job.overall or 0.0, job.remaining
        if job.state == "running":
            task.state = "running"
        changed = before != (round(task.overall, 3), round(task.remaining or 0))
        if stage != task.stage or (changed and time.monotonic() - self._drawn > DRAWN_EVERY):
            self._drawn = time.monotonic()
            redraw.sidebars()
        if not job.final:
            return False
        self._resume(task, job.failure or job.result)
        return True

    def _begin(self, task: Task) -> bool:
        if task.stopping:
            self._resume(task, Failure("cancelled"))
            return True
        if isinstance(task.ask, Ask):
            return self._send(task)
        waits, why = isinstance(task.ask, Wait), task.waits
        self._resume(task, None)
        task.waits = task.ask.why if isinstance(task.ask, Wait) else ""
        if task.waits != why:
            redraw.sidebars()
        return not waits

    def _send(self, task: Task) -> bool:
        """Send the request that the task waits with."""
        ask = task.ask
        if not isinstance(ask, Ask):
            self._show(task, ask)
            return False

        def show(item: Facts) -> None:
            if ask.on_item is not None:
                ask.on_item(item)
            redraw.sidebars()

        try:
            task.job = self.link.send(ask.do, ask.fields, show)
        except Failure as failure:
            self._resume(task, failure)
            return True
        return False

    def _show(self, task: Task, wait: Wait | None) -> None:
        """How far a task is whose work is not the engine's."""
        if wait is not None and wait.stage and (task.stage, task.overall) != (wait.stage, wait.overall):
            task.state, task.stage, task.overall = "running", wait.stage, wait.overall
            redraw.sidebars()

    def _resume(self, task: Task, answer: Facts | Failure | None) -> None:
        task.job = task.ask = None
        try:
            task.ask = task.workflow.throw(answer) if isinstance(answer, Failure) else task.workflow.send(answer)
        except StopIteration:
            self._end(task, None)
        except Failure as failure:
            self._end(task, failure)
        except Exception as error:
            log.exception("%s failed", task.label)
            message = Text("{what} failed: {reason}", what=task.label, reason=error)
            self._end(task, Failure("internal", message, "Copy the report and tell the makers of the add-on."))
        else:
            if task.stopping:
                self._begin(task)
            else:
                self._send(task)

    def _end(self, task: Task, failure: Failure | None) -> None:
        if task in self.tasks:
            self.tasks.remove(task)
        task.workflow.close()
        task.state = "done" if failure is None else "cancelled" if failure.code == "cancelled" else "failed"
        task.failure = failure
        if failure is not None and task.state == "failed":
            self._tell(task.label, failure)
        elif failure is not None:
            self.notices.said = Text("{what}: cancelled.", what=task.label)
        redraw.sidebars()

    def _tell(self, what: Text, failure: Failure) -> None:
        """Show a failure: in the panel, and in a window by the dialog."""
        self.notices.fail(what, failure)
        if not self.waits:
            show_error()


session = Session()
