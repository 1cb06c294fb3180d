# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers in a .glb file: the arrays behind its accessors. Knows nothing of Blender."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEAD = 12
"""Bytes of a .glb before its first chunk."""
_TYPES = {5121: "<u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}

Tree = dict[str, Any]


class Accessors:
    """The accessors of a file by their numbers, as far as they are plain: packed, uncompressed, in one buffer."""

    def __init__(self, tree: Mapping[str, Any], body: memoryview) -> None:
        """``body`` is the binary chunk."""
        self._accessors: list[Tree] = tree.get("accessors") or []
        self._views: list[Tree] = tree.get("bufferViews") or []
        self._body = body

    def are(self, number: object, width: str, types: tuple[int, ...] = (5126,)) -> bool:
        """Whether there is a plain accessor of this number, of ``width`` such as VEC3, of one of the ``types``."""
        try:
            told = self._accessors[_index(number)]
            if told["type"] != width or told["componentType"] not in types or told.get("normalized"):
                return False
            count, item = int(told["count"]), np.dtype(_TYPES[told["componentType"]]).itemsize * _WIDTHS[width]
            sparse = told.get("sparse")
            if sparse is not None:
                few = int(sparse["count"])
                kind = np.dtype(_TYPES[sparse["indices"]["componentType"]]).itemsize
                self._bytes(sparse["indices"], few * kind, kind)
                self._bytes(sparse["values"], few * item, item)
            if "bufferView" in told:
                self._bytes(told, count * item, item)
            return True  # without a view it is all zeros
        except (KeyError, IndexError, TypeError, ValueError):
            return False

    def read(self, number: int) -> NDArray[Any]:
        """(count, width) values of an accessor of which :meth:`are` says that it is plain.

        Raises ValueError where a sparse one names places that it has not.
        """
        told = self._accessors[number]
        kind, width, count = np.dtype(_TYPES[told["componentType"]]), _WIDTHS[told["type"]], int(told["count"])
        size = kind.itemsize * width
        if "bufferView" in told:
            found = np.frombuffer(self._bytes(told, count * size, size), kind).reshape(count, width)
        else:
            found = np.zeros((count, width), kind)
        sparse = told.get("sparse")
        if sparse is None:
            return found
        few = int(sparse["count"])
        of_rows = np.dtype(_TYPES[sparse["indices"]["componentType"]])
        rows = np.frombuffer(self._bytes(sparse["indices"], few * of_rows.itemsize, of_rows.itemsize), of_rows)
        if few and int(rows.max()) >= count:
            raise ValueError("a sparse accessor names places that it has not")
        found = found.copy()
        found[rows] = np.frombuffer(self._bytes(sparse["values"], few * size, size), kind).reshape(few, width)
        return found

    def _bytes(self, place: Mapping[str, Any], length: int, stride: int) -> memoryview:
        """The bytes at an accessor's place; ValueError where they are not there, or not one behind the other."""
        view = self._views[_index(place["bufferView"])]
        if view.get("buffer") or view.get("extensions") or view.get("byteStride") not in (None, stride):
            raise ValueError("not laid out plainly")
        begin = int(place.get("byteOffset", 0))
        if length < 0 or begin < 0 or begin + length > int(view["byteLength"]):
            raise ValueError("longer than its view")
        begin += int(view.get("byteOffset", 0))
        if begin < 0 or begin + length > len(self._body):
            raise ValueError("longer than the file")
        return self._body[begin : begin + length]


def _index(number: object) -> int:
    if not isinstance(number, int) or number < 0:
        raise ValueError("no index")
    return number
