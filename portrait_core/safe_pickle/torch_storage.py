# SPDX-License-Identifier: Apache-2.0
"""Tensor storages in torch's legacy serialisation, without its unpickler (docs/published/checkpoint-format.md 4).

A blob is five pickles one after the other - magic number, version, facts about the writer, the storage's
description, a list with its key - and then the element count and the raw elements.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from portrait_core.errors import ModelFileError
from portrait_core.safe_pickle.allowed import STORAGE, RefusingRules, Symbol
from portrait_core.safe_pickle.machine import run

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001

STORAGE_TYPES: Mapping[str, torch.dtype] = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
"""The storage classes that may be named, and their element types."""


@dataclass(frozen=True)
class Storage:
    """A flat run of elements ``[N]``."""

    elements: Tensor


@dataclass(frozen=True)
class _Description:
    kind: str
    key: str
    count: int


class _BlobRules(RefusingRules):
    """Inside a blob only storage classes are named, and one reference describes the storage."""

    def referenced(self, reference: Any) -> _Description:
        # The location ("cpu", "cuda:0") is where the writer kept it, and does not matter here.
        tag, kind, key, _location, count, view = reference
        known = isinstance(kind, Symbol) and kind.name in STORAGE_TYPES
        texts = isinstance(tag, str) and isinstance(key, str)
        if not (texts and known) or tag != "storage" or type(count) is not int or view is not None:
            raise ModelFileError("a tensor in the file has a storage of an unknown layout; refused")
        return _Description(kind.name, key, count)


def read_storage(blob: bytes) -> Storage:
    """The elements of one blob.

    Raises:
        ModelFileError: the blob is damaged or not of this layout.
    """
    stream, rules = io.BytesIO(blob), _BlobRules(STORAGE)
    magic, version = run(stream, rules), run(stream, rules)
    if magic != MAGIC or version != VERSION:
        raise ModelFileError("a tensor in the file is not in torch's legacy format; this kind of file is not known")
    facts, description, keys = run(stream, rules), run(stream, rules), run(stream, rules)
    if not isinstance(facts, dict) or cast(dict[str, Any], facts).get("little_endian") is not True:
        raise ModelFileError("a tensor in the file was written on a big-endian machine; not supported")
    if not isinstance(description, _Description) or keys != [description.key]:
        raise ModelFileError("a tensor in the file has a storage of an unknown layout; refused")
    dtype = STORAGE_TYPES[description.kind]
    count = int.from_bytes(stream.read(8), "little")
    raw = stream.read()
    if count != description.count or len(raw) != count * dtype.itemsize:
        raise ModelFileError("a tensor in the file is cut short; get the file again")
    if sys.byteorder != "little":
        raise ModelFileError("reading published checkpoints needs a little-endian machine")
    if count == 0:
        return Storage(torch.empty(0, dtype=dtype))
    return Storage(torch.frombuffer(bytearray(raw), dtype=dtype))


def as_tensor(storage: Storage, offset: Any, size: Any, stride: Any) -> Tensor:
    """A contiguous copy of a strided view of a storage, after checking that the view lies inside.

    Raises:
        ModelFileError: it does not, or the numbers are no sizes.
    """
    numbers = [offset, *size, *stride]
    if not all(type(n) is int and 0 <= n < 2**48 for n in numbers) or not len(size) == len(stride) <= 8:
        raise ModelFileError("a tensor in the file has impossible sizes; refused")
    available = storage.elements.numel()
    wanted = 1
    for length in size:
        wanted *= length
    last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if wanted > available or (wanted > 0 and last >= available):
        raise ModelFileError("a tensor in the file reaches beyond its storage; refused")
    return torch.as_strided(storage.elements, tuple(size), tuple(stride), offset).clone(
        memory_format=torch.contiguous_format
    )
