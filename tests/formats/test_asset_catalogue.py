# SPDX-License-Identifier: Apache-2.0
"""Catalogues of asset libraries: the same for everybody, added to what is there, never written over."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest

from portrait_core.errors import UsageError
from portrait_core.formats.asset_catalogue import (
    FILE_NAME,
    catalogue_id,
    catalogue_path,
    read_catalogues,
    with_parents,
    write_catalogues,
)


def test_paths_and_ids() -> None:
    assert catalogue_path(["crowd: 1/2", "", "Bob 01", " . "]) == "crowd 1 2/Bob 01"
    assert catalogue_path(["a\nb", "x" * 99]) == "a b/" + "x" * 60
    assert uuid.UUID(catalogue_id("crowd/Bob 01")).version == 5
    assert catalogue_id("crowd") == catalogue_id("crowd") != catalogue_id("Crowd")
    assert with_parents(["b/c", "b/d/e"]) == ["b", "b/c", "b/d", "b/d/e"]


def test_lines_are_those_of_blender(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    write_catalogues(path, ["crowd/Bob 01"])
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "VERSION 1" and len(lines) == 3
    assert all(re.fullmatch(r"[0-9a-f-]{36}:[^:]+:[^:]+", line) for line in lines[1:])
    assert lines[2].endswith(":crowd/Bob 01:crowd-Bob 01")


def test_what_somebody_changed_stays(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    write_catalogues(path, ["crowd"])
    own = f"{uuid.uuid4()}:mine:mine"
    path.write_text(path.read_text().replace(":crowd:crowd", ":people/extras:extras") + own + "\n")
    before = path.stat().st_mtime_ns
    write_catalogues(path, ["crowd"])
    assert path.stat().st_mtime_ns == before, "nothing new, nothing written"
    write_catalogues(path, ["crowd/Bob"])
    found = read_catalogues(path)
    assert found[catalogue_id("crowd")].endswith(":people/extras:extras") and own in found.values()
    assert catalogue_id("crowd/Bob") in found


def test_another_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_text("VERSION 2\n")
    with pytest.raises(UsageError, match="VERSION 1"):
        write_catalogues(path, ["crowd"])
    assert path.read_text() == "VERSION 2\n"
