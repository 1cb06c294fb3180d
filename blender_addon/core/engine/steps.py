# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of a set-up, in order: an environment, its pip, torch, the engine's parts, the engine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ..text import Text
from .hardware import MEGABYTE, Variant
from .probe import Probe
from .record import downloads_of, python_of

TORCH = "torch>=2.4"
LARGE = ("warp-lang", "scipy")
"""Parts of tens of megabytes: a step for each, so that one that came is kept, whatever the index says of keeping."""
CONSTRAINTS = "constraints.txt"


@dataclass(frozen=True)
class Step:
    """One command. ``key`` is what it is done with: a finished step is done again only when that changes."""

    name: str
    words: Text
    command: tuple[str, ...]
    key: str
    weight: float
    """Its share of the time, among the others."""


def constraints_of(wheel: Path) -> Path:
    """The versions that the engine was tested with, for pip: no others are installed. They lie beside its wheel."""
    return wheel.with_name(CONSTRAINTS)


def torch_key(variant: Variant, wheel: Path, *, otherwise: bool = False) -> str:
    """What torch was installed as: the variant, the tested version, and whether it is another build than promised."""
    return f"{variant.name} {_pin(constraints_of(wheel), 'torch')}" + (" otherwise" if otherwise else "")


def steps_of(
    folder: Path,
    place: Path,
    base: Probe,
    variant: Variant,
    wheel: Path,
    wheels: Path | None,
    *,
    otherwise: bool = False,
) -> tuple[Step, ...]:
    """The steps for an engine in ``place``; what is downloaded is kept beside ``folder``.

    Of torch the build marked with the variant's label is taken or none, so that nobody gets another one by surprise;
    with ``otherwise``, or out of a folder of wheels, whatever is there.
    """
    python = str(python_of(place))
    pip: tuple[str, ...] = (
        python,
        "-I",
        "-X",
        "utf8",
        "-m",
        "pip",
        "install",
        "--no-input",
        "--disable-pip-version-check",
    )
    pip += ("--progress-bar", "raw", "--only-binary", ":all:", "--cache-dir", str(downloads_of(folder)))
    tested = ("--constraint", str(constraints_of(wheel)))
    place_of_wheels = ("--no-index", "--find-links", str(wheels)) if wheels is not None else ()
    source = (*tested, *place_of_wheels)
    promised = variant.index is not None and wheels is None and not otherwise
    # Only torch itself comes from the other index; what it needs comes with the parts, from the user's own.
    extra = ("--no-deps", "--extra-index-url", str(variant.index)) if promised else ()
    pin = _pin(constraints_of(wheel), "torch")
    torch = pin + variant.label if promised and "==" in pin else TORCH
    maker = base.base if base.in_venv else base.python
    weighs_most = max(10.0, variant.download / (10 * MEGABYTE)) if wheels is None else 10.0
    made = (str(maker), "-I", "-X", "utf8", "-m", "venv", "--clear", str(place))
    steps = [Step("venv", Text("Making the environment"), made, f"{maker} {base.text}", 4.0)]
    if wheels is None or next(wheels.glob("pip-*.whl"), None) is not None:
        # Progress in bytes came with pip 24.1; what Pythons bring may be older.
        steps.append(Step("pip", Text("Renewing pip"), (*pip, *place_of_wheels, "--upgrade", "pip>=24.1"), "24.1", 2.0))
    key = f"{_digest(wheel)} {_digest(constraints_of(wheel))}"
    again = ("--no-deps", "--no-index", "--force-reinstall", str(wheel))
    torch_is = torch_key(variant, wheel, otherwise=otherwise)
    steps += [
        Step("torch", Text("Installing torch"), (*pip, *source, *extra, torch), torch_is, weighs_most),
        *(
            Step(name, Text("Installing {part}", part=name), (*pip, *source, "--no-deps", pinned), pinned, 6.0)
            for name in LARGE
            if (pinned := _pin(constraints_of(wheel), name)) != name
        ),
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
