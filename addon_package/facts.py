# SPDX-License-Identifier: Apache-2.0
"""Names that the build and its checks share, and the version that engine and add-on share."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ADDON_ID = "portraitkit"
MANIFEST = "blender_manifest.toml"
PINS = "engine/constraints.txt"
"""Where the add-on carries the versions that the engine was tested with, for pip."""
_ALONE = ("protocol.py", "recipe_fields.py", "maps.py", "parts/strands.py")
_ROOMS = {"face": ("__init__.py", "names.py", "emotions.py", "recordings/*.py")}


def _shared() -> dict[str, str]:
    engine = ROOT / "portrait_core"
    found = {name: f"core/{Path(name).name}" for name in _ALONE}
    for room, patterns in _ROOMS.items():
        for path in sorted(each for pattern in patterns for each in (engine / room).glob(pattern)):
            name = path.relative_to(engine).as_posix()
            found[name] = f"core/{name}"
    return found


SHARED = _shared()
"""Modules of the engine that the add-on carries copies of, and where it has them: standard library only, and NumPy,
which Blender has. Single ones lie in its core, rooms in a folder of their own as they do in the engine."""


class BuildError(Exception):
    """The add-on cannot be built; the text says why and what to do."""


def engine_version() -> str:
    """The version that engine and add-on share, read without importing the engine."""
    text = (ROOT / "portrait_core" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    if found is None:
        raise BuildError('portrait_core/__init__.py has no line `__version__ = "X.Y.Z"`: add it')
    return found[1]


def website(project: Mapping[str, Any] | None = None) -> str:
    """The project's address as pyproject.toml has it, empty while it has none; the only one that Blender shows.

    Blender 4.2 to 5.2 take an extension's `website` for the button *Website*, and show no button for bugs.
    """
    if project is None:
        read: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        project = dict(read["project"])
    urls = {str(name).lower(): str(address) for name, address in dict(project.get("urls") or {}).items()}
    return next((urls[name] for name in ("homepage", "repository", "documentation") if name in urls), "")


def with_website(manifest: str, address: str) -> str:
    """A manifest's text that names ``address``; as it was without one."""
    if not address:
        return manifest
    if '"' in address or not address.startswith("https://"):
        raise BuildError(f"[project.urls]: {address!r} is no https address: mend pyproject.toml")
    return re.sub(r"^(maintainer = .*)$", rf'\1\nwebsite = "{address}"', manifest, count=1, flags=re.MULTILINE)


def addon_version(engine: str) -> str:
    """The engine's version in the form Blender wants: 0.2.0.dev1 becomes 0.2.0-dev.1, 0.2.0rc1 becomes 0.2.0-rc.1."""
    found = re.fullmatch(r"(\d+\.\d+\.\d+)(?:\.?(dev|a|b|rc)(\d+))?", engine)
    if found is None:
        raise BuildError(f"version {engine!r} is none of 1.2.3, 1.2.3.dev4, 1.2.3rc4: mend portrait_core/__init__.py")
    return found[1] + (f"-{found[2]}.{found[3]}" if found[2] else "")
