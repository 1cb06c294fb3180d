# SPDX-License-Identifier: Apache-2.0
"""Numbers out of a pickle (SMPL's ``.pkl`` files, joblib's dumps) without executing it.

The opcodes are read by `portrait_core.safe_pickle.machine`. Dictionaries, lists, numbers, texts, numpy arrays, torch
tensors and the arrays that joblib writes between the opcodes are understood, from Python 2 as well; everything else
that a pickle could name is refused.
"""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from typing import IO, Any, cast

import numpy as np

from portrait_core.errors import ModelFileError, UsageError
from portrait_core.safe_pickle.allowed import ARRAYS, RefusingRules, Symbol, short
from portrait_core.safe_pickle.compressed import decompressed
from portrait_core.safe_pickle.machine import DAMAGE, run, told

DEEPEST = 64
"""How deep containers may lie inside each other."""


@dataclass(frozen=True)
class Unread:
    """Stands for a field whose contents are no plain data; ``why`` in a few words."""

    why: str


def read_pickled_arrays(data: bytes) -> dict[str, Any]:
    """The dictionary that a pickle holds: arrays and lists of numbers under their names.

    Raises:
        UsageError: the pickle is damaged, holds no dictionary, or something that is not plain data.
    """
    content = read_pickle(data)
    if not isinstance(content, dict):
        raise UsageError("expected a pickled dictionary with a pose in it")
    return {_text(name): value for name, value in cast(dict[Any, Any], content).items()}


def read_pickle(data: bytes) -> Any:
    """What a pickle holds, as plain data: compressed ones (joblib's) are unpacked first.

    Raises:
        UsageError: the pickle is damaged, or holds something that is not plain data.
    """
    data = decompressed(data)
    if data[:1] != b"\x80":
        # Protocols 0 and 1 begin with an opcode; Python 2 wrote them unless told otherwise.
        raise UsageError(
            "it is no pickle of protocol 2 or newer: a damaged file, or one that Python 2 wrote as text; "
            "save it again with a newer protocol, or as .npz"
        )
    stream = io.BytesIO(data)
    try:
        return finished(run(stream, ArrayRules(stream)))
    except ModelFileError as error:
        raise UsageError(str(error)) from error
    except DAMAGE as error:
        raise UsageError(f"the pickle is damaged ({told(error)}); get the file again") from error


@dataclass
class _Type:
    code: str
    order: str = "="

    @property
    def objects(self) -> bool:
        return self.code in ("O", "O8", "O4", "|O", "object")

    def resolve(self) -> np.dtype[Any] | None:
        """The numpy type; None for one that holds neither numbers nor texts."""
        if re.fullmatch(r"[<>=|]?([biuf][0-9]{1,2}|[US][0-9]{1,6}|\?)", self.code) is None:
            return None
        kind = np.dtype(self.code)
        return kind if self.order in ("=", "|") else kind.newbyteorder("<" if self.order == "<" else ">")


@dataclass
class Held:
    """A value whose contents the pickle gives later: an array, a joblib array or a tensor."""

    value: Any = None
    full: bool = False


class _Wrapper(Held):
    """What joblib writes in an array's place; the array's bytes follow it in the stream."""


class ArrayRules(RefusingRules):
    """What the few allowed names mean. ``stream`` is the one that the machine reads: joblib's arrays lie in it."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(ARRAYS)
        self._stream = stream

    def called(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        name = function.name if isinstance(function, Symbol) else ""
        if name == "dtype":
            return _Type(_text(arguments[0]))
        if name == "_reconstruct":
            return Held()
        if name in ("OrderedDict", "dict", "EasyDict") and not arguments:
            return {}
        if name == "OrderedDict" and len(arguments) == 1:
            return {pair[0]: pair[1] for pair in arguments[0]}
        if name == "defaultdict" and len(arguments) <= 1:
            return {}
        if name in ("list", "set") and len(arguments) <= 1:
            return list(arguments[0]) if arguments else []
        if name == "encode" and _text(arguments[1]).replace("-", "") in ("latin1", "iso88591"):
            return _text(arguments[0]).encode("latin-1")
        if name == "scalar":
            return _scalar(*arguments)
        if name == "_frombuffer":
            raw, kind, shape, order = arguments
            return Held(_shaped(raw, kind, shape, _text(order)), full=True)
        if name.endswith("Path") and function.module.startswith("pathlib"):
            return "/".join(_text(part) for part in arguments)
        if name in ("device", "Size", "complex"):
            return None
        if name in ("_load_from_bytes", "_rebuild_tensor_v2", "_rebuild_parameter"):
            return self.tensor(name, arguments)
        return super().called(function, arguments)

    def tensor(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """The result of a call of torch's that makes a tensor."""
        from portrait_core.safe_pickle.torch_storage import Storage, as_tensor, read_storage

        if name == "_rebuild_parameter":
            return arguments[0]
        if name == "_load_from_bytes":
            return read_storage(bytes(arguments[0]))
        storage, offset, size, stride, *_ = arguments
        if not isinstance(storage, Storage):
            raise ModelFileError("the file rebuilds a tensor from something that is no storage; refused")
        return Held(as_tensor(storage, offset, size, stride).float().numpy(), full=True)

    def created(self, kind: Any, arguments: tuple[Any, ...]) -> Any:
        name = kind.name if isinstance(kind, Symbol) else ""
        if name == "NumpyArrayWrapper" and not arguments:
            return _Wrapper()
        if name in ("EasyDict", "defaultdict", "OrderedDict"):
            return {}
        return super().created(kind, arguments)

    def state_set(self, target: Any, state: Any) -> None:
        if isinstance(target, _Type) and isinstance(state, tuple):
            target.order = _text(cast(tuple[Any, ...], state)[1])
        elif isinstance(target, _Wrapper) and isinstance(state, dict) and not target.full:
            target.full = True
            target.value = self._following(cast(dict[str, Any], state))
        elif isinstance(target, Held) and isinstance(state, tuple) and not target.full:
            target.full = True
            _, shape, kind, fortran, raw = cast(tuple[Any, ...], state)
            target.value = _shaped(raw, kind, shape, "F" if fortran else "C")
        elif isinstance(target, dict) and isinstance(state, dict):
            cast(dict[Any, Any], target).update(cast(dict[Any, Any], state))
        else:
            super().state_set(target, state)

    def _following(self, state: dict[str, Any]) -> Any:
        """The array that joblib wrote behind its wrapper."""
        kind, shape = state.get("dtype"), state.get("shape")
        if not isinstance(kind, _Type) or not isinstance(shape, tuple):
            raise ModelFileError("the file holds an array of joblib's in an unknown layout; refused")
        if kind.objects:
            return run(self._stream, self)
        found = kind.resolve()
        if found is None:
            raise ModelFileError(f"the file holds an array of joblib's of type {kind.code!r}, no numbers; refused")
        if state.get("numpy_array_alignment_bytes") is not None:
            self._stream.read(self._stream.read(1)[0])
        count = math.prod(cast(tuple[int, ...], shape))
        raw = self._stream.read(max(0, count) * found.itemsize)
        return _shaped(raw, kind, shape, "F" if state.get("order") == "F" else "C")


