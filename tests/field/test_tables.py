# SPDX-License-Identifier: Apache-2.0
"""Tables as spreadsheets and scripts of all countries write them: read right, or what they are is said."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from portrait_core.batch.table import BadRow, Row, read_rows
from portrait_core.errors import UsageError
from portrait_core.weights.header import read_header
from portrait_core.weights.registry import find_model
from tests.cli.conftest import Run

STARTER = read_header(find_model("starter"))


def read(folder: Path, content: str | bytes, name: str = "a.csv") -> list[Row | BadRow]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_rows(path, {"model": "starter"}, {"starter": STARTER}))


def good(rows: list[Row | BadRow]) -> list[tuple[int | None, float | None, str]]:
    """Seed, age and name of every row; none may be bad."""
    read = [row for row in rows if isinstance(row, Row)]
    assert len(read) == len(rows), rows
    return [(row.recipe.seed, row.recipe.attributes.get("age"), row.name) for row in read]


ROWS = [(1, 1.5, "anna"), (2, -0.5, "bo")]
PLAIN = "seed,age,name\r\n1,1.5,anna\r\n2,-0.5,bo\r\n"
EUROPE = "seed;age;name\r\n1;1,5;anna\r\n2;-0,5;bo\r\n"


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        "\ufeff" + PLAIN,
        PLAIN.replace("\r\n", "\r"),
        EUROPE,
        EUROPE.replace(",", "."),
        "sep=;\r\n" + EUROPE,
        '"sep=;"\r\n' + EUROPE,
        "\ufeffSEP=,\r\n" + PLAIN,
        "sep=\t\r\n" + EUROPE.replace(";", "\t"),
        "sep=\\t\n" + EUROPE.replace(";", "\t"),
        EUROPE.replace(";", "\t"),
        EUROPE.replace(";", "|"),
        PLAIN.replace(",", "|"),
        "Seed, AGE ,Name\n1,1.5,anna\n2,-0.5,bo\n",
        "seed,attributes.age,name\n1,1.5,anna\n2,-0.5,bo\n",
        "\n\r\n  \n" + PLAIN,
        ",,\n" + PLAIN + ",,\n\n",
        "Orders for May,,\n" + PLAIN,
        "Orders; all of them\n\n" + EUROPE,
        "Exported 28.11.2026\nby, whom\n" + PLAIN,
        ",seed,age,name\n0,1,1.5,anna\n1,2,-0.5,bo\n",
        "seed,age,name,\n1,1.5,anna,\n2,-0.5,bo,\n",
        'seed,age,name\n1,"1,5",anna\n2,"-0,5",bo\n',
        "seed,age,name\n1,1.5,anna\n2,\u22120.5,bo\n",
        "seed,age,name\n1,1.5,anna\n2,\u20130.5,bo\n",
        "seed,age,name\n1.0,1.50,anna\n2.00,-5E-01,bo\n",
        "seed;age;name\n1,0;1,5;anna\n2,0;-5E-01;bo\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_one_table_in_many_forms(tmp_path: Path, content: str, encoding: str) -> None:
    assert good(read(tmp_path, content.encode(encoding))) == ROWS


def test_the_ending_does_not_decide(tmp_path: Path) -> None:
    assert good(read(tmp_path, EUROPE, "a.tsv")) == ROWS
    assert good(read(tmp_path, EUROPE.replace(";", "\t").encode("utf-16"), "a.tsv")) == ROWS
    lines = '{"seed":1,"attributes":{"age":1.5},"name":"anna"}\r\n{"seed":2,"attributes":{"age":-0.5},"name":"bo"}\r\n'
    assert good(read(tmp_path, lines.encode("utf-16"), "a.jsonl")) == ROWS
    assert good(read(tmp_path, f"[{lines.replace('}}', '}').strip().replace(chr(10), ',')}]", "a.json")) == ROWS


def test_names_of_columns_with_spaces_and_capitals(tmp_path: Path) -> None:
    (row,) = read(tmp_path, " Seed ,Hair Length,Texture-Size,NORMAL MAP\n1,1,256,FALSCH\n")
    assert isinstance(row, Row), row
    assert row.recipe.attributes == {"hair_length": 1.0}
    assert (row.recipe.texture_size, row.recipe.normal_map) == (256, False)


@pytest.mark.parametrize("true", ["TRUE", "WAHR", "VRAI", "Verdadero", "vero", "ja", "1"])
def test_true_in_other_languages(tmp_path: Path, true: str) -> None:
    (row,) = read(tmp_path, f"seed;occlusion\n1;{true}\n")
    assert isinstance(row, Row) and row.recipe.occlusion is True


@pytest.mark.parametrize("faces", ["20 000", "20\u00a0000", "20\u202f000", "20'000", "20\u2019000", "20000,0", "2E+04"])
def test_thousands_that_can_mean_one_thing_only(tmp_path: Path, faces: str) -> None:
    (row,) = read(tmp_path, f"seed;faces\n1;{faces}\n")
    assert isinstance(row, Row) and row.recipe.faces == 20000, row


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('seed,faces\n1,"20,000"\n', "may be 20000"),
        ("seed;faces\n1;20.000\n", "may be 20000"),
        ('seed,age\n1,"1,250"\n', "may be 1250 or 1.250"),
        ("seed\n4.29497E+09\n", "lost its last digits"),
        ("seed;age\n1;1,2,3\n", "cannot read '1,2,3'"),
        ("seed,age\n1,NA\n", "age: cannot read 'NA'; expected a number"),
        ("seed,sise\n1,big\n", "unknown column 'sise'"),
        ("Seeed,Name\n1,anna\n", "unknown column 'seeed'. Did you mean seed?"),
        (",seed\nx,1\n", "column without a name"),
        (",seed\n5,1\n", "column without a name"),
    ],
)
def test_what_may_mean_several_things_is_refused_by_its_name(tmp_path: Path, content: str, reason: str) -> None:
    (row,) = read(tmp_path, content)
    assert isinstance(row, BadRow) and reason in row.reason, row


def test_a_semicolon_makes_the_comma_a_decimal_sign_in_groups_of_three_too(tmp_path: Path) -> None:
    assert good(read(tmp_path, "seed;age\n1;1,250\n2;-0,125\n")) == [(1, 1.25, ""), (2, -0.125, "")]


def zipped(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", zipped("[Content_Types].xml", "xl/workbook.xml"), "spreadsheet"),
        ("a.xlsx", zipped("xl/workbook.xml"), "spreadsheet"),
        ("a.ods", b"", "spreadsheet"),
        ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "Excel workbook"),
        ("a.csv", b"<html><table><tr><td>seed", "web page"),
        ("a.csv", b"\x1f\x8b\x08" + bytes(20), "gzip"),
        ("a.csv", "seed,name\n1,Zoë\n".encode("cp1252"), "not UTF-8"),
        ("a.csv", b"", "must name the columns"),
        ("a.csv", b"\xef\xbb\xbf", "must name the columns"),
        ("a.csv", b"Seed, seed\n1,2\n", "twice"),
        ("a.json", b'{"seed": 1}', "list of recipes"),
    ],
)
def test_files_that_are_something_else(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        read(tmp_path, content, name)
    assert str(refused.value).count(name) == 1 and len(str(refused.value).splitlines()) == 1


def test_a_european_table_as_a_user_gives_it(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "Bestellung.csv"
    path.write_bytes(("\ufeffsep=;\r\n" + EUROPE).encode())
    done = run("batch", "--from", path, "--dry-run", "--json", "--out", tmp_path / "out")
    assert done.code == 0, done.err
    first = done.events[0]["first"]
    assert [(each["name"], each["recipe"]["attributes"]) for each in first] == [
        ("anna", {"age": 1.5}),
        ("bo", {"age": -0.5}),
    ]


def test_names_that_differ_in_capitals_alone(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("seed,name\n1,Anna\n2,anna\n")
    assert "give every row a name of its own" in run("batch", "--from", path, "--dry-run").error
