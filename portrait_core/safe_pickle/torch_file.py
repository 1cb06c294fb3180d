# SPDX-License-Identifier: Apache-2.0
"""What ``torch.save`` wrote (``.pt``, ``.pth``) as plain data, without torch's unpickler.

Two layouts: a zip archive with a pickle and a file for each storage, and the older stream of pickles with the storages'
elements at its end. Tensors are made when all storages are there.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from portrait_core.errors import ModelFileError, UsageError
from portrait_core.safe_pickle.allowed import Symbol
from portrait_core.safe_pickle.arrays import ArrayRules, Held, finished
from portrait_core.safe_pickle.machine import DAMAGE, run, told
from portrait_core.safe_pickle.npy import BROKEN

_MAGIC = 0x1950A86A20F9469CFC6C.to_bytes(10, "little")
"""That of `portrait_core.safe_pickle.torch_storage`, which brings torch along."""


@dataclass(frozen=True)
class _Reference:
    kind: str
    key: str
    count: int


class _FileRules(ArrayRules):
    """Storages are named by references; the tensors made of them wait in ``tensors``."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.tensors: list[tuple[Held, _Reference, Any, Any, Any]] = []
        self.storages: dict[str, _Reference] = {}

    def referenced(self, reference: Any) -> _Reference:
        tag, kind, key, _location, count, *_ = reference
        if tag != "storage" or not isinstance(kind, Symbol) or type(count) is not int:
            raise ModelFileError("a tensor in the file has a storage of an unknown layout; refused")
        return self.storages.setdefault(str(key), _Reference(kind.name, str(key), count))

    def tensor(self, name: str, arguments: tuple[Any, ...]) -> Any:
        if name == "_rebuild_tensor_v2" and isinstance(arguments[0], _Reference):
            storage, offset, size, stride, *_ = arguments
            self.tensors.append((Held(), storage, offset, size, stride))
            return self.tensors[-1][0]
        return super().tensor(name, arguments)

    def fill(self, raw: Mapping[str, bytes], size: int) -> None:
        """Give all tensors their elements; together they may not take much more than the file's ``size`` bytes."""
        import torch

        from portrait_core.safe_pickle.torch_storage import STORAGE_TYPES, Storage, as_tensor

        left = 4 * size + 4096
        for held, reference, offset, shape, stride in self.tensors:
            kind = STORAGE_TYPES.get(reference.kind)
            data = raw.get(reference.key)
            if kind is None or data is None or len(data) < reference.count * kind.itemsize:
                raise ModelFileError("a tensor in the file is cut short; get the file again")
            whole = data[: reference.count * kind.itemsize]
            elements = torch.frombuffer(bytearray(whole), dtype=kind) if whole else torch.empty(0, dtype=kind)
            made = as_tensor(Storage(elements), offset, shape, stride)
            left -= made.numel() * 4
            if left < 0:
                raise ModelFileError("the tensors of the file take more memory than the file can hold; refused")
            held.value, held.full = made.double().numpy() if kind == torch.float64 else made.float().numpy(), True


def is_torch_zip(archive: zipfile.ZipFile) -> bool:
    """Whether an archive is one of torch's."""
    return any(name.endswith("data.pkl") for name in archive.namelist())


def read_torch_zip(archive: zipfile.ZipFile, size: int) -> Any:
    """What an archive of torch's holds, as plain data; ``size`` bytes is the file's.

    Raises:
        UsageError: it is damaged, or holds something that is not plain data.
    """
    try:
        (name,) = (each for each in archive.namelist() if each.endswith("data.pkl"))
        stream = io.BytesIO(archive.read(name))
        rules = _FileRules(stream)
        content = run(stream, rules)
        folder = name.removesuffix("data.pkl")
        present = set(archive.namelist())
        raw = {key: archive.read(f"{folder}data/{key}") for key in rules.storages if f"{folder}data/{key}" in present}
        rules.fill(raw, size)
        return finished(content)
    except ModelFileError as error:
        raise UsageError(str(error)) from error
    except BROKEN as error:
        raise UsageError(f"it is damaged or cut short ({told(error)}); get the file again") from error


def is_torch_stream(data: bytes) -> bool:
    """Whether ``data`` begins as torch's older files do."""
    return data[:64].find(_MAGIC) in range(2, 16)


def read_torch_stream(data: bytes) -> Any:
    """What one of torch's older files holds, as plain data.

    Raises:
        UsageError: as `read_torch_zip`.
    """
    from portrait_core.safe_pickle.torch_storage import STORAGE_TYPES

    stream = io.BytesIO(data)
    rules = _FileRules(stream)
    try:
        for _ in range(3):  # magic number, version, facts about the writer
            run(stream, rules)
        content = run(stream, rules)
        keys = run(stream, rules)
        raw: dict[str, bytes] = {}
        for key in cast(list[Any], keys):
            count = int.from_bytes(stream.read(8), "little")
            reference = rules.storages.get(str(key))
            kind = STORAGE_TYPES.get(reference.kind) if reference is not None else None
            if kind is None or count > len(data):
                raise ModelFileError("a tensor in the file is cut short; get the file again")
            raw[str(key)] = stream.read(count * kind.itemsize)
        rules.fill(raw, len(data))
        return finished(content)
    except ModelFileError as error:
        raise UsageError(str(error)) from error
    except DAMAGE as error:
        raise UsageError(f"it is damaged or cut short ({told(error)}); get the file again") from error
