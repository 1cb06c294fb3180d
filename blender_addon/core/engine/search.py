# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for engines that are on this computer already."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from .probe import Probe, probe
from .record import own_python, python_of


def find_engines(folder: Path, chosen: Path | None = None, *, timeout: float = 10.0) -> Iterator[Path]:
    """Pythons that have an engine, best first: the one chosen, our own, that of the command, the usual ones."""
    seen: set[str] = set()
    for python in engine_candidates(folder, chosen):
        key = os.path.normcase(str(python))
        if key in seen:
            continue
        seen.add(key)
        told = probe(python, timeout)
        if isinstance(told, Probe) and told.engine is not None:
            # The path as it was found: a venv's link must not be followed, or its packages are gone.
            yield python


def engine_candidates(folder: Path, chosen: Path | None = None) -> Iterator[Path]:
    """Pythons that may have an engine; those that exist."""
    if chosen is not None:
        # A folder may be chosen as well: that of an environment.
        python = python_of(chosen) if chosen.is_dir() else chosen
        if python.is_file():
            yield python
    own = own_python(folder)
    if own is not None:
        yield own
    command = shutil.which("portrait")
    if command is not None:
        beside = _python_of_script(Path(command))
        if beside is not None:
            yield beside
    environment = os.environ.get("VIRTUAL_ENV")
    if environment and python_of(Path(environment)).is_file():
        yield python_of(Path(environment))
    for name in ("python3", "python"):
        found = shutil.which(name)
        if found is not None and "WindowsApps" not in found:
            yield Path(found)


def _python_of_script(script: Path) -> Path | None:
    """The Python that runs a console script: named in its first line, or beside it."""
    try:
        with script.open("rb") as file:
            first = file.readline(1024)
    except OSError:
        return None
    if first.startswith(b"#!"):
        named = Path(first[2:].decode("utf-8", "replace").strip())
        if named.is_absolute() and named.is_file() and named.name.lower().startswith("python"):
            return named
    for folder in (script.parent, script.resolve().parent):
        beside = folder / ("python.exe" if sys.platform == "win32" else "python")
        if beside.is_file():
            return beside
    return None
