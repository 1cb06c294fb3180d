# SPDX-License-Identifier: Apache-2.0
"""Formats that only Blender writes well: .blend, .fbx and .usdc, made from our .glb by a Blender in a child process."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from portrait_core.errors import OutputError, UsageError, remedy
from portrait_core.maps import MAPS

BLENDER_VARIABLE = "PORTRAITKIT_BLENDER"
"""The environment variable that names a Blender, or a Python that has bpy."""

BLENDER_ENDINGS = (".blend", ".fbx", ".usdc")
TIMEOUT = 300.0
_SCRIPT = Path(__file__).with_name("blender_script.py")
_running: set[subprocess.Popen[str]] = set()
# Meant for our own interpreter; another Python or Blender would load the wrong files by them.
_FOREIGN = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "OCIO")


def find_blender(chosen: str | None = None) -> list[str]:
    """The command that runs a Python script inside Blender, without the script.

    Looked for in this order: ``chosen``, the variable PORTRAITKIT_BLENDER, bpy in this Python, ``blender`` on the PATH.
    Raises :class:`UsageError` that says how to get one.
    """
    named = chosen or os.environ.get(BLENDER_VARIABLE)
    if named:
        found = shutil.which(str(Path(named).expanduser()))
        if found is None:
            where = "" if chosen else f"{BLENDER_VARIABLE} "
            told = remedy("name_blender", variable=BLENDER_VARIABLE)
            raise UsageError(f"{where}{named}: no program there.", remedy=told)
        return _command(found)
    if importlib.util.find_spec("bpy") is not None:
        return _command(sys.executable)
    found = shutil.which("blender")
    if found is not None:
        return _command(found)
    raise UsageError(
        ".blend, .fbx and .usdc need Blender, and none was found.",
        remedy=remedy("name_blender", variable=BLENDER_VARIABLE),
    )


def convert(glb: bytes, target: Path, blender: list[str]) -> None:
    """Write ``target``, a path inside a temporary folder, from the content of a .glb; textures of .usdc go beside it.

    ``blender`` is :func:`find_blender`'s answer. Raises :class:`OutputError` with the last line of Blender's complaint.
    """
    with tempfile.TemporaryDirectory(prefix="portraitkit-") as folder:
        source = Path(folder) / "avatar.glb"
        source.write_bytes(glb)
        words = ["--", str(source), str(target.absolute()), json.dumps(_split_channels())]
        try:
            done = _run([*blender, str(_SCRIPT), *words], Path(folder))
        except subprocess.TimeoutExpired:
            raise OutputError(f"Blender did not finish {target.name} within {TIMEOUT:.0f} s.") from None
        except OSError as error:
            raise OutputError(f"{blender[0]} cannot be started: {error.strerror or error}.") from error
    if done.returncode != 0 or not target.is_file():
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        said = lines[-1] if lines else f"it ended with status {done.returncode}"
        raise OutputError(f"Blender could not write {target.name}: {said}")


def stop_running() -> None:
    """Kill every Blender that works for this process: it is about to end."""
    for child in list(_running):
        child.kill()


def _split_channels() -> list[tuple[str, str, str, int]]:
    """Of packed maps: the key of the map, the name of what a channel holds, Blender's socket for it, the channel."""
    return [
        (spec.key, use.name, use.socket, use.channel)
        for spec in MAPS.values()
        for use in spec.uses
        if use.socket is not None and use.channel is not None
    ]


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    with started(command, folder) as child:
        out, complaints = child.communicate(timeout=TIMEOUT)
    return subprocess.CompletedProcess(command, child.returncode, out, complaints)


@contextmanager
def started(command: list[str], folder: Path) -> Generator[subprocess.Popen[str], None, None]:
    """A Blender that keeps what it writes for itself in ``folder``; killed where the body is left by an exception.

    Raises ``OSError`` where it cannot be started.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    environment["BLENDER_USER_RESOURCES"] = str(folder)
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        env=environment,
    ) as child:
        _running.add(child)
        try:
            yield child
        except BaseException:
            child.kill()
            raise
        finally:
            _running.discard(child)


def _command(program: str) -> list[str]:
    if "blender" in Path(program).name.lower():
        return [program, "-b", "--factory-startup", "--python-exit-code", "3", "--python"]
    return [program, "-I"]
