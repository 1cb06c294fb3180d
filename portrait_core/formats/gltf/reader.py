# SPDX-License-Identifier: Apache-2.0
"""glTF files read with care: whatever is in them, the answer is data or one plain error, never a crash."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from portrait_core.formats.read_carefully import BrokenFile, parse_json, read_bytes

_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_COMPRESSED = ("KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression")


@dataclass(frozen=True)
class GltfFile:
    """The JSON tree of a .glb or .gltf, and its binary chunk (empty for a .gltf)."""

    path: Path
    tree: dict[str, Any]
    blob: bytes

    def array(self, index: object) -> NDArray[Any]:
        """Accessor ``index`` as (N, width), integers of normalised kinds turned into numbers from -1 or 0 to 1.

        Raises :class:`UsageError` for numbers that lead nowhere, for data beyond the buffer's end and for compression.
        """
        accessor = self._entry("accessors", index)
        if "sparse" in accessor or "bufferView" not in accessor:
            raise BrokenFile(f"{self.path}: sparse accessors are not read; export the mesh without them.")
        view = self._entry("bufferViews", accessor["bufferView"])
        extensions = {**_table(view.get("extensions")), **_table(accessor.get("extensions"))}
        if any(name in extensions for name in _COMPRESSED):
            raise BrokenFile(f"{self.path}: the mesh is compressed; export it without mesh compression.")
        kind = np.dtype(_TYPES.get(_whole(accessor.get("componentType")), "V1"))
        width = _WIDTHS.get(str(accessor.get("type")), 0)
        count = _whole(accessor.get("count"))
        start = _whole(view.get("byteOffset", 0)) + _whole(accessor.get("byteOffset", 0))
        stride = _whole(view.get("byteStride", 0)) or kind.itemsize * width
        content = self._buffer(view.get("buffer"))
        end = start + stride * (count - 1) + kind.itemsize * width if count > 0 else start
        if kind.kind == "V" or width == 0 or count < 0 or min(start, stride) < 0 or end > len(content):
            raise BrokenFile(f"{self.path}: accessor {index} does not fit its buffer; the file is damaged.")
        if count == 0:
            return np.zeros((0, width), kind)
        raw = np.ndarray((count, width), kind, content, start, (stride, kind.itemsize))
        if accessor.get("normalized") and kind.kind in "iu":
            return np.maximum(raw.astype(np.float32) / np.float32(np.iinfo(kind).max), np.float32(-1.0))
        return raw.copy()

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
