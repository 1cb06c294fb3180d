# SPDX-License-Identifier: Apache-2.0
"""Writers of the containers that motion tools use, joblib's among them, which needs no joblib here."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np


def npz(path: Path, content: dict[str, Any]) -> None:
    """numpy's archive, with objects where there are any."""
    # numpy 1 leaves an archive open that it cannot write to its end
    arrays = {name: np.asanyarray(value) for name, value in content.items()}
    with path.open("wb") as file:
        np.savez(file, **arrays)


def npy(path: Path, content: Any) -> None:
    """One array, or a dictionary in an array of objects."""
    with path.open("wb") as file:
        np.save(file, content, allow_pickle=True)


def pkl(path: Path, content: Any) -> None:
    """A plain pickle."""
    path.write_bytes(pickle.dumps(content, 4))


def pt(path: Path, content: Any) -> None:
    """torch.save, as zip archive; arrays become tensors."""
    import torch

    torch.save(_tensors(content), path)


def old_pt(path: Path, content: Any) -> None:
    """torch.save as it was before its version 1.6."""
    import torch

    torch.save(_tensors(content), path, _use_new_zipfile_serialization=False)


def tensors(path: Path, content: Any) -> None:
    """A plain pickle with tensors in it."""
    path.write_bytes(pickle.dumps(_tensors(content), 4))


def as_json(path: Path, content: Any) -> None:
    """JSON with lists for arrays."""
    path.write_text(json.dumps(content, default=lambda each: each.tolist()), encoding="utf-8")


def folder(path: Path, content: dict[str, Any]) -> None:
    """A folder with a JSON file for each frame."""
    path.mkdir(exist_ok=True)
    for name, each in content.items():
        as_json(path / name, each)


def text(path: Path, content: str) -> None:
    """The text as it is."""
    path.write_text(content, encoding="utf-8")


def joblib(path: Path, content: Any) -> None:
    """A dump of joblib's: the bytes of arrays stand between the opcodes."""
    path.write_bytes(joblib_bytes(content))


def joblib_bytes(content: Any, *, aligned: bool = True) -> bytes:
    """`joblib` as bytes; ``aligned`` as since its version 1.3."""
    stream = io.BytesIO()
    _Joblib(stream, aligned=aligned).dump(content)
    return stream.getvalue()


class _Joblib(pickle._Pickler):
    """Writes numpy's arrays as joblib does: a wrapper's state, padding, raw bytes."""

    def __init__(self, stream: io.BytesIO, *, aligned: bool) -> None:
        super().__init__(stream, protocol=3)
        self.stream = stream
        self.aligned = aligned

    def save(self, obj: Any, save_persistent_id: bool = True) -> Any:
        if type(obj) is not np.ndarray or obj.dtype.hasobject:
            return super().save(obj, save_persistent_id)
        self.write(b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81")
        state = {"subclass": np.ndarray, "shape": obj.shape, "order": "C", "dtype": obj.dtype, "allow_mmap": True}
        self.save(state | {"numpy_array_alignment_bytes": 16 if self.aligned else None})
        self.write(b"b")
        if self.aligned:
            padding = 16 - (self.stream.tell() + 1) % 16
            self.stream.write(bytes([padding]) + b"\xff" * padding)
        self.stream.write(obj.tobytes("C"))
        return None


def _tensors(content: Any) -> Any:
    import torch

    if isinstance(content, dict):
        return {key: _tensors(value) for key, value in content.items()}
    return torch.as_tensor(np.ascontiguousarray(content)) if isinstance(content, np.ndarray) else content
