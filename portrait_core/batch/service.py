# SPDX-License-Identifier: Apache-2.0
"""A batch from its plan to its report: the one call behind ``portrait batch``, for programs as well."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portrait_core.batch import pages
from portrait_core.batch import report as reports
from portrait_core.batch.costs import estimate
from portrait_core.batch.locks import folder_lock
from portrait_core.batch.manifest import NAME, Manifest, manifests, read_manifests
from portrait_core.batch.records import Job, Outputs, Record, avatars
from portrait_core.batch.remote_store import RemoteStore, is_url, state_folder
from portrait_core.batch.resources import Resources
from portrait_core.batch.resume import sweep
from portrait_core.batch.run import Limits, Run, Summary
from portrait_core.errors import OutputError, PortraitError, UsageError, remedy
from portrait_core.files.names import plain_stem
from portrait_core.files.whole_file import make_folder, prepare_folder, whole_file
from portrait_core.progress import Progress, silent
from portrait_core.runtime.own_folders import offer

_log = logging.getLogger("portraitkit")


def _never() -> int:
    return 0


def _nobody(record: Record) -> None:
    pass


@dataclass(frozen=True)
class Batch:
    """What to make and where. ``out`` is a folder or a URL; ``pattern`` names replacements as it named the jobs."""

    jobs: Sequence[Job]
    out: str
    outputs: Outputs = field(default_factory=Outputs)
    limits: Limits = field(default_factory=Limits)
    resources: Resources = field(default_factory=Resources)
    pattern: str = ""
    shard: tuple[int, int] | None = None
    break_lock: bool = False

    def own_jobs(self) -> list[Job]:
        """The jobs of this shard, or all."""
        check_names(self.jobs)
        if self.shard is None:
            return list(self.jobs)
        part, parts = self.shard
        return [job for job in self.jobs if job.index % parts == part - 1]


def check_names(jobs: Sequence[Job]) -> None:
    """Refuse two avatars of one name; capitals count as small letters, as on some systems."""
    seen: dict[str, int] = {}
    for job in jobs:
        name = plain_stem(job.name).lower()
        if name in seen:
            raise UsageError(
                f"avatars {seen[name]} and {job.index} of the plan would both be called {plain_stem(job.name)!r}.",
                remedy=remedy("number_names"),
            )
        seen[name] = job.index


@contextmanager
def _opened(batch: Batch) -> Generator[tuple[Path, RemoteStore | None], None, None]:
    """The folder of the manifest, locked, and the place behind a URL."""
    if not is_url(batch.out):
        folder = prepare_folder(Path(batch.out))
        offer(folder)
        with folder_lock(folder, batch.shard):
            yield folder, None
        return
    remote = RemoteStore(batch.out)
    folder = make_folder(state_folder(remote.url))
    with folder_lock(folder, batch.shard), remote.locked(batch.shard, force=batch.break_lock):
        fetch_manifests(remote, folder)
        yield folder, remote


def fetch_manifests(remote: RemoteStore, folder: Path) -> None:
    """Bring the manifests behind a URL up to date here; lines that only this machine has stay."""
    for name in remote.manifests():
        there = remote.fetch(name) or b""
        path = folder / name
        here = path.read_bytes() if path.is_file() else b""
        known = set(here.split(b"\n"))
        new = [line for line in there.split(b"\n") if line not in known]
        if new:
            with whole_file(path, overwrite=True) as temporary:
                temporary.write_bytes(b"\n".join(new) + b"\n" + here)


def run_batch(
    batch: Batch,
    *,
    progress: Progress = silent,
    heard: Callable[[Record], None] = _nobody,
    begun: Callable[[int, int], None] = lambda todo, kept: None,
    stop: Callable[[], int] = _never,
    words: reports.Words = reports.wordless,
) -> tuple[Summary, list[Record]]:
    """Make what is missing of ``batch``; what the run did, and all records of the folder in the order of the plan.

    ``heard`` is told of every record as it is written, ``begun`` how many avatars are to be made and how many are there
    already. ``stop`` is asked several times a second: 1 finishes what is in work, 2 drops it. ``words`` tell in the
    report what to do about a failure. Raises :class:`OutputError` for a folder that is taken, gone, full or read-only
    and :class:`portrait_core.batch.run.TooManyFailures`; what is finished then is kept, and reported, all the same.
    """
    jobs = batch.own_jobs()
    with _opened(batch) as (folder, remote):
        sweep(folder, None if batch.shard is None else {plain_stem(job.name) for job in jobs})
        manifest = Manifest(folder, batch.shard)
        run = Run(jobs, batch.outputs, folder, manifest, batch.limits, remote, batch.pattern, stop=stop, heard=heard)
        try:
            tasks = run.missing(progress)
            begun(len(tasks), run.summary.kept)
            if tasks:
                wanted = {task.index for task in tasks}
                memory = estimate([job for job in jobs if job.index in wanted], batch.outputs).memory_mib
                executor = batch.resources.executor(len(tasks), memory)
                try:
                    run.go(executor, tasks)
                finally:
                    executor.close()
        except (PortraitError, OSError, KeyboardInterrupt):
            # What is finished is told as far as the disk allows; the error that ended it goes first.
            with contextlib.suppress(PortraitError, OSError):
                _close(batch, run, folder, remote, words)
            raise
        return run.summary, _close(batch, run, folder, remote, words)


def _close(batch: Batch, run: Run, folder: Path, remote: RemoteStore | None, words: reports.Words) -> list[Record]:
    if remote is None and not folder.is_dir():
        raise OutputError(f"{folder}: the folder was removed while the batch ran.")
    sweep(folder, None if batch.shard is None else {plain_stem(job.name) for job in run.jobs})
    run.finish()
    records = planned_records(batch, folder)
    write_pages(batch, records, run.summary, folder, remote, words)
    return records


def planned_records(batch: Batch, folder: Path) -> list[Record]:
    """The records of all jobs of the plan, also those of other shards, in its order."""
    found = read_manifests(manifests(folder)).records
    return [found[slot] for job in batch.jobs if (slot := plain_stem(job.name)) in found]


def write_pages(
    batch: Batch,
    records: Sequence[Record],
    summary: Summary,
    folder: Path,
    remote: RemoteStore | None,
    words: reports.Words = reports.wordless,
) -> None:
    """The page, the contact sheet and the report, each whole or not at all."""

    def read(name: str) -> bytes | None:
        if remote is not None:
            return remote.fetch(name)
        try:
            return (folder / name).read_bytes()
        except OSError:
            return None

    made = sum(record.status == "made" for record in records)
    contents = {
        reports.NAME: reports.report(records, len(batch.jobs), summary, words).encode(),
        pages.PAGE: pages.page(records, f"{made} of {avatars(len(batch.jobs))}"),
        pages.SHEET: pages.contact_sheet(records, read),
    }
    for name, content in contents.items():
        if content is None:
            continue
        if remote is not None:
            remote.write(name, content)
            continue
        with whole_file(folder / name, overwrite=True) as temporary:
            temporary.write_bytes(content)


def looked_at(batch: Batch) -> tuple[list[Job], list[Record]]:
    """What a dry run may know: the jobs without a whole avatar (by the size of files), and the records there are.

    Nothing is written, locked or repaired.
    """
    from portrait_core.batch.resume import is_whole

    jobs = batch.own_jobs()
    if is_url(batch.out):
        remote = RemoteStore(batch.out)
        from portrait_core.batch.manifest import read_lines

        records = read_lines(b"\n".join(remote.fetch(name) or b"" for name in remote.manifests()).split(b"\n")).records

        def whole(record: Record) -> bool:
            return remote.is_whole(record, digests=False)
    else:
        folder = Path(batch.out)
        records = read_manifests(manifests(folder)).records if folder.is_dir() else {}

        def whole(record: Record) -> bool:
            return is_whole(record, folder, digests=False)

    left: list[Job] = []
    for job in jobs:
        record = records.get(plain_stem(job.name))
        if record is None or not _settled(record, job, batch.outputs) or not whole(record):
            left.append(job)
    return left, list(records.values())


def _settled(record: Record, job: Job, outputs: Outputs) -> bool:
    """Whether a record says that there is nothing to do for a job, if its files are there."""
    verdict = "made" if record.score >= outputs.min_quality else "rejected"
    return record.fingerprint == job.fingerprint(outputs) and record.status == verdict


__all__ = ["NAME", "Batch", "check_names", "looked_at", "planned_records", "run_batch"]
