# SPDX-License-Identifier: Apache-2.0
"""A network read from a ``.tflite`` file: its first graph, without any of TensorFlow.

Source of the numbers of fields, types and operations: TensorFlow Lite's ``schema.fbs`` (Apache-2.0), version 3. Weights
that are stored in 16 bits and widened by an operation of their own (``DEQUANTIZE``) are taken as they are stored, and
sparse ones that are filled up by another (``DENSIFY``) as what they are then.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from portrait_core.errors import ModelFileError
from portrait_core.photo.networks.flatbuffer import Bytes, Table
from portrait_core.photo.networks.graph import Graph, StoredNetwork
from portrait_core.photo.networks.sparse_arrays import filled_up

IDENTIFIER = "TFL3"

TYPES: dict[int, type[np.generic]] = {0: np.float32, 1: np.float16, 2: np.int32}
"""The kinds of numbers that are read."""

DEQUANTIZE, DENSIFY, CUSTOM = 6, 124, 32
OPERATIONS = {
    **{0: "ADD", 2: "CONCATENATION", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 5: "DEPTH_TO_SPACE", 14: "LOGISTIC"},
    **{17: "MAX_POOL_2D", 18: "MUL", 19: "RELU", 22: "RESHAPE", 23: "RESIZE_BILINEAR", 34: "PAD", 39: "TRANSPOSE"},
    **{40: "MEAN", 41: "SUB", 42: "DIV", 45: "STRIDED_SLICE", 54: "PRELU", 59: "NEG", 74: "SUM", 75: "SQRT"},
    **{76: "RSQRT", 99: "SQUARED_DIFFERENCE", 117: "HARD_SWISH"},
}
"""What the schema's numbers of operations mean; other operations are refused."""
TRANSPOSED = "Convolution2DTransposeBias"
"""The one operation of MediaPipe's own that is known here."""

# Options of an operation: name -> field, format, default.
_Option = tuple[int, str, int]
_FUSED = "fused_activation"
_CONVOLUTION: dict[str, _Option] = {
    "padding": (0, "<b", 0),
    "stride_w": (1, "<i", 0),
    "stride_h": (2, "<i", 0),
}
_REDUCTION: dict[str, _Option] = {"keep_dims": (0, "<B", 0)}
_ARITHMETIC: dict[str, _Option] = {_FUSED: (0, "<b", 0)}
OPTIONS: dict[str, dict[str, _Option]] = {
    "CONV_2D": {**_CONVOLUTION, _FUSED: (3, "<b", 0), "dilation_w": (4, "<i", 1), "dilation_h": (5, "<i", 1)},
    "DEPTHWISE_CONV_2D": {
        **_CONVOLUTION,
        "depth_multiplier": (3, "<i", 0),
        _FUSED: (4, "<b", 0),
        "dilation_w": (5, "<i", 1),
        "dilation_h": (6, "<i", 1),
    },
    "MAX_POOL_2D": {**_CONVOLUTION, "filter_width": (3, "<i", 0), "filter_height": (4, "<i", 0), _FUSED: (5, "<b", 0)},
    "CONCATENATION": {"axis": (0, "<i", 0), _FUSED: (1, "<b", 0)},
    **{kind: _ARITHMETIC for kind in ("ADD", "SUB", "MUL", "DIV")},
    **{kind: _REDUCTION for kind in ("MEAN", "SUM")},
    "DEPTH_TO_SPACE": {"block_size": (0, "<i", 0)},
    "RESIZE_BILINEAR": {"align_corners": (2, "<B", 0), "half_pixel_centers": (3, "<B", 0)},
    "STRIDED_SLICE": {
        name: (number, "<i", 0)
        for number, name in enumerate(("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"))
    },
}
"""Those that are read; an operation that is not named has none that matters."""


