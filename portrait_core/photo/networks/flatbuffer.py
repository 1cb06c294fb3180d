# SPDX-License-Identifier: Apache-2.0
"""Reading tables of a FlatBuffers file without trusting it: every place is checked before it is read.

Source: the format's own description (FlatBuffers, "Internals"): little-endian; a table begins with the signed distance
back to its vtable, which has its own size, the table's, and for each field an offset into the table or 0 where the
field has its default; vectors and texts are a count and what follows.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from portrait_core.errors import ModelFileError


class Bytes:
    """The bytes of a file called ``name`` in messages. Whatever leads outside raises :class:`ModelFileError`."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data, self.name = data, name

    def number(self, form: str, place: int) -> int:
        """The integer of ``struct``'s format ``form`` at ``place``."""
        self._check(place, struct.calcsize(form))
        return int(struct.unpack_from(form, self._data, place)[0])

    def array(self, dtype: DTypeLike, place: int, count: int) -> NDArray[Any]:
        """(``count``,) numbers from ``place`` on."""
        kind = np.dtype(dtype).newbyteorder("<")
        self._check(place, count * kind.itemsize)
        return np.frombuffer(self._data, kind, count, place)

    def _check(self, place: int, size: int) -> None:
        if not 0 <= place <= place + size <= len(self._data):
            raise ModelFileError(
                f"{self.name}: names {size} bytes at {place}, of {len(self._data)} in all; the file is damaged or none "
                "of this kind. Get it again."
            )


class Table:
    """A table at ``place``; fields go by their numbers in the schema."""

    def __init__(self, data: Bytes, place: int) -> None:
        self._bytes, self._place = data, place
        self._vtable = place - data.number("<i", place)
        self._size = data.number("<H", self._vtable)

    @classmethod
    def root(cls, data: Bytes, identifier: str) -> Table:
        """The file's first table; raises :class:`ModelFileError` where the file's four letters are others."""
        found = bytes(data.array(np.uint8, 4, 4))
        if found != identifier.encode():
            raise ModelFileError(f"{data.name}: begins with {found!r}, expected {identifier!r}: no file of this kind.")
        return cls(data, data.number("<I", 0))

    def number(self, field: int, form: str = "<i", default: int = 0) -> int:
        """An integer field of ``struct``'s format ``form``."""
        place = self._field(field)
        return default if place is None else self._bytes.number(form, place)

    def table(self, field: int) -> Table | None:
        """The table that a field refers to, a union's too."""
        place = self._field(field)
        return None if place is None else Table(self._bytes, self._target(place))

    def tables(self, field: int) -> list[Table]:
        """The tables of a vector; none where there is no such field."""
        first, count = self._vector(field, 4)
        return [Table(self._bytes, self._target(first + 4 * number)) for number in range(count)]

    def numbers(self, field: int, dtype: DTypeLike = np.int32) -> NDArray[Any]:
        """The numbers (N,) of a vector; none where there is no such field."""
        first, count = self._vector(field, np.dtype(dtype).itemsize)
        return self._bytes.array(dtype, first, count)

    def has(self, field: int) -> bool:
        """Whether the field is written."""
        return self._field(field) is not None

    def _field(self, field: int) -> int | None:
        entry = 4 + 2 * field
        if entry + 2 > self._size:
            return None
        offset = self._bytes.number("<H", self._vtable + entry)
        return self._place + offset if offset else None

    def _target(self, place: int) -> int:
        return place + self._bytes.number("<I", place)

    def _vector(self, field: int, size: int) -> tuple[int, int]:
        place = self._field(field)
        if place is None:
            return 0, 0
        start = self._target(place)
        count = self._bytes.number("<I", start)
        self._bytes.array(np.uint8, start + 4, count * size)  # a count that leads outside ends here, not in a loop
        return start + 4, count
