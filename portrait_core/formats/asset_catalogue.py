# SPDX-License-Identifier: Apache-2.0
"""The catalogues of a Blender asset library: ``blender_assets.cats.txt``, a line ``UUID:path/of/it:simple name`` each.

A path has the same UUID on every machine, so that libraries can be made in parts and put together. What somebody
changed in Blender stays: a catalogue that was renamed keeps the assets that name it by its UUID.
Source: Blender's manual, "Asset Catalogs", catalog definition files.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

from portrait_core.errors import UsageError
from portrait_core.files.whole_file import whole_file

FILE_NAME = "blender_assets.cats.txt"
VERSION = "VERSION 1"
_HEAD = """# This is an Asset Catalog Definition file for Blender.
#
# Empty lines and lines starting with `#` will be ignored.
# The first non-ignored line should be the version indicator.
# Other lines are of the format "UUID:catalog/path/for/assets:simple catalog name"
"""
_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "portraitkit:asset-catalogue")
_LONGEST = 60


def catalogue_path(levels: Iterable[str]) -> str:
    """Levels from the outermost on as a catalogue's path; signs that part paths and lines become ``-``."""
    plain = (re.sub(r"[/\\:\s\x00-\x1f]+", " ", level).strip(" .")[:_LONGEST].strip() for level in levels)
    return "/".join(level for level in plain if level)


def catalogue_id(path: str) -> str:
    """The UUID of a path, the same for everybody."""
    return str(uuid.uuid5(_SPACE, path))


def with_parents(paths: Iterable[str]) -> list[str]:
    """Each path with all above it, in order: a catalogue above others shows what lies in them."""
    found: set[str] = set()
    for path in paths:
        parts = path.split("/")
        found |= {"/".join(parts[: count + 1]) for count in range(len(parts))}
    return sorted(found)


def read_catalogues(path: Path) -> dict[str, str]:
    """The lines of a file by their UUID, in its order; empty without a file.

    Raises :class:`UsageError` for a file of another version, which must not be written over.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{path}: the list of catalogues cannot be read ({error}).") from None
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return {}
    if lines[0] != VERSION:
        raise UsageError(f"{path}: expected a list of catalogues that begins with {VERSION!r}, got {lines[0][:40]!r}.")
    return {line.split(":", 1)[0].lower(): line for line in lines[1:]}


def write_catalogues(path: Path, wanted: Sequence[str]) -> None:
    """Add the catalogues ``wanted``, by their paths, to a file; lines that are there stay as they are.

    Nothing is written where nothing is new. Raises as :func:`read_catalogues`, and :class:`OutputError`.
    """
    lines = read_catalogues(path)
    before = len(lines)
    for each in with_parents(wanted):
        lines.setdefault(catalogue_id(each), f"{catalogue_id(each)}:{each}:{each.replace('/', '-')}")
    if len(lines) == before and path.is_file():
        return
    with whole_file(path, overwrite=True) as temporary:
        temporary.write_text("\n".join([_HEAD, VERSION, "", *lines.values(), ""]), encoding="utf-8")
