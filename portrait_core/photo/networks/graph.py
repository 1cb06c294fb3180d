# SPDX-License-Identifier: Apache-2.0
"""A network as data: the operations in their order, between numbered values, some of which are stored arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, get_args

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal[
    "ADD",
    "CONCATENATION",
    "CONV_2D",
    "CONV_2D_TRANSPOSE_BIAS",
    "DEPTHWISE_CONV_2D",
    "DEPTH_TO_SPACE",
    "DIV",
    "HARD_SWISH",
    "LOGISTIC",
    "MAX_POOL_2D",
    "MEAN",
    "MUL",
    "NEG",
    "PAD",
    "PRELU",
    "RELU",
    "RESHAPE",
    "RESIZE_BILINEAR",
    "RSQRT",
    "SQRT",
    "SQUARED_DIFFERENCE",
    "STRIDED_SLICE",
    "SUB",
    "SUM",
    "TRANSPOSE",
]
"""What an operation can be, by the names of TensorFlow Lite; a transposed convolution is MediaPipe's own."""

KINDS: tuple[str, ...] = get_args(Kind)
Value = Annotated[int, Field(ge=0, le=100_000)]


class Operation(BaseModel):
    """One step: ``inputs`` and ``output`` are numbers of values, ``options`` those of TensorFlow Lite by its names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    inputs: tuple[Value, ...] = Field(min_length=1)
    output: Value
    options: dict[str, int | tuple[int, ...]] = {}


class Graph(BaseModel):
    """Operations, each after what it needs. ``input_shape`` is that of the one input, batch first, channels last.

    ``constants`` are the values that are stored. Raises ``ValueError`` on construction where a value is used that no
    input, array or earlier operation gives.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Value
    input_shape: tuple[Annotated[int, Field(ge=1, le=4096)], ...]
    constants: tuple[Value, ...]
    operations: tuple[Operation, ...]
    outputs: tuple[Value, ...]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        known = {self.input, *self.constants}
        for operation in self.operations:
            missing = set(operation.inputs) - known
            if missing:
                raise ValueError(f"{operation.kind} uses the values {sorted(missing)}, which nothing before it gives")
            known.add(operation.output)
        if missing := set(self.outputs) - known:
            raise ValueError(f"the outputs {sorted(missing)} are given by nothing")
        return self


@dataclass(frozen=True)
class StoredNetwork:
    """A graph and the arrays of its constants by their numbers."""

    graph: Graph
    arrays: Mapping[int, NDArray[Any]]
