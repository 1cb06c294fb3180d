# SPDX-License-Identifier: Apache-2.0
"""Blender's extension tool: plain Python that comes inside Blender and inside the bpy wheel; no Blender is started."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from addon_package.facts import ROOT, BuildError


def extension_tool(given: Path | None = None) -> list[str] | None:
    """The command of Blender's extension tool: as given, or from an installed bpy, .cache/bpy-*, or Blender on PATH."""
    if given is not None:
        if not given.is_file():
            raise BuildError(f"--blender-ext {given}: no such file; look in scripts/addons_core/bl_pkg/cli")
        return [sys.executable, str(given)]
    places: list[Path] = []
    spec = importlib.util.find_spec("bpy")
    if spec is not None and spec.origin is not None:
        places.append(Path(spec.origin).parent)
    places += sorted(ROOT.glob(".cache/bpy-*/[Ll]ib/python3*/site-packages/bpy"), reverse=True)
    blender = shutil.which("blender")
    if blender is not None:
        binary = Path(blender).resolve()
        places += [binary.parent, binary.parent.parent / "Resources"]
    for place in places:
        found = sorted(place.glob("[0-9]*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
        if found:
            return [sys.executable, str(found[-1])]
    return [blender, "--command", "extension"] if blender is not None else None


def use(tool: Sequence[str], *arguments: str) -> None:
    """Run the tool; its complaint becomes ours."""
    done = subprocess.run([*tool, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"Blender's extension tool refused `{arguments[0]}`:\n{done.stdout}{done.stderr}")


def tag_options(tool: Sequence[str]) -> list[str]:
    """The option that names the tags which Blender's site knows, where that list is at hand."""
    tags = Path(tool[-1]).parents[3] / "modules/_bpy_internal/extensions/tags.py" if tool[-1].endswith(".py") else None
    return [f"--valid-tags={tags}"] if tags is not None and tags.is_file() else []
