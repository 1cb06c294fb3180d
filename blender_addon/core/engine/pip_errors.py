# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads in pip's last words why it failed."""

from __future__ import annotations

import re

from ..failure import Failure
from ..text import Text, as_it_is

# In this order: a full disk can be told as a failed download, and a failed download as a missing package.
_REASONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("disk", ("No space left on device", "Errno 28", "WinError 112", "Errno 122", "not enough space on the disk")),
    ("long_path", ("WinError 206", "enable-long-paths", "Windows Long Path", "filename or extension is too long")),
    ("locked", ("WinError 32", "WinError 5]", "being used by another process")),
    ("permission", ("Permission denied", "Errno 13", "Read-only file system", "Operation not permitted")),
    ("memory", ("MemoryError", "Cannot allocate memory", "WinError 1455")),
    (
        "proxy",
        ("ProxyError", "Proxy Authentication", "407 ", "CERTIFICATE_VERIFY_FAILED", "SSLError", "403 Client Error"),
    ),
    (
        "network",
        (
            "NewConnectionError",
            "ConnectionError",
            "Connection refused",
            "Connection reset",
            "ConnectTimeout",
            "ReadTimeout",
            "Read timed out",
            "Name or service not known",
            "getaddrinfo failed",
            "Temporary failure in name resolution",
            "Failed to establish a new connection",
            "IncompleteRead",
            "Network is unreachable",
            "IncompleteDownload",
            "incomplete-download",
            "502 Server",
            "503 Server",
        ),
    ),
    ("no_wheel", ("No matching distribution found", "is not a supported wheel on this platform", "Requires-Python")),
    ("no_wheel", ("Could not find a version that satisfies", "ResolutionImpossible", "Failed building wheel")),
)


def why_failed(lines: list[str], *, what: Text, offline: bool, status: int | None = None) -> Failure:
    """Why pip (or venv) failed, from its last lines."""
    text = "\n".join(lines)
    code = next((code for code, signs in _REASONS if any(sign in text for sign in signs)), "setup")
    errors = [line for line in lines if line.startswith(("ERROR:", "Error:", "error:", "OSError", "PermissionError"))]
    last = (errors or lines or [""])[-1]
    for line in lines:
        if "No matching distribution found for" in line or "requested (constraint)" in line:
            last = line
    said = Text("it ended with status {status} and said nothing", status=status)
    reason = as_it_is(re.sub("^(ERROR|Error|error): *", "", last)[:300]) if last else said
    message = Text("{what} failed: {reason}", what=what, reason=reason)
    detail = "\n".join(lines[-30:])
    if code == "no_wheel" and offline:
        advice = (
            "The folder of wheels lacks this part, or has it for another Python or system. On a computer with a "
            "connection, fill it with: pip download -c constraints.txt torch PATH-OF-THE-ENGINE-WHEEL -d FOLDER; both "
            "files are in the folder engine of the add-on's zip"
        )
        return Failure("no_wheel", message, advice, detail=detail)
    return Failure(code, message, detail=detail)
