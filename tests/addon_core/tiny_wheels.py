# SPDX-License-Identifier: Apache-2.0
"""Wheels of a few hundred bytes, for set-ups with a real pip and a real environment in seconds."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

WORKER = """
import json, os, sys
def say(**m): print(json.dumps(m), flush=True)
say(event="hello", protocol=1, version=VERSION, pid=os.getpid(), python="3")
for line in sys.stdin:
    m = json.loads(line)
    say(event="result", id=m["id"], result={"version": VERSION, "models": []})
"""


def tiny_wheel(folder: Path, name: str, version: str, files: Mapping[str, str], requires: tuple[str, ...] = ()) -> Path:
    """A wheel that any Python 3 can install."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    inside = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    inside[f"{info}/RECORD"] = "".join(f"{each},,\n" for each in (*inside, f"{info}/RECORD"))
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in inside.items():
            archive.writestr(each, text)
    return path


def engine_wheel(folder: Path, version: str = "1.2.3", *, says: str = "", body: str = "") -> Path:
    """An engine that starts and answers, and needs torch and another part; tested with one version of each."""
    worker = f"VERSION = {says or version!r}\n{body}\n{WORKER}"
    files = {"portrait_core/__init__.py": "", "portrait_core/worker.py": worker}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "constraints.txt").write_text("torch==2.9.0\notherpart==2.9.0\n")
    return tiny_wheel(folder, "portraitkit", version, files, ("torch>=2.4", "otherpart"))


def parts(folder: Path, *, without: str = "") -> Path:
    """A folder of wheels with all that the engine needs."""
    for name in {"torch", "otherpart"} - {without}:
        tiny_wheel(folder, name, "2.9.0", {f"{name}.py": ""})
    return folder
