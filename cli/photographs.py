# SPDX-License-Identifier: Apache-2.0
"""Photographs on the command line: which files are some, whose they may be, and the views that they show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from portrait_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from portrait_core.photo.estimate import PortraitEstimate
    from portrait_core.photo.reading import Photograph

PICTURES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".heic", ".heif")
)
CONSENT = (
    "Use only pictures that you may use: a face is somebody's, and whoever is in a picture has a say in what is made "
    "of it."
)
TOLD = "photographs-told"


def is_photograph(path: Path) -> bool:
    """Whether a file is called as a picture."""
    return path.suffix.lower() in PICTURES


def tell_consent(say: Callable[[str], None]) -> None:
    """The sentence on consent, on the first run with a photograph on this machine."""
    from portrait_core.runtime.own_folders import config_folder

    marker = config_folder() / TOLD
    if marker.is_file():
        return
    say(CONSENT)
    try:
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text(CONSENT + "\n", encoding="utf-8")
    except OSError:
        return  # told again next time


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The photographs that somebody named: files as they are, of folders all that are called as pictures."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.iterdir() if each.is_file() and is_photograph(each))
            if not inside:
                raise UsageError(f"{path}: there is no picture in this folder.")
            found += inside
        else:
            found.append(path)
    return found


def seen_in(
    path: Path, person: int | None, say: Callable[[str], None] | None = None
) -> tuple[Photograph, list[PortraitEstimate]]:
    """A photograph and its persons, the largest first; ``person`` alone where it is given.

    :raises PhotographError: where nobody is in it, or it cannot be read.
    """
    from portrait_core.photo.estimate import estimate_portraits
    from portrait_core.photo.reading import read_photograph

    if say is not None:
        tell_consent(say)
    photograph = read_photograph(path)
    return photograph, estimate_portraits(photograph, only=person)


def main_person(path: Path, person: str, say: Callable[[str], None]) -> PortraitEstimate:
    """The one person of a photograph whose camera and pose are wanted: that of the number given, or the largest; what
    is odd about it goes to ``say``."""
    _, chosen = person_in(path, person, say)
    for warning in chosen.warnings:
        say(f"{path}: {warning}.")
    return chosen


def person_in(path: Path, person: str, say: Callable[[str], None]) -> tuple[Photograph, PortraitEstimate]:
    """A photograph and the one person of it who is wanted: that of the number given, or the largest."""
    if person and not (person.isascii() and person.isdigit()):
        raise UsageError(f"--person {person!r}: persons of a photograph have numbers, the largest is 1.")
    photograph, found = seen_in(path, int(person) if person else None, say)
    if not person and len(found) > 1:
        say(f"{path}: {len(found)} persons are in it; the largest is taken. Choose by --person 1 to {len(found)}.")
    return photograph, found[0]


def pose_like(path: Path, person: str, say: Callable[[str], None]) -> str:
    """The pose in a photograph, or in the first entry of a dataset.json, as ``--pose`` takes it."""
    if is_photograph(path):
        pose = main_person(path, person, say).view.pose
    else:
        from portrait_core.models.portrait_gan.labels import read_references

        first = read_references(path)[0]
        if first.pose is None:
            raise UsageError(f"{path}: {first.name} has no pose; give a dataset.json with labels of 31 numbers.")
        pose = first.pose
    from math import degrees

    return ";".join(f"{joint}={','.join(f'{degrees(each):.4f}' for each in turn)}" for joint, turn in pose.items())
