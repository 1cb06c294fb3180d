# SPDX-License-Identifier: Apache-2.0
"""Recordings as arrays of NumPy: (T, S) with the names of the S shapes beside, as VOCA-like programs write them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from ..names import ARKIT, SHAPES, VISEMES
from .clock import is_time_name
from .faults import FaceFileError
from .json_layouts import read_tree
from .table import RawTable

NPY, ZIP = b"\x93NUMPY", b"PK\x03\x04"

_ORDERS = {
    52: (ARKIT, "ARKit's 52 in the order of the alphabet"),
    51: (ARKIT[:-1], "ARKit's without tongueOut in the order of the alphabet"),
    15: (VISEMES, "the 15 visemes in Oculus' order"),
    72: (SHAPES, "all 72"),
}
"""What columns without names are taken for."""


def is_arrays(data: bytes) -> bool:
    """Whether ``data`` is an .npy or .npz file."""
    return data.startswith((NPY, ZIP))


def read_arrays(data: bytes) -> RawTable:
    """The recording in an .npy or .npz file; nothing in it is executed.

    Raises :class:`FaceFileError` for damaged files and arrays that are none of weights.
    """
    try:
        loaded: Any = np.load(io.BytesIO(data), allow_pickle=False)
        fields = {name: loaded[name] for name in loaded.files} if data.startswith(ZIP) else None
    except (ValueError, OSError, EOFError, KeyError, NotImplementedError, SyntaxError) as error:
        raise FaceFileError(
            f"it is damaged, or holds Python objects, which are not read ({str(error)[:100]})"
        ) from error
    except Exception as error:  # zipfile's own, which is no subclass of the above
        raise FaceFileError(f"it is damaged ({str(error)[:100]})") from error
    if fields is None:
        return _bare(loaded)
    if not fields:
        raise FaceFileError("it holds no arrays")
    try:
        return read_tree({name: array.tolist() for name, array in fields.items()})
    except FaceFileError:
        tables = [name for name, array in fields.items() if array.ndim == 2 and array.dtype.kind in "fiu"]
        if not tables:
            raise
        raw = _bare(fields[tables[0]])
        clock = next(
            (name for name, array in fields.items() if is_time_name(name) and len(raw.values) == array.size), ""
        )
        cells = tuple(fields[clock].ravel().tolist()) if clock else ()
        rate = next((float(fields[name]) for name in ("fps", "rate", "frame_rate") if name in fields), None)
        return RawTable(raw.program, raw.names, raw.values, cells, clock, rate, notices=raw.notices)


def _bare(array: Any) -> RawTable:
    names = array.dtype.names
    if names:  # a structured array has its names with it
        flat = array.ravel()
        return read_tree({name: flat[name].tolist() for name in names})
    if array.ndim != 2 or array.dtype.kind not in "fiu" or array.size == 0:
        raise FaceFileError(f"it holds an array of shape {array.shape}; expected frames x shapes")
    known = _ORDERS.get(array.shape[1])
    if known is None:
        counts = ", ".join(map(str, sorted(_ORDERS)))
        raise FaceFileError(
            f"its array has {array.shape[1]} columns without names; without names there may be {counts}"
        )
    note = f"its columns have no names; they are taken for {known[1]}"
    return RawTable("array", known[0], array.astype(np.float64), notices=(note,))
