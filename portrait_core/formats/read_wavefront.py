# SPDX-License-Identifier: Apache-2.0
"""The meshes of a Wavefront .obj: places, polygons as triangles, texture places, normals, materials."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from portrait_core.errors import UsageError
from portrait_core.formats.edited_mesh import EditedMesh, unit, with_materials
from portrait_core.formats.read_carefully import BrokenFile, read_bytes
from portrait_core.geometry.polygons import triangulate

_READ = ("v", "vt", "vn", "f", "o", "usemtl", "mtllib")
_MAX_LIBRARY = 16 * 1024**2

Reader = Callable[[], EditedMesh]


@dataclass
class _Object:
    """One object's polygons: how many ``corners`` each has, each a place, texture place and normal (-1: none), and the
    number of its material."""

    name: str
    sizes: list[int] = field(default_factory=list[int])
    corners: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    materials: list[int] = field(default_factory=list[int])


@dataclass
class _Tables:
    """What corners name by number, as far as the file was read."""

    places: list[tuple[float, float, float]] = field(default_factory=list[tuple[float, float, float]])
    textures: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    normals: list[tuple[float, float, float]] = field(default_factory=list[tuple[float, float, float]])


def read_obj(path: Path) -> list[tuple[str, Reader]]:
    """Every object (``o``) with faces in ``path`` by name, and how to make a mesh of it.

    A vertex is a place, a texture place and a normal that meet in a corner. All else in the file is passed over. Raises
    :class:`UsageError` with the line's number for what is not a number or leads nowhere.
    """
    tables, objects = _Tables(), [_Object(path.stem)]
    materials, material, library = {"": 0}, 0, ""
    for number, line in _lines(read_bytes(path).decode("utf-8", "replace").removeprefix("\ufeff")):
        words = line.split()
        if not words or words[0] not in _READ:
            continue
        try:
            if words[0] == "v":
                tables.places.append((float(words[1]), float(words[2]), float(words[3])))
            elif words[0] == "vt":
                tables.textures.append((float(words[1]), float(words[2]) if len(words) > 2 else 0.0))
            elif words[0] == "vn":
                tables.normals.append((float(words[1]), float(words[2]), float(words[3])))
            elif words[0] == "f":
                corners = [_corner(word, tables) for word in words[1:]]
                if len(corners) < 3:
                    raise ValueError("a face with fewer than three corners")
                objects[-1].sizes.append(len(corners))
                objects[-1].corners += corners
                objects[-1].materials.append(material)
            elif words[0] == "usemtl":
                material = materials.setdefault(" ".join(words[1:]), len(materials))
            elif words[0] == "mtllib":
                library = line.strip().removeprefix("mtllib").strip()
            else:
                objects.append(_Object(" ".join(words[1:]) or path.stem))
        except (ValueError, IndexError) as error:
            told = str(error)[:120]
            raise UsageError(f"{path}, line {number}: {told}; the file is no Wavefront .obj, or damaged.") from None
    images = _images(path, library)
    names = [name or "material" for name in materials]
    return [(each.name, _reader(path, each, tables, names, images)) for each in objects if each.sizes]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; one that ends in a backslash goes on in the next."""
    held, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first or number
        if line.rstrip().endswith("\\"):
            held += line.rstrip()[:-1] + " "
            continue
        yield first, held + line
        held, first = "", 0
    if held:
        yield first, held


def _corner(word: str, tables: _Tables) -> tuple[int, int, int]:
    parts = word.split("/")
    texture = _index(parts[1], len(tables.textures)) if len(parts) > 1 and parts[1] else -1
    normal = _index(parts[2], len(tables.normals)) if len(parts) > 2 and parts[2] else -1
    return _index(parts[0], len(tables.places)), texture, normal


def _index(text: str, count: int) -> int:
    """Counted from 1, or backwards from the last one so far."""
    number = int(text)
    index = number - 1 if number > 0 else count + number
    if number == 0 or not 0 <= index < count:
        raise ValueError(f"index {number} leads nowhere")
    return index


def _images(path: Path, library: str) -> dict[str, str]:
    """The image (``map_Kd``) of each material in the library beside the file; none where it cannot be read."""
    images: dict[str, str] = {}
    beside = path.parent / library
    try:
        if not library or beside.resolve().parent != path.parent.resolve() or beside.stat().st_size > _MAX_LIBRARY:
            return images
        name = ""
        for _, line in _lines(read_bytes(beside).decode("utf-8", "replace")):
            words = line.split()
            if len(words) > 1 and words[0] == "newmtl":
                name = " ".join(words[1:])
            elif len(words) > 1 and words[0].lower() == "map_kd":
                images[name] = " ".join(words[1:])
    except (OSError, ValueError, BrokenFile):
        return {}
    return images


def _reader(path: Path, one: _Object, tables: _Tables, names: list[str], images: dict[str, str]) -> Reader:
    def read() -> EditedMesh:
        return _mesh(path, one, tables, names, images)

    return read


def _mesh(path: Path, one: _Object, tables: _Tables, names: list[str], images: dict[str, str]) -> EditedMesh:
    corners = np.array(one.corners, np.int64)
    # Without a normal or a texture place at every corner there are none: a mesh has them or not.
    corners[:, 1:][:, (corners[:, 1:] < 0).any(axis=0)] = -1
    places = np.array(tables.places, np.float64)
    try:
        flat, owner = triangulate(places[corners[:, 0]], np.array(one.sizes))
    except ValueError as error:
        raise UsageError(f"{path}: object {one.name}: {error}.") from None
    distinct, number = np.unique(corners, axis=0, return_inverse=True)
    faces = np.asarray(number, np.int64).ravel()[flat].astype(np.int32)
    uvs, normals = np.zeros((0, 2), np.float32), None
    with np.errstate(over="ignore"):
        vertices = places[distinct[:, 0]].astype(np.float32)
        if int(distinct[0, 1]) >= 0:
            uvs = np.array(tables.textures, np.float64)[distinct[:, 1]].astype(np.float32)
        if int(distinct[0, 2]) >= 0:
            normals = unit(np.array(tables.normals, np.float64)[distinct[:, 2]], len(distinct))
    mesh = EditedMesh(one.name, vertices, faces, uvs, normals)
    keys: dict[str, int] = {}
    kept: list[str] = []
    shared = np.zeros(len(names), np.int32)
    for index, name in enumerate(names):
        key = images.get(name, f"\n{name}")
        if key not in keys:
            keys[key] = len(kept)
            kept.append(name)
        shared[index] = keys[key]
    return with_materials(mesh, shared[np.array(one.materials, np.int64)[owner]], kept)
