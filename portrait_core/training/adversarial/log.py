# SPDX-License-Identifier: Apache-2.0
"""The log of a run: a JSON line an event, and TensorBoard's files where that is installed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portrait_core.files.whole_file import make_folder, whole_file

LOG = "log.jsonl"
BESIDE_LOSSES = {"event", "iteration", "kimg", "images_per_s", "seconds", "memory_mb"}
"""What a line about a tick tells beside the means of losses."""


class RunLog:
    """Writes to ``folder``; each event has ``event``, ``iteration`` and ``kimg``."""

    def __init__(self, folder: Path, *, after: int | None = None) -> None:
        """``after``: the iteration that a resumed run goes on from; later lines are of work that is done again."""
        self.path = make_folder(folder) / LOG
        if after is None:
            self.path.write_text("", encoding="utf-8")
        else:
            kept = [line for line in self.read(folder) if line["iteration"] <= after]
            with whole_file(self.path, overwrite=True) as temporary:
                temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
        self._board = _board(folder / "tensorboard")

    @staticmethod
    def read(folder: Path) -> list[dict[str, Any]]:
        """The events of a run so far; a line that was cut by a crash is left out."""
        found: list[dict[str, Any]] = []
        path = folder / LOG
        if not path.exists():
            return found
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def write(self, event: str, iteration: int, kimg: float, facts: Mapping[str, Any]) -> None:
        """Add an event."""
        line = {"event": event, "iteration": iteration, "kimg": round(kimg, 4), **facts}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if self._board is not None:
            for name, value in _numbers(facts):
                self._board.add_scalar(f"{event}/{name}", value, round(kimg * 1000))
            self._board.flush()


def _numbers(facts: Mapping[str, Any], prefix: str = "") -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for name, value in facts.items():
        if isinstance(value, Mapping):
            found += _numbers(value, f"{prefix}{name}/")  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found.append((f"{prefix}{name}", float(value)))
    return found


def _board(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:  # the extra `train` brings it
        return None
    writer: Any = SummaryWriter
    return writer(str(folder))
