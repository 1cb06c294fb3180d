# SPDX-License-Identifier: Apache-2.0
"""Files that belong together are written together: all of them or none, first into a temporary folder beside them."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from portrait_core.errors import OutputError, remedy
from portrait_core.files.exchange import exchange, take_back_left
from portrait_core.files.whole_file import make_folder, output_error


def write_files(folder: Path, contents: Mapping[str, bytes], *, overwrite: bool = False) -> list[Path]:
    """Write ``contents`` by name into ``folder``, which is made if missing, and return the paths in the same order.

    Raises as :func:`whole_files`.
    """
    with whole_files(folder, next(iter(contents)), overwrite=overwrite) as temporary:
        refuse_taken([folder / name for name in contents], overwrite=overwrite)
        for name, content in contents.items():
            (temporary / name).write_bytes(content)
    return [folder / name for name in contents]


@contextmanager
def whole_files(folder: Path, main: str, *, overwrite: bool = False) -> Generator[Path, None, None]:
    """Yield an empty temporary folder inside ``folder``; on success its files and sub-folders move up.

    ``main`` moves last, so that whoever sees it finds the others there. On any exception everything disappears, and
    files that were replaced by then are there again; if the process itself dies between two moves, the next one that
    writes ``main`` puts them back first. Raises :class:`OutputError` when a file exists and ``overwrite`` is false, and
    for every ``OSError`` of the body.
    """
    make_folder(folder)
    temporary = folder / f".{Path(main).stem}.{secrets.token_hex(4)}.part"
    place = folder / main
    try:
        take_back_left(folder, main)
        temporary.mkdir()
        yield temporary
        found = sorted(path for path in temporary.rglob("*") if path.is_file())
        found.sort(key=lambda path: path == temporary / main)
        targets = [folder / path.relative_to(temporary) for path in found]
        refuse_taken(targets, overwrite=overwrite)
        exchange(folder, main, list(zip(found, targets, strict=True)))
    except OSError as error:
        raise output_error(Path(error.filename2 or place), error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def refuse_taken(paths: list[Path], *, overwrite: bool) -> None:
    """Raise :class:`OutputError` when one of ``paths`` is a folder, or exists and ``overwrite`` is false."""
    for path in paths:
        if path.is_dir():
            raise OutputError(f"{path} is a folder; a file was to be written there.")
        if not overwrite and path.exists():
            raise OutputError(f"{path} exists already.", remedy=remedy("overwrite"))
