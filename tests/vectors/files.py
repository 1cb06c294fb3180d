# SPDX-License-Identifier: Apache-2.0
"""Reading one file of test vectors, and comparing arrays with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

BLOCK = 1e-5
"""Accepted relative error of one block."""
WHOLE = 1e-4
"""Accepted relative error of the whole generator, and of gradients."""
SECOND_ORDER = 2e-4
"""Accepted relative error of gradients of the gradient penalty."""


@dataclass(frozen=True)
class Comparison:
    """How far one of our arrays is from the stored one: ``max|a - b| / max|b|``, accepted up to
    ``tolerance``."""

    name: str
    error: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the error is a number within the tolerance."""
        return self.error <= self.tolerance  # False for NaN


@dataclass
class VectorFile:
    """The arrays of one ``.npz`` file; remembers which were read, so that nothing in a file goes
    unchecked."""

    arrays: dict[str, NDArray[Any]]
    comparisons: list[Comparison] = field(default_factory=list[Comparison])
    read: set[str] = field(default_factory=set[str])

    @classmethod
    def load(cls, path: Path) -> VectorFile:
        """Read a file; refuses pickled objects.

        A compact file may hold ``elsewhere``: a JSON table of arrays that lie in a file beside it.
        """
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        elsewhere: dict[str, tuple[str, str]] = json.loads(str(arrays.pop("elsewhere", "{}")))
        for name, (file, key) in elsewhere.items():
            with np.load(path.with_name(file), allow_pickle=False) as archive:
                arrays[name] = archive[key]
        return cls(arrays)

    def array(self, name: str) -> NDArray[Any]:
        """The array ``name`` as stored."""
        self.read.add(name)
        return self.arrays[name]

    def tensor(self, name: str) -> Tensor:
        """The array ``name`` as a tensor of its own."""
        return torch.from_numpy(np.array(self.array(name)))

    def number(self, name: str) -> float:
        """The 0-d array ``name``."""
        return float(self.array(name))

    def config(self) -> dict[str, Any]:
        """The JSON string under ``config``."""
        return json.loads(str(self.array("config")))

    def state(self, prefix: str) -> dict[str, Tensor]:
        """All arrays under ``sd/<prefix>``, without that prefix."""
        full = f"sd/{prefix}"
        return {name[len(full) :]: self.tensor(name) for name in self.arrays if name.startswith(full)}

    def names(self, prefix: str = "", suffix: str = "") -> list[str]:
        """The names between ``prefix`` and ``suffix``, in file order, both cut off."""
        hits = [n for n in self.arrays if n.startswith(prefix) and n.endswith(suffix)]
        return [n[len(prefix) : len(n) - len(suffix)] for n in hits if len(n) >= len(prefix) + len(suffix)]

    def has(self, name: str) -> bool:
        """Whether the file holds ``name``."""
        return name in self.arrays

    def check(self, name: str, ours: Tensor | NDArray[Any], tolerance: float = BLOCK) -> None:
        """Compare ``ours`` with the array ``name`` of the file."""
        self.check_against(name, ours, self.array(name), tolerance)

    def check_against(
        self,
        label: str,
        ours: Tensor | NDArray[Any],
        expected: NDArray[Any] | Tensor,
        tolerance: float = BLOCK,
    ) -> None:
        """Compare ``ours`` with ``expected`` and keep the result under ``label``."""
        got = np.asarray(ours.detach().cpu().numpy() if isinstance(ours, Tensor) else ours)
        want = np.asarray(expected.detach().cpu().numpy() if isinstance(expected, Tensor) else expected)
        self.comparisons.append(Comparison(label, relative_error(got, want), tolerance))

    def unread(self) -> list[str]:
        """Names that no check has looked at; constant filters inside state dicts do not count."""
        return [n for n in self.arrays if n not in self.read and not n.endswith("resample_filter")]


def relative_error(got: NDArray[Any], want: NDArray[Any]) -> float:
    """``max|got - want| / max|want|``; the share of differing elements for booleans and integers; infinite
    for a
    wrong shape or a NaN or infinity in one place only."""
    if got.shape != want.shape:
        return float("inf")
    if want.size == 0:
        return 0.0
    if want.dtype.kind in "biu":
        return float(np.mean(got.astype(np.int64) != want.astype(np.int64)))
    a, b = got.astype(np.float64), want.astype(np.float64)
    finite = np.isfinite(b)
    if not np.array_equal(np.isfinite(a), finite) or not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return float("inf")
    scale = float(np.max(np.abs(b[finite]), initial=0.0))
    return float(np.max(np.abs(a[finite] - b[finite]), initial=0.0)) / (scale if scale > 0 else 1.0)


def load_state(module: nn.Module, state: Mapping[str, Tensor], *, may_lack: tuple[str, ...] = ()) -> None:
    """Load ``state`` strictly, except that names ending in one of ``may_lack`` may be absent from it."""
    result = module.load_state_dict(state, strict=False)
    lacking = [name for name in result.missing_keys if not name.endswith(may_lack or ("\0",))]
    if lacking or result.unexpected_keys:
        raise KeyError(f"state dict differs: lacks {lacking}, has unknown {list(result.unexpected_keys)}")
