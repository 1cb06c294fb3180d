# SPDX-License-Identifier: GPL-3.0-or-later
"""Works off a plan in steps that never wait: a timer calls :meth:`Installation.step`, the background ``pump``."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from ..client import WorkerClient
from ..engine_copies import protocol
from ..failure import Failure
from ..jobs import Job, JobState
from ..log_file import LogFile
from ..supervisor import Timing
from ..text import Text
from .child import Child
from .hardware import in_words
from .pip_errors import why_failed
from .pip_progress import Progress
from .plan import SetupPlan, host_of
from .record import Record, delete, downloads_of, read_record
from .steps import Step

log = logging.getLogger("portraitkit")

WAIT = 0.1
BUDGET = 0.004
VERIFY_WEIGHT = 6.0
UNPACK_SECONDS = 40.0
"""About how long unpacking takes; only for the bar, which then creeps."""


class Installation:
    """A set-up under way. ``ended`` says when it is over; then ``failure`` is None, or why it did not work."""

    def __init__(self, plan: SetupPlan, log_path: Path, *, timing: Timing | None = None) -> None:
        """``log_path`` gets all that the commands say."""
        self.plan = plan
        self.ended = False
        self.failure: Failure | None = None
        self.python: Path | None = None
        self.line = Text("Starting")
        self.overall = 0.0
        self.progress = Progress()
        self._log = LogFile(log_path)
        self._temporary = downloads_of(plan.folder) / "temporary"
        self._timing = timing or Timing(start=180.0, silence=180.0, falls=1)
        self._left = [step for step in plan.steps if step.name not in plan.done]
        self._record = self._opening_record()
        self._step: Step | None = None
        self._child: Child | None = None
        self._client: WorkerClient | None = None
        self._job: Job | None = None
        self._cancelled = False
        self._begun = time.monotonic()
        self._received = 0
        self._unpacking_since: float | None = None

    @property
    def downloaded(self) -> int:
        """Bytes that have come, over all steps."""
        return self._received + self.progress.downloaded

    def step(self) -> float:
        """Do what can be done at once; seconds until the next call."""
        try:
            if not self.ended:
                self._move(time.monotonic())
        except OSError as error:
            code = "disk" if error.errno in (28, 122) else "permission"
            self._end(Failure(code, Text("The engine's folder cannot be written: {reason}", reason=error)))
        return WAIT

    def pump(self, timeout: float | None = None) -> None:
        """Step until it has ended; raises TimeoutError."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self.ended:
            time.sleep(min(self.step(), 0.05))
            if end is not None and time.monotonic() > end:
                self.close()
                raise TimeoutError(f"the set-up did not end within {timeout:g} seconds: {self.line}")

    def cancel(self) -> None:
        """Stop; a later ``step`` ends it. What was downloaded and finished is kept."""
        if self.ended:
            return
        self._cancelled, self.line = True, Text("Cancelling")
        if self._child is not None:
            self._child.stop()

    def close(self) -> None:
        """Stop at once; waits a few seconds at most."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
        if not self.ended:
            self._end(Failure("cancelled", "The set-up was cancelled."))
        elif self._client is not None:
            self._close_client()

    def _opening_record(self) -> Record:
        old = read_record(self.plan.folder) if self.plan.done else None
        known = old.steps if old is not None else {}
        steps = {name: value for name, value in known.items() if name in self.plan.done}
        return Record(
            place=str(self.plan.place), steps=steps, version=self.plan.version, variant=self.plan.variant.name
        )

    def _move(self, now: float) -> None:
        if self._cancelled and (self._child is None or self._child.status is not None):
            self._end(Failure("cancelled", "The set-up was cancelled."))
        elif self._child is not None:
            self._watch(now, self._child)
        elif self._client is not None:
            self._watch_check(self._client)
        elif self._left:
            self._start(self._left.pop(0))
        else:
            self._start_check()
        if not self.ended:
            self._tell(now)

    def _start(self, step: Step) -> None:
        if step is self.plan.steps[0] or not self._record.steps:
            self._record.steps.clear()
        self._record.save(self.plan.folder)  # not whole from now on
        self._received += self.progress.downloaded
        self._step, self.progress, self._unpacking_since = step, Progress(), None
        command = list(step.command)
        if "raw" in command and not _tells_bytes(self.plan.python):
            command[command.index("raw")] = "off"
        self._log.note(f"{step.words}: {' '.join(command)}")
        try:
            self._child = Child(command, self._room_for_temporary())
        except (OSError, ValueError) as error:
            self._end(Failure("setup", Text("{program} cannot be run: {reason}", program=command[0], reason=error)))

    def _watch(self, now: float, child: Child) -> None:
        status = child.status  # before the lines: once it is told, all of them are there
        while (line := child.take()) is not None:
            self.progress.read(line)
            if not line.startswith("Progress "):
                self._log.write((line + "\n").encode("utf-8", "replace"))
            if time.monotonic() - now > BUDGET:
                return
        if status is None:
            return
        step, self._child = self._step, None
        assert step is not None
        if status != 0:
            self._end(self._why(step, status))
            return
        self._record.steps[step.name] = step.key
        self._record.save(self.plan.folder)

    def _why(self, step: Step, status: int) -> Failure:
        """Why a step failed; where the promised build of torch cannot be had, that is a question to the user."""
        offline = self.plan.wheels is not None
        why = why_failed(self.progress.last_lines, what=step.words, offline=offline, status=status)
        if step.name == "torch" and self.plan.promises and why.code in ("no_wheel", "network", "proxy"):
            facts = {"hardware": self.plan.variant.words, "host": host_of(self.plan.variant)}
            told = Text("Torch for {hardware} cannot be had from {host}: {reason}", reason=why.message, **facts)
            return Failure("other_build", told, detail=why.detail)
        return why

    def _room_for_temporary(self) -> dict[str, str]:
        """Variables for pip: what it unpacks lies on the disk whose room was looked at, not in the system's /tmp.

        Windows' own folder for that is on a disk, and its path is short.
        """
        if sys.platform == "win32":
            return {}
        self._temporary.mkdir(parents=True, exist_ok=True)
        return {"TMPDIR": str(self._temporary)}

    def _delete(self, folder: Path) -> None:
        try:
            delete(folder)
        except OSError as error:
            self._log.note(f"{folder} could not be deleted: {error}")

    def _start_check(self) -> None:
        self._step = None
        self._record.save(self.plan.folder)
        command = protocol.worker_command(str(self.plan.python))
        self._client = WorkerClient(command, self._log.path, timing=self._timing)
        self._job = self._client.submit("capabilities", limit=self._timing.start)

    def _watch_check(self, client: WorkerClient) -> None:
        client.step()
        job = self._job
        if job is None or not job.final:
            return
        if job.state is not JobState.DONE or job.result is None:
            why = job.failure or Failure("start")
            message = Text("The new engine does not work: {reason}", reason=why.message)
            self._end(Failure(why.code, message, why.advice, detail=self._log.tail(30)))
            return
        version = str(job.result.get("version"))
        if version != self.plan.version:
            told = Text(
                "The engine says it is {engine}; the add-on brought {addon}.", engine=version, addon=self.plan.version
            )
            self._end(Failure("version", told))
            return
        self._record.whole = True
        self._record.save(self.plan.folder)
        self._end(None)

    def _end(self, why: Failure | None) -> None:
        self.failure = why
        if why is None:
            self.python, self.overall, self.line = self.plan.python, 1.0, Text("The engine is ready")
            self._delete(downloads_of(self.plan.folder))
        else:
            self.line = why.message
            self._delete(self._temporary)  # a pip that was ended leaves halves of files there
        self._log.note(str(self.line))
        self._close_client()
        self.ended = True

    def _close_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close(patience=0.3)

    def _tell(self, now: float) -> None:
        if self._cancelled:
            return
        total = sum(step.weight for step in self.plan.steps) + VERIFY_WEIGHT
        step, progress = self._step, self.progress
        if self._client is not None:
            self.line = Text("Starting the engine for the first time")
            self.overall = max(self.overall, (total - VERIFY_WEIGHT * 0.7) / total)
            return
        if step is None:
            return
        before = 0.0
        for each in self.plan.steps:
            if each is step:
                break
            before += each.weight
        share = 0.05
        if step.name == "torch" and self.plan.download:
            share = 0.8 * min(1.0, progress.downloaded / self.plan.download)
        elif progress.downloaded:
            share = 0.6 * progress.downloaded / (progress.downloaded + 80_000_000)
        if progress.installing:
            self._unpacking_since = self._unpacking_since or now
            passed = now - self._unpacking_since
            share = 0.8 + 0.19 * passed / (passed + UNPACK_SECONDS)
        self.overall = max(self.overall, min(1.0, (before + step.weight * share) / total))
        self.line = self._words(step, now)

    def _words(self, step: Step, now: float) -> Text:
        progress = self.progress
        if progress.file_size and progress.downloads:
            return Text(
                "{doing}: {part} of {size}, {all} in all, {speed} a second",
                doing=progress.doing,
                part=in_words(progress.file_bytes),
                size=in_words(progress.file_size),
                all=in_words(self.downloaded),
                speed=in_words(round(self.downloaded / max(1.0, now - self._begun))),
            )
        return Text("{step}: {doing}", step=step.words, doing=progress.doing) if progress.doing else step.words


def _tells_bytes(python: Path) -> bool:
    """Whether the environment's pip knows ``--progress-bar raw``."""
    root = python.parent.parent
    name = "site-packages/pip-*.dist-info"
    for found in (*root.glob(f"lib/python3*/{name}"), *root.glob(f"Lib/{name}")):
        numbers = found.name.removeprefix("pip-").removesuffix(".dist-info").split(".")[:2]
        if all(each.isdigit() for each in numbers) and tuple(int(each) for each in numbers) >= (24, 1):
            return True
    return False
