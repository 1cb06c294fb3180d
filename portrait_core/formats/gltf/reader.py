# SPDX-License-Identifier: Apache-2.0
"""glTF files read with care: whatever is in them, the answer is data or one plain error, never a crash."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from portrait_core.formats.read_carefully import BrokenFile, parse_json, read_bytes

_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}

COMPRESSION = {
    "KHR_draco_mesh_compression": "in Blender's exporter the box Compression switches it off",
    "EXT_meshopt_compression": "gltfpack does so without -c and -cc",
    "KHR_meshopt_compression": "gltfpack does so without -c, -cc and -cz",
}
"""Compressions of meshes by their extension, and where a file without comes from."""

MAX_COUNT = 50_000_000
"""Rows of one accessor: without a buffer a few bytes could ask for all memory."""


@dataclass(frozen=True)
class GltfFile:
    """The JSON tree of a .glb or .gltf, and its binary chunk (empty for a .gltf)."""

    path: Path
    tree: dict[str, Any]
    blob: bytes

    def array(self, index: object) -> NDArray[Any]:
        """Accessor ``index`` as (N, width), integers of normalised kinds turned into numbers from -1 or 0 to 1.

        Raises :class:`UsageError` for numbers that lead nowhere, for data beyond the buffer's end and for compression,
        by its name.
        """
        accessor = self._entry("accessors", index)
        kind = np.dtype(_TYPES.get(_whole(accessor.get("componentType")), "V1"))
        width = _WIDTHS.get(str(accessor.get("type")), 0)
        count = _whole(accessor.get("count"))
        if kind.kind == "V" or width == 0 or not 0 <= count <= MAX_COUNT:
            raise BrokenFile(f"{self.path}: accessor {index} does not fit its buffer; the file is damaged.")
        self._refuse_compression(_table(accessor.get("extensions")))
        if "bufferView" in accessor:
            start = _whole(accessor.get("byteOffset", 0))
            raw = self._strided(index, accessor["bufferView"], start, kind, count, width)
        else:  # zeros, which a sparse part then changes
            raw = np.zeros((count, width), kind)
        if "sparse" in accessor:
            self._change(index, raw, _table(accessor["sparse"]))
        if accessor.get("normalized") and kind.kind in "iu":
            return np.maximum(raw.astype(np.float32) / np.float32(np.iinfo(kind).max), np.float32(-1.0))
        return raw

    def _strided(
        self, index: object, view_index: object, start: int, kind: np.dtype[Any], count: int, width: int
    ) -> NDArray[Any]:
        """A copy of ``count`` rows of a buffer view, which may lie among others."""
        view = self._entry("bufferViews", view_index)
        self._refuse_compression(_table(view.get("extensions")))
        stride = _whole(view.get("byteStride", 0)) or kind.itemsize * width
        content = self._buffer(view.get("buffer"))
        begin = _whole(view.get("byteOffset", 0))
        end = begin + start + stride * (count - 1) + kind.itemsize * width if count > 0 else begin + start
        if min(begin, start, stride) < 0 or end > len(content):
            raise BrokenFile(f"{self.path}: accessor {index} does not fit its buffer; the file is damaged.")
        if count == 0:
            return np.zeros((0, width), kind)
        return np.ndarray((count, width), kind, content, begin + start, (stride, kind.itemsize)).copy()

    def _change(self, index: object, raw: NDArray[Any], sparse: dict[str, Any]) -> None:
        """Exchange the rows of ``raw`` that a sparse part names."""
        count = _whole(sparse.get("count"))
        rows, values = _table(sparse.get("indices")), _table(sparse.get("values"))
        kind = np.dtype(_TYPES.get(_whole(rows.get("componentType")), "V1"))
        if kind.kind != "u" or not 0 <= count <= len(raw):
            raise BrokenFile(f"{self.path}: the sparse part of accessor {index} does not fit; the file is damaged.")
        begin = _whole(rows.get("byteOffset", 0))
        which = self._strided(index, rows.get("bufferView"), begin, kind, count, 1).ravel().astype(np.int64)
        begin = _whole(values.get("byteOffset", 0))
        new = self._strided(index, values.get("bufferView"), begin, raw.dtype, count, raw.shape[1])
        if count and int(which.max()) >= len(raw):
            raise BrokenFile(f"{self.path}: the sparse part of accessor {index} does not fit; the file is damaged.")
        raw[which] = new

    def _refuse_compression(self, extensions: dict[str, Any]) -> None:
        for name in COMPRESSION:
            if name in extensions:
                self.refuse_compressed(name)

    def refuse_compressed(self, name: str) -> NoReturn:
        """Raise :class:`UsageError` for a mesh that is compressed by the extension ``name``."""
        raise BrokenFile(
            f"{self.path}: the mesh is compressed by {name}, which is not read. Export it without mesh compression; "
            f"{COMPRESSION[name]}."
        )

    def entries(self, key: str) -> list[dict[str, Any]]:
        """The objects of the list ``key`` of the tree; an empty list where there is none."""
        values: object = self.tree.get(key, [])
        if not isinstance(values, list):
            raise BrokenFile(f"{self.path}: {key} should be a list; the file is damaged.")
        return [_table(value) for value in cast("list[object]", values)]

    def _entry(self, key: str, index: object) -> dict[str, Any]:
        entries = self.entries(key)
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(entries):
            raise BrokenFile(f"{self.path}: {key} number {index!r} does not exist; the file is damaged.")
        return entries[index]

    def _buffer(self, index: object) -> bytes:
        uri: object = self._entry("buffers", index).get("uri")
        if uri is None:
            return self.blob
        if not isinstance(uri, str):
            raise BrokenFile(f"{self.path}: buffer {index} has no proper address; the file is damaged.")
        if uri.startswith("data:"):
            try:
                return base64.b64decode(uri.partition(",")[2], validate=True)
            except (ValueError, binascii.Error) as error:
                raise BrokenFile(f"{self.path}: buffer {index} is damaged ({error}).") from None
        name = unquote(uri)
        beside = self.path.parent / name
        # Only what lies with the file is read: an address must not lead anywhere else.
        if "://" in name or not beside.resolve().is_relative_to(self.path.parent.resolve()):
            raise BrokenFile(f"{self.path}: its buffer {name!r} is not beside it.")
        return read_bytes(beside)


def read_gltf(path: Path) -> GltfFile:
    """Read a .glb or .gltf; raises :class:`UsageError` when it is missing, truncated or something else."""
    content = read_bytes(path)
    if not content.startswith(b"glTF"):
        return GltfFile(path, parse_json(content, path), b"")
    if len(content) < 20:
        raise BrokenFile(f"{path}: only {len(content)} bytes; the file is truncated.")
    version, length, size, kind = struct.unpack_from("<III4s", content, 4)
    if version != 2 or kind != b"JSON":
        raise BrokenFile(f"{path}: not a binary glTF 2.0 file (version {version}, first part {kind!r}).")
    if length > len(content) or 20 + size > length:
        raise BrokenFile(f"{path}: {len(content)} bytes where {max(length, 20 + size)} are promised; it is truncated.")
    tree = parse_json(content[20 : 20 + size], path)
    blob = b""
    if 28 + size <= length:
        (blob_size,) = struct.unpack_from("<I", content, 20 + size)
        if 28 + size + blob_size > length:
            raise BrokenFile(f"{path}: its binary part is truncated.")
        blob = content[28 + size : 28 + size + blob_size]
    return GltfFile(path, tree, blob)


def _table(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
