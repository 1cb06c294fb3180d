# SPDX-License-Identifier: Apache-2.0
"""Zips whose bytes depend on their contents only: the same sources make the same file."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can hold


def steady_zip(source: Path, target: Path) -> None:
    """Write a folder or another zip as a zip whose bytes depend on the contents only."""
    temporary = target.with_name(target.name + ".part")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
        for name, data in sorted(_contents(source)):
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            # A wheel inside is packed already.
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
            out.writestr(entry, data)
    temporary.replace(target)


def _contents(source: Path) -> Iterator[tuple[str, bytes]]:
    if source.is_dir():
        for path in source.rglob("*"):
            if path.is_file():
                yield path.relative_to(source).as_posix(), path.read_bytes()
        return
    with zipfile.ZipFile(source) as archive:
        for name in archive.namelist():
            if not name.endswith("/"):
                yield name, archive.read(name)
