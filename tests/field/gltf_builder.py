# SPDX-License-Identifier: Apache-2.0
"""glTF files by hand: arrays in, with every freedom that the format leaves to the programs that write it."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

KINDS = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


class Builder:
    """A tree and its buffer while they are made."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {
            **{"asset": {"version": "2.0"}, "nodes": [], "meshes": [], "accessors": [], "bufferViews": []},
            **{"scenes": [{"nodes": []}], "scene": 0},
        }
        self.blob = bytearray()

    def view(self, content: bytes, stride: int | None = None) -> int:
        self.blob += bytes(-len(self.blob) % 4)
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.blob), "byteLength": len(content)}
        if stride is not None:
            view["byteStride"] = stride
        self.blob += content
        self.tree["bufferViews"].append(view)
        return len(self.tree["bufferViews"]) - 1

    def record(self, array: NDArray[Any], view: int | None, start: int = 0, *, normalized: bool = False) -> int:
        flat = array.reshape(len(array), -1)
        accessor: dict[str, Any] = {
            "componentType": KINDS[flat.dtype.str[1:]],
            "count": len(flat),
            "type": TYPES[flat.shape[1]],
        }
        if view is not None:
            accessor["bufferView"] = view
        if start:
            accessor["byteOffset"] = start
        if normalized:
            accessor["normalized"] = True
        self.tree["accessors"].append(accessor)
        return len(self.tree["accessors"]) - 1

    def array(self, array: NDArray[Any], *, normalized: bool = False) -> int:
        """An accessor with a view of its own, its rows on four bytes."""
        flat = np.ascontiguousarray(array.reshape(len(array), -1))
        wide = -(-flat.itemsize * flat.shape[1] // 4) * 4
        if wide == flat.itemsize * flat.shape[1] or flat.shape[1] == 1:
            return self.record(flat, self.view(flat.tobytes()), normalized=normalized)
        rows = np.zeros((len(flat), wide), np.uint8)
        rows[:, : flat.itemsize * flat.shape[1]] = flat.view(np.uint8).reshape(len(flat), -1)
        return self.record(flat, self.view(rows.tobytes(), wide), normalized=normalized)

    def interleaved(self, arrays: Sequence[tuple[NDArray[Any], bool]]) -> list[int]:
        """Accessors of one view: the arrays' rows side by side."""
        starts, wide = [], 0
        for array, _ in arrays:
            starts.append(wide)
            wide += -(-array.itemsize * array.reshape(len(array), -1).shape[1] // 4) * 4
        rows = np.zeros((len(arrays[0][0]), wide), np.uint8)
        for (array, _), start in zip(arrays, starts, strict=True):
            flat = np.ascontiguousarray(array.reshape(len(array), -1)).view(np.uint8).reshape(len(array), -1)
            rows[:, start : start + flat.shape[1]] = flat
        view = self.view(rows.tobytes(), wide)
        return [
            self.record(array, view, start, normalized=normalized)
            for (array, normalized), start in zip(arrays, starts, strict=True)
        ]

    def sparse(self, array: NDArray[Any], changed: NDArray[np.int64], *, base: bool) -> int:
        """An accessor whose rows ``changed`` are wrong in the view (all of them zero without one), and put right."""
        flat = np.ascontiguousarray(array.reshape(len(array), -1))
        wrong = flat.copy()
        wrong[changed] = 0
        index = self.array(wrong) if base else self.record(flat, None)
        self.tree["accessors"][index]["sparse"] = {
            "count": len(changed),
            "indices": {"bufferView": self.view(changed.astype("<u4").tobytes()), "componentType": 5125},
            "values": {"bufferView": self.view(np.ascontiguousarray(flat[changed]).tobytes())},
        }
        return index

    def add(self, key: str, **entry: Any) -> int:
        self.tree.setdefault(key, []).append(entry)
        return len(self.tree[key]) - 1

    def needs(self, name: str) -> None:
        for key in ("extensionsUsed", "extensionsRequired"):
            if name not in self.tree.setdefault(key, []):
                self.tree[key].append(name)

    def write(self, path: Path, *, inside: bool = False) -> Path:
        """A .glb, or a .gltf with its buffer beside it or ``inside``."""
        self.blob += bytes(-len(self.blob) % 4)
        buffer: dict[str, Any] = {"byteLength": len(self.blob)}
        self.tree["buffers"] = [buffer]
        if path.suffix == ".gltf":
            beside = path.with_suffix(".bin")
            if inside:
                buffer["uri"] = "data:application/octet-stream;base64," + base64.b64encode(self.blob).decode()
            else:
                beside.write_bytes(self.blob)
                buffer["uri"] = quote(beside.name)
            path.write_text(json.dumps(self.tree), encoding="utf-8")
            return path
        text = json.dumps(self.tree).encode()
        text += b" " * (-len(text) % 4)
        head = struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(self.blob))
        parts = (head, struct.pack("<I4s", len(text), b"JSON"), text, struct.pack("<I4s", len(self.blob), b"BIN\0"))
        path.write_bytes(b"".join((*parts, self.blob)))
        return path
