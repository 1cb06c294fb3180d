# SPDX-License-Identifier: Apache-2.0
"""manifest.jsonl: a line for every avatar as soon as it is finished, and nothing that a crash can spoil.

Lines are only appended, each written through to the disk; the last record of a slot holds. Readers skip what is no
record (a line torn by a power failure, a damaged one) and count it. A finished run rewrites the file whole, one line an
avatar in the order of the plan, under a temporary name first.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from portrait_core.batch.records import Record
from portrait_core.errors import OutputError, UsageError
from portrait_core.files.whole_file import output_error, whole_file

NAME = "manifest.jsonl"
DAMAGED = "manifest.damaged.txt"
LONGEST_LINE = 4_000_000
"""Bytes: a recipe's latent has some thousand numbers, a line of that size is damage."""

_log = logging.getLogger("portraitkit")


@dataclass
class Read:
    """What manifests hold: the last record of each slot, the lines that are none, and how often a slot was made."""

    records: dict[str, Record] = field(default_factory=dict[str, Record])
    damaged: list[bytes] = field(default_factory=list[bytes])
    made: dict[str, int] = field(default_factory=dict[str, int])


def shard_name(shard: tuple[int, int] | None) -> str:
    """The file that a run appends to; shards have one each, so that no two processes write into one file."""
    return NAME if shard is None else f"manifest.shard-{shard[0]}-of-{shard[1]}.jsonl"


def manifests(folder: Path) -> list[Path]:
    """Every manifest of a folder: shards first, the whole one last."""
    return [*sorted(folder.glob("manifest.shard-*.jsonl")), *([folder / NAME] if (folder / NAME).is_file() else [])]


def read_manifests(paths: Iterable[Path]) -> Read:
    """Read manifests in order; raises :class:`OutputError` only where a file cannot be read at all."""
    found = Read()
    for path in paths:
        try:
            with path.open("rb") as file:
                for line in file:
                    _take(line.strip(), found)
        except OSError as error:
            raise OutputError(f"cannot read {path}: {error.strerror or error}.") from error
    return found


def read_lines(lines: Iterable[bytes]) -> Read:
    """As :func:`read_manifests`, of lines at hand."""
    found = Read()
    for line in lines:
        _take(line.strip(), found)
    return found


def _take(line: bytes, found: Read) -> None:
    if not line:
        return
    try:
        if len(line) > LONGEST_LINE:
            raise ValueError("too long")
        record = Record.model_validate(json.loads(line))
    except (ValueError, ValidationError, UsageError, RecursionError):
        found.damaged.append(line)
        return
    before = found.records.get(record.slot)
    if before is not None and before.status == "made" and record.status != "made" and _same(before, record):
        # The same avatar cannot be less made than it was: shards may be read in any order.
        return
    found.records[record.slot] = record
    if record.status == "made":
        found.made[record.slot] = found.made.get(record.slot, 0) + 1


def _same(a: Record, b: Record) -> bool:
    return a.fingerprint == b.fingerprint and a.replacement == b.replacement


class Manifest:
    """The manifest that this run appends to. :attr:`records` holds all that is known of the folder."""

    def __init__(self, folder: Path, shard: tuple[int, int] | None = None) -> None:
        self.folder = folder
        self.path = folder / shard_name(shard)
        self._shard = shard
        found = read_manifests(manifests(folder))
        self.records = found.records
        self.damaged = len(found.damaged)
        if found.damaged:
            self._keep_damaged(found.damaged)
            self.rewrite(self.records.values())
        try:
            self._file = self.path.open("ab")
            if self._file.tell() and not _ends_line(self.path):
                self._file.write(b"\n")
        except OSError as error:
            raise output_error(self.path, error) from error

    def _keep_damaged(self, lines: list[bytes]) -> None:
        _log.warning("%d damaged lines of the manifest are kept in %s", len(lines), DAMAGED)
        try:
            with (self.folder / DAMAGED).open("ab") as file:
                file.write(b"\n".join(lines) + b"\n")
        except OSError as error:
            raise output_error(self.folder / DAMAGED, error) from error

    def append(self, record: Record) -> None:
        """Write a record through to the disk. Raises :class:`OutputError`, also when the folder was removed."""
        self.check()
        try:
            self._file.write(record.line())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise output_error(self.path, error) from error
        self.records[record.slot] = record

    def check(self) -> None:
        """Raise :class:`OutputError` when the file that is written to is no longer the one in the folder."""
        try:
            there = os.path.samestat(self.path.stat(), os.fstat(self._file.fileno()))
        except FileNotFoundError:
            there = False
        except OSError as error:
            raise output_error(self.path, error) from error
        if not there:
            raise OutputError(
                f"{self.folder}: the folder or its {self.path.name} was removed or replaced while the batch ran. "
                "Run the same command again to make what is missing."
            )

    def rewrite(self, records: Iterable[Record]) -> None:
        """Replace the file by these records, whole or not at all; of a shard, only its own."""
        lines = [record.line() for record in records if self._shard is None or self._own(record)]
        with whole_file(self.path, overwrite=True) as temporary, temporary.open("wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())

    def _own(self, record: Record) -> bool:
        return self._shard is not None and record.index % self._shard[1] == self._shard[0] - 1

    def close(self) -> None:
        """Nothing more is appended."""
        self._file.close()

    def finish(self, order: Mapping[str, Any]) -> None:
        """Close and rewrite in the order of the plan, what is not of the plan behind; shards' manifests are merged."""
        self.check()
        self.close()
        planned = [self.records[slot] for slot in order if slot in self.records]
        others = [record for slot, record in self.records.items() if slot not in order]
        self.rewrite([*planned, *others])
        if self._shard is None:
            for path in manifests(self.folder)[:-1]:
                path.unlink(missing_ok=True)


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
