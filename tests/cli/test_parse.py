# SPDX-License-Identifier: Apache-2.0
"""What people type, and what they mistype."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from cli import parse
from portrait_core.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("7", [7]),
        ("0-3", [0, 1, 2, 3]),
        ("1,5,8", [1, 5, 8]),
        (" 8, 1-3 ,2", [8, 1, 2, 3]),
        ("4-4", [4]),
        ("4294967295", [2**32 - 1]),
    ],
)
def test_seeds(text: str, seeds: list[int]) -> None:
    assert parse.parse_seeds(text) == seeds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'' is not a seed"),
        ("seven", "'seven' is not a seed. Write 7, 0-9 or 1,5,8"),
        ("-1", "is not a seed"),
        ("1.5", "is not a seed"),
        ("1,,2", "is not a seed"),
        ("9-0", "9-0 runs backwards"),
        ("4294967296", "out of range; seeds go from 0 to 4294967295"),
        ("0-4294967295", "more than 100000 at once"),
        ("0-60000,70000-130000", "more than 100000 at once"),
    ],
)
def test_bad_seeds(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse.parse_seeds(text)


def test_settings() -> None:
    assert parse.parse_settings(["age=+1.5", "hair_length=-1", "age = 2"]) == {"age": 2.0, "hair_length": -1.0}
    for bad in ("age", "age=", "=1", "age=old", "age=nan", "age=inf"):
        with pytest.raises(UsageError, match="NAME=NUMBER"):
            parse.parse_settings([bad])


def test_numbers() -> None:
    assert parse.parse_numbers("-30,0, 30.5", "--yaw") == [-30, 0, 30.5]
    for bad in ("", "a", "1,,2", "nan", "inf"):
        with pytest.raises(UsageError, match="--yaw"):
            parse.parse_numbers(bad, "--yaw")


def test_poses_in_degrees_and_from_files(tmp_path: Path) -> None:
    assert parse.parse_pose(None) == {}
    pose = parse.parse_pose("head=0,20,0;neck=-90,0,0")
    assert pose["head"] == pytest.approx((0, math.radians(20), 0))
    assert pose["neck"] == pytest.approx((-math.pi / 2, 0, 0))
    file = tmp_path / "nod.json"
    file.write_text('{"head": [0.25, 0, 0]}')
    assert parse.parse_pose(str(file)) == {"head": (0.25, 0.0, 0.0)}
    for bad in ("haed=0,20,0", "head=0,20", "head", "head=a,b,c", str(tmp_path / "none.json")):
        with pytest.raises(UsageError, match="pose"):
            parse.parse_pose(bad)


def test_name_patterns() -> None:
    parse.check_pattern("{model}-{seed}", many=True)
    parse.check_pattern("hero", many=False)
    assert parse.fill_pattern("{model}-{seed:>04}", model="starter", seed="7") == "starter-0007"
    for pattern, many, words in (
        ("hero", True, r"put \{seed\} into it"),
        ("{sead}", False, r"unknown field \{sead\}"),
        ("{seed", False, "expected '}'"),
        ("../{seed}", False, "not a file name"),
        ("a\\{seed}", False, "not a file name"),
        ("", False, "not a file name"),
        ("..", False, "not a file name"),
        ("{model.__class__}", False, "unknown field"),
        ("{}", False, "unknown field"),
    ):
        with pytest.raises(UsageError, match=words):
            parse.check_pattern(pattern, many=many)


def test_name_patterns_with_digits() -> None:
    parse.check_pattern("a-{seed:05d}", many=True)
    assert parse.fill_pattern("a-{seed:05d}", model="m", seed="7") == "a-00007"
    assert parse.fill_pattern("a-{seed:05d}", model="m", seed="z12ab") == "a-z12ab"
    for pattern in ("{seed:999999999}", "{seed!r}", "{seed:{model}}", "{seed:x}", "n" * 300):
        with pytest.raises(UsageError):
            parse.check_pattern(pattern, many=False)
