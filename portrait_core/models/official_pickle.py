# SPDX-License-Identifier: Apache-2.0
"""Reads published checkpoints (``.pkl``) as data (specification: checkpoint-format).

Nothing in the file is imported or run: the opcodes are read by `portrait_core.pickle_machine`,
every name must be in
the list below, objects become `Inert` records, the source text that such files embed is dropped unread, and arrays are
rebuilt by this module's own code. Arrays of Python objects are refused.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.errors import ModelFileError
from portrait_core.models.legacy_storage import STORAGE_TYPES, Storage, as_tensor, read_storage
from portrait_core.pickle_machine import run

NETWORK_NAMES = ("G", "D", "G_ema", "D_ema")

_ALLOWED: frozenset[tuple[str, str]] = frozenset(
    {
        ("collections", "OrderedDict"),
        ("dnnlib.util", "EasyDict"),
        ("torch_utils.persistence", "_reconstruct_persistent_obj"),
        ("torch.storage", "_load_from_bytes"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch._utils", "_rebuild_parameter"),
        ("torch", "device"),
        *(("torch", str(dtype).removeprefix("torch.")) for dtype in STORAGE_TYPES.values()),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        *((core, name) for core in ("numpy.core.multiarray", "numpy._core.multiarray")
          for name in ("_reconstruct", "scalar")),
        ("torch.nn.modules.container", "Sequential"),
        ("torch.nn.modules.activation", "Softplus"),
        ("smplx.body_models", "SMPL"),
        ("smplx.vertex_joint_selector", "VertexJointSelector"),
        ("training.aligned_smpl", "AlignedSMPL"),
        ("training.smpl_triplane", "OSGDecoder"),
        ("training.smpl_triplane", "GPoseBranch"),
        ("training.dual_discriminator", "PoseShapeAwareDualDiscriminator"),
        ("training.dual_discriminator", "DPoseBranch"),
        ("training.volumetric_rendering.renderer", "ImportanceRenderer"),
        ("training.volumetric_rendering.ray_marcher", "MipRayMarcher2"),
        ("training.volumetric_rendering.ray_sampler", "RaySampler"),
    }
)  # fmt: skip

_CLASS_NAMES: frozenset[str] = frozenset(
    {
        "TriPlaneGenerator", "Generator", "SynthesisNetwork", "SynthesisBlock", "SynthesisBlockNoUp",
        "SynthesisLayer", "ToRGBLayer", "MappingNetwork", "FullyConnectedLayer", "Conv2dLayer",
        "SuperresolutionHybrid8XDC", "SuperresolutionHybrid8X", "SuperresolutionHybrid4X",
        "SuperresolutionHybrid2X", "DiscriminatorBlock", "DiscriminatorEpilogue", "MinibatchStdLayer",
        "AugmentPipe",
    }
)  # fmt: skip

_CALLS = {"OrderedDict", "_reconstruct_persistent_obj", "_load_from_bytes", "_rebuild_tensor_v2", "_rebuild_parameter",
          "device", "dtype", "_reconstruct", "scalar"}  # fmt: skip
_NUMBER_KINDS = "biuf"
_DEEPEST = 32
"""How deep modules and settings may nest; published networks need 5."""


@dataclass(frozen=True)
class Symbol:
    """A global that the file names; stands for it without being it."""

    module: str
    name: str


@dataclass
class Inert:
    """An object of the file: the name of its class and its attributes, no behaviour."""

    kind: str
    state: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class _NumpyType:
    code: str
    state: tuple[Any, ...] | None = None

    def resolve(self) -> np.dtype[Any]:
        dtype = np.dtype(self.code)
        if dtype.kind not in _NUMBER_KINDS:
            raise ModelFileError(f"the file holds a numpy array of type {self.code!r}; only numbers are read")
        return dtype.newbyteorder(">") if self.state is not None and self.state[1] == ">" else dtype


@dataclass
class _NumpyArray:
    value: NDArray[Any] | None = None


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


@dataclass(frozen=True)
class PublishedCheckpoint:
    """What a published file holds: its networks by name (`NETWORK_NAMES`) and facts about its training data."""

    networks: dict[str, PublishedNetwork]
    training_set: dict[str, Any]

    @property
    def generator(self) -> PublishedNetwork:
        """The averaged generator, the one to make pictures with."""
        return self._first("G_ema", "G")

    @property
    def discriminator(self) -> PublishedNetwork:
        """The averaged discriminator (the plain one in old files), the one to predict poses with."""
        return self._first("D_ema", "D")

    def _first(self, *names: str) -> PublishedNetwork:
        for name in names:
            if name in self.networks:
                return self.networks[name]
        raise ModelFileError(f"the checkpoint holds none of {', '.join(names)}")


def read_checkpoint(path: Path) -> PublishedCheckpoint:
    """Read a published ``.pkl`` file.

    Raises:
        ModelFileError: the file is missing, damaged, or holds anything that such checkpoints do not.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        return read_checkpoint_bytes(data)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error


