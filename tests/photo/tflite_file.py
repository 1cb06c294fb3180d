# SPDX-License-Identifier: Apache-2.0
"""Small ``.tflite`` files, written by the format's own description: what the reader is tried with."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Field:
    """One value of a table: a struct format for a number, or ``ref`` for what a :class:`Part` is put elsewhere for."""

    form: str
    value: Any


def number(form: str, value: int) -> Field:
    return Field(form, value)


def ref(value: Any) -> Field:
    """A table (a mapping of fields), a list of tables, an array or bytes."""
    return Field("ref", value)


class Writer:
    """Appends parts one after the other; what a part refers to follows it, as offsets must be positive."""

    def __init__(self) -> None:
        self.data = bytearray()

    def align(self, size: int = 4) -> None:
        while len(self.data) % size:
            self.data.append(0)

    def table(self, fields: Mapping[int, Field]) -> int:
        last = max(fields, default=-1)
        offsets, cursor = {}, 4
        for slot in fields:
            offsets[slot] = cursor
            cursor += 4
        self.align()
        vtable = len(self.data)
        self.data += struct.pack("<HH", 4 + 2 * (last + 1), cursor)
        for slot in range(last + 1):
            self.data += struct.pack("<H", offsets.get(slot, 0))
        self.align()
        place = len(self.data)
        self.data += struct.pack("<i", place - vtable) + bytes(cursor - 4)
        for slot, field in fields.items():
            at = place + offsets[slot]
            if field.form == "ref":
                struct.pack_into("<I", self.data, at, self.part(field.value) - at)
            else:
                struct.pack_into(field.form, self.data, at, field.value)
        return place

    def part(self, value: Any) -> int:
        if isinstance(value, Mapping):
            return self.table(value)
        self.align()
        place = len(self.data)
        if isinstance(value, np.ndarray):
            self.data += struct.pack("<I", len(value)) + value.tobytes()
            return place
        self.data += struct.pack("<I", len(value)) + bytes(4 * len(value))
        for index, each in enumerate(value):
            at = place + 4 + 4 * index
            target = self.table(each)
            struct.pack_into("<I", self.data, at, target - at)
        return place


def tflite(
    tensors: Sequence[tuple[Sequence[int], np.ndarray | None]],
    operations: Sequence[tuple[int, Sequence[int], Sequence[int], Mapping[int, Field] | None]],
    inputs: Sequence[int],
    outputs: Sequence[int],
    identifier: bytes = b"TFL3",
) -> bytes:
    """A file of ``tensors`` (shape and constant, or None) and ``operations`` (code, inputs, outputs, options)."""
    kinds = {np.dtype(np.float32): 0, np.dtype(np.float16): 1, np.dtype(np.int32): 2, np.dtype(np.float64): 10}
    buffers: list[Mapping[int, Field]] = [{}]
    rows: list[Mapping[int, Field]] = []
    for shape, constant in tensors:
        row = {0: ref(np.array(shape, np.int32))}
        if constant is not None:
            row |= {1: number("<b", kinds[constant.dtype]), 2: number("<I", len(buffers))}
            buffers.append({0: ref(np.frombuffer(constant.tobytes(), np.uint8))})
        rows.append(row)
    codes = sorted({code for code, *_ in operations})
    steps: list[Mapping[int, Field]] = []
    for code, taken, given, options in operations:
        step = {
            0: number("<I", codes.index(code)),
            1: ref(np.array(taken, np.int32)),
            2: ref(np.array(given, np.int32)),
        }
        if options is not None:
            step |= {4: ref(options)}
        steps.append(step)
    graph = {
        0: ref(rows),
        1: ref(np.array(inputs, np.int32)),
        2: ref(np.array(outputs, np.int32)),
        3: ref(steps),
    }
    model = {
        0: number("<I", 3),
        1: ref([{0: number("<b", min(code, 127)), 3: number("<i", code)} for code in codes]),
        2: ref([graph]),
        4: ref(buffers),
    }
    writer = Writer()
    writer.data += bytes(4) + identifier
    struct.pack_into("<I", writer.data, 0, writer.table(model))
    return bytes(writer.data)
