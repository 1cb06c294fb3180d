# SPDX-License-Identifier: Apache-2.0
"""Tables of recipes: what people write in spreadsheets, and what is wrong with it by line."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from portrait_core.batch.table import BadRow, Row, read_rows
from portrait_core.errors import UsageError
from tests.analytic_model import HEADER

HEADERS = {"balls": HEADER}
BASE = {"model": "balls", "faces": 900}


def read(tmp_path: Path, name: str, content: str | bytes) -> list[Row | BadRow]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_rows(path, BASE, HEADERS))


def test_columns_are_recipe_fields_attributes_and_a_name(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "people.csv",
        "\ufeffname,seed,psi,size,attributes.paleness,pose,lods,normal_map,faces\r\n"
        'hero,7,0.5,1.5,-1,"head=0,90,0",800;400,no,2000.0\r\n'
        "\r\n,8,,,,,,,\r\n",
    )
    hero, plain = rows
    assert isinstance(hero, Row) and isinstance(plain, Row)
    assert (hero.line, hero.name, hero.recipe.seed, hero.recipe.psi) == (2, "hero", 7, 0.5)
    assert hero.recipe.attributes == {"size": 1.5, "paleness": -1.0}
    assert hero.recipe.pose["head"] == pytest.approx((0, math.pi / 2, 0))
    assert (hero.recipe.lods, hero.recipe.normal_map, hero.recipe.faces) == ((800, 400), False, 2000)
    assert (plain.line, plain.name, plain.recipe.seed, plain.recipe.faces) == (4, "", 8, 900)


def test_json_lines_are_recipes(tmp_path: Path) -> None:
    posed = {"seed": 2, "pose": {"neck": [0.1, 0, 0]}}
    lines = [{"seed": 1, "attributes": {"size": 1}}, {"latent": [0, 1, 2, 3]}, posed]
    for name, content in (
        ("a.jsonl", "\n".join(map(json.dumps, lines))),
        ("a.json", json.dumps(lines)),
    ):
        rows = read(tmp_path, name, content)
        assert all(isinstance(row, Row) for row in rows), rows
        assert rows[1].recipe.latent == (0, 1, 2, 3)  # pyright: ignore[reportAttributeAccessIssue]
        assert rows[2].recipe.pose == {"neck": (0.1, 0, 0)}  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("x,1", "seed: cannot read 'x'"),
        ("-1,1", "out of range"),
        ("1.5,1", "whole number"),
        ("99999999999,1", "out of range"),
        ("1,99", "takes -"),
        ("1,nan", "finite"),
        ("1,2,3", "3 cells; the first line names 2 columns"),
    ],
)
def test_bad_rows_are_told_by_line_and_do_not_stop_the_next(tmp_path: Path, row: str, reason: str) -> None:
    bad, good = read(tmp_path, "a.csv", f"seed,size\n{row}\n5,1\n")
    assert isinstance(bad, BadRow) and bad.line == 2 and reason in bad.reason, bad
    assert isinstance(good, Row) and good.recipe.seed == 5


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b", "a\\b", "..", "C:x", "con", "NUL.txt", "\u0000", "x" * 300])
def test_names_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    (row,) = read(tmp_path, "a.jsonl", json.dumps({"name": name, "seed": 1}))
    assert isinstance(row, BadRow) and "name" in row.reason


def test_unknown_columns_have_a_hint(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "a.csv", "sead\n1\n")
    assert isinstance(row, BadRow) and "Did you mean seed" in row.reason


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"seed\n1", "tables are"),
        ("a.csv", b"\xffs\xfee", "not UTF-8"),
        ("a.csv", b"seed,seed\n1,2", "twice"),
        ("a.csv", b"", "first line"),
        ("a.json", b'{"seed": 1}', "list of recipes"),
    ],
)
def test_files_that_are_no_tables(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        read(tmp_path, name, content)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        list(read_rows(tmp_path / "none.csv", BASE))


@pytest.mark.parametrize(
    ("base", "row", "who"),
    [
        ({"w": (0.5,)}, {"seed": 3}, {"seed": 3}),
        ({"seed": 3}, {"ws": [[0.5, 1.0]]}, {"ws": ((0.5, 1.0),)}),
        ({"latent": (0.5,)}, {"w": [1.0]}, {"w": (1.0,)}),
        ({"latent": (0.5,)}, {"seed": 3, "w": [1.0]}, {"w": (1.0,)}),
        ({"latent": (0.5,)}, {"seed": None, "psi": 0.5}, {"latent": (0.5,)}),
    ],
)
def test_who_a_row_says_goes_before_who_holds_for_all(tmp_path: Path, base, row, who) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row))
    (read_row,) = read_rows(path, base)
    assert isinstance(read_row, Row), read_row
    said = {name: getattr(read_row.recipe, name) for name in ("seed", "latent", "w", "ws")}
    assert {name: value for name, value in said.items() if value is not None} == who
