# SPDX-License-Identifier: Apache-2.0
"""Run a plan: only what is missing or damaged is made, every finished avatar is written down at once, and nothing that
happens to one avatar stops the others.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

import portrait_core
from portrait_core.batch.executors import Executor, Outcome
from portrait_core.batch.manifest import Manifest
from portrait_core.batch.records import Job, Outputs, Record, avatars
from portrait_core.batch.remote_store import RemoteStore
from portrait_core.batch.resume import is_whole, recovered
from portrait_core.batch.task import Task
from portrait_core.errors import OutputError, PortraitError, remedy
from portrait_core.files.names import fill_pattern, plain_stem
from portrait_core.files.whole_file import prepare_folder
from portrait_core.progress import Progress, silent
from portrait_core.recipe import MAX_SEED, Recipe
from portrait_core.recipe_fields import PERSON

_log = logging.getLogger("portraitkit")

TICK = 0.2
"""Seconds between two looks at time limits and at the wish to stop."""

SEND_EVERY = 20.0
"""Seconds between two uploads of the manifest."""


class TooManyFailures(PortraitError):
    """More avatars failed than the caller allows."""


@dataclass(frozen=True)
class Limits:
    """``time_limit`` seconds an avatar; ``retries`` after a crash or a hang; ``max_failures`` that are borne, None for
    any number; ``replacements`` seeds tried for an avatar that was rejected; ``digests`` whether finished files are
    read again, not only looked at."""

    time_limit: float = 600.0
    retries: int = 1
    max_failures: int | None = None
    replacements: int = 0
    digests: bool = True


@dataclass
class Summary:
    """What a run did: records of this run by status, ``kept`` those that were there, and whether it came to its end."""

    kept: int = 0
    made: int = 0
    failed: int = 0
    rejected: int = 0
    replaced: int = 0
    recovered: int = 0
    interrupted: bool = False
    seconds: float = 0.0
    left: int = 0


@dataclass
class Run:
    """One run of a plan in one folder. The folder's lock must be held.

    ``stop`` is asked now and then: 1 finishes what is in work, 2 drops it. ``heard`` is told of every record.
    """

    jobs: Sequence[Job]
    outputs: Outputs
    folder: Path
    manifest: Manifest
    limits: Limits = field(default_factory=Limits)
    remote: RemoteStore | None = None
    pattern: str = ""
    stop: Callable[[], int] = lambda: 0
    heard: Callable[[Record], None] = lambda record: None

    def __post_init__(self) -> None:
        self.summary = Summary()
        self._begun: dict[int, tuple[Task, float]] = {}
        self._sent = 0.0
        self._by_index = {job.index: job for job in self.jobs}

    def missing(self, progress: Progress = silent) -> list[Task]:
        """What is left to make, in the order of the plan. Files without a record are taken where they say what they
        are; made avatars below a raised bar of quality count as missing."""
        tasks: list[Task] = []
        for number, job in enumerate(self.jobs):
            progress("checking", number / len(self.jobs))
            slot, fingerprint = plain_stem(job.name), job.fingerprint(self.outputs)
            record = self.manifest.records.get(slot)
            if record is not None and record.fingerprint == fingerprint and self._holds(record):
                if record.status == "made":
                    self.summary.kept += 1
                    continue
                if record.status == "rejected":
                    nth = record.replacement + 1
                    if nth > self.limits.replacements:
                        self.summary.rejected += 1
                        continue
                    tasks.append(self._other_seed(self._task(job, fingerprint), nth))
                    continue
            elif self.remote is None and not job.face and (record is None or record.status == "failed"):
                # Of made ones there is a record with digests: what differs from it is damaged. What moves a face is in
                # no recipe, so that a file does not say whether it has the right one.
                found = recovered(job, self.outputs, self.folder)
                if found is not None:
                    self.manifest.append(found)
                    self.summary.kept += 1
                    self.summary.recovered += 1
                    continue
            tasks.append(self._task(job, fingerprint))
        progress("checking", 1.0)
        return tasks

    def _holds(self, record: Record) -> bool:
        """Whether a record is still true: its files whole, its verdict the one that today's bar gives."""
        accepted = record.score >= self.outputs.min_quality
        if record.status == "rejected":
            return not accepted
        if record.status != "made" or not accepted:
            return False
        if self.remote is not None:
            return self.remote.is_whole(record, digests=self.limits.digests)
        return is_whole(record, self.folder, digests=self.limits.digests)

    def _task(self, job: Job, fingerprint: str) -> Task:
        return Task(
            index=job.index,
            slot=plain_stem(job.name),
            name=job.name,
            fingerprint=fingerprint,
            recipe=job.recipe.facts(),
            folder="" if self.remote else str(self.folder),
            url=self.remote.url if self.remote else "",
            model=job.model,
            face=job.face.facts() if job.face else {},
            outputs=self.outputs,
        )

    def go(self, executor: Executor, tasks: Sequence[Task]) -> Summary:
        """Carry out ``tasks``. Raises :class:`OutputError` when the folder can take no more, and
        :class:`TooManyFailures`; what is finished by then is in the manifest."""
        begin = time.monotonic()
        waiting = deque(tasks)
        try:
            while waiting or self._begun:
                wish = self.stop()
                if wish:
                    self.summary.interrupted = True
                    if wish > 1 or not self._begun:
                        break
                while waiting and not wish and executor.idle():
                    self._give(executor, waiting.popleft())
                for outcome in executor.wait(TICK):
                    self._take(outcome, waiting)
                self._end_overdue(executor, waiting)
                self._send_manifest(SEND_EVERY)
        finally:
            self.summary.seconds = time.monotonic() - begin
            self.summary.left = len(waiting) + len(self._begun)
        return self.summary

    def _give(self, executor: Executor, task: Task) -> None:
        self.manifest.check()
        self._begun[id(task)] = (task, time.monotonic())
        executor.give(task)

    def _take(self, outcome: Outcome, waiting: deque[Task]) -> None:
        task = outcome.task
        self._begun.pop(id(task), None)
        record = outcome.record
        if record is None:
            self._again(task, waiting, "crash", f"{outcome.lost[:1].upper()}{outcome.lost[1:]}.")
            return
        code = record.error.get("code", "")
        if record.status == "failed" and code in ("disk", "permission"):
            self._refuse_broken_folder(record)
        self._note(record)
        if record.status == "rejected" and task.replacement < self.limits.replacements:
            waiting.appendleft(self._other_seed(task, task.replacement + 1))

    def _refuse_broken_folder(self, record: Record) -> None:
        """Raise when what failed one avatar would fail all: a full disk, a folder that is gone or read-only."""
        message = record.error.get("message", "")
        if self.remote is None and record.error.get("code") == "permission":
            prepare_folder(self.folder)  # raises where the folder is at fault, not the one avatar
            return
        raise OutputError(message)

    def _note(self, record: Record) -> None:
        if record.status == "made":
            self.summary.made += 1
            self.summary.replaced += record.replacement > 0
        elif record.status == "rejected":
            self.summary.rejected += record.replacement >= self.limits.replacements
        else:
            self.summary.failed += 1
        self.manifest.append(record)
        self.heard(record)
        most = self.limits.max_failures
        if most is not None and self.summary.failed > most:
            raise TooManyFailures(
                f"{avatars(self.summary.failed)} failed, more than the {most} that are allowed; the last, "
                f"{record.name}: {record.error.get('message', '')}"
            )

    def _again(self, task: Task, waiting: deque[Task], code: str, reason: str) -> None:
        if task.attempts <= self.limits.retries:
            waiting.appendleft(replace(task, attempts=task.attempts + 1))
            return
        self._note(
            Record(
                index=task.index,
                slot=task.slot,
                name=plain_stem(task.name),
                status="failed",
                fingerprint=task.fingerprint,
                recipe=task.recipe,
                attempts=task.attempts,
                replacement=task.replacement,
                error={"code": code, "message": reason, "advice": _ADVICE[code]},
                remedy=_REMEDIES[code].facts(),
                version=portrait_core.__version__,
            )
        )

    def _end_overdue(self, executor: Executor, waiting: deque[Task]) -> None:
        now = time.monotonic()
        for key, (task, since) in list(self._begun.items()):
            if now - since > self.limits.time_limit:
                del self._begun[key]
                executor.drop(task)
                _log.warning("%s took longer than %g s", task.name, self.limits.time_limit)
                self._again(task, waiting, "time", f"It took longer than {self.limits.time_limit:g} seconds.")

    def _other_seed(self, task: Task, nth: int) -> Task:
        """The same slot with another seed, the same one whenever this plan is run."""
        recipe = Recipe.model_validate(task.recipe)
        job = self._by_index[task.index]
        person = job.recipe.seed or 0
        seed = int(np.random.SeedSequence([person, nth, 0x706B]).generate_state(1)[0]) % (MAX_SEED + 1)
        changed = recipe.model_copy(update=dict.fromkeys(PERSON) | {"seed": seed})
        name = fill_pattern(self.pattern, model=recipe.model, seed=str(seed), index=task.index) if self.pattern else ""
        taken = not name or plain_stem(name) == task.slot
        return replace(
            task,
            name=f"{job.name}-r{nth}" if taken else name,
            recipe=changed.facts(),
            replacement=nth,
            attempts=1,
        )

    def _send_manifest(self, every: float) -> None:
        if self.remote is not None and time.monotonic() - self._sent > every:
            self._sent = time.monotonic()
            self.remote.send(self.manifest.path, self.manifest.path.name)

    def finish(self) -> None:
        """Rewrite the manifest in the order of the plan, and send it where the batch goes."""
        order = {plain_stem(job.name): job.index for job in self.jobs}
        self.manifest.finish(order)
        if self.remote is not None:
            self.remote.send(self.manifest.path, self.manifest.path.name)


_ADVICE = {
    "crash": "Run the batch again. If it stays, report it with the recipe.",
    "time": "A smaller lattice or texture size takes less time.",
}
_REMEDIES = {"crash": remedy("fewer_workers"), "time": remedy("more_time")}
