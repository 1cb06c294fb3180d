# SPDX-License-Identifier: Apache-2.0
"""Zips of which equal contents are equal bytes, on every system and at every hour."""

from __future__ import annotations

import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def stored(path: Path) -> Generator[zipfile.ZipFile, None, None]:
    """A new zip without compression of its own: PNGs are small already, and trainings read them at random."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        yield archive


def add_file(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a file without the time and system of its making."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)
