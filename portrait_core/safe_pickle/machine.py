# SPDX-License-Identifier: Apache-2.0
"""Reads the opcodes of a Python pickle without executing anything in it.

Python's own unpickler imports what a file names and calls it. This machine does neither: it keeps the stack and the
memo, and hands every name, call, new object and state to a `Rules` object, which makes plain data of what it knows and
refuses the rest. An opcode that is not handled here is refused too.
"""

from __future__ import annotations

import pickletools
import struct
from typing import IO, Any, Protocol, cast

from portrait_core.errors import ModelFileError

_MARK = object()
DAMAGE = (
    ValueError, IndexError, KeyError, TypeError, AttributeError, EOFError, ArithmeticError, MemoryError, RuntimeError,
    AssertionError, struct.error,
)  # fmt: skip
"""What reading nonsense can raise."""

_KEYS = (str, int, float, bytes, type(None))
"""What dictionaries and sets may be keyed by: the hash of a nested tuple can take for ever."""

_LITERALS = {
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "SHORT_BINSTRING", "BINSTRING",
}  # fmt: skip
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class Rules(Protocol):
    """What the names in a pickle mean. Each method raises `ModelFileError` for what it does not know."""

    def named(self, module: str, name: str) -> Any:
        """What stands for a global."""
        ...

    def called(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        """The result of calling something that `named` returned."""
        ...

    def created(self, kind: Any, arguments: tuple[Any, ...]) -> Any:
        """A new object of a kind that `named` returned."""
        ...

    def state_set(self, target: Any, state: Any) -> None:
        """Give an object its state."""
        ...

    def referenced(self, reference: Any) -> Any:
        """What a persistent reference stands for."""
        ...


def run(stream: IO[bytes], rules: Rules) -> Any:
    """Read one pickle from ``stream``, leaving it after the pickle's end.

    Raises:
        ModelFileError: the pickle is damaged, or holds something that ``rules`` or this machine refuse.
    """
    try:
        return _Machine(rules).run(stream)
    except ModelFileError:
        raise
    except DAMAGE as error:
        raise ModelFileError(f"the pickle is damaged or cut short ({told(error)}); get the file again") from error


def told(error: BaseException) -> str:
    """What went wrong in a few words: an error's text can be as long as the file."""
    text = error.args[0] if error.args and isinstance(error.args[0], str) else ""
    return " ".join(text[:120].split()) or type(error).__name__


class _Machine:
    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self, stream: IO[bytes]) -> Any:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name == "STOP":
                return self.pop()
            self.step(opcode.name, argument)
        raise ValueError("no end")

    def pop(self) -> Any:
        value = self.stack.pop()
        if value is _MARK:
            raise ValueError("a mark where a value belongs")
        return value

    def pop_to_mark(self) -> list[Any]:
        for position in range(len(self.stack) - 1, -1, -1):
            if self.stack[position] is _MARK:
                values = self.stack[position + 1 :]
                del self.stack[position:]
                return values
        raise ValueError("no mark")

    def top(self, kind: type) -> Any:
        if not isinstance(self.stack[-1], kind):
            raise ValueError(f"expected a {kind.__name__}")
        return self.stack[-1]

    def step(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name in _LITERALS:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _TUPLES:
            values = [self.pop() for _ in range(_TUPLES[name])]
            stack.append(tuple(reversed(values)))
        elif name == "TUPLE":
            stack.append(tuple(self.pop_to_mark()))
        elif name == "MARK":
            stack.append(_MARK)
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name == "EMPTY_LIST":
            stack.append([])
        elif name == "EMPTY_SET":
            stack.append(set())
        elif name in ("MEMOIZE", "BINPUT", "LONG_BINPUT"):
            self.memo[len(self.memo) if name == "MEMOIZE" else argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self.memo[argument])
        elif name not in ("PROTO", "FRAME"):
            self.compound(name, argument)

    def compound(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name in ("SETITEM", "SETITEMS"):
            pairs = [*reversed((self.pop(), self.pop()))] if name == "SETITEM" else self.pop_to_mark()
            target = cast(dict[Any, Any], self.top(dict))
            for key, value in zip(pairs[::2], pairs[1::2], strict=True):
                target[_key(key)] = value
        elif name in ("APPEND", "APPENDS"):
            values = [self.pop()] if name == "APPEND" else self.pop_to_mark()
            cast(list[Any], self.top(list)).extend(values)
        elif name == "ADDITEMS":
            values = self.pop_to_mark()
            cast(set[Any], self.top(set)).update(_key(value) for value in values)
        elif name == "STACK_GLOBAL":
            last, module = self.pop(), self.pop()
            if not isinstance(module, str) or not isinstance(last, str):
                raise ValueError("a name that is no text")
            stack.append(self.rules.named(module[:200], last[:200]))
        elif name == "GLOBAL":
            module, _, last = str(argument).partition(" ")
            stack.append(self.rules.named(module[:200], last[:200]))
        elif name in ("REDUCE", "NEWOBJ"):
            arguments, function = self.pop(), self.pop()
            if not isinstance(arguments, tuple):
                raise ValueError("arguments are no tuple")
            use = self.rules.called if name == "REDUCE" else self.rules.created
            stack.append(use(function, cast(tuple[Any, ...], arguments)))
        elif name == "BUILD":
            state = self.pop()
            self.rules.state_set(stack[-1], state)
        elif name == "BINPERSID":
            stack.append(self.rules.referenced(self.pop()))
        else:
            raise ModelFileError(
                f"the file uses the pickle instruction {name}, which plain data does not need; refused"
            )


def _key(value: Any) -> Any:
    if not isinstance(value, _KEYS):
        raise ModelFileError(f"the file uses a {type(value).__name__} as a key, which plain data does not; refused")
    return value
