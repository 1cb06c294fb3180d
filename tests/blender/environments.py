# SPDX-License-Identifier: Apache-2.0
"""An environment for each version of Blender's Python module, made once in .cache; or why there can be none here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# bpy links X11 and OpenGL even where no window is opened. Names as in Debian.
LIBRARIES = (
    *("libx11-6", "libxrender1", "libxfixes3", "libxi6", "libxkbcommon0", "libsm6", "libice6", "libxext6"),
    *("libgl1", "libxxf86vm1", "libgomp1", "libegl1"),
)
MORE = ("numpy", "pytest")


def python_of(version: str) -> str:
    """The Python that a version of bpy is made for."""
    major, minor = (int(each) for each in version.split(".")[:2])
    return "3.13" if (major, minor) >= (5, 1) else "3.11"


def find_python(wanted: str) -> Path | None:
    """A Python of this version on the machine: this one, from PATH, from pyenv, or from Windows' launcher."""
    candidates = [[sys.executable], [f"python{wanted}"], ["py", f"-{wanted}"]]
    candidates += [[str(each)] for each in sorted(Path.home().glob(f".pyenv/versions/{wanted}.*/bin/python{wanted}"))]
    asks = "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable)"
    for command in candidates:
        if shutil.which(command[0]) is None:
            continue
        done = subprocess.run([*command, "-I", "-c", asks], capture_output=True, text=True, check=False, timeout=60)
        lines = done.stdout.splitlines()
        if done.returncode == 0 and lines[:1] == [wanted]:
            return Path(lines[1])
    return None


def prepare(version: str, cache: Path, *, install_libraries: bool = False) -> Path | str:
    """The Python of an environment with this bpy, made if need be; or a sentence why there is none."""
    folder = cache / f"bpy-{version}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.is_file() or _says(python, "import importlib.metadata as m; m.version('pytest'); m.version('bpy')"):
        base = find_python(python_of(version))
        if base is None:
            return f"there is no Python {python_of(version)} on this machine"
        print(f"Installing bpy {version} (about 370 MB) into {folder.relative_to(cache.parent)}", flush=True)
        if folder.exists():
            shutil.rmtree(folder)
        uv = cache / ("uv/Scripts/uv.exe" if sys.platform == "win32" else "uv/bin/uv")
        make = [str(base), "-m", "venv", *(["--without-pip"] if uv.is_file() else []), str(folder)]
        done = subprocess.run(make, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"no virtual environment could be made: {_last_line(done.stdout + done.stderr)}"
        trouble = _install(python, uv, [f"bpy=={version}", *MORE])
        if trouble:
            shutil.rmtree(folder, ignore_errors=True)
            return f"bpy {version} could not be installed: {trouble}"
    trouble = _says(python, "import bpy")
    if "cannot open shared object file" in trouble and install_libraries and _is_root_on_debian():
        print("Installing the system libraries that bpy links: " + " ".join(LIBRARIES), flush=True)
        install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *LIBRARIES]
        for command in (["apt-get", "update", "-qq"], install):
            subprocess.run(command, capture_output=True, check=False, timeout=600)
        trouble = _says(python, "import bpy")
    missing = re.search(r"(\S+): cannot open shared object file", trouble)
    if missing:
        return f"the system library {missing[1]} is missing; on Debian: apt-get install {' '.join(LIBRARIES)}"
    return f"bpy cannot be imported: {_last_line(trouble)}" if trouble else python


def _install(python: Path, uv: Path, packages: list[str]) -> str:
    """Install with uv where the project has fetched it, else with pip; what went wrong, empty if nothing."""
    ways = [[str(uv), "pip", "install", "--python", str(python)]] if uv.is_file() else []
    ways += [[str(python), "-m", "pip", "install"]]
    trouble = ""
    for way in ways:
        if way[1] == "-m" and ways[0] != way:  # pip may see an index that uv does not
            subprocess.run([str(python), "-m", "ensurepip"], capture_output=True, check=False)
        try:
            done = subprocess.run(
                [*way, "--quiet", *packages], capture_output=True, text=True, check=False, timeout=900
            )
        except subprocess.TimeoutExpired:
            return "not finished within 15 minutes"
        if not done.returncode:
            return ""
        trouble = _last_line(done.stderr)
    return trouble


def _says(python: Path, program: str) -> str:
    """What a program complains of; empty if it ran."""
    try:
        done = subprocess.run([str(python), "-c", program], capture_output=True, text=True, check=False, timeout=180)
    except subprocess.TimeoutExpired:
        return "it did not answer within 3 minutes"
    except OSError as error:
        return str(error)
    return (done.stderr.strip() or f"exit status {done.returncode}") if done.returncode else ""


def _last_line(text: str) -> str:
    lines = [each for each in text.strip().splitlines() if not each.startswith("WARNING")]
    errors = [each for each in lines if each.startswith("ERROR")]
    return (errors or lines or ["no reason given"])[-1]


def _is_root_on_debian() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None
