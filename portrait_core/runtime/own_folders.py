# SPDX-License-Identifier: Apache-2.0
"""Folders of the user's own that no command names: for caches and for data, with a way out where home is not writable.

Containers, cron and services run without a home, or with one that belongs to somebody else. What would go there goes
into a temporary folder instead, which must be the user's own: compiled code is loaded from it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "PORTRAITKIT_CACHE"
CONFIG_VARIABLE = "PORTRAITKIT_CONFIG"
"""The environment variable that puts caches elsewhere."""

SHARED_MEMORY = Path("/dev/shm")
"""Where a container with a read-only file system can still write."""

_offered: Path | None = None


@dataclass(frozen=True)
class OwnFolder:
    """Where things go, and ``instead_of`` which folder if that one cannot be written."""

    path: Path
    instead_of: Path | None = None


def cache_folder() -> Path:
    """``PORTRAITKIT_CACHE``, the system's place for caches, or a temporary folder; made where it is missing.

    Raises ``OSError`` where nothing at all can be written.
    """
    return find_cache_folder().path


def find_cache_folder() -> OwnFolder:
    """:func:`cache_folder`, and what it stands in for."""
    return _cache_folder(_wanted_cache())


def data_folder() -> OwnFolder:
    """The place for what is kept, such as models: the system's, or a temporary folder. It need not exist."""
    wanted = _or_unknown(lambda: platformdirs.user_data_path("portraitkit", appauthor=False))
    if may_write(wanted):
        return OwnFolder(wanted)
    try:
        return OwnFolder(own_temporary() / "data", wanted)
    except OSError:
        return OwnFolder(wanted)


def config_folder() -> Path:
    """Where what a user said once is remembered: ``PORTRAITKIT_CONFIG``, or the system's place. It need not exist."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named).absolute()
    return _or_unknown(lambda: platformdirs.user_config_path("portraitkit", appauthor=False))


def may_write(folder: Path) -> bool:
    """Whether ``folder`` could be made and written to. A path that does not begin at the root is nobody's home."""
    if not folder.is_absolute():
        return False
    for place in (folder, *folder.parents):
        try:
            return stat.S_ISDIR(place.stat().st_mode) and os.access(place, os.W_OK | os.X_OK)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return False
    return False


def own_temporary() -> Path:
    """A temporary folder that is this user's alone, the same in every run where that is safe.

    Others may write into the system's: what lies there under our name and is not ours, or open to others, is left
    alone, and a new folder for this process taken. Raises ``OSError`` where nothing can be written.
    """
    return _own_temporary(temporary_root())


def temporary_root() -> Path:
    """The system's temporary folder; where there is none, shared memory or what :func:`offer` named, for libraries
    and child processes too. Raises ``OSError``."""
    try:
        return Path(tempfile.gettempdir())
    except OSError:
        if may_write(SHARED_MEMORY):
            place = SHARED_MEMORY
        elif _offered is not None and _offered.is_dir():
            place = Path(tempfile.mkdtemp(prefix=".portrait-", dir=_offered))
            atexit.register(shutil.rmtree, place, ignore_errors=True)
        else:
            raise
    tempfile.tempdir = os.environ["TMPDIR"] = str(place)
    return place


def offer(folder: Path) -> None:
    """``folder``, where output goes, may hold temporary files if nothing else on this machine can be written."""
    global _offered  # noqa: PLW0603 - as the temporary folder, the whole process's
    _offered = folder.absolute()
    try:
        temporary_root()
    except OSError:
        return


def _wanted_cache() -> Path:
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).absolute()
    return _or_unknown(lambda: platformdirs.user_cache_dir("portraitkit"))


def _or_unknown(find: Callable[[], str | Path]) -> Path:
    """What ``find`` says, or the sign for home alone: a user may have no entry in the system's list, and no home."""
    try:
        return Path(find())
    except RuntimeError:
        return Path("~")


@cache
def _cache_folder(wanted: Path) -> OwnFolder:
    if may_write(wanted):
        try:
            wanted.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=wanted):
                return OwnFolder(wanted)
        except OSError:
            pass
    path = own_temporary() / "cache"
    path.mkdir(exist_ok=True)
    return OwnFolder(path, wanted)


@cache
def _own_temporary(root: Path) -> Path:
    user = str(os.getuid()) if hasattr(os, "getuid") else ""
    path = root / f"portraitkit-{user}".rstrip("-")
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        if _is_ours(path):
            with tempfile.TemporaryFile(dir=path):
                return path
    except OSError:
        pass
    path = Path(tempfile.mkdtemp(prefix="portraitkit-", dir=root))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def _is_ours(path: Path) -> bool:
    """Whether ``path`` is a folder, no link, of this user, that nobody else may enter."""
    found = path.lstat()
    if not hasattr(os, "getuid"):  # Windows: each user has a temporary folder of their own
        return stat.S_ISDIR(found.st_mode)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
