# SPDX-License-Identifier: Apache-2.0
"""The output folder: found unfit before the work begins, not after it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from portrait_core.errors import OutputError
from portrait_core.whole_file import make_folder, output_error


def prepare_folder(folder: Path) -> Path:
    """Make ``folder`` and try to write into it; raises :class:`OutputError` in plain words."""
    make_folder(folder)
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".portrait-", suffix=".part") as trial:
            trial.write(b"\0" * 4096)
            trial.flush()
    except OSError as error:
        raise output_error(folder, error) from error
    return folder


def refuse_existing(paths: Iterable[Path], *, overwrite: bool) -> None:
    """Refuse, before any work, to write over files that exist; ``overwrite`` allows it."""
    taken = [] if overwrite else [path for path in paths if path.exists()]
    if taken:
        others = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
        raise OutputError(
            f"{taken[0]}{others} exists already. Pass --overwrite to replace, or choose another --out or --name."
        )
