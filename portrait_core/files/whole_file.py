# SPDX-License-Identifier: Apache-2.0
"""Files are written whole or not at all: to a temporary name in the same folder first, then renamed."""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from portrait_core.errors import OutputError, remedy

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
    errno.EFBIG: "the file is larger than this system allows",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "the folder is not writable for you",
    errno.EPERM: "the folder is not writable for you",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.ENAMETOOLONG: "the name is too long",
}


def output_error(path: Path, error: OSError) -> OutputError:
    """An :class:`OutputError` that says in plain words why ``path`` could not be written."""
    reason = _REASONS.get(error.errno or 0) or error.strerror or str(error)
    return OutputError(f"cannot write {path}: {reason}. Choose another output folder or make room, then run again.")


def make_folder(folder: Path) -> Path:
    """Create ``folder`` and its parents where missing; raises :class:`OutputError` in plain words."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OutputError(f"cannot write into {folder}: it is a file, not a folder.") from None
    except OSError as error:
        raise output_error(folder, error) from error
    return folder


def prepare_folder(folder: Path) -> Path:
    """Make ``folder`` and try to write into it, before any work; raises :class:`OutputError` in plain words."""
    make_folder(folder)
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".portrait-", suffix=".part") as trial:
            trial.write(b"\0" * 4096)
            trial.flush()
    except OSError as error:
        raise output_error(folder, error) from error
    return folder


@contextmanager
def whole_file(path: Path, *, overwrite: bool = False) -> Generator[Path, None, None]:
    """Yield a temporary path beside ``path``; on success it becomes ``path``, on any exception it disappears.

    Raises :class:`OutputError` when ``path`` exists and ``overwrite`` is false, and for every ``OSError`` of the body.
    """
    if not overwrite and path.exists():
        raise OutputError(f"{path} exists already.", remedy=remedy("overwrite"))
    make_folder(path.parent)
    # The suffix stays: some writers choose the file type by it.
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise output_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)
