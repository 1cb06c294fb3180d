# SPDX-License-Identifier: GPL-3.0-or-later
"""What a set-up will do, as plain data: shown to the user first, worked off by :mod:`.install` afterwards."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..environment import home_folder
from ..failure import Failure
from ..text import Text
from .hardware import MEGABYTE, Variant, best_variant, in_words, variants
from .probe import Probe
from .pythons import sandbox, why_not
from .record import Record, python_of, read_record
from .steps import Step, constraints_of, steps_of, torch_key

LONGEST_INSIDE = 195
"""Characters of the longest path inside an environment, by torch's licence files."""
WINDOWS_LIMIT = 259
SPARE = 200 * MEGABYTE
PARTS = 230 * MEGABYTE
"""What the engine needs beside torch."""


@dataclass(frozen=True)
class SetupPlan:
    """All that a set-up will do."""

    folder: Path
    """What the add-on knows; has the record."""
    place: Path
    """Where the environment is made; another folder only where Windows needs a short path."""
    base: Probe
    variant: Variant
    wheel: Path
    """The engine's; the versions that it was tested with lie beside it."""
    version: str
    wheels: Path | None
    download: int
    """Bytes, about; 0 without the network."""
    installed: int
    """Bytes on the disk, about, once it is done."""
    otherwise: bool
    """Whether another build of torch than the variant's is taken, because that one cannot be had."""
    steps: tuple[Step, ...]
    done: tuple[str, ...]
    """Names of the steps that an earlier set-up has finished."""
    notes: tuple[Text, ...]

    @property
    def needs_network(self) -> bool:
        """Whether anything is downloaded."""
        return self.wheels is None

    @property
    def python(self) -> Path:
        """The Python of the environment, once it is made."""
        return python_of(self.place)

    @property
    def promises(self) -> bool:
        """Whether a certain build of torch is promised, from an index of its own, and no other is taken."""
        return self.wheels is None and not self.otherwise and self.variant.index is not None

    @property
    def torch(self) -> Variant:
        """What torch computes with, and how large it is: of the build that is taken."""
        return self.variant.otherwise if self.otherwise and self.variant.otherwise is not None else self.variant

    @property
    def lines(self) -> list[Text]:
        """It in sentences."""
        size = in_words(self.download)
        if self.wheels is not None:
            source = Text("Install from the folder {folder}, without the internet", folder=self.wheels)
        elif self.promises:
            facts = {"size": size, "host": host_of(self.variant)}
            source = Text(
                "Download about {size} with pip: torch from {host}, the rest as your pip settings say", **facts
            )
        else:
            source = Text("Download about {size} with pip, as your own pip settings say", size=size)
        again = "Go on where the last set-up ended" if self.done else "Make a Python environment of its own"
        python = {"version": self.base.text, "path": self.base.python}
        size = in_words(self.installed)
        return [
            Text("{what}, with Python {version} ({path})", what=Text(again), **python),
            Text("Folder: {folder}", folder=self.place),
            Text(
                "Parts: engine {version} from this add-on, torch for {hardware}, and what they need",
                version=self.version,
                hardware=self.torch.words,
            ),
            source,
            Text("Disk: about {size}. Nothing outside that folder is changed", size=size),
            *self.notes,
        ]


