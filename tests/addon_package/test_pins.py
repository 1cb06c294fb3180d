# SPDX-License-Identifier: Apache-2.0
"""Everything that a set-up installs has a tested version in constraints.txt, and it is one that is asked for."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
GRAPHICS = re.compile(r"nvidia-|cuda-|triton$")
"""Torch names their exact versions itself, and others for each of its builds."""


def pins() -> dict[str, Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert all(str(each.specifier).startswith("==") for each in found)
    return {canonicalize_name(each.name): each for each in found}


def needed(name: str, seen: set[str]) -> set[str]:
    """Every package that this one needs here, and those that they need."""
    try:
        told = requires(name) or []
    except PackageNotFoundError:
        return seen
    for line in told:
        each = Requirement(line)
        own = canonicalize_name(each.name)
        wanted = each.marker is None or each.marker.evaluate({"extra": ""})
        if wanted and own not in seen and not GRAPHICS.match(own):
            seen.add(own)
            needed(own, seen)
    return seen


def test_whatever_is_installed_is_pinned() -> None:
    found = needed("portraitkit", set())
    assert {"torch", "numpy", "typer"} <= found and len(found) > 25
    assert found - pins().keys() == set(), "add what was tested to constraints.txt"


def test_pins_are_what_the_engine_asks_for() -> None:
    pinned = pins()
    for line in requires("portraitkit") or []:
        each = Requirement(line)
        if each.marker is not None and "extra" in str(each.marker):
            continue
        own = pinned.get(canonicalize_name(each.name))
        if own is not None:
            tested = str(own.specifier).removeprefix("==")
            assert each.specifier.contains(tested, prereleases=True), (line, tested)
