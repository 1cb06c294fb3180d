# SPDX-License-Identifier: Apache-2.0
"""The binary half of a glTF file: arrays and images, with the views and accessors that describe them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from portrait_core.formats.encoded_maps import ImageKind

VERTEX_DATA = 34962
INDEX_DATA = 34963

_COMPONENT = {"u1": 5121, "u2": 5123, "u4": 5125, "f4": 5126}
_KIND = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
_ALIGNMENT = 4


class BinaryBuilder:
    """Collects the buffer of one file into ``gltf`` (a ``pygltflib.GLTF2``), in the order of the calls.

    With ``beside``, the stem of a .gltf file, images become files of their own, ``files`` by name, and so does the
    buffer; without it everything goes into the buffer of a .glb.
    """

    def __init__(self, gltf: Any, beside: str | None = None) -> None:
        import pygltflib

        self._records: Any = pygltflib
        self._gltf = gltf
        self._bytes = bytearray()
        self._beside = beside
        self.files: dict[str, bytes] = {}
        self._known: dict[tuple[int, bytes, bytes], int] = {}
        self._known_rows: dict[bytes, int] = {}

    def view(self, content: bytes, target: int | None = None) -> int:
        """Append ``content``, aligned to four bytes; returns the number of its buffer view."""
        self._bytes.extend(bytes(-len(self._bytes) % _ALIGNMENT))
        view = self._records.BufferView(buffer=0, byteOffset=len(self._bytes), byteLength=len(content), target=target)
        self._bytes.extend(content)
        self._gltf.bufferViews.append(view)
        return len(self._gltf.bufferViews) - 1

    def accessor(self, array: NDArray[Any], target: int | None = None, *, limits: bool = False) -> int:
        """Append ``array`` (N, width) of uint8, uint16, uint32 or float32; returns the number of its accessor.

        ``limits`` writes the smallest and the largest value of each column, which glTF requires of positions and of the
        times of an animation.
        """
        flat = np.ascontiguousarray(array)
        little = flat.astype(flat.dtype.newbyteorder("<"), copy=False)
        accessor = self._records.Accessor(
            bufferView=self.view(little.tobytes(), target),
            componentType=_COMPONENT[flat.dtype.str[1:]],
            count=len(flat),
            type=_KIND[flat.shape[1]],
        )
        if limits:
            accessor.min = flat.min(axis=0).tolist()
            accessor.max = flat.max(axis=0).tolist()
        self._gltf.accessors.append(accessor)
        return len(self._gltf.accessors) - 1

    def sparse(self, count: int, rows: NDArray[np.integer[Any]], values: NDArray[np.float32]) -> int:
        """Append an array (``count``, 3) of float32 that is zero but in ``rows`` (K,), growing, where it is ``values``
        (K, 3); returns the number of its accessor, which has limits.

        Zeros take no room: the accessor has no buffer view of its own. Where nearly all rows differ from zero, whole is
        smaller. What was appended before is not appended again: shapes that are the same share an accessor, and those
        that move the same vertices their numbers.
        """
        kind = np.dtype(np.uint16 if count <= 0xFFFF else np.uint32)
        numbers = rows.astype(kind).astype(f"<u{kind.itemsize}").tobytes()
        key = (count, numbers, np.ascontiguousarray(values.astype("<f4")).tobytes())
        if key not in self._known:
            self._known[key] = self._append_sparse(count, rows, values, key, kind)
        return self._known[key]

    def _append_sparse(
        self,
        count: int,
        rows: NDArray[np.integer[Any]],
        values: NDArray[np.float32],
        key: tuple[int, bytes, bytes],
        kind: np.dtype[Any],
    ) -> int:
        if len(rows) * (12 + kind.itemsize) >= count * 12:
            whole = np.zeros((count, 3), np.float32)
            whole[rows] = values
            return self.accessor(whole, VERTEX_DATA, limits=True)
        # An offset says nothing without a buffer view, and validators refuse it.
        accessor = self._records.Accessor(
            byteOffset=None, normalized=None, componentType=_COMPONENT["f4"], count=count, type=_KIND[3]
        )
        if len(rows):
            _, numbers, moves = key
            if numbers not in self._known_rows:
                self._known_rows[numbers] = self.view(numbers)
            component = _COMPONENT[kind.str[1:]]
            accessor.sparse = self._records.Sparse(
                count=len(rows),
                indices=self._records.AccessorSparseIndices(
                    bufferView=self._known_rows[numbers], byteOffset=None, componentType=component
                ),
                values=self._records.AccessorSparseValues(bufferView=self.view(moves), byteOffset=None),
            )
        # Of the whole array, whose other rows are zero.
        known = np.concatenate([np.zeros((1, 3), np.float32), values.astype(np.float32)])
        accessor.min, accessor.max = _shortest(known.min(axis=0)), _shortest(known.max(axis=0))
        self._gltf.accessors.append(accessor)
        return len(self._gltf.accessors) - 1

    def image(self, prefix: str, part: str, content: bytes, kind: ImageKind) -> int:
        """Append an encoded image named ``prefix_part``; returns its number."""
        # Names carry the avatar's, so that two avatars in one Blender or USD scene keep their own images.
        record = self._records.Image(name=f"{prefix}_{part}")
        if self._beside is None:
            record.mimeType = f"image/{kind}"
            record.bufferView = self.view(content)
        else:
            name = f"{self._beside}_{part}.{'png' if kind == 'png' else 'jpg'}"
            self.files[name] = content
            record.uri = quote(name)
        self._gltf.images.append(record)
        return len(self._gltf.images) - 1

    def finish(self) -> None:
        """Give the file its one buffer."""
        self._bytes.extend(bytes(-len(self._bytes) % _ALIGNMENT))
        buffer = self._records.Buffer(byteLength=len(self._bytes))
        self._gltf.buffers.append(buffer)
        if self._beside is None:
            self._gltf.set_binary_blob(bytes(self._bytes))
        else:
            name = f"{self._beside}.bin"
            self.files[name] = bytes(self._bytes)
            buffer.uri = quote(name)


def _shortest(numbers: NDArray[np.float32]) -> list[float]:
    """The same float32 with as few digits as mean them: there are hundreds of targets."""
    return [float(str(number)) for number in numbers]
