# SPDX-License-Identifier: Apache-2.0
"""Numbers out of a pickle (SMPL's ``.pkl`` files) without executing it.

The opcodes are read by `portrait_core.safe_pickle.machine`. Dictionaries, lists, numbers, texts and numpy arrays of
numbers are understood, from Python 2 as well; everything else that a pickle could name is refused.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import ModelFileError, UsageError
from portrait_core.safe_pickle.allowed import ARRAYS, RefusingRules, Symbol
from portrait_core.safe_pickle.machine import run


def read_pickled_arrays(data: bytes) -> dict[str, Any]:
    """The dictionary that a pickle holds: arrays and lists of numbers under their names.

    Raises:
        UsageError: the pickle is damaged, holds no dictionary, or something that is not plain data.
    """
    try:
        content = run(io.BytesIO(data), _ArrayRules(ARRAYS))
    except ModelFileError as error:
        raise UsageError(str(error)) from error
    if not isinstance(content, dict):
        raise UsageError("expected a pickled dictionary with a pose in it")
    return {_text(name): _finished(value) for name, value in cast(dict[Any, Any], content).items()}


@dataclass
class _Type:
    code: str
    order: str = "="

    def resolve(self) -> np.dtype[Any]:
        if re.fullmatch(r"[<>=|]?[biuf][0-9]{1,2}", self.code) is None:
            raise ModelFileError(f"the file holds an array of type {self.code!r}, no numbers; refused")
        kind = np.dtype(self.code)
        return kind if self.order in ("=", "|") else kind.newbyteorder("<" if self.order == "<" else ">")


@dataclass
class _Array:
    value: NDArray[Any] | None = None


class _ArrayRules(RefusingRules):
    """What the few allowed names mean."""

    def called(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        name = function.name if isinstance(function, Symbol) else ""
        if name == "dtype":
            return _Type(_text(arguments[0]))
        if name == "_reconstruct":
            return _Array()
        if name == "OrderedDict" and not arguments:
            return {}
        if name == "encode" and _text(arguments[1]).replace("-", "") in ("latin1", "iso88591"):
            return _text(arguments[0]).encode("latin-1")
        if name == "scalar":
            kind, raw = arguments
            return np.frombuffer(_bytes(raw), cast(_Type, kind).resolve(), count=1)[0].item()
        if name == "_frombuffer":
            raw, kind, shape, order = arguments
            return _Array(_shaped(raw, kind, shape, _text(order)))
        return super().called(function, arguments)

    def state_set(self, target: Any, state: Any) -> None:
        if isinstance(target, _Type) and isinstance(state, tuple):
            target.order = _text(cast(tuple[Any, ...], state)[1])
        elif isinstance(target, _Array) and isinstance(state, tuple):
            _, shape, kind, fortran, raw = cast(tuple[Any, ...], state)
            target.value = _shaped(raw, kind, shape, "F" if fortran else "C")
        else:
            super().state_set(target, state)


def _shaped(raw: Any, kind: Any, shape: Any, order: str) -> NDArray[Any]:
    if not isinstance(kind, _Type):
        raise ModelFileError("the file holds an array without a type; refused")
    flat = np.frombuffer(_bytes(raw), kind.resolve())
    return flat.reshape(cast(tuple[int, ...], shape), order="F" if order == "F" else "C")


def _bytes(raw: Any) -> bytes:
    # Python 2 wrote bytes as texts; pickletools decodes them as latin-1
    if isinstance(raw, str):
        return raw.encode("latin-1")
    if not isinstance(raw, bytes | bytearray):
        raise ModelFileError("the file holds an array that is not made of bytes (objects?); refused")
    return bytes(raw)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _finished(value: Any) -> Any:
    if isinstance(value, _Array):
        if value.value is None:
            raise UsageError("the pickle holds an array without contents")
        return value.value
    if isinstance(value, list | tuple):
        return [_finished(item) for item in cast(list[Any], value)]
    return value
