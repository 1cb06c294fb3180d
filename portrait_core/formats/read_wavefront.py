# SPDX-License-Identifier: Apache-2.0
"""The meshes of a Wavefront .obj: places, polygons as triangles, texture places, normals, materials."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

import numpy as np

from portrait_core.errors import UsageError
from portrait_core.files.names import plain_name
from portrait_core.formats.edited_mesh import EditedMesh, unit, with_materials
from portrait_core.formats.read_carefully import BrokenFile, read_bytes
from portrait_core.geometry.polygons import triangulate

_READ = ("v", "vt", "vn", "f", "o", "usemtl", "mtllib")
_OF_NUMBERS = ("v", "vt", "vn", "f")
"""Lines that may end in a comment; names may have the sign in them."""
_MAX_LIBRARY = 16 * 1024**2
_OPTIONS = {"-s": 3, "-o": 3, "-t": 3, "-mm": 2, "-blendu": 1, "-blendv": 1, "-cc": 1, "-clamp": 1, "-texres": 1,
            "-imfchan": 1, "-bm": 1, "-type": 1}  # fmt: skip
"""Options in front of an image's name, and how many words stand behind each at most."""

Reader = Callable[[], EditedMesh]


@dataclass(frozen=True)
class _Image:
    """A material's image by name, and what it does to texture places (u, v): times ``scale``, plus ``shift``."""

    name: str
    scale: tuple[float, float] = (1.0, 1.0)
    shift: tuple[float, float] = (0.0, 0.0)


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
    stem = plain_name(path.stem, "mesh")
    tables, objects = _Tables(), [_Object(stem)]
    materials, material, library = {"": 0}, 0, ""
    for number, line in _lines(_text(read_bytes(path))):
        words = line.split()
        if not words or words[0] not in _READ:
            continue
        if words[0] in _OF_NUMBERS and "#" in line:
            words = line.partition("#")[0].split()
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
                objects.append(_Object(" ".join(words[1:]) or stem))
        except (ValueError, IndexError) as error:
            told = str(error)[:120]
            raise UsageError(f"{path}, line {number}: {told}; the file is no Wavefront .obj, or damaged.") from None
    images = _images(path, library)
    names = [name or "material" for name in materials]
    return [(each.name, _reader(path, each, tables, names, images)) for each in objects if each.sizes]


def _text(data: bytes) -> str:
    """UTF-8, or UTF-16 by its mark."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


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


def _images(path: Path, library: str) -> dict[str, _Image]:
    """The image (``map_Kd``) of each material in the library beside the file; none where it cannot be read."""
    images: dict[str, _Image] = {}
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
                images[name] = _image(words[1:])
    except (OSError, ValueError, BrokenFile):
        return {}
    return images


def _image(words: list[str]) -> _Image:
    """An image's name behind its options, of which ``-s`` scales texture places and ``-o`` moves them."""
    scale, shift = [1.0, 1.0], [0.0, 0.0]
    while len(words) > 1 and words[0] in _OPTIONS:
        option, most = words[0], _OPTIONS[words[0]]
        values = list(takewhile(_is_number, words[1 : 1 + most])) if option in ("-s", "-o") else words[1 : 1 + most]
        if option in ("-s", "-o"):
            held = scale if option == "-s" else shift
            held[: len(values[:2])] = [float(value) for value in values[:2]]
        words = words[1 + len(values) :]
    return _Image(" ".join(words), (scale[0], scale[1]), (shift[0], shift[1]))


def _is_number(word: str) -> bool:
    try:
        return np.isfinite(float(word))
    except ValueError:
        return False


def _reader(path: Path, one: _Object, tables: _Tables, names: list[str], images: dict[str, _Image]) -> Reader:
    def read() -> EditedMesh:
        return _mesh(path, one, tables, names, images)

    return read


def _mesh(path: Path, one: _Object, tables: _Tables, names: list[str], images: dict[str, _Image]) -> EditedMesh:
    corners = np.array(one.corners, np.int64)
    # Without a normal or a texture place at every corner there are none: a mesh has them or not.
    corners[:, 1:][:, (corners[:, 1:] < 0).any(axis=0)] = -1
    places = np.array(tables.places, np.float64)
    try:
        flat, owner = triangulate(places[corners[:, 0]], np.array(one.sizes))
    except ValueError as error:
        raise UsageError(f"{path}: object {one.name}: {error}.") from None
    transforms = [(image.scale, image.shift) for image in (images.get(name, _Image("")) for name in names)]
    kinds = list(dict.fromkeys(transforms))
    of_face = np.array([kinds.index(each) for each in transforms])[np.array(one.materials, np.int64)]
    corners = np.concatenate([corners, np.repeat(of_face, one.sizes)[:, None]], axis=1)
    distinct, number = np.unique(corners, axis=0, return_inverse=True)
    faces = np.asarray(number, np.int64).ravel()[flat].astype(np.int32)
    uvs, normals = np.zeros((0, 2), np.float32), None
    with np.errstate(over="ignore"):
        vertices = places[distinct[:, 0]].astype(np.float32)
        if int(distinct[0, 1]) >= 0:
            scale, shift = (np.array([kind[k] for kind in kinds])[distinct[:, 3]] for k in range(2))
            uvs = (np.array(tables.textures, np.float64)[distinct[:, 1]] * scale + shift).astype(np.float32)
        if int(distinct[0, 2]) >= 0:
            normals = unit(np.array(tables.normals, np.float64)[distinct[:, 2]], len(distinct))
    mesh = EditedMesh(one.name, vertices, faces, uvs, normals)
    keys: dict[str, int] = {}
    kept: list[str] = []
    shared = np.zeros(len(names), np.int32)
    for index, name in enumerate(names):
        key = images[name].name if name in images else f"\n{name}"
        if key not in keys:
            keys[key] = len(kept)
            kept.append(name)
        shared[index] = keys[key]
    return with_materials(mesh, shared[np.array(one.materials, np.int64)[owner]], kept)
