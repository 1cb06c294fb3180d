# SPDX-License-Identifier: Apache-2.0
"""The engine's wheel, which travels in the add-on as data."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from addon_package.facts import ADDON_ID, ROOT, BuildError
from addon_package.steady_zip import steady_zip


def build_wheel(folder: Path) -> Path:
    """Build the engine's wheel into a folder, from a copy of the sources so that no older build leaks into it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        source, out = Path(name) / "source", Path(name) / "out"
        source.mkdir()
        for each in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy2(ROOT / each, source / each)
        for each in ("LICENSES", "portrait_core", "textures", "cli", "studio"):
            shutil.copytree(ROOT / each, source / each, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*"))
        command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(out), str(source)]
        if _setuptools_is_new_enough():
            command.insert(5, "--no-build-isolation")  # works without a network
        done = subprocess.run(
            command, env={**os.environ, "SOURCE_DATE_EPOCH": "315532800"}, capture_output=True, text=True, check=False
        )
        wheels = sorted(out.glob(f"{ADDON_ID}-*.whl"))
        if done.returncode or len(wheels) != 1:
            raise BuildError(f"pip could not build the engine's wheel:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        target = folder / wheels[0].name
        steady_zip(wheels[0], target)
    return target


def _setuptools_is_new_enough() -> bool:
    try:
        return int(version("setuptools").split(".")[0]) >= 77
    except (PackageNotFoundError, ValueError):
        return False
