# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a Python what it is, by running it: version, bits, machine, whether it can make environments, what it has."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..environment import CREATION_FLAGS, clean_environment
from ..failure import Failure
from ..text import Text

TIMEOUT = 20.0
"""Seconds; the first run of a Python may wait for a virus scanner."""
MARK = "portraitkit-probe:"

# Nothing heavy is imported: versions come from the installed packages' records.
_QUESTION = f"""
import importlib.metadata as m, importlib.util as u, json, os, platform, struct, sys, sysconfig
def version(name):
    try: return m.version(name)
    except Exception: return None
print({MARK!r} + json.dumps(dict(
    version=list(sys.version_info[:3]), bits=struct.calcsize("P") * 8, machine=platform.machine(),
    implementation=sys.implementation.name, free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    executable=sys.executable, base=getattr(sys, "_base_executable", None) or sys.executable,
    prefix=sys.prefix, in_venv=sys.prefix != sys.base_prefix,
    can_make=bool(u.find_spec("venv") and u.find_spec("ensurepip")),
    engine=version("portraitkit"))))
"""


@dataclass(frozen=True)
class Probe:
    """What a Python said of itself."""

    python: Path
    version: tuple[int, int, int]
    bits: int
    machine: str
    base: Path
    in_venv: bool
    can_make: bool
    """Whether it has ``venv`` and ``ensurepip``; Debian's python3 comes without the second."""
    standard: bool
    """CPython with the usual interpreter lock: what wheels are made for."""
    engine: str | None
    """Version of portraitkit installed there."""

    @property
    def text(self) -> str:
        """The version in words."""
        return ".".join(str(number) for number in self.version)


def probe(python: Path, timeout: float = TIMEOUT, arguments: Sequence[str] = ()) -> Probe | Failure:
    """Run ``python`` (with ``arguments`` before ours) and ask. Waits ``timeout`` seconds at most."""
    command = [str(python), *arguments, "-I", "-c", _QUESTION]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            env=clean_environment(),
            creationflags=CREATION_FLAGS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _no("{python} did not answer within {seconds} seconds.", python=python, seconds=f"{timeout:g}")
    except (OSError, ValueError) as error:
        return _no("{program} cannot be run: {reason}", program=python, reason=error)
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        if line.startswith(MARK):
            try:
                return _understand(python, json.loads(line[len(MARK) :]))
            except (ValueError, KeyError, TypeError) as error:
                return _no("{python} answered in a way that is not understood: {reason}", python=python, reason=error)
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    reason = said[-1] if said else Text("exit status {status}", status=done.returncode)
    return _no("{python} is no Python that works: {reason}", python=python, reason=reason)


def _no(template: str, **values: object) -> Failure:
    return Failure("start", Text(template, **values))


def _understand(python: Path, facts: dict[str, Any]) -> Probe:
    major, minor, micro = facts["version"]
    return Probe(
        # Not the given path: `py -3.11` and shims name the real one.
        python=Path(facts["executable"] or python),
        version=(int(major), int(minor), int(micro)),
        bits=int(facts["bits"]),
        machine=str(facts["machine"]),
        base=Path(facts["base"] or python),
        in_venv=bool(facts["in_venv"]),
        can_make=bool(facts["can_make"]),
        standard=facts["implementation"] == "cpython" and not facts["free_threaded"],
        engine=facts["engine"],
    )
