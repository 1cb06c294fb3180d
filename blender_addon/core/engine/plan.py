# SPDX-License-Identifier: GPL-3.0-or-later
"""What a set-up will do, as plain data: shown to the user first, worked off by :mod:`.install` afterwards."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ..failure import Failure
from ..text import Text
from .hardware import MEGABYTE, Variant, best_variant, in_words, variants
from .probe import Probe
from .pythons import sandbox, why_not
from .record import Record, downloads_of, python_of, read_record

TORCH = "torch>=2.4"
CONSTRAINTS = "constraints.txt"
LONGEST_INSIDE = 195
"""Characters of the longest path inside an environment, by torch's licence files."""
WINDOWS_LIMIT = 259
SPARE = 200 * MEGABYTE


@dataclass(frozen=True)
class Step:
    """One command. ``key`` is what it is done with: a finished step is done again only when that changes."""

    name: str
    words: Text
    command: tuple[str, ...]
    key: str
    weight: float
    """Its share of the time, among the others."""


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
    def lines(self) -> list[Text]:
        """It in sentences."""
        source = (
            Text("Download about {size} with pip, as your own pip settings say", size=in_words(self.download))
            if self.wheels is None
            else Text("Install from the folder {folder}, without the internet", folder=self.wheels)
        )
        again = "Go on where the last set-up ended" if self.done else "Make a Python environment of its own"
        python = {"version": self.base.text, "path": self.base.python}
        size = in_words(self.variant.installed)
        return [
            Text("{what}, with Python {version} ({path})", what=Text(again), **python),
            Text("Folder: {folder}", folder=self.place),
            Text(
                "Parts: engine {version} from this add-on, torch for {hardware}, and what they need",
                version=self.version,
                hardware=self.variant.words,
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
) -> SetupPlan | Failure:
    """The plan for an engine in ``folder`` out of the add-on's ``wheel``, or why there can be none. Reads only."""
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
    steps = _steps(folder, place, base, chosen, wheel, wheels)
    done = finished(record, place, steps)
    download = 0 if wheels is not None else (120 * MEGABYTE if "torch" in done else chosen.download)
    disk = (0 if "torch" in done else chosen.installed) + download + SPARE
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
        steps=steps,
        done=done,
        notes=tuple(notes),
    )


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


def constraints_of(wheel: Path) -> Path:
    """The versions that the engine was tested with, for pip: no others are installed."""
    return wheel.with_name(CONSTRAINTS)


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
    root = Path(local) if local else Path.home() / "AppData" / "Local"
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
        return None
    if not wheels.is_dir():
        message = Text("The folder of wheels is not there: {folder}.", folder=wheels)
        return Failure("usage", message, "Choose another one, or none.")
    if next(wheels.glob("*.whl"), None) is None:
        message = Text("There are no wheels (.whl) in {folder}.", folder=wheels)
        return Failure("usage", message, "Choose another folder, or none.")
    return None


def _steps(
    folder: Path, place: Path, base: Probe, variant: Variant, wheel: Path, wheels: Path | None
) -> tuple[Step, ...]:
    python = str(python_of(place))
    pip = (python, "-I", "-X", "utf8", "-m", "pip", "install", "--no-input", "--disable-pip-version-check")
    pip += ("--progress-bar", "raw", "--only-binary", ":all:", "--cache-dir", str(downloads_of(folder)))
    tested = ("--constraint", str(constraints_of(wheel)))
    # Only torch itself comes from the other index; what it needs comes with the parts, from the user's own.
    place_of_wheels = ("--no-index", "--find-links", str(wheels)) if wheels is not None else ()
    source = (*tested, *place_of_wheels)
    extra = ("--no-deps", "--extra-index-url", variant.index) if variant.index is not None and wheels is None else ()
    maker = base.base if base.in_venv else base.python
    weighs_most = max(10.0, variant.download / (10 * MEGABYTE)) if wheels is None else 10.0
    made = (str(maker), "-I", "-X", "utf8", "-m", "venv", "--clear", str(place))
    steps = [Step("venv", Text("Making the environment"), made, f"{maker} {base.text}", 4.0)]
    if wheels is None or next(wheels.glob("pip-*.whl"), None) is not None:
        # Progress in bytes came with pip 24.1; what Pythons bring may be older.
        steps.append(Step("pip", Text("Renewing pip"), (*pip, *place_of_wheels, "--upgrade", "pip>=24.1"), "24.1", 2.0))
    key, pin = f"{_digest(wheel)} {_digest(constraints_of(wheel))}", _pin(constraints_of(wheel), "torch")
    again = ("--no-deps", "--no-index", "--force-reinstall", str(wheel))
    steps += [
        Step("torch", Text("Installing torch"), (*pip, *source, *extra, TORCH), f"{variant.name} {pin}", weighs_most),
        Step("parts", Text("Installing the engine's parts"), (*pip, *source, str(wheel)), key, 12.0),
        # A wheel of the same version but other content would be passed over by the step before.
        Step("engine", Text("Installing the engine"), (*pip, *again), key, 1.0),
    ]
    return tuple(steps)


def _pin(constraints: Path, name: str) -> str:
    """The line of a package."""
    lines = constraints.read_text(encoding="utf-8").splitlines()
    return next((line.strip() for line in lines if line.startswith(f"{name}==")), name)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _free(folder: Path) -> int | None:
    for each in (folder, *folder.parents):
        if each.is_dir():
            try:
                return shutil.disk_usage(each).free
            except OSError:
                return None
    return None
