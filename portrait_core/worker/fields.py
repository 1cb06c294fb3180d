# SPDX-License-Identifier: Apache-2.0
"""The fields of a request, each asked for with its type; mistakes are told by the field's name."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from portrait_core.errors import UsageError
from portrait_core.protocol import ProtocolError

T = TypeVar("T", int, float, str, bool)

_MISSING: Any = object()
_WORDS = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}
_LARGEST = 2**63
"""Whole numbers beyond it mean nothing here and cannot be shown in an error."""


class Fields:
    """Reads fields of ``facts``; :meth:`done` refuses those that nobody asked for. Null counts as not given."""

    def __init__(self, facts: dict[str, Any], where: str = "", known: Collection[str] = ()) -> None:
        self._facts = facts
        self._where = where
        self._asked = set(known)

    def done(self) -> None:
        """All fields that the request knows have been asked for."""
        for name in self._facts:
            if name not in self._asked:
                known = ", ".join(sorted(self._asked - {"id", "do"})) or "no fields"
                raise ProtocolError(f"unknown field {self._where}{name[:60]!r}; this request takes {known}")

    def given(self, name: str) -> bool:
        """Whether the field is there and not null."""
        self._asked.add(name)
        return self._facts.get(name) is not None

    def named(self, name: str) -> bool:
        """Whether the field is there, if only as null."""
        self._asked.add(name)
        return name in self._facts

    def number(self, name: str, default: float = _MISSING, *, low: float, high: float) -> float:
        """A number from ``low`` to ``high``."""
        return self._within(name, self._take(name, float, default), low, high)

    def count(self, name: str, default: int = _MISSING, *, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``."""
        return int(self._within(name, self._take(name, int, default), low, high))

    def text(self, name: str, default: str = _MISSING, *, among: Collection[str] | None = None) -> str:
        """A text, one of ``among`` if that is given."""
        found = self._take(name, str, default)
        if "\0" in found:
            raise ProtocolError(f"{self._where}{name}: a text without NUL characters was expected")
        if among is not None and found not in among:
            raise UsageError(f"{self._where}{name} {found[:60]!r} is not known; it is one of {', '.join(among)}.")
        return found

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        return self._take(name, bool, default)

    def path(self, name: str) -> Path:
        """An absolute path."""
        text = self.text(name)
        path = Path(text)
        if not path.is_absolute():
            raise ProtocolError(f"{self._where}{name}: expected an absolute path, got {text[:200]!r}")
        try:
            os.fsencode(path)
        except UnicodeEncodeError:
            raise ProtocolError(f"{self._where}{name}: a path with characters that no file can have") from None
        return path

    def texts(self, name: str, default: Sequence[str] = ()) -> list[str]:
        """A list of texts."""
        return [self._typed(f"{name}[{k}]", each, str) for k, each in enumerate(self._list(name, default))]

    def numbers(self, name: str, *, most: int, low: float, high: float) -> list[float]:
        """A list of 1 to ``most`` numbers from ``low`` to ``high``."""
        found = self._list(name)
        if not 0 < len(found) <= most:
            raise ProtocolError(f"{self._where}{name}: expected 1 to {most} numbers, got {len(found)}")
        each = [(f"{name}[{k}]", one) for k, one in enumerate(found)]
        return [self._within(label, self._typed(label, one, float), low, high) for label, one in each]

    def counts(self, name: str, *, most: int, low: int, high: int) -> list[int]:
        """A list of 1 to ``most`` whole numbers from ``low`` to ``high``."""
        found = self._list(name)
        if not 0 < len(found) <= most:
            raise ProtocolError(f"{self._where}{name}: expected 1 to {most} whole numbers, got {len(found)}")
        each = [(f"{name}[{k}]", one) for k, one in enumerate(found)]
        return [int(self._within(label, self._typed(label, one, int), low, high)) for label, one in each]

    def object(self, name: str, default: dict[str, Any] = _MISSING) -> dict[str, Any]:
        """An object."""
        self._asked.add(name)
        found: object = self._facts.get(name)
        if found is None:
            return cast("dict[str, Any]", self._default(name, default))
        if not isinstance(found, dict):
            raise self._wrong(name, dict, found)
        return cast("dict[str, Any]", found)

    def objects(self, name: str, *, most: int) -> list[dict[str, Any]]:
        """A list of 1 to ``most`` objects."""
        found = self._list(name)
        if not 0 < len(found) <= most:
            raise ProtocolError(f"{self._where}{name}: expected 1 to {most} objects, got {len(found)}")
        for k, each in enumerate(found):
            if not isinstance(each, dict):
                raise self._wrong(f"{name}[{k}]", dict, each)
        return cast("list[dict[str, Any]]", found)

    def part(self, name: str) -> Fields:
        """The fields of an object."""
        return Fields(self.object(name), f"{self._where}{name}.")

    def _list(self, name: str, default: Sequence[Any] = _MISSING) -> list[object]:
        self._asked.add(name)
        found: object = self._facts.get(name)
        if found is None:
            return list(self._default(name, default))
        if not isinstance(found, list):
            raise self._wrong(name, list, found)
        return cast("list[object]", found)

    def _take(self, name: str, kind: type[T], default: T) -> T:
        self._asked.add(name)
        found: object = self._facts.get(name)
        return self._default(name, default) if found is None else self._typed(name, found, kind)

    def _default(self, name: str, default: Any) -> Any:
        if default is _MISSING:
            raise ProtocolError(f"the field {self._where}{name} is missing")
        return default

    def _typed(self, name: str, found: object, kind: type[T]) -> T:
        if isinstance(found, int) and abs(found) > _LARGEST:
            raise ProtocolError(f"{self._where}{name}: the number is too large")
        if kind is float and isinstance(found, int) and not isinstance(found, bool):
            return kind(found)
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise self._wrong(name, kind, found)
        return found

    def _wrong(self, name: str, kind: type, found: object) -> ProtocolError:
        shown = repr(found)[:60] if isinstance(found, str | int | float) else type(found).__name__
        return ProtocolError(f"{self._where}{name}: expected {_WORDS[kind]}, got {shown}")

    def _within(self, name: str, value: float, low: float, high: float) -> float:
        if not low <= value <= high:
            raise UsageError(f"{self._where}{name} {value:g} is out of range; it goes from {low:g} to {high:g}.")
        return value
