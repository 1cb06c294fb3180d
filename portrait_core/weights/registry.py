# SPDX-License-Identifier: Apache-2.0
"""Where models are: the one shipped with the package, the user's own folder, or any path given."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from portrait_core.errors import ModelFileError, OutputError, UsageError, suggestion
from portrait_core.runtime.own_folders import data_folder
from portrait_core.weights.header import ModelHeader, read_header

SUFFIX = ".safetensors"
_CHECKPOINTS = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin", ".zip")
"""Endings of weights that other programs write: whoever gives one means a file."""

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
FOLDER_VARIABLE = "PORTRAITKIT_MODELS"
"""The environment variable that puts the user's models folder elsewhere."""


@dataclass(frozen=True)
class ModelEntry:
    """A weights file that was found. ``header`` is None and ``problem`` says why when it cannot be used."""

    name: str
    path: Path
    source: Literal["shipped", "user"]
    size: int
    header: ModelHeader | None
    problem: str = ""


def shipped_folder() -> Path:
    """The folder of the package that holds the shipped weights."""
    return Path(__file__).parents[1] / "models" / "starter"


def user_folder() -> Path:
    """The user's models folder, which need not exist: ``PORTRAITKIT_MODELS`` or the system's place for such data.

    A temporary one where that cannot be written.
    """
    return user_folders()[-1]


def user_folders() -> list[Path]:
    """Where the user's models are looked for; new ones go into the last. Two where the first cannot be written."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return [Path(chosen).expanduser()]
    found = data_folder()
    places = (found.instead_of, found.path)
    return [each / "models" for each in places if each is not None and each.is_absolute()]


def standing_in_for() -> Path | None:
    """The folder that :func:`user_folder` is a temporary stand-in for, or None where it is none."""
    return None if os.environ.get(FOLDER_VARIABLE) else data_folder().instead_of


def list_models() -> list[ModelEntry]:
    """Every model by name, shipped ones first. A user's file of a shipped name stands in its place."""
    return [_entry(path, source) for path, source in _paths().values()]


def is_path(name_or_path: str | Path) -> bool:
    """Whether this means a file rather than a name of the registry."""
    text = str(name_or_path)
    named = text.lower().endswith((SUFFIX, *_CHECKPOINTS))
    return isinstance(name_or_path, Path) or named or "/" in text or os.sep in text


def find_model(name_or_path: str | Path) -> Path:
    """The weights file meant by a registry name or a path; of a training run's folder, its last snapshot.

    Raises :class:`portrait_core.errors.UsageError` when there is none, with near matches for a name.
    """
    text = str(name_or_path)
    if is_path(name_or_path):
        path = Path(text).expanduser()
        if path.is_dir():
            return _last_snapshot(path)
        if not path.is_file():
            raise UsageError(f"no model file at {path}. Give the path of a {SUFFIX} file or a name that is listed.")
        return path
    known = _paths()
    if text not in known:
        hint = suggestion(text, known, what="known models") if known else f"No models are installed in {user_folder()}."
        raise UsageError(f"unknown model {text!r}. {hint}")
    return known[text][0]


def _last_snapshot(folder: Path) -> Path:
    found = sorted(each for each in folder.glob(f"snapshot-*{SUFFIX}") if each.is_file())
    if not found:
        raise UsageError(f"{folder} is a folder without snapshots of a training; give the path of a {SUFFIX} file.")
    return found[-1]


def model_info(name_or_path: str | Path) -> ModelEntry:
    """The entry of one model; raises as :func:`find_model`, never for a damaged file (``problem`` says so)."""
    path = find_model(name_or_path)
    return _entry(path, "shipped" if path.parent == shipped_folder() else "user")


def target_for(name: str) -> Path:
    """Where a model that is imported under ``name`` goes. Raises :class:`UsageError` for a name that is none."""
    if not re.fullmatch(NAME, name):
        raise UsageError(
            f"model name {name!r}: expected letters, digits, dots, dashes and underscores, at most 64, the first a "
            "letter or digit."
        )
    if (shipped_folder() / f"{name}{SUFFIX}").exists():
        raise UsageError(f"{name} is the name of a model that comes with Portraitkit; choose another one.")
    return user_folder() / f"{name}{SUFFIX}"


def remove_model(name: str) -> ModelEntry:
    """Delete a model of the user's own folder and return what it was.

    Raises :class:`UsageError` for a shipped model, a path, or an unknown name, :class:`OutputError` when it cannot be
    deleted.
    """
    if is_path(name):
        raise UsageError(f"{name} is a path; give the name of a model in {user_folder()}, or delete the file yourself.")
    path = find_model(name)
    if path.parent == shipped_folder():
        raise UsageError(f"{name} comes with Portraitkit and stays; only your own models can be removed.")
    entry = _entry(path, "user")
    try:
        path.unlink()
    except OSError as error:
        raise OutputError(f"cannot remove {path}: {error.strerror or error}.") from error
    return entry


def _paths() -> dict[str, tuple[Path, Literal["shipped", "user"]]]:
    found: dict[str, tuple[Path, Literal["shipped", "user"]]] = {}
    for path in sorted(shipped_folder().glob("*" + SUFFIX)):
        found[path.stem] = (path, "shipped")
    for folder in user_folders():
        for path in _weights_in(folder):
            # Hidden names are half-written files of a running save, .state is what a training resumes from.
            if not path.name.startswith(".") and not path.stem.endswith(".state"):
                found[path.stem] = (path, "user")
    return found


def _weights_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except OSError:  # not there, or not for this user's eyes
        return []


def _entry(path: Path, source: Literal["shipped", "user"]) -> ModelEntry:
    header, problem = None, ""
    try:
        header = read_header(path)
    except ModelFileError as error:
        problem = str(error)
    return ModelEntry(path.stem, path, source, path.stat().st_size, header, problem)
