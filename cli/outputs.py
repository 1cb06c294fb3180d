# SPDX-License-Identifier: Apache-2.0
"""The output folder: found unfit before the work begins, not after it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from portrait_core.errors import OutputError
from portrait_core.files import whole_file
from portrait_core.files.exchange import take_back_left
from portrait_core.runtime import own_folders


def prepare_folder(folder: Path) -> Path:
    """:func:`portrait_core.files.whole_file.prepare_folder`; caches go there if nothing else can be written."""
    whole_file.prepare_folder(folder)
    own_folders.offer(folder)
    return folder


def refuse_existing(paths: Iterable[Path], *, overwrite: bool) -> None:
    """Refuse, before any work, to write over files that exist; ``overwrite`` allows it.

    What a run that was killed while it replaced files has left is put right first.
    """
    wanted = list(paths)
    for folder in {path.parent for path in wanted}:
        with contextlib.suppress(OSError):
            take_back_left(folder)
    taken = [] if overwrite else [path for path in wanted if path.exists()]
    if taken:
        others = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
        raise OutputError(
            f"{taken[0]}{others} exists already. Pass --overwrite to replace, or choose another --out or --name."
        )