def finished(value: Any) -> Any:
    """Plain data of what the machine made: held arrays as arrays, tuples and sets as lists, bytes as texts.

    Raises:
        UsageError: an array without contents, or containers that lie too deep or inside themselves.
    """
    return _finished(value, {}, 0)


def _finished(value: Any, done: dict[int, Any], depth: int) -> Any:
    if depth > DEEPEST:
        raise UsageError("it holds containers too deep inside each other")
    if isinstance(value, Held):
        if not value.full:
            raise UsageError("the pickle holds an array without contents")
        inner: Any = value.value
        return cast(Any, inner) if isinstance(inner, np.ndarray) else _finished(inner, done, depth + 1)
    mark = id(cast(object, value))
    if mark in done:
        return done[mark]
    if isinstance(value, dict):
        table: dict[Any, Any] = {}
        done[mark] = table
        for key, each in cast(dict[Any, Any], value).items():
            table[_text(key) if isinstance(key, bytes) else key] = _finished(each, done, depth + 1)
        return table
    if isinstance(value, list | tuple | set):
        items: list[Any] = []
        done[mark] = items
        items.extend(_finished(item, done, depth + 1) for item in cast(list[Any], value))
        return items
    if isinstance(value, bytes | bytearray):
        return _text(bytes(value[:4096]))
    if isinstance(value, Symbol):
        return value.name
    if isinstance(value, _Type):
        return value.code
    if value is None or isinstance(value, bool | int | float | str | Unread):
        return value
    return Unread(f"a {short(value)}")


def _shaped(raw: Any, kind: Any, shape: Any, order: str) -> Any:
    if not isinstance(kind, _Type):
        raise ModelFileError("the file holds an array without a type; refused")
    if kind.objects:
        return _objects(raw, shape, order)
    found = kind.resolve()
    if found is None:
        return Unread(f"an array of type {kind.code[:20]!r}")
    flat = np.frombuffer(_bytes(raw), found)
    return flat.reshape(cast(tuple[int, ...], shape), order="F" if order == "F" else "C")


def _objects(raw: Any, shape: Any, order: str) -> Any:
    """An array of objects as nested lists; of no dimension, the object itself."""
    if not isinstance(raw, list) or not isinstance(shape, tuple) or (order == "F" and len(cast(Any, shape)) > 1):
        raise ModelFileError("the file holds an object array in an unknown layout; refused")
    items, sizes = cast(list[Any], raw), [int(each) for each in cast(tuple[Any, ...], shape)]
    if min(sizes, default=1) < 0 or math.prod(sizes) != len(items) or len(sizes) > 8:
        raise ModelFileError("the file holds an object array whose shape does not fit; refused")
    if not sizes:
        return items[0]
    for size in reversed(sizes[1:]):
        items = [items[place : place + size] for place in range(0, len(items), size)] if size else []
    return items


def _scalar(kind: Any, raw: Any = b"") -> Any:
    if isinstance(kind, _Type) and kind.objects:
        return raw
    found = kind.resolve() if isinstance(kind, _Type) else None
    if found is None:
        return Unread("a value of an unknown type")
    return np.frombuffer(_bytes(raw), found, count=1)[0].item()


def _bytes(raw: Any) -> bytes:
    # Python 2 wrote bytes as texts; pickletools decodes them as latin-1
    if isinstance(raw, str):
        return raw.encode("latin-1")
    if not isinstance(raw, bytes | bytearray):
        raise ModelFileError("the file holds an array that is not made of bytes (objects?); refused")
    return bytes(raw)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
