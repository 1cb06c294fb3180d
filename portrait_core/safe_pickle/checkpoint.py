# SPDX-License-Identifier: Apache-2.0
"""Reads published checkpoints (``.pkl``) as data (docs/published/checkpoint-format.md).

Nothing in the file is imported or run: the opcodes are read by `portrait_core.safe_pickle.machine`, every name must be
in the table `portrait_core.safe_pickle.allowed`, objects become `Inert` records, the source text that such files embed
is dropped unread, and arrays are rebuilt by this module's own code. Arrays of Python objects are refused.
"""

from __future__ import annotations

import io
import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from torch import Tensor

from portrait_core.errors import ModelFileError
from portrait_core.safe_pickle.allowed import CHECKPOINT, RefusingRules, Symbol, short
from portrait_core.safe_pickle.machine import DAMAGE, run, told
from portrait_core.safe_pickle.records import (
    Inert,
    NumpyArray,
    NumpyType,
    PublishedNetwork,
    flattened,
)
from portrait_core.safe_pickle.torch_storage import Storage, as_tensor, read_storage

__all__ = ["PublishedCheckpoint", "PublishedNetwork", "read_checkpoint", "read_checkpoint_bytes"]

NETWORK_NAMES = ("G", "D", "G_ema", "D_ema")

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

MAX_BYTES = 8 << 30
"""Larger files are none of the published ones (about 0.9 GB) and are not read."""


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
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ModelFileError(f"{path}: {size / 1e9:.1f} GB; published checkpoints have about 0.9 GB. Not read.")
        if size == 0:
            raise ModelFileError(f"{path}: the file is empty; get it again")
        # Mapped, not read: the weights would be in memory once more.
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return _read(cast(IO[bytes], mapped), size)
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror or error})") from error
    except ModelFileError as error:
        raise error if str(error).startswith(str(path)) else ModelFileError(f"{path}: {error}") from error


def read_checkpoint_bytes(data: bytes) -> PublishedCheckpoint:
    """`read_checkpoint` of a file's contents."""
    return _read(io.BytesIO(data), len(data))


def _read(stream: IO[bytes], size: int) -> PublishedCheckpoint:
    try:
        return _checkpoint(run(stream, _CheckpointRules(size)))
    except DAMAGE as error:
        # Sound opcodes, but what they make is no checkpoint.
        raise ModelFileError(f"the checkpoint is damaged ({told(error)}); get the file again") from error


def _checkpoint(content: Any) -> PublishedCheckpoint:
    if not isinstance(content, dict):
        raise ModelFileError("the file is a pickle but no checkpoint: it does not hold a dictionary")
    table = cast(dict[str, Any], content)
    networks = {name: flattened(table[name]) for name in NETWORK_NAMES if isinstance(table.get(name), Inert)}
    if not networks:
        raise ModelFileError(f"the file is a pickle but no checkpoint: it has none of {', '.join(NETWORK_NAMES)}")
    training_set = table.get("training_set_kwargs")
    return PublishedCheckpoint(networks, cast(dict[str, Any], training_set) if isinstance(training_set, dict) else {})


class _CheckpointRules(RefusingRules):
    """What the names of a published checkpoint mean.

    ``size`` is that of the file in bytes: storages and tensors together may not take more than twice as much each, or a
    small file that names one storage many times could fill the memory.
    """

    def __init__(self, size: int) -> None:
        super().__init__(CHECKPOINT)
        self._left = {"storages": 2 * size + 4096, "tensors": 2 * size + 4096}

    def _spend(self, what: str, count: int) -> None:
        self._left[what] -= count
        if self._left[what] < 0:
            raise ModelFileError(f"the {what} of the file take more memory than the file can hold; refused")

    def called(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        name = function.name if isinstance(function, Symbol) and function.name in _CALLS else None
        if name == "OrderedDict" and not arguments:
            return {}
        if name == "_reconstruct_persistent_obj":
            (meta,) = arguments
            return _persistent(cast(dict[str, Any], meta))
        if name == "_load_from_bytes":
            (blob,) = arguments
            if not isinstance(blob, bytes):
                raise ModelFileError("the file makes a storage of something that is no bytes; refused")
            self._spend("storages", len(blob) + 64)
            return read_storage(blob)
        if name == "_rebuild_tensor_v2":
            storage, offset, size, stride, *_ = arguments
            if not isinstance(storage, Storage):
                raise ModelFileError("the file rebuilds a tensor from something that is no storage; refused")
            tensor = as_tensor(storage, offset, size, stride)
            self._spend("tensors", tensor.numel() * tensor.itemsize + 64)
            return tensor
        if name == "_rebuild_parameter":
            if not isinstance(arguments[0], Tensor):
                raise ModelFileError("the file makes a parameter of something that is no tensor; refused")
            return arguments[0]
        if name == "device":
            return "device"
        if name == "dtype":
            if not isinstance(arguments[0], str):
                raise ModelFileError("the file names a numpy type by something that is no text; refused")
            return NumpyType(arguments[0][:16])
        if name == "_reconstruct":
            return NumpyArray()
        if name == "scalar":
            kind, raw = arguments
            return np.frombuffer(cast(bytes, raw), cast(NumpyType, kind).resolve(), count=1)[0].item()
        return super().called(function, arguments)

    def created(self, kind: Any, arguments: tuple[Any, ...]) -> Any:
        if not isinstance(kind, Symbol) or kind.name in _CALLS or arguments:
            return super().created(kind, arguments)
        return {} if kind.name == "EasyDict" else Inert(kind.name)

    def state_set(self, target: Any, state: Any) -> None:
        # Once each: what is set again and again costs time without end.
        if isinstance(target, Inert) and isinstance(state, dict) and not target.full:
            target.full = True
            target.state.update(cast(dict[str, Any], state))
        elif isinstance(target, NumpyType) and isinstance(state, tuple):
            target.state = cast(tuple[Any, ...], state)
        elif isinstance(target, NumpyArray) and not target.full:
            target.full = True
            _, shape, kind, fortran, raw = cast(tuple[Any, ...], state)
            flat = np.frombuffer(cast(bytes, raw), cast(NumpyType, kind).resolve())
            target.value = flat.reshape(cast(tuple[int, ...], shape), order="F" if fortran else "C")
        else:
            super().state_set(target, state)


def _persistent(meta: dict[str, Any]) -> Inert:
    name, state = meta.get("class_name"), meta.get("state")
    known = isinstance(name, str) and name in _CLASS_NAMES
    if meta.get("type") != "class" or not known or not isinstance(state, dict):
        raise ModelFileError(f"the file stores an object of the unknown class {short(name)}; refused")
    return Inert(str(name), cast(dict[str, Any], state), full=True)
