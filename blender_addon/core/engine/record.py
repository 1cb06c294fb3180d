# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written down in an engine's folder: which steps are done, and whether it is whole. And how it is removed."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from ..failure import Failure
from ..text import Text

NAME = "portraitkit-engine.json"
_FORMAT = 1


@dataclass
class Record:
    """Kept in the folder that the add-on knows; the environment is in ``place``, mostly the same folder."""

    place: str
    steps: dict[str, str] = field(default_factory=dict[str, str])
    """Step -> what it was done with; it is done again when that changes."""
    whole: bool = False
    version: str = ""
    variant: str = ""
    format: int = _FORMAT

    def save(self, folder: Path) -> None:
        """Write it to ``folder``, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / (NAME + ".part")
        temporary.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        temporary.replace(folder / NAME)


def read_record(folder: Path) -> Record | None:
    """What is written down in ``folder``; None where nothing readable is."""
    try:
        found: object = json.loads((folder / NAME).read_text(encoding="utf-8"))
        facts = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
        if facts.get("format") != _FORMAT:
            return None
        steps = cast("dict[str, str]", facts["steps"]) if isinstance(facts["steps"], dict) else {}
        return Record(
            place=str(facts["place"]),
            steps={str(name): str(value) for name, value in steps.items()},
            whole=facts["whole"] is True,
            version=str(facts["version"]),
            variant=str(facts["variant"]),
        )
    except (OSError, ValueError, KeyError):
        return None


def python_of(place: Path) -> Path:
    """Where the Python of an environment in ``place`` is."""
    return place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def own_python(folder: Path) -> Path | None:
    """The Python of the engine made in ``folder``, only if it is whole."""
    record = read_record(folder)
    if record is None or not record.whole:
        return None
    python = python_of(Path(record.place))
    return python if python.is_file() else None


def remove_engine(folder: Path) -> Failure | None:
    """Delete the engine made in ``folder``. First it is marked as not whole, so that no half of it is ever used."""
    record = read_record(folder)
    places = [folder, downloads_of(folder)]
    if record is not None:
        record.whole = False
        try:
            record.save(folder)
        except OSError as error:
            return Failure("permission", Text("The engine's folder cannot be written: {reason}", reason=error))
        place = Path(record.place)
        # Only a folder that is an environment, never one that a damaged record names by mistake.
        if place != folder and (place / "pyvenv.cfg").is_file():
            places.insert(0, place)
    for each in places:
        try:
            delete(each)
        except OSError as error:
            code = "locked" if sys.platform == "win32" else "permission"
            return Failure(code, Text("The engine cannot be removed whole: {reason}", reason=error))
    return None


def downloads_of(folder: Path) -> Path:
    """Where pip keeps what it downloaded until the engine is whole."""
    return folder.with_name(folder.name + "-downloads")


def delete(folder: Path) -> None:
    """Delete a folder with everything in it, read-only files too; links are not followed."""
    if folder.is_symlink():
        folder.unlink()
        return
    if not folder.exists():
        return

    def make_writable_and_retry(function: Callable[..., Any], path: str, _error: object) -> None:
        os.chmod(path, stat.S_IWRITE | stat.S_IREAD | stat.S_IEXEC)
        function(path)

    if sys.version_info >= (3, 12):
        shutil.rmtree(folder, onexc=make_writable_and_retry)
    else:
        shutil.rmtree(folder, onerror=make_writable_and_retry)
