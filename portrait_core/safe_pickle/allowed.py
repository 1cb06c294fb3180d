# SPDX-License-Identifier: Apache-2.0
"""One table of what each reader of pickles lets a file name, and the rules that refuse everything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portrait_core.errors import ModelFileError


@dataclass(frozen=True)
class Symbol:
    """A global that the file names; stands for it without being it."""

    module: str
    name: str


@dataclass(frozen=True)
class Allowed:
    """A reader's row: the globals that a file may name (module and name), and what is said of who names others."""

    names: frozenset[tuple[str, str]]
    what: str
    others: str


_CORES = ("numpy.core.multiarray", "numpy._core.multiarray")
_NUMERIC = ("numpy.core.numeric", "numpy._core.numeric")
_NUMPY: frozenset[tuple[str, str]] = frozenset(
    {
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("collections", "OrderedDict"),
        *((core, name) for core in _CORES for name in ("_reconstruct", "scalar")),
    }
)
_TORCH_TYPES = (
    "float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
)  # fmt: skip
_STORAGES = (
    "FloatStorage", "DoubleStorage", "HalfStorage", "BFloat16Storage", "LongStorage", "IntStorage", "ShortStorage",
    "CharStorage", "ByteStorage", "BoolStorage",
)  # fmt: skip

_CONTAINERS: frozenset[tuple[str, str]] = frozenset(
    {
        ("collections", "defaultdict"),
        ("easydict", "EasyDict"),
        *((module, name) for module in ("builtins", "__builtin__") for name in ("dict", "list", "set", "complex")),
    }
)
_JOBLIB: frozenset[tuple[str, str]] = frozenset(
    {
        ("joblib.numpy_pickle", "NumpyArrayWrapper"),
        ("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper"),
        ("numpy", "memmap"),
        ("numpy", "matrix"),
        *((module, "memmap") for module in ("numpy.core.memmap", "numpy._core.memmap")),
    }
)
_TENSORS: frozenset[tuple[str, str]] = frozenset(
    {
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch._utils", "_rebuild_parameter"),
        ("torch.storage", "_load_from_bytes"),
        ("torch", "device"),
        ("torch", "Size"),
        *(("torch", name) for name in (*_TORCH_TYPES, *_STORAGES)),
    }
)
_PATHS = frozenset(
    (module, name)
    for module in ("pathlib", "pathlib._local")
    for name in ("Path", "PurePath", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")
)

ARRAYS = Allowed(
    _NUMPY
    | {("_codecs", "encode"), *((module, "_frombuffer") for module in _NUMERIC)}
    | (_CONTAINERS | _JOBLIB | _TENSORS | _PATHS),
    "the file",
    "which is no array of numbers",
)
"""Motion files and body models: numbers under their names, from Python 2, joblib and torch as well."""

CHECKPOINT = Allowed(
    _NUMPY
    | {
        ("dnnlib.util", "EasyDict"),
        ("torch_utils.persistence", "_reconstruct_persistent_obj"),
        ("torch.storage", "_load_from_bytes"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch._utils", "_rebuild_parameter"),
        ("torch", "device"),
        *(("torch", name) for name in _TORCH_TYPES),
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
    },
    "the file",
    "which published checkpoints do not",
)
"""Published checkpoints: networks as records."""

STORAGE = Allowed(frozenset(("torch", name) for name in _STORAGES), "a tensor in the file", "which is no storage class")
"""The blobs that tensors' elements lie in, inside a checkpoint."""


class RefusingRules:
    """Rules (`portrait_core.safe_pickle.machine.Rules`) that let names of a row stand for themselves and refuse the
    rest; readers add what they know."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed

    def refused(self, does: str) -> ModelFileError:
        """The error about something that the file does."""
        return ModelFileError(f"{self._allowed.what} {does}; refused")

    def named(self, module: str, name: str) -> Symbol:
        """What stands for a global."""
        if (module, name) not in self._allowed.names:
            raise self.refused(f"names {module}.{name}, {self._allowed.others}")
        return Symbol(module, name)

    def called(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        """The result of a call."""
        raise self.refused(f"calls {short(function)}, {self._allowed.others}")

    def created(self, kind: Any, arguments: tuple[Any, ...]) -> Any:
        """A new object."""
        raise self.refused(f"creates {short(kind)} with {len(arguments)} arguments")

    def state_set(self, target: Any, state: Any) -> None:
        """Give an object its state."""
        raise self.refused(f"gives a state to a {type(target).__name__}")

    def referenced(self, reference: Any) -> Any:
        """What a persistent reference stands for."""
        raise self.refused(f"holds an outside reference ({short(reference)})")


def short(value: Any) -> str:
    """A value in few words: the text of a nested one could fill the memory."""
    if isinstance(value, Symbol):
        return f"{value.module}.{value.name}"
    return repr(value[:80]) if isinstance(value, str | bytes) else f"a {type(value).__name__}"
