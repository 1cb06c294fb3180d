# SPDX-License-Identifier: Apache-2.0
"""Where files go: a folder, or one file by its name; found unfit before the work begins, not after it."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from portrait_core.errors import OutputError, UsageError
from portrait_core.files import whole_file
from portrait_core.files.exchange import take_back_left
from portrait_core.runtime import own_folders

if TYPE_CHECKING:
    from cli.recipes import Order

# Endings that people give pictures and films, whatever we write.
_OTHER_PICTURES = frozenset(
    (".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".exr", ".mov", ".mkv", ".avi", ".webm")
)


@dataclass(frozen=True)
class Target:
    """What ``--out`` means: a folder, and the name and ending of the one file in it, if it names one."""

    folder: Path
    stem: str | None = None
    ending: str | None = None

    def named(self, order: Order, what: str = "avatars") -> Order:
        """The order with the file's own name, where the target names one."""
        self.one_of(len(order.names), what)
        return order if self.stem is None else replace(order, names=(self.stem,))

    def one_of(self, count: int, what: str) -> None:
        """Refuse more than one file where the target names one; ``what`` they are, in the plural."""
        if self.stem is not None and count != 1:
            raise UsageError(
                f"--out {self.folder / self.stem}{self.ending} names one file, but {count} {what} are to be made. "
                "Give a folder."
            )


def take_target(out: Path, endings: Collection[str], *, name_given: bool = False) -> Target:
    """``--out`` as a folder, or as a file where it ends in one of ``endings`` and is no folder.

    :raises UsageError: for a name that ends as a picture or film of a kind that is not written, and where ``--name``
        names the file as well.
    """
    ending = out.suffix.lower()
    if out.is_dir() or not out.stem or (ending not in endings and ending not in _OTHER_PICTURES):
        return Target(out)
    if ending not in endings:
        raise UsageError(f"--out {out}: files of this command end in {' or '.join(sorted(endings))}; or give a folder.")
    if name_given:
        raise UsageError(f"--out {out} names the file, and so does --name; give one of them, or a folder for --out.")
    return Target(out.parent, out.stem, ending)


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
