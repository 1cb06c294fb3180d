# SPDX-License-Identifier: Apache-2.0
"""Mutated tables and recipes by the thousand: each is read or ends in one plain line; none crashes or hangs.

``python -m benchmarks.table_fuzz --count 1200`` writes benchmarks/results/table_fuzz.json. The sources are tables as
spreadsheets write them, JSON lists and lines, recipes alone and inside .glb, .gltf, .obj and .ply.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import fuzz
from portrait_core.batch.table import BadRow, read_rows
from portrait_core.formats.read_recipe import read_recipe
from portrait_core.formats.write import write_avatar
from portrait_core.recipe import Recipe
from portrait_core.weights.header import ModelHeader, read_header
from portrait_core.weights.registry import find_model
from tests.formats.busts import bust_avatar

RECIPE = Recipe(seed=7, attributes={"age": 1.5}, lods=(8000, 2000), pose={"head": (0.0, 0.3, 0.0)}).facts()
TABLE = (
    "seed,age,name,faces,lods,pose,normal_map\r\n"
    '1,1.5,anna,4000,800;600,"head=0,20,0",yes\r\n2,-0.5,bo,,,,no\r\n3,,,20000.0,,,\r\n'
)
EUROPE = 'Seed;Age;Name;Hair length;Faces\r\n1;1,5;anna;0,25;20 000\r\n2;-0,5;bo;1;4000\r\n"3";"1,5";"c;d";;"800"\r\n'
WORDS = (
    *(
        b",",
        b";",
        b"\t",
        b"|",
        b'"',
        b"\r",
        b"\n",
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"nan",
        b"inf",
        b"-1",
        b"1e999",
    ),
    *(
        b"99999999999999999999999",
        b"[[[[",
        b"{}",
        b"null",
        b"seed",
        b"sep=;",
        b"\xe2\x88\x92",
        b"\xed\xa0\x80",
        b"{{{{{{",
    ),
)
WAYS = ("flip", "cut", "splice", "insert", "word", "repeat", "value")
STRANGE: tuple[Any, ...] = (
    *(
        None,
        -1,
        0,
        True,
        2**32,
        2**70,
        1e308,
        -0.0,
        0.5,
        "x",
        "",
        [],
        {},
        [[1]],
        {"a": {"b": {}}},
        "\ud800",
        "x" * 9999,
    ),
)


def sources(folder: Path) -> list[Path]:
    """The files that are mutated."""
    lines = [RECIPE, {"seed": 2, "name": "bo"}, {"latent": [0.5] * 64}]
    contents = {
        "a.csv": TABLE.encode(),
        "mark.csv": b"\xef\xbb\xbf" + TABLE.encode(),
        "europe.csv": EUROPE.encode(),
        "sep.csv": b"sep=;\r\n" + EUROPE.encode(),
        "wide.csv": EUROPE.replace(";", "\t").encode("utf-16"),
        "a.tsv": EUROPE.replace(";", "\t").encode(),
        "title.csv": b"Orders,,\r\n\r\n" + TABLE.encode(),
        "a.jsonl": "\n".join(map(json.dumps, lines)).encode(),
        "rows.json": json.dumps(lines).encode(),
        "recipe.json": json.dumps(RECIPE).encode(),
        "framed.json": json.dumps({"recipe": RECIPE, "provenance": {"version": "0.1"}}).encode(),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    paths = [folder / name for name in contents]
    for ending in (".glb", ".gltf", ".obj", ".ply"):
        paths.append(write_avatar(bust_avatar(), folder / f"bust-{ending[1:]}{ending}", thumbnail=False)[0])
    return paths


def mutate(content: bytes, suffix: str, draw: random.Random) -> tuple[str, bytes]:
    """The way and the bytes of a copy."""
    way = draw.choice(WAYS)
    data = bytearray(content)
    place = draw.randrange(min(len(data), 3000))
    if way == "value" and suffix == ".json":
        return way, _exchanged(content, draw)
    if way == "flip":
        for _ in range(draw.randint(1, 12)):
            data[draw.randrange(min(len(data), 3000))] ^= 1 << draw.randrange(8)
    elif way == "cut":
        del data[place:]
    elif way == "splice":
        begin = draw.randrange(len(data))
        data[place : place + draw.randint(0, 60)] = data[begin : begin + draw.randint(1, 60)]
    elif way == "insert":
        data[place:place] = bytes(draw.randrange(256) for _ in range(draw.randint(1, 12)))
    elif way in ("word", "value"):
        data[place : place + draw.randint(0, 6)] = draw.choice(WORDS)
    else:
        data[place:place] = data[place : place + draw.randint(1, 30)] * draw.randint(1, 5000)
    return way, bytes(data)


def _exchanged(content: bytes, draw: random.Random) -> bytes:
    tree: Any = json.loads(content)
    value = tree
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = draw.choice(keys)
        if isinstance(value[key], dict | list) and value[key] and draw.random() < 0.7:
            value = value[key]
            continue
        value[key] = draw.choice(STRANGE)
        return json.dumps(tree).encode()


def read(path: Path, headers: dict[str, ModelHeader]) -> str:
    """How a table or a recipe ends that is not refused: read, or with bad rows, each told in a line."""
    if path.suffix in (".csv", ".tsv", ".jsonl") or path.stem == "rows":
        told = [row.reason for row in read_rows(path, {"model": "starter"}, headers) if isinstance(row, BadRow)]
        end = "bad rows" if told else "read"
    else:
        found = read_recipe(path)
        told, end = list(found.warnings), "read"
        Recipe.model_validate(found.recipe)
    return end if all(each and len(each) < 2000 for each in told) else "TOLD BADLY"


def read_copies(first: int, last: int) -> dict[str, Any]:
    """Read copies ``first`` to ``last``; how each way ended, and the worst."""
    headers = {"starter": read_header(find_model("starter"))}
    with tempfile.TemporaryDirectory() as name:
        originals = [(path, path.read_bytes()) for path in sources(Path(name))]

        def readings() -> Iterator[fuzz.Reading]:
            for number in range(first, last):
                path, content = originals[number % len(originals)]
                way, copy = mutate(content, path.suffix, random.Random(number))
                path.write_bytes(copy)
                yield fuzz.Reading(way, f"copy {number} ({path.name}, {way})", partial(read, path, headers), str)
                path.write_bytes(content)

        return fuzz.read_all(readings(), good=("read", "bad rows", "refused"))


if __name__ == "__main__":
    fuzz.main("table_fuzz", count=1200)
