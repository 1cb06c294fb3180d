# SPDX-License-Identifier: Apache-2.0
"""The recipe comes back out of every format that holds it; broken files are one plain error."""

from __future__ import annotations

import json
import random
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import portrait_core
from portrait_core.errors import UsageError
from portrait_core.formats.gltf.writer import glb_bytes
from portrait_core.formats.read_recipe import read_recipe
from portrait_core.formats.write import write_avatar
from tests.formats.assets import asset
from tests.formats.busts import bust_avatar

FULL = replace(
    bust_avatar(),
    recipe={"model": "bust", "seed": 4294967295, "attributes": {"age": -1.5}, "lods": [800, 400], "pose": {}},
    provenance={"model": {"name": "bust", "digest": "ab" * 32}, "version": portrait_core.__version__},
)


@pytest.mark.parametrize("ending", [".glb", ".gltf", ".obj", ".ply"])
def test_it_comes_back(tmp_path: Path, ending: str) -> None:
    path, *_ = write_avatar(FULL, tmp_path / f"a{ending}")
    found = read_recipe(path)
    assert found.recipe == FULL.recipe and found.provenance == FULL.provenance
    assert found.model_digest() == "ab" * 32 and found.warnings == ()
    assert found.name == ("bust" if ending in (".glb", ".gltf") else "")


def test_json_with_and_without_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for content in ({"seed": 3, "psi": 0.5}, {"recipe": {"seed": 3, "psi": 0.5}, "provenance": 3}):
        path.write_text(json.dumps(content))
        found = read_recipe(path)
        assert found.recipe == {"seed": 3, "psi": 0.5} and found.provenance == {} and found.model_digest() == ""


def changed(content: bytes, change: Any) -> bytes:
    (size,) = struct.unpack_from("<I", content, 12)
    tree = json.loads(content[20 : 20 + size])
    change(tree)
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    rest = content[20 + size :]
    return content[:8] + struct.pack("<II", 20 + len(text) + len(rest), len(text)) + b"JSON" + text + rest


def test_the_copy_that_blender_keeps_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "a.glb"
    path.write_bytes(changed(glb_bytes(FULL), lambda tree: tree["asset"].pop("extras")))
    assert read_recipe(path).recipe == FULL.recipe


def test_what_is_odd_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.glb"
    path.write_bytes(changed(glb_bytes(FULL), lambda t: t["asset"]["extras"]["recipe"].update(seed=5)))
    found = read_recipe(path)
    assert found.recipe["seed"] == 5
    assert len(found.warnings) == 1 and "was changed after the file was made" in found.warnings[0]
    path.write_bytes(glb_bytes(replace(FULL, provenance={"version": "99.0"})))
    assert "made by Portraitkit 99.0; this is" in read_recipe(path).warnings[0]
    path.write_bytes(glb_bytes(asset()))
    assert "motion is not part of the recipe" in read_recipe(path).warnings[0]


GOOD = glb_bytes(bust_avatar())


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.glb", b"", "not a JSON or glTF file"),
        ("a.glb", b"glTF\2\0", "truncated"),
        ("a.glb", GOOD[:1000], "truncated"),
        ("a.glb", GOOD[:-4], "truncated"),
        ("a.glb", GOOD[:4] + b"\1" + GOOD[5:], r"version 1"),
        ("a.glb", GOOD[:12] + b"\xff\xff\xff\xff" + GOOD[16:], "truncated"),
        ("a.glb", GOOD[:24] + b"\xff" + GOOD[25:], "damaged"),
        ("a.glb", b"PK\3\4 a zip", "not a JSON or glTF file"),
        ("a.gltf", b"[1]", "expected a JSON object, got list"),
        ("a.gltf", b'{"asset": {"version": "2.0"}}', "no recipe in it"),
        ("a.gltf", b'{"asset": 3, "nodes": 4}', "nodes should be a list"),
        ("a.gltf", b'{"asset": {"extras": {"recipe": 3}}}', "should be a JSON object, got int"),
        ("a.json", b"[" * 100_000, "damaged"),
        ("a.json", b"\xff\xfe", "damaged"),
        ("a.json", b"[]", "expected a JSON object"),
        ("a.obj", b"v 0 0 0\n", "no recipe in it"),
        ("a.obj", b"# portraitkit {oops\n", "damaged"),
        ("a.stl", b"solid", "read from"),
        ("a.png", b"", "read from .glb"),
    ],
)
def test_broken_files_are_one_plain_error(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match=words) as caught:
        read_recipe(path)
    assert str(path) in str(caught.value)


def test_no_damage_gets_through_as_another_error(tmp_path: Path) -> None:
    """Random bytes of the description changed: a recipe, or the one kind of error; never a crash."""
    path, dice = tmp_path / "a.glb", random.Random(5)
    (size,) = struct.unpack_from("<I", GOOD, 12)
    head, outcomes = GOOD[: 20 + size], set()
    for _ in range(150):
        broken = bytearray(head)
        for _ in range(dice.randrange(1, 6)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        path.write_bytes(bytes(broken) + GOOD[20 + size :])
        try:
            read_recipe(path)
            outcomes.add("read")
        except UsageError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_recipe(tmp_path / "none.glb")
