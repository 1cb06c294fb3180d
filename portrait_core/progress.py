# SPDX-License-Identifier: Apache-2.0
"""How long work reports to whoever watches it, and how the watcher stops it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with a stage name and the finished fraction (0 to 1) of that stage.

    A watcher that wants the work to stop raises :class:`portrait_core.errors.Cancelled` from the call; every stage lets
    it pass through and leaves no half-written file behind.
    """

    def __call__(self, stage: str, fraction: float) -> None: ...


def silent(stage: str, fraction: float) -> None:
    """A progress watcher that ignores everything: the default of library calls."""
