# SPDX-License-Identifier: Apache-2.0
"""What the objects of a published checkpoint become while it is read: names, records and arrays without behaviour.

`flattened` makes a network of the records of its modules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.errors import ModelFileError
from portrait_core.safe_pickle.allowed import Symbol

_NUMBER_KINDS = "biuf"
_DEEPEST = 32
"""How deep modules and settings may nest; published networks need 5."""


@dataclass
class Inert:
    """An object of the file: the name of its class and its attributes, no behaviour."""

    kind: str
    state: dict[str, Any] = field(default_factory=dict[str, Any])
    full: bool = False


@dataclass
class NumpyType:
    """A numpy type that the file names."""

    code: str
    state: tuple[Any, ...] | None = None

    def resolve(self) -> np.dtype[Any]:
        """The type itself. Raises :class:`ModelFileError` for anything but numbers."""
        dtype = np.dtype(self.code)
        if dtype.kind not in _NUMBER_KINDS:
            raise ModelFileError(f"the file holds a numpy array of type {self.code!r}; only numbers are read")
        return dtype.newbyteorder(">") if self.state is not None and self.state[1] == ">" else dtype


@dataclass
class NumpyArray:
    """An array of the file: empty until its state is set, which may happen once."""

    value: NDArray[Any] | None = None
    full: bool = False


@dataclass(frozen=True)
class PublishedNetwork:
    """One network of a checkpoint.

    Attributes:
        kind: name of its published class.
        attributes: its attributes, sub-modules and arrays left out.
        tensors: flat state dict under the published names.
    """

    kind: str
    attributes: dict[str, Any]
    tensors: dict[str, Tensor]

    @property
    def constructor(self) -> dict[str, Any]:
        """The arguments it was built with."""
        return cast(dict[str, Any], self.attributes.get("_init_kwargs", {}))


def flattened(module: Inert) -> PublishedNetwork:
    """A network of its record: attributes as plain data, tensors by their full names."""
    hidden = {"_parameters", "_buffers", "_modules"}
    done: dict[int, Any] = {}
    attributes = {name: _plain(value, done, 0) for name, value in module.state.items() if name not in hidden}
    return PublishedNetwork(module.kind, attributes, dict(_tensors(module, "", set())))


def _tensors(module: Inert, prefix: str, seen: set[int]) -> Iterator[tuple[str, Tensor]]:
    """Parameters, persistent buffers, then those of sub-modules, as a state dict lists them."""
    if id(module) in seen or prefix.count(".") > _DEEPEST:
        raise ModelFileError(f"the module {prefix!r} is shared, contains itself or lies too deep; refused")
    seen.add(id(module))
    volatile = cast(set[str], module.state.get("_non_persistent_buffers_set", set[str]()))
    for group, skipped in (("_parameters", set[str]()), ("_buffers", volatile)):
        for name, value in _members(module, group):
            if isinstance(value, Tensor) and name not in skipped:
                yield prefix + name, value
    for name, child in _members(module, "_modules"):
        if isinstance(child, Inert):
            yield from _tensors(child, f"{prefix}{name}.", seen)


def _members(module: Inert, group: str) -> list[tuple[str, Any]]:
    table = module.state.get(group, {})
    if not isinstance(table, dict):
        raise ModelFileError(f"the {group} of a {module.kind} are no dictionary; refused")
    return [(str(name), value) for name, value in cast(dict[Any, Any], table).items()]


def _plain(value: Any, done: dict[int, Any], depth: int) -> Any:
    """An attribute as plain data: arrays as arrays, unknown objects as their class names.

    ``done`` keeps one copy of each container, so that one that is shared a thousandfold is not copied as often.
    """
    if isinstance(value, dict | list | tuple):
        container = cast(dict[Any, Any] | list[Any], value)
        if id(container) in done:
            return done[id(container)]
        if depth > _DEEPEST:
            raise ModelFileError("the file nests its settings too deeply; refused")
        if isinstance(container, dict):
            table: dict[str, Any] = {}
            done[id(container)] = table
            table.update({str(k): _plain(v, done, depth + 1) for k, v in container.items()})
            return table
        items: list[Any] = []
        done[id(container)] = items
        items.extend(_plain(item, done, depth + 1) for item in container)
        return items
    if isinstance(value, NumpyArray):
        return value.value
    if isinstance(value, Inert | Symbol):
        return f"<{value.kind if isinstance(value, Inert) else value.name}>"
    if value is None or isinstance(value, bool | int | float | str | Tensor):
        return value
    return f"<{type(value).__name__}>"
