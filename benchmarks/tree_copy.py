# SPDX-License-Identifier: Apache-2.0
"""A copy of the tree in which one file at a time is changed and put back, and whose tests run as in the original."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", ".cache", "__pycache__", ".pytest_cache", "out", "avatars", "runs")


@dataclass
class Copy:
    """``tree`` is the copy; ``folder`` around it is for notes."""

    folder: Path
    tree: Path
    clock: int = 1_000_000_000
    """Time stamps given out, whole seconds: Python keeps compiled files for as long as those and sizes agree."""

    @classmethod
    def of(cls, root: Path, folder: Path) -> Copy:
        """Copy ``root`` into ``folder``; shared data stays where it is."""
        os.environ.setdefault("PORTRAITKIT_SHARED", str(root.parent / "shared"))
        tree = folder / "tree"
        shutil.copytree(root, tree, ignore=LEFT_OUT)
        return cls(folder, tree)

    @contextmanager
    def changed(self, path: str, text: str) -> Iterator[None]:
        """``path`` with ``text`` instead of what it holds, until the block ends."""
        file = self.tree / path
        before = file.read_bytes()
        self._write(file, text.encode())
        try:
            yield
        finally:
            self._write(file, before)

    def _write(self, file: Path, data: bytes) -> None:
        file.write_bytes(data)
        self.clock += 1
        os.utime(file, (self.clock, self.clock))
