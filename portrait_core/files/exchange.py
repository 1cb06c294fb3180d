# SPDX-License-Identifier: Apache-2.0
"""Finished files take the places of old ones, all or none.

What is replaced waits in a folder of its own, ``.MAIN.undo``, until every new file is in its place. That folder also
holds the plan, for as long as the old files would have to go back, and a lock that ends with the process. So whoever
comes next can tell from the disk alone what a process that died has left.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import filelock

from portrait_core.errors import OutputError

UNDO = ".undo"
_LOCK, _PLAN, _OLD = "lock", "plan.json", "old"


@dataclass(frozen=True)
class _Move:
    """``source`` to ``target``; ``kept`` is where the file waits that was there, ``fresh`` says that there was none."""

    source: Path
    target: Path
    kept: Path
    fresh: bool


def exchange(folder: Path, main: str, moves: Sequence[tuple[Path, Path]]) -> None:
    """Move every source to its target below ``folder``, in order; on any exception all is as it was.

    Sources and targets must lie on one file system. Raises :class:`OutputError` while another process moves the files
    of the same ``main`` and where old files cannot be put back, and otherwise what the system says.
    """
    made: list[Path] = []
    try:
        for _, target in moves:
            _make_parents(folder, target, made)
        if len(moves) == 1:
            os.replace(*moves[0])
        elif moves:
            _exchange_many(folder, folder / f".{main}{UNDO}", moves)
    except BaseException:
        for each in reversed(made):
            with contextlib.suppress(OSError):
                each.rmdir()
        raise


def take_back_left(folder: Path, main: str | None = None) -> int:
    """Put right what dead processes left in ``folder``, of the set ``main`` or of all; how many sets that were.

    A set of which a part was moved goes back, one that was complete stays. Sets of living processes are left alone.
    Raises ``OSError`` where old files cannot be put back.
    """
    righted = 0
    for undo in [folder / f".{main}{UNDO}"] if main is not None else sorted(folder.glob(f".*{UNDO}")):
        if not undo.is_dir():
            continue
        with contextlib.suppress(filelock.Timeout), _locked(undo):
            _take_back(_read_plan(undo, folder))
            _let_go(undo)
            righted += 1
    return righted


def _exchange_many(folder: Path, undo: Path, moves: Sequence[tuple[Path, Path]]) -> None:
    plan = [
        _Move(source, target, undo / _OLD / target.relative_to(folder), not os.path.lexists(target))
        for source, target in moves
    ]
    undo.mkdir(exist_ok=True)
    try:
        with _locked(undo):
            try:
                _write_plan(undo, folder, plan)
                for move in plan:
                    if not move.fresh:
                        move.kept.parent.mkdir(parents=True, exist_ok=True)
                        os.replace(move.target, move.kept)
                    os.replace(move.source, move.target)
                # From here on the new files stay.
                (undo / _PLAN).unlink()
            except BaseException:
                _give_back(undo, plan)
                raise
            _let_go(undo)
    except filelock.Timeout:
        raise OutputError(f"{moves[-1][1]} is being written by another process; wait for it.") from None


def _give_back(undo: Path, plan: Sequence[_Move]) -> None:
    """Take back what was moved, whatever the reason."""
    try:
        if (undo / _PLAN).exists():
            _take_back(plan)
    except OSError as error:
        raise OutputError(
            f"files of {plan[-1].target} could not be put back: {error.strerror or error}. They wait in {undo} and go "
            "back when that avatar is written again, or by hand."
        ) from error
    _let_go(undo)


def _take_back(plan: Sequence[_Move]) -> None:
    """Undo the moves that were made; which they are is asked of the disk. Tries all, then raises what went wrong."""
    failed: OSError | None = None
    for move in reversed(plan):
        try:
            if not move.fresh and os.path.lexists(move.kept):
                os.replace(move.kept, move.target)
            elif move.fresh and not os.path.lexists(move.source):
                move.target.unlink(missing_ok=True)
        except OSError as error:
            failed = failed or error
    if failed is not None:
        raise failed


def _let_go(undo: Path) -> None:
    """Remove an undo folder, under another name so that nobody takes its lock meanwhile."""
    with contextlib.suppress(OSError):
        (undo / _PLAN).unlink(missing_ok=True)
    gone = undo.with_name(f"{undo.name.removesuffix(UNDO)}.{secrets.token_hex(4)}.part")
    with contextlib.suppress(OSError):
        undo = undo.rename(gone)
    shutil.rmtree(undo, ignore_errors=True)


@contextmanager
def _locked(undo: Path) -> Generator[None, None, None]:
    """Hold the lock of an undo folder; raises ``filelock.Timeout`` where another process holds it."""
    lock = filelock.FileLock(undo / _LOCK)
    lock.acquire(timeout=0)
    try:
        yield
    finally:
        lock.release()


def _write_plan(undo: Path, folder: Path, plan: Sequence[_Move]) -> None:
    """Before anything moves. Appears whole: where there is none, nothing was moved or all was."""
    facts = [
        [move.source.relative_to(folder).as_posix(), move.target.relative_to(folder).as_posix(), move.fresh]
        for move in plan
    ]
    (undo / f"{_PLAN}.part").write_text(json.dumps(facts), encoding="utf-8")
    os.replace(undo / f"{_PLAN}.part", undo / _PLAN)


def _read_plan(undo: Path, folder: Path) -> list[_Move]:
    try:
        rows = cast("list[list[Any]]", json.loads((undo / _PLAN).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return []
    return [
        _Move(folder / str(source), folder / str(target), undo / _OLD / str(target), bool(fresh))
        for source, target, fresh in rows
    ]


def _make_parents(folder: Path, target: Path, made: list[Path]) -> None:
    """Make the folders that ``target`` needs below ``folder``; adds to ``made`` those that were missing."""
    missing = [each for each in target.parents if each.is_relative_to(folder) and not each.exists()]
    for each in reversed(missing):
        each.mkdir()
        made.append(each)