def read_checkpoint_bytes(data: bytes) -> PublishedCheckpoint:
    """`read_checkpoint` of a file's contents."""
    content = run(io.BytesIO(data), _CheckpointRules())
    if not isinstance(content, dict):
        raise ModelFileError("the file is a pickle but no checkpoint: it does not hold a dictionary")
    table = cast(dict[str, Any], content)
    networks = {name: _network(table[name]) for name in NETWORK_NAMES if isinstance(table.get(name), Inert)}
    if not networks:
        raise ModelFileError(
            f"the file is a pickle but no checkpoint: it has none of {', '.join(NETWORK_NAMES)}"
        )
    training_set = table.get("training_set_kwargs")
    return PublishedCheckpoint(
        networks, cast(dict[str, Any], training_set) if isinstance(training_set, dict) else {}
    )


class _CheckpointRules:
    """What the names of a published checkpoint mean."""

    def named(self, module: str, name: str) -> Symbol:
        if (module, name) not in _ALLOWED:
            raise ModelFileError(
                f"the file names {module}.{name}, which published checkpoints do not; refused"
            )
        return Symbol(module, name)

    def called(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        name = function.name if isinstance(function, Symbol) and function.name in _CALLS else None
        if name == "OrderedDict" and not arguments:
            return {}
        if name == "_reconstruct_persistent_obj":
            (meta,) = arguments
            return _persistent(cast(dict[str, Any], meta))
        if name == "_load_from_bytes":
            (blob,) = arguments
            return read_storage(cast(bytes, blob))
        if name == "_rebuild_tensor_v2":
            storage, offset, size, stride, *_ = arguments
            if not isinstance(storage, Storage):
                raise ModelFileError("the file rebuilds a tensor from something that is no storage; refused")
            return as_tensor(storage, offset, size, stride)
        if name == "_rebuild_parameter":
            if not isinstance(arguments[0], Tensor):
                raise ModelFileError("the file makes a parameter of something that is no tensor; refused")
            return arguments[0]
        if name == "device":
            return str(arguments[0])
        if name == "dtype":
            return _NumpyType(str(arguments[0]))
        if name == "_reconstruct":
            return _NumpyArray()
        if name == "scalar":
            kind, raw = arguments
            return np.frombuffer(cast(bytes, raw), cast(_NumpyType, kind).resolve(), count=1)[0].item()
        raise ModelFileError(f"the file calls {function!r}, which published checkpoints do not; refused")

    def created(self, kind: Any, arguments: tuple[Any, ...]) -> Any:
        if not isinstance(kind, Symbol) or kind.name in _CALLS or arguments:
            raise ModelFileError(f"the file creates {kind!r} with {len(arguments)} arguments; refused")
        return {} if kind.name == "EasyDict" else Inert(kind.name)

    def state_set(self, target: Any, state: Any) -> None:
        if isinstance(target, Inert) and isinstance(state, dict):
            target.state.update(cast(dict[str, Any], state))
        elif isinstance(target, _NumpyType) and isinstance(state, tuple):
            target.state = cast(tuple[Any, ...], state)
        elif isinstance(target, _NumpyArray):
            _, shape, kind, fortran, raw = cast(tuple[Any, ...], state)
            flat = np.frombuffer(cast(bytes, raw), cast(_NumpyType, kind).resolve())
            target.value = flat.reshape(cast(tuple[int, ...], shape), order="F" if fortran else "C")
        else:
            raise ModelFileError(f"the file gives a state to a {type(target).__name__}; refused")

    def referenced(self, reference: Any) -> Any:
        raise ModelFileError(f"the file holds the outside reference {str(reference)[:80]!r}; refused")


def _persistent(meta: dict[str, Any]) -> Inert:
    name, state = meta.get("class_name"), meta.get("state")
    if meta.get("type") != "class" or name not in _CLASS_NAMES or not isinstance(state, dict):
        raise ModelFileError(f"the file stores an object of the unknown class {name!r}; refused")
    return Inert(str(name), cast(dict[str, Any], state))


def _network(module: Inert) -> PublishedNetwork:
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
    if isinstance(value, _NumpyArray):
        return value.value
    if isinstance(value, Inert | Symbol):
        return f"<{value.kind if isinstance(value, Inert) else value.name}>"
    if value is None or isinstance(value, bool | int | float | str | Tensor):
        return value
    return f"<{type(value).__name__}>"