def read_tflite(data: bytes, name: str) -> StoredNetwork:
    """The network in ``data``; ``name`` is what messages call it.

    Raises :class:`ModelFileError` for what is damaged, has several inputs, or uses what is not known here.
    """
    model = Table.root(Bytes(data, name), IDENTIFIER)
    codes = [_operation(each) for each in model.tables(1)]
    buffers = [each.numbers(0, np.uint8) for each in model.tables(4)]
    graphs = model.tables(2)
    if not graphs:
        raise ModelFileError(f"{name}: holds no graph.")
    tensors = graphs[0].tables(0)
    inputs, outputs = (_values(graphs[0], field, len(tensors), name) for field in (1, 2))
    if len(inputs) != 1:
        raise ModelFileError(f"{name}: has {len(inputs)} inputs, expected one.")
    arrays: dict[int, NDArray[Any]] = {}
    for number, tensor in enumerate(tensors):
        array = _constant(tensor, buffers, name)
        if array is not None:
            arrays[number] = array
    operations: list[dict[str, Any]] = []
    for record in graphs[0].tables(3):
        code, own = codes[_within(record.number(0, "<I"), len(codes), name)]
        taken, given = (_values(record, field, len(tensors), name) for field in (1, 2))
        if code in (DEQUANTIZE, DENSIFY) and len(taken) == len(given) == 1 and taken[0] in arrays:
            arrays[given[0]] = arrays[taken[0]]
            continue
        transposed = code == CUSTOM and own == TRANSPOSED
        kind = "CONV_2D_TRANSPOSE_BIAS" if transposed else OPERATIONS.get(code)
        if kind is None or len(given) != 1:
            raise ModelFileError(
                f"{name}: uses the operation {code} with {len(given)} outputs, which is not known here."
            )
        options = _transposed_options(record, name) if transposed else _options(kind, record.table(4))
        operations.append({"kind": kind, "inputs": taken, "output": given[0], "options": options})
    used = {value for operation in operations for value in operation["inputs"]}
    arrays = {number: array for number, array in arrays.items() if number in used}
    shape = tensors[inputs[0]].numbers(0).tolist()
    try:
        graph = Graph.model_validate(
            {
                "input": inputs[0],
                "input_shape": shape,
                "constants": sorted(arrays),
                "operations": operations,
                "outputs": outputs,
            }
        )
    except ValidationError as error:
        raise ModelFileError(f"{name}: {error.errors()[0]['msg']}; the file is damaged or not of this kind.") from error
    return StoredNetwork(graph, arrays)


def _operation(code: Table) -> tuple[int, str]:
    """An operation's number, and its name where it is none of the format's: the older, narrow field holds at most
    127."""
    own = code.numbers(1, np.uint8).tobytes().decode("ascii", "replace")
    return max(code.number(0, "<b"), code.number(3, "<i")), own


def _transposed_options(record: Table, name: str) -> dict[str, int | list[int]]:
    """Three integers: the padding, which says nothing where windows meet, and the strides across and down."""
    given = record.numbers(5, np.uint8)
    if len(given) != 12:
        raise ModelFileError(f"{name}: {TRANSPOSED} has {len(given)} bytes of options, expected 12; it is damaged.")
    _, across, down = np.frombuffer(given.tobytes(), "<i4").tolist()
    return {"stride_h": down, "stride_w": across}


def _options(kind: str, table: Table | None) -> dict[str, int | list[int]]:
    if table is None:
        return {}
    found: dict[str, int | list[int]] = {
        option: table.number(field, form, default) for option, (field, form, default) in OPTIONS.get(kind, {}).items()
    }
    if kind == "RESHAPE":
        found["new_shape"] = table.numbers(0).tolist()
    return found


def _constant(tensor: Table, buffers: list[NDArray[Any]], name: str) -> NDArray[Any] | None:
    data = buffers[_within(tensor.number(2, "<I"), len(buffers), name)]
    if not len(data):
        return None
    dtype = TYPES.get(tensor.number(1, "<b"))
    if dtype is None:
        raise ModelFileError(f"{name}: holds numbers of type {tensor.number(1, '<b')}, which is not known here.")
    shape = tensor.numbers(0).tolist()
    if sparsity := tensor.table(6):
        return filled_up(np.frombuffer(data.tobytes(), dtype), shape, sparsity, name)
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if size != len(data) or any(side < 1 for side in shape):
        raise ModelFileError(f"{name}: an array of shape {shape} has {len(data)} bytes, expected {size}.")
    return np.frombuffer(data.tobytes(), dtype).reshape(shape)


def _values(table: Table, field: int, count: int, name: str) -> list[int]:
    """Numbers of tensors; -1 stands for an input that is left out."""
    return [_within(int(number), count, name) for number in table.numbers(field) if number != -1]


def _within(number: int, count: int, name: str) -> int:
    if not 0 <= number < count:
        raise ModelFileError(f"{name}: names entry {number} of {count}; the file is damaged. Get it again.")
    return number
