# SPDX-License-Identifier: Apache-2.0
"""numpy's ``.npy`` and ``.npz`` files without numpy's unpickling: objects in them are read as data.

The layout is that of numpy's documentation of ``numpy.lib.format``.
"""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from typing import Any

import numpy as np

from portrait_core.errors import ModelFileError, UsageError
from portrait_core.safe_pickle.arrays import ArrayRules, Unread, finished
from portrait_core.safe_pickle.compressed import MOST_BYTES
from portrait_core.safe_pickle.machine import DAMAGE, run, told

MAGIC = b"\x93NUMPY"
BROKEN = (*DAMAGE, SyntaxError, tokenize.TokenError, zipfile.BadZipFile, zlib.error, NotImplementedError)
"""What a broken file can raise."""


def read_npy(data: bytes) -> Any:
    """The array of a ``.npy`` file; of one that holds objects, these as lists and dictionaries.

    Raises:
        UsageError: it is damaged, or holds objects that are no plain data.
    """
    try:
        return _array(data)
    except ModelFileError as error:
        raise UsageError(f"it is an object array, and {error}") from error
    except BROKEN as error:
        raise UsageError(f"it is damaged or cut short ({told(error)}); get the file again") from error


def read_npz(archive: zipfile.ZipFile) -> dict[str, Any]:
    """The arrays of a ``.npz`` file by name; a field that cannot be read is an `Unread`.

    Raises:
        UsageError: the archive is damaged.
    """
    fields: dict[str, Any] = {}
    left = MOST_BYTES
    for entry in archive.infolist():
        if not entry.filename.endswith(".npy"):
            continue
        left -= entry.file_size
        if left < 0:
            raise UsageError(f"it unpacks to more than {MOST_BYTES >> 20} MB, which no motion has")
        try:
            data = archive.read(entry)
        except BROKEN as error:
            raise UsageError(f"it is damaged or cut short ({told(error)}); get the file again") from error
        try:
            fields[entry.filename.removesuffix(".npy")] = read_npy(data)
        except UsageError as error:
            # Objects in a field that nobody asks for are no reason to refuse the file.
            fields[entry.filename.removesuffix(".npy")] = Unread(str(error))
    return fields


def _array(data: bytes) -> Any:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, fortran, kind = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, fortran, kind = np.lib.format.read_array_header_2_0(stream)
    else:
        return Unread(f"an array in version {version[0]} of the format")
    if kind.hasobject:
        return finished(run(stream, ArrayRules(stream)))
    if kind.kind not in "biufcUS" or min(shape, default=0) < 0:
        return Unread(f"an array of type {str(kind)[:40]}")
    size = math.prod(shape) * kind.itemsize
    raw = stream.read(size)
    if len(raw) < size:
        raise ValueError("fewer numbers than its shape says")
    return np.frombuffer(raw, kind).reshape(shape, order="F" if fortran else "C")
