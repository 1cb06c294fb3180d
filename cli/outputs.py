# SPDX-License-Identifier: Apache-2.0
"""The output folder: found unfit before the work begins, not after it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from portrait_core.errors import OutputError
from portrait_core.files.whole_file import prepare_folder

__all__ = ["prepare_folder", "refuse_existing"]


def refuse_existing(paths: Iterable[Path], *, overwrite: bool) -> None:
    """Refuse, before any work, to write over files that exist; ``overwrite`` allows it."""
    taken = [] if overwrite else [path for path in paths if path.exists()]
    if taken:
        others = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
        raise OutputError(
            f"{taken[0]}{others} exists already. Pass --overwrite to replace, or choose another --out or --name."
        )
