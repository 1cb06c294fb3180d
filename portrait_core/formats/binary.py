# SPDX-License-Identifier: Apache-2.0
"""The binary half of a GLB: arrays and images in one buffer, with the views and accessors that describe them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

VERTEX_DATA = 34962
INDEX_DATA = 34963

_COMPONENT = {"u1": 5121, "u2": 5123, "u4": 5125, "f4": 5126}
_KIND = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
_ALIGNMENT = 4


class BinaryBuilder:
    """Collects the buffer of one file into ``gltf`` (a ``pygltflib.GLTF2``), in the order of the calls."""

    def __init__(self, gltf: Any) -> None:
        import pygltflib

        self._records: Any = pygltflib
        self._gltf = gltf
        self._bytes = bytearray()

    def view(self, content: bytes, target: int | None = None) -> int:
        """Append ``content``, aligned to four bytes; returns the number of its buffer view."""
        self._bytes.extend(bytes(-len(self._bytes) % _ALIGNMENT))
        view = self._records.BufferView(
            buffer=0, byteOffset=len(self._bytes), byteLength=len(content), target=target
        )
        self._bytes.extend(content)
        self._gltf.bufferViews.append(view)
        return len(self._gltf.bufferViews) - 1

    def accessor(self, array: NDArray[Any], target: int | None = None, *, limits: bool = False) -> int:
        """Append ``array`` (N, width) of uint8, uint16, uint32 or float32; returns the number of its accessor.

        ``limits`` writes the smallest and the largest value of each column, which glTF requires of positions.
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

    def finish(self) -> None:
        """Give the file its one buffer."""
        self._bytes.extend(bytes(-len(self._bytes) % _ALIGNMENT))
        self._gltf.buffers.append(self._records.Buffer(byteLength=len(self._bytes)))
        self._gltf.set_binary_blob(bytes(self._bytes))
