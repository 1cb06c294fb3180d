# SPDX-License-Identifier: Apache-2.0
"""Builds the Blender add-on: `python build_addon.py` writes dist/portraitkit-X.Y.Z.zip and dist/repository/.

The zip holds the add-on, copies of what it shares with the engine, and as data the engine's wheel with the versions
that it was tested with, so that all of them always match. Blender's own extension tool builds and validates it where
one is found; our own checks come on top.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from addon_package.checks import manifest_faults, zip_faults
from addon_package.extension_tool import extension_tool, tag_options, use
from addon_package.facts import (
    ADDON_ID,
    MANIFEST,
    PINS,
    ROOT,
    SHARED,
    BuildError,
    addon_version,
    engine_version,
    website,
    with_website,
)
from addon_package.steady_zip import steady_zip
from addon_package.wheel import build_wheel


def stage(folder: Path, wheel: Path | None = None) -> Path:
    """Lay the add-on out in an empty folder as the zip will hold it; `wheel` saves building the engine's again."""
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(ROOT / "blender_addon", folder, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*"))
    for name, place in SHARED.items():
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / "portrait_core" / name, target)
    shutil.copy2(ROOT / "LICENSES" / "GPL-3.0-or-later.txt", folder / "LICENSE")
    if wheel is None:
        build_wheel(folder / "engine")
    else:
        (folder / "engine").mkdir()
        shutil.copy2(wheel, folder / "engine" / wheel.name)
    shutil.copy2(ROOT / "constraints.txt", folder / PINS)
    manifest = folder / MANIFEST
    text, count = re.subn(
        r'^version = "[^"]*".*$',
        f'version = "{addon_version(engine_version())}"',
        manifest.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    if count != 1:
        raise BuildError(f"{MANIFEST} must have exactly one line `version = ...`; it has {count}")
    manifest.write_text(with_website(text, website()), encoding="utf-8", newline="\n")
    return folder


def build(dist: Path, tool: Sequence[str] | None, wheel: Path | None = None) -> Path:
    """Build dist/portraitkit-X.Y.Z.zip, check it, and return its path."""
    dist.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        staged = stage(Path(name) / ADDON_ID, wheel)
        facts = tomllib.loads((staged / MANIFEST).read_text(encoding="utf-8"))
        faults = manifest_faults(facts)
        if faults:
            raise BuildError(f"{MANIFEST}:\n  " + "\n  ".join(faults))
        package = Path(name) / f"{ADDON_ID}-{facts['version']}.zip"
        if tool is None:
            steady_zip(staged, package)
        else:
            raw = Path(name) / "raw.zip"
            tags = tag_options(tool)
            use(tool, "build", *tags, f"--source-dir={staged}", f"--output-filepath={raw}")
            steady_zip(raw, package)
            use(tool, "validate", *tags, str(package))
        faults = zip_faults(package)
        if faults:
            raise BuildError(f"{package.name}:\n  " + "\n  ".join(faults))
        target = dist / package.name
        temporary = target.with_name(target.name + ".part")
        shutil.copyfile(package, temporary)
        temporary.replace(target)
    return target


def publish(package: Path, folder: Path, tool: Sequence[str]) -> None:
    """Write a static repository folder with this one package: users add its address to get updates."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    shutil.copy2(package, folder / package.name)
    use(tool, "server-generate", f"--repo-dir={folder}", "--html")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build the Blender add-on's zip and a repository folder for updates.")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="folder to write to (default: dist)")
    parser.add_argument("--wheel", type=Path, help="an engine wheel built before, instead of building one")
    parser.add_argument("--blender-ext", type=Path, help="Blender's blender_ext.py, where it is not found by itself")
    parser.add_argument("--stage-only", type=Path, metavar="FOLDER", help="lay the files out in FOLDER, no zip")
    options = parser.parse_args(arguments)
    try:
        if options.stage_only is not None:
            print(stage(options.stage_only, options.wheel))
            return 0
        tool = extension_tool(options.blender_ext)
        package = build(options.dist, tool, options.wheel)
        print(f"{package}  {package.stat().st_size:,} bytes")
        if tool is None:
            print("Blender's extension tool was not found (pip install bpy, or --blender-ext PATH):")
            print("zipped and checked by our own rules only, and no repository folder was written.")
        else:
            publish(package, options.dist / "repository", tool)
            print(f"{options.dist / 'repository'}  validated by {tool[-1]}")
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
