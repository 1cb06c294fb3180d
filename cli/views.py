# SPDX-License-Identifier: Apache-2.0
"""Which pictures ``portrait render`` takes: cameras by angles, once around, the three published ones, or references."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli import parse
from cli.photographs import is_photograph, main_person
from portrait_core.errors import UsageError

if TYPE_CHECKING:
    from portrait_core.cameras import Camera

MAX_FRAMES = 360
THREE = (-180.0, -90.0, 0.0)
"""Back, side and front: the stills of the published script, left to right."""


@dataclass(frozen=True)
class View:
    """One picture: ``yaw`` and ``pitch`` in degrees, or a camera of its own with perhaps a pose; ``suffix`` of its
    file's name."""

    suffix: str
    yaw: float = 0.0
    pitch: float = 0.0
    camera: Camera | None = None
    pose: Mapping[str, tuple[float, float, float]] | None = None


def take_views(
    yaw: str,
    pitch: str,
    *,
    turntable: int | None,
    three: bool,
    like: Path | None,
    person: str = "",
    say: Callable[[str], None] = lambda _line: None,
) -> tuple[list[View], str | None]:
    """The views, and the word for a sheet of all of them (None for a file each); ``person`` is the
    number of one in a photograph, and what is odd about it goes to ``say``."""
    chosen = [name for name, given in (("--turntable", turntable), ("--three", three), ("--like", like)) if given]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)}: give one of them.")
    if like is not None:
        return (_photographed(like, person, say) if is_photograph(like) else _references(like)), None
    pitches = parse.parse_numbers(pitch, "--pitch")
    if any(abs(height) > 85 for height in pitches):
        raise UsageError(f"--pitch {pitch}: cameras stand between -85 and 85 degrees.")
    if three:
        return [View("", angle, height) for height in pitches for angle in THREE], "three"
    if turntable is None:
        places = [(angle, height) for height in pitches for angle in parse.parse_numbers(yaw, "--yaw")]
        views = [View(f"-yaw{angle:+g}-pitch{height:+g}", angle, height) for angle, height in places]
        if len({view.suffix for view in views}) != len(views):
            raise UsageError("--yaw or --pitch names the same view twice.")
        return views, None
    if not 1 <= turntable <= MAX_FRAMES:
        raise UsageError(f"--turntable {turntable}: 1 to {MAX_FRAMES} views fit on a sheet.")
    return [View("", 360.0 * k / turntable, height) for height in pitches for k in range(turntable)], "turntable"


def picture_files(
    out: Path, stem: str, views: Sequence[View], kinds: Sequence[str], sheet: str | None, *, alone: bool = False
) -> dict[tuple[int, str], Path]:
    """The path of each (view number, kind); with a sheet all views share number 0. ``alone`` says that there is one
    picture, which has the name as it is."""
    endings = {"image": "", "depth": "-depth", "mask": "-mask"}
    if alone:
        return {(0, kind): out / f"{stem}{endings[kind]}.png" for kind in kinds}
    if sheet is not None:
        return {(0, kind): out / f"{stem}-{sheet}{endings[kind]}.png" for kind in kinds}
    return {
        (number, kind): out / f"{stem}{view.suffix}{endings[kind]}.png"
        for number, view in enumerate(views)
        for kind in kinds
    }


def _photographed(path: Path, person: str, say: Callable[[str], None]) -> list[View]:
    view = main_person(path, person, say).view
    return [View(f"-{_plain(path.name)}", camera=view.camera, pose=view.pose)]


def _plain(name: str) -> str:
    """A name of somebody's file as a part of ours: no folders, no surprises."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", Path(name.replace("\\", "/")).stem)[:60].strip(".") or "picture"


def _references(path: Path) -> list[View]:
    from portrait_core.models.portrait_gan.labels import read_references

    views: list[View] = []
    taken: set[str] = set()
    for number, each in enumerate(read_references(path)):
        plain = _plain(each.name)
        suffix = f"-{plain}" if plain not in taken else f"-{plain}-{number}"
        taken.add(plain)
        views.append(View(suffix, camera=each.camera, pose=each.pose))
    return views