def make_plan(
    folder: Path,
    wheel: Path,
    base: Probe | None,
    *,
    variant: str = "auto",
    wheels: Path | None = None,
    otherwise: bool = False,
) -> SetupPlan | Failure:
    """The plan for an engine in ``folder`` out of the add-on's ``wheel``, or why there can be none. Reads only.

    With ``otherwise`` torch is taken as the user's own index has it: another build than the variant's.
    """
    fault = _why_no_plan(wheel, base, wheels)
    if fault is not None:
        return fault
    assert base is not None
    offered = variants(machine=base.machine)
    name = best_variant(machine=base.machine) if variant == "auto" else variant
    if name not in offered:
        message = Text("There is no variant {variant} for this computer.", variant=name)
        return Failure("usage", message, Text("Choose one of: auto, {names}.", names=", ".join(offered)))
    chosen, place = offered[name], short_place(folder)
    record = read_record(folder)
    if record is not None and wheels is None and chosen.index is not None:
        # who has said once that another build will do is not asked again
        otherwise = otherwise or record.steps.get("torch") == torch_key(chosen, wheel, otherwise=True)
    otherwise = otherwise and wheels is None and chosen.index is not None
    steps = steps_of(folder, place, base, chosen, wheel, wheels, otherwise=otherwise)
    done = finished(record, place, steps)
    build = chosen.otherwise if otherwise and chosen.otherwise is not None else chosen
    download = 0 if wheels is not None else (PARTS if "torch" in done else build.download)
    # what is downloaded lies there twice while pip unpacks it: kept for the next time, and under way
    disk = (0 if "torch" in done else build.installed) + 2 * download + SPARE
    free = _free(place)
    if free is not None and free < disk:
        sizes = {"size": in_words(disk), "free": in_words(free)}
        return Failure(
            "disk",
            Text("The set-up needs {size} in {folder}; {free} are free.", folder=place, **sizes),
            "Make room on that disk, or choose the variant CPU, which is smaller.",
        )
    notes: list[Text] = []
    box = sandbox()
    if box is not None:
        notes.append(
            Text("This Blender is a {box}: it may not see the system's Pythons. Blender from blender.org does", box=box)
        )
    if place != folder:
        notes.append(Text("A short folder is taken because Windows cannot hold the engine's paths in Blender's own"))
    return SetupPlan(
        folder=folder,
        place=place,
        base=base,
        variant=chosen,
        wheel=wheel,
        version=wheel_version(wheel),
        wheels=wheels,
        download=download,
        installed=build.installed,
        otherwise=otherwise,
        steps=steps,
        done=done,
        notes=tuple(notes),
    )


def host_of(variant: Variant) -> str:
    """The server that has the variant's build of torch; empty where that is the user's own index."""
    return urlsplit(variant.index or "").hostname or ""


def finished(record: Record | None, place: Path, steps: tuple[Step, ...]) -> tuple[str, ...]:
    """The steps that need not be done again: those from the first on that are written down with the same key."""
    names: list[str] = []
    if record is None or Path(record.place) != place or not python_of(place).is_file():
        return ()
    for step in steps:
        if record.steps.get(step.name) != step.key:
            break
        names.append(step.name)
    return tuple(names)


def shipped_wheel(folder: Path) -> Path | None:
    """The engine's wheel that came with the add-on."""
    found = sorted(folder.glob("portraitkit-*.whl"))
    return found[-1] if found else None


def wheel_version(wheel: Path) -> str:
    """The version in a wheel's name."""
    parts = wheel.name.split("-")
    return parts[1] if len(parts) > 2 else ""


def short_place(folder: Path, platform: str = sys.platform) -> Path:
    """``folder``, or a short one where Windows could not hold the longest path inside it."""
    if platform != "win32" or len(str(folder)) + LONGEST_INSIDE <= WINDOWS_LIMIT:
        return folder
    local = os.environ.get("LOCALAPPDATA")
    # One for each of Blender's folders, as each has an add-on with a version of its own.
    mark = hashlib.sha256(str(folder).lower().encode()).hexdigest()[:4]
    root = Path(local) if local else (home_folder() or Path("C:/")) / "AppData" / "Local"
    return root / "Portraitkit" / mark


def _why_no_plan(wheel: Path, base: Probe | None, wheels: Path | None) -> Failure | None:
    if not wheel.is_file():
        message = Text("The engine's wheel is missing: {path}.", path=wheel)
        return Failure("setup", message, "Install the add-on again from its zip.")
    if not constraints_of(wheel).is_file():
        message = Text("The versions that the engine was tested with are missing: {path}.", path=constraints_of(wheel))
        return Failure("setup", message, "Install the add-on again from its zip.")
    if base is None:
        return Failure("no_python")
    reason = why_not(base)
    if reason is not None:
        return Failure("no_python", reason)
    if wheels is None:
        if sys.platform == "linux" and base.machine in ("aarch64", "arm64"):
            # said before torch is downloaded, not after
            message = Text("Parts of the engine ({names}) are not made for Linux on ARM.", names="xatlas, PyMCubes")
            return Failure("no_wheel", message, "Build wheels of them, and choose a folder with all wheels.")
        return None
    if not wheels.is_dir():
        message = Text("The folder of wheels is not there: {folder}.", folder=wheels)
        return Failure("usage", message, "Choose another one, or none.")
    if next(wheels.glob("*.whl"), None) is None:
        message = Text("There are no wheels (.whl) in {folder}.", folder=wheels)
        return Failure("usage", message, "Choose another folder, or none.")
    return None


def _free(folder: Path) -> int | None:
    for each in (folder, *folder.parents):
        if each.is_dir():
            try:
                return shutil.disk_usage(each).free
            except OSError:
                return None
    return None
