# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads pip's output while it comes: how many bytes have come, and what it is doing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ..text import Text

_PROGRESS = re.compile(r"^Progress (\d+) of (\d+)\s*$")
_FILE = re.compile(r"^\s*(Downloading|Using cached|Processing) (\S+)")
_COLLECT = re.compile(r"^(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9_.\-]+)")


@dataclass
class Progress:
    """What one run of pip has done so far."""

    doing: Text = field(default_factory=lambda: Text(""))
    """In plain words."""
    downloads: bool = False
    """Whether a file is coming just now."""
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
            file = PurePosixPath(found[2].replace("\\", "/")).name.split("-")[0].split("#")[0]
            self.downloads = found[1] == "Downloading"
            self.doing = Text("Downloading {file}" if self.downloads else "Reading {file}", file=file)
            return
        found = _COLLECT.match(text)
        if found is not None:
            self.downloads, self.doing = False, Text("Looking for {part}", part=found[1])
        elif text.startswith("Installing collected packages"):
            self._next_file()
            self.installing, self.downloads, self.doing = True, False, Text("Unpacking")

    def _next_file(self) -> None:
        self.ended_bytes += self.file_bytes
        self.file_bytes = self.file_size = 0
