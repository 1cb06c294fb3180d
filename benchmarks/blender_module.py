# SPDX-License-Identifier: Apache-2.0
"""Scripts of benchmarks inside Blender's Python module, with the add-on installed and this engine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEGIN = """
import importlib, json, os, sys, time
import bpy
package, *arguments = sys.argv[1:]
bpy.ops.extensions.package_install_files(filepath=package, repo="user_default", enable_on_install=True)
part = lambda name: importlib.import_module("bl_ext.user_default.portraitkit." + name)
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
"""
END = """
part("jobs.session").session.close()
sys.stdout.flush()
os._exit(0)
"""


@contextmanager
def built_addon() -> Generator[Path, None, None]:
    """The add-on's zip, built from these sources."""
    with tempfile.TemporaryDirectory() as folder:
        build = [sys.executable, str(ROOT / "build_addon.py"), "--dist", folder]
        subprocess.run(build, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        (package,) = Path(folder).glob("portraitkit-*.zip")
        yield package


def told_inside(version: str, package: Path, script: str, *arguments: object) -> list[str]:
    """What ``script`` tells inside a version of bpy, in lines that begin with TOLD.

    It finds ``arguments``, as texts, in a list of that name, rooms of the add-on by ``part``, and os, sys, json, time
    and bpy. Ends the program with the output where nothing was told.
    """
    python = ROOT / ".cache" / f"bpy-{version}" / "bin" / "python"
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "BLENDER_USER_RESOURCES": home, "PORTRAITKIT_ENGINE_PYTHON": sys.executable}
        done = subprocess.run(
            [str(python), "-c", BEGIN + script + END, str(package), *map(str, arguments)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
    told = [line.removeprefix("TOLD ") for line in done.stdout.splitlines() if line.startswith("TOLD ")]
    if not told:
        raise SystemExit((done.stdout + done.stderr)[-3000:])
    return told
