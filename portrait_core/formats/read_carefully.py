# SPDX-License-Identifier: Apache-2.0
"""Files that anybody may have made: read whole within limits, or refused with one plain error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from portrait_core.errors import UsageError

MAX_FILE = 2 * 1024**3
MAX_JSON = 64 * 1024**2
"""The largest files and the largest descriptions that are read: more is no avatar, and would only fill the memory."""


class BrokenFile(UsageError):
    """A file that cannot be what its name says."""


def read_bytes(path: Path) -> bytes:
    """The content of ``path``; raises :class:`UsageError` when there is none or it is far too large."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise BrokenFile(f"{path}: larger than {MAX_FILE // 1024**3} GB; that is no avatar.")
        return path.read_bytes()
    except OSError as error:
        raise BrokenFile(f"cannot read {path}: {error.strerror or error}.") from None


def parse_json(content: bytes, path: Path) -> dict[str, Any]:
    """A JSON object; raises :class:`UsageError` for everything else."""
    if len(content) > MAX_JSON:
        raise BrokenFile(f"{path}: a description of {len(content)} bytes; at most {MAX_JSON} are read.")
    try:
        value: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BrokenFile(f"{path}: not a JSON or glTF file, or damaged ({error}).") from None
    if not isinstance(value, dict):
        raise BrokenFile(f"{path}: expected a JSON object, got {type(value).__name__}.")
    return cast("dict[str, Any]", value)
