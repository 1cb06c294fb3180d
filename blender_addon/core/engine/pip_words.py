# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads pip's output: how many bytes have come, what it is doing, and why it failed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ..advice import Failure, failure

_PROGRESS = re.compile(r"^Progress (\d+) of (\d+)\s*$")
_FILE = re.compile(r"^\s*(Downloading|Using cached|Processing) (\S+)")
_COLLECT = re.compile(r"^(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9_.\-]+)")


@dataclass
class Progress:
    """What one run of pip has done so far."""

    doing: str = ""
    """In plain words."""
    file: str = ""
    file_bytes: int = 0
    file_size: int = 0
    ended_bytes: int = 0
    """Bytes of the files before this one."""
    installing: bool = False
    last_lines: list[str] = field(default_factory=list[str])

    @property
    def downloaded(self) -> int:
        """Bytes that have come."""
        return self.ended_bytes + self.file_bytes

    def read(self, line: str) -> None:
        """Take a line of pip's output."""
        found = _PROGRESS.match(line)
        if found is not None:
            self.file_bytes, self.file_size = int(found[1]), int(found[2])
            return
        text = line.strip()
        if not text:
            return
        self.last_lines = [*self.last_lines[-59:], text]
        found = _FILE.match(line)
        if found is not None:
            self._next_file()
            self.file = PurePosixPath(found[2].replace("\\", "/")).name.split("-")[0].split("#")[0]
            self.doing = f"{'Downloading' if found[1] == 'Downloading' else 'Reading'} {self.file}"
            return
        found = _COLLECT.match(text)
        if found is not None:
            self.doing = f"Looking for {found[1]}"
        elif text.startswith("Installing collected packages"):
            self._next_file()
            self.installing, self.doing = True, "Unpacking"

    def _next_file(self) -> None:
        self.ended_bytes += self.file_bytes
        self.file_bytes = self.file_size = 0


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


def why_failed(lines: list[str], *, what: str, offline: bool, status: int | None = None) -> Failure:
    """Why pip (or venv) failed, from its last lines."""
    text = "\n".join(lines)
    code = next((code for code, signs in _REASONS if any(sign in text for sign in signs)), "setup")
    errors = [line for line in lines if line.startswith(("ERROR:", "Error:", "error:", "OSError", "PermissionError"))]
    last = errors[-1] if errors else (lines[-1] if lines else f"it ended with status {status} and said nothing")
    for line in lines:
        if "No matching distribution found for" in line:
            last = line
    message = f"{what} failed: {re.sub('^(ERROR|Error|error): *', '', last)[:300]}"
    detail = "\n".join(lines[-30:])
    if code == "no_wheel" and offline:
        advice = (
            "The folder of wheels lacks this part, or has it for another Python or system. On a computer with a "
            "connection, fill it with: pip download torch PATH-OF-THE-ENGINE-WHEEL -d FOLDER"
        )
        return failure("no_wheel", message, advice, detail=detail)
    return failure(code, message, detail=detail)
