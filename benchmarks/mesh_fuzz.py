# SPDX-License-Identifier: Apache-2.0
"""Mutated meshes by the thousand: each is read or ends in one plain error; none crashes, hangs or fills the memory.

``python -m benchmarks.mesh_fuzz --count 1500`` writes benchmarks/results/mesh_fuzz.json. The sources are small meshes
in the ways that glTF allows, and .obj and .ply as text and binary.
"""

from __future__ import annotations

import json
import random
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import fuzz
from portrait_core.errors import UsageError
from portrait_core.formats.edited_mesh import EditedMesh
from portrait_core.formats.read_mesh import read_meshes
from tests.field.gltf_variants import make_variant
from tests.field.mesh_files import obj_text, ply_bytes, uv_sphere

STRANGE: tuple[Any, ...] = (
    *(None, -1, 0, 1, 7, 255, 65536, 2**31, 2**40, 2**63, 1e30, -1e308, 0.5, "x", "", [], {}, True, [[1]], [1e400]),
    *(["a"], {"index": 0}, 5120, 5126, "MAT4", "SCALAR", [0, 0, 0, 0], [1e200, 1e200, 1e200]),
)
WORDS = (b"v", b"vt", b"vn", b"f", b"o", b"usemtl", b"-1", b"0", b"1e999", b"nan", b"99999999999999999999", b"/", b"\\")
WAYS = ("flip", "cut", "splice", "insert", "value", "value", "word", "repeat")


def sources(folder: Path) -> list[Path]:
    """The files that are mutated."""
    mesh = uv_sphere(8, 6)
    paths = [make_variant(mesh, folder, seed).path for seed in range(30)]
    for name, content in (
        ("a.obj", obj_text(mesh).encode()),
        ("quads.obj", obj_text(mesh, quads=True, mtllib="a.mtl").encode()),
        ("text.ply", ply_bytes(mesh, "ascii")),
        ("little.ply", ply_bytes(mesh, "binary_little_endian")),
        ("big.ply", ply_bytes(mesh, "binary_big_endian", wedges=True)),
    ):
        (folder / name).write_bytes(content)
        paths += [folder / name] * 4
    (folder / "a.mtl").write_text("newmtl skin\nmap_Kd a.png\n")
    return paths


def mutate(content: bytes, suffix: str, number: int) -> tuple[str, bytes]:
    """The way and the bytes of copy ``number`` of a file; the same number gives the same copy."""
    draw = random.Random(number)
    way = draw.choice(WAYS)
    data = bytearray(content)
    if way == "value" and suffix in (".glb", ".gltf"):
        return way, _exchanged(content, suffix, draw)
    if way == "flip":
        for _ in range(draw.randint(1, 16)):
            data[_place(data, draw)] ^= 1 << draw.randrange(8)
    elif way == "cut":
        del data[draw.randrange(len(data)) :]
    elif way == "splice":
        begin, target = draw.randrange(len(data)), draw.randrange(len(data))
        data[target : target + draw.randint(0, 400)] = data[begin : begin + draw.randint(1, 400)]
    elif way == "insert":
        place = _place(data, draw)
        data[place:place] = bytes(draw.randrange(256) for _ in range(draw.randint(1, 12)))
    elif way in ("word", "value"):
        spaces = [place for place in range(len(data)) if data[place] in b" \n"][:20_000] or [0]
        place = draw.choice(spaces)
        data[place + 1 : place + 1 + draw.randint(0, 8)] = draw.choice(WORDS)
    else:
        begin = draw.randrange(len(data))
        data[begin:begin] = data[begin : begin + draw.randint(1, 60)] * draw.randint(1, 3000)
    return way, bytes(data)


def _place(data: bytearray, draw: random.Random) -> int:
    """Headers are short and matter most: half of all changes are near the beginning."""
    return draw.randrange(min(len(data), 1200)) if draw.random() < 0.5 else draw.randrange(len(data))


def _exchanged(content: bytes, suffix: str, draw: random.Random) -> bytes:
    """The description with one to three of its values replaced."""
    if suffix == ".gltf":
        return json.dumps(_changed(json.loads(content), draw)).encode()
    size = int.from_bytes(content[12:16], "little")
    text = json.dumps(_changed(json.loads(content[20 : 20 + size]), draw)).encode()
    text += b" " * (-len(text) % 4)
    rest = content[20 + size :]
    head = content[:8] + (20 + len(text) + len(rest)).to_bytes(4, "little") + len(text).to_bytes(4, "little")
    return head + b"JSON" + text + rest


def _changed(tree: Any, draw: random.Random) -> Any:
    for _ in range(draw.randint(1, 3)):
        spots: list[tuple[Any, Any]] = []
        waiting = [tree]
        while waiting:
            value = waiting.pop()
            inside: Any = ()
            if isinstance(value, dict | list):
                inside = value.items() if isinstance(value, dict) else enumerate(value)
            for key, each in inside:
                spots.append((value, key))
                waiting.append(each)
        holder, key = draw.choice(spots)
        if isinstance(holder, dict) and draw.random() < 0.25:
            del holder[key]
        else:
            holder[key] = draw.choice(STRANGE)
    return tree


def read_copies(first: int, last: int) -> dict[str, Any]:
    """Read copies ``first`` to ``last``; how each ended, and the worst of everything."""
    warnings.simplefilter("error")  # a warning would be a second line
    with tempfile.TemporaryDirectory() as folder:
        paths = sources(Path(folder))
        for path in paths:  # loads all that reading loads
            with suppress(UsageError):
                _read(path)

        def readings() -> Iterator[fuzz.Reading]:
            for number in range(first, last):
                source = paths[number % len(paths)]
                way, content = mutate(source.read_bytes(), source.suffix, number)
                copy = source.with_name(f"copy{source.suffix}")
                copy.write_bytes(content)
                what = f"copy {number} of {source.name} ({way})"
                yield fuzz.Reading(f"{source.suffix} {way}", what, partial(_read, copy))

        return fuzz.read_all(readings())


def _read(path: Path) -> None:
    """Meshes with arrays that fit each other, or our error."""
    for mesh in read_meshes(path, bare=True):
        _check(mesh)


def _check(mesh: EditedMesh) -> None:
    count = len(mesh.vertices)
    assert bool(np.isfinite(mesh.vertices).all())
    assert 0 <= int(mesh.faces.min()) <= int(mesh.faces.max()) < count
    assert len(mesh.uvs) in (0, count)
    assert mesh.normals is None or mesh.normals.shape == (count, 3)
    assert mesh.material is None or mesh.material.shape == (len(mesh.faces),)


if __name__ == "__main__":
    fuzz.main("mesh_fuzz", count=1500)
