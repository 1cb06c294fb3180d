# SPDX-License-Identifier: Apache-2.0
"""Stanford polygons (.ply), text or binary: places, polygons, normals, texture places of vertices or corners.

Our own, because the libraries at hand read no binary file whose polygons differ in size, which is what sculpting
programs write, and make fans of concave polygons.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.formats.edited_mesh import EditedMesh, unit, with_materials
from portrait_core.geometry.polygons import triangulate

_KINDS = {
    **{"char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2"},
    **{"uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4"},
    **{"double": "f8", "float64": "f8", "int64": "i8", "uint64": "u8"},
}
_TEXTURES = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"), ("texture_s", "texture_t"))
_MAX_HEADER = 1024 * 1024


@dataclass
class _Element:
    """A table of the file: its rows; columns, each a name, a kind of number, and of a list the kind of its length."""

    name: str
    count: int
    columns: list[tuple[str, str, str | None]] = field(default_factory=list[tuple[str, str, str | None]])


@dataclass(frozen=True)
class _List:
    """Lists of different lengths: all ``values`` one after the other, and the ``sizes`` (N,)."""

    values: NDArray[np.float64]
    sizes: NDArray[np.int64]


_Table = dict[str, NDArray[np.float64] | _List]


def parse_ply(content: bytes, name: str) -> EditedMesh:
    """The mesh of a .ply; raises ``ValueError`` for what is none, with the reason."""
    form, elements, at = _header(content)
    tables: dict[str, _Table] = {}
    words = content[at:].split() if form == "ascii" else []
    order = ">" if form == "binary_big_endian" else "<"
    place = 0 if form == "ascii" else at
    for element in elements:
        if form == "ascii":
            tables[element.name], place = _text_table(element, words, place)
        else:
            tables[element.name], place = _binary_table(element, content, place, order)
    return _mesh(name, tables.get("vertex", {}), tables.get("face", {}), tables.get("tristrips", {}))


def _header(content: bytes) -> tuple[str, list[_Element], int]:
    if content[:3] != b"ply":
        raise ValueError("it does not begin with ply")
    form, elements, at = "", list[_Element](), 0
    for _ in range(10_000):
        end = content.find(b"\n", at, _MAX_HEADER)
        if end < 0:
            raise ValueError("its header does not end")
        words = content[at:end].decode("latin-1").split()
        at = end + 1
        if words[:1] == ["end_header"]:
            break
        if words[:1] == ["format"] and len(words) > 1:
            form = words[1]
        elif words[:1] == ["element"] and len(words) == 3:
            elements.append(_Element(words[1], int(words[2])))
        elif words[:1] == ["property"] and elements:
            elements[-1].columns.append(_column(words))
    if form not in ("ascii", "binary_little_endian", "binary_big_endian"):
        raise ValueError(f"its format {form[:40]!r} is not known")
    if any(not 0 <= each.count <= len(content) for each in elements):
        raise ValueError("it promises more rows than it has bytes")
    return form, elements, at


def _column(words: list[str]) -> tuple[str, str, str | None]:
    try:
        if words[1] == "list":
            return words[4], _KINDS[words[3]], _KINDS[words[2]]
        return words[2], _KINDS[words[1]], None
    except (KeyError, IndexError):
        raise ValueError(f"a property {' '.join(words[1:])[:60]!r} is not known") from None


def _text_table(element: _Element, words: list[bytes], place: int) -> tuple[_Table, int]:
    if all(size is None for _, _, size in element.columns):
        wide = len(element.columns)
        end = place + element.count * wide
        if end > len(words):
            raise ValueError(f"its {element.name} table is cut short")
        rows = np.array(words[place:end], np.float64).reshape(element.count, wide)
        return {name: rows[:, k] for k, (name, _, _) in enumerate(element.columns)}, end
    values: list[list[float]] = [[] for _ in element.columns]
    sizes: list[list[int]] = [[] for _ in element.columns]
    for _ in range(element.count):
        for column, (_, _, size) in enumerate(element.columns):
            count = 1
            if size is not None:
                count, place = int(words[place]) if place < len(words) else -1, place + 1
            if count < 0 or place + count > len(words):
                raise ValueError(f"its {element.name} table is cut short")
            values[column] += [float(word) for word in words[place : place + count]]
            sizes[column].append(count)
            place += count
    return _collected(element, values, sizes), place


def _binary_table(element: _Element, content: bytes, at: int, order: str) -> tuple[_Table, int]:
    """Rows of a binary file: at once where all lists are as long as those of the first row, else one by one."""
    lengths = _lengths(element, content, at, order)
    fields: list[tuple[Any, ...]] = []
    for column, (_, kind, size) in enumerate(element.columns):
        if size is not None:
            fields.append((f"n{column}", order + size))
        fields.append((f"v{column}", order + kind, (lengths[column],)) if size else (f"v{column}", order + kind))
    layout = np.dtype(fields)
    end = at + element.count * layout.itemsize
    if end <= len(content):
        rows = np.frombuffer(content, layout, element.count, at) if layout.itemsize else np.zeros(element.count, layout)
        if all(bool((rows[f"n{k}"] == lengths[k]).all()) for k, (_, _, size) in enumerate(element.columns) if size):
            table: _Table = {}
            for column, (name, _, size) in enumerate(element.columns):
                found = rows[f"v{column}"].astype(np.float64)
                counts = np.full(element.count, lengths[column], np.int64)
                table[name] = _List(found.reshape(-1), counts) if size else found
            return table, end
    return _binary_rows(element, content, at, order)


def _lengths(element: _Element, content: bytes, at: int, order: str) -> list[int]:
    """How long each list of the first row is."""
    lengths: list[int] = []
    for _, kind, size in element.columns:
        count = 1
        if size is not None:
            count, at = _number(content, at, np.dtype(order + size)) if element.count else (0, at)
        lengths.append(count)
        at += count * np.dtype(kind).itemsize
    return lengths


def _number(content: bytes, at: int, kind: np.dtype[Any]) -> tuple[int, int]:
    if at + kind.itemsize > len(content):
        raise ValueError("it is cut short")
    count = float(np.frombuffer(content, kind, 1, at)[0])
    if not 0 <= count <= len(content):
        raise ValueError("a list in it is longer than the file")
    return int(count), at + kind.itemsize


def _binary_rows(element: _Element, content: bytes, at: int, order: str) -> tuple[_Table, int]:
    kinds = [np.dtype(order + kind) for _, kind, _ in element.columns]
    counts = [None if size is None else np.dtype(order + size) for _, _, size in element.columns]
    values: list[list[float]] = [[] for _ in element.columns]
    sizes: list[list[int]] = [[] for _ in element.columns]
    for _ in range(element.count):
        for column, kind in enumerate(kinds):
            count, counted = 1, counts[column]
            if counted is not None:
                count, at = _number(content, at, counted)
            end = at + count * kind.itemsize
            if end > len(content):
                raise ValueError(f"its {element.name} table is cut short")
            values[column] += np.frombuffer(content, kind, count, at).tolist()
            sizes[column].append(count)
            at = end
    return _collected(element, values, sizes), at


def _collected(element: _Element, values: list[list[float]], sizes: list[list[int]]) -> _Table:
    table: _Table = {}
    for column, (name, _, size) in enumerate(element.columns):
        found = np.array(values[column], np.float64)
        table[name] = found if size is None else _List(found, np.array(sizes[column], np.int64))
    return table


def _mesh(name: str, vertex: _Table, face: _Table, strips: _Table) -> EditedMesh:
    places = _columns(vertex, ("x", "y", "z"))
    if places is None:
        raise ValueError("it has no vertices with x, y and z")
    polygons = next((face[key] for key in ("vertex_indices", "vertex_index") if key in face), None)
    if not isinstance(polygons, _List) and strips:
        raise ValueError("its triangles are strips (tristrips), which are not read; write it with polygons")
    if not isinstance(polygons, _List):
        raise ValueError("it has no faces, only points")
    # Points and lines in the table of faces are no polygons.
    first = np.cumsum(polygons.sizes) - polygons.sizes
    whole = polygons.sizes >= 3
    sizes = polygons.sizes[whole]
    step = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    corners = np.repeat(first[whole], sizes) + step
    index = polygons.values[corners]
    if len(index) and not (float(index.min()) >= 0 and float(index.max()) < len(places)):
        raise ValueError(f"a face names a vertex outside 0 to {len(places) - 1}")
    index = index.astype(np.int64)
    flat, owner = triangulate(places[index], sizes)
    textures = next((found for names in _TEXTURES if (found := _columns(vertex, names)) is not None), None)
    ups = _columns(vertex, ("nx", "ny", "nz"))
    wedge = _of_corners(face.get("texcoord"), polygons, corners)
    if wedge is not None:  # each corner of a face has a texture place of its own: a vertex for each pair
        textures, pairs = np.unique(wedge, axis=0, return_inverse=True)
        both, number = np.unique(np.stack([index, np.ravel(pairs)], axis=1), axis=0, return_inverse=True)
        faces, old, uvs = np.ravel(number)[flat], both[:, 0], textures[both[:, 1]]
    else:
        faces, old = index[flat], np.arange(len(places))
        uvs = np.zeros((0, 2)) if textures is None else textures
    with np.errstate(all="ignore"):
        normals = None if ups is None else unit(ups[old], len(old))
        mesh = EditedMesh(name, places[old].astype(np.float32), faces.astype(np.int32), uvs.astype(np.float32), normals)
    image = face.get("texnumber")  # which of the file's images a face shows
    if not isinstance(image, np.ndarray) or len(uvs) == 0:
        return mesh
    kinds, numbers = np.unique(image[whole], return_inverse=True)
    return with_materials(mesh, np.ravel(numbers)[owner].astype(np.int32), [f"texture {kind:g}" for kind in kinds])


def _columns(table: _Table, names: tuple[str, ...]) -> NDArray[np.float64] | None:
    found = [table.get(each) for each in names]
    arrays = [each for each in found if isinstance(each, np.ndarray)]
    return np.stack(arrays, axis=1) if len(arrays) == len(names) else None


def _of_corners(
    found: NDArray[np.float64] | _List | None, polygons: _List, corners: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """Texture places of corners (N, 2), where every face has two numbers for each of its own."""
    if not isinstance(found, _List) or not np.array_equal(found.sizes, 2 * polygons.sizes):
        return None
    return found.values.reshape(-1, 2)[corners]
