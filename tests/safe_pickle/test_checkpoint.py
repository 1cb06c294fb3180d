# SPDX-License-Identifier: Apache-2.0
"""The reader of published checkpoints executes nothing and refuses what it does not know."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from portrait_core.errors import ModelFileError
from portrait_core.safe_pickle.checkpoint import read_checkpoint, read_checkpoint_bytes
from portrait_core.safe_pickle.torch_storage import as_tensor, read_storage


class Published:
    """Pickles as a call of a global of any module, without that module existing here."""

    def __init__(self, module: str, name: str, arguments: tuple, state=None) -> None:
        self.call = module, name, arguments, state


class Writer(pickle._Pickler):
    """Python's own pure-Python pickler, taught to write `Published` objects and tensors as torch 1.11 did."""

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Published) and id(obj) in self.memo:
            self.write(self.get(self.memo[id(obj)][0]))
        elif isinstance(obj, Published):
            module, name, arguments, state = obj.call
            self.write_global(module, name)
            self.save(arguments)
            self.write(pickle.REDUCE)
            self.memoize(obj)
            if state is not None:
                self.save(state)
                self.write(pickle.BUILD)
        elif isinstance(obj, torch.Tensor):
            self.save(tensor_call(obj))
        else:
            super().save(obj, save_persistent_id)

    def write_global(self, module: str, name: str) -> None:
        super().save(module)
        super().save(name)
        self.write(pickle.STACK_GLOBAL)


def pickled(obj) -> bytes:
    stream = io.BytesIO()
    Writer(stream, protocol=4).dump(obj)
    return stream.getvalue()


def legacy_blob(elements: torch.Tensor, kind: str = "FloatStorage", claimed: int | None = None) -> bytes:
    count = elements.numel() if claimed is None else claimed
    stream = io.BytesIO()
    pickle.dump(0x1950A86A20F9469CFC6C, stream, protocol=2)
    pickle.dump(1001, stream, protocol=2)
    pickle.dump({"protocol_version": 1001, "little_endian": True, "type_sizes": {}}, stream, protocol=2)

    class Description(pickle._Pickler):
        def persistent_id(self, obj):
            return ("storage", Kind(), "0", "cuda:0", count, None) if obj is Whole else None

        def save(self, obj, save_persistent_id=True):
            if isinstance(obj, Kind):
                self.write(b"ctorch\n" + kind.encode() + b"\n")
            else:
                super().save(obj, save_persistent_id)

    class Kind:
        pass

    class Whole:
        pass

    Description(stream, protocol=2).dump(Whole)
    pickle.dump(["0"], stream, protocol=2)
    stream.write(elements.numel().to_bytes(8, "little") + elements.numpy().tobytes())
    return stream.getvalue()


def tensor_call(tensor: torch.Tensor) -> Published:
    storage = Published("torch.storage", "_load_from_bytes", (legacy_blob(tensor.flatten()),))
    arguments = (storage, 0, tuple(tensor.shape), tensor.stride(), False, {})
    return Published("torch._utils", "_rebuild_tensor_v2", arguments)


def network(state: dict, name: str = "TriPlaneGenerator", source: str = "raise SystemExit('executed')") -> Published:
    meta = {"type": "class", "version": 6, "module_src": source, "class_name": name, "state": state}
    return Published("torch_utils.persistence", "_reconstruct_persistent_obj", (meta,))


WEIGHT = torch.arange(6.0).reshape(2, 3)


def checkpoint(**extra) -> bytes:
    part = network({"_parameters": {"weight": WEIGHT, "bias": None}, "_buffers": {}, "_modules": {}}, "ToRGBLayer")
    state = {
        "_parameters": {},
        "_buffers": {"kept": WEIGHT[0], "volatile": WEIGHT[1]},
        "_non_persistent_buffers_set": {"volatile"},
        "_modules": {"torgb": part},
        "neural_rendering_resolution": 128,
        "_init_kwargs": {"z_dim": 512},
        **extra,
    }
    return pickled({"training_set_kwargs": {"resolution": 512}, "G_ema": network(state)})


def test_reads_the_layout() -> None:
    read = read_checkpoint_bytes(checkpoint())
    generator = read.generator
    assert list(generator.tensors) == ["kept", "torgb.weight"]
    assert torch.equal(generator.tensors["torgb.weight"], WEIGHT)
    assert generator.attributes["neural_rendering_resolution"] == 128
    assert generator.constructor == {"z_dim": 512}
    assert read.training_set == {"resolution": 512}
    with pytest.raises(ModelFileError, match="none of D_ema, D"):
        _ = read.discriminator


def test_numpy_scalars_and_arrays_are_read() -> None:
    dtype = Published("numpy", "dtype", ("f8", False, True), (3, "<", None, None, None, -1, -1, 0))
    number = Published("numpy.core.multiarray", "scalar", (dtype, np.float64(0.25).tobytes()))
    raw = np.arange(6, dtype="<u4").tobytes()
    kind = Published("numpy", "dtype", ("u4", False, True), (3, "<", None, None, None, -1, -1, 0))
    array = Published("numpy.core.multiarray", "_reconstruct", (0, (0,), b"b"), (1, (2, 3), kind, False, raw))
    attributes = read_checkpoint_bytes(checkpoint(gain=number, faces=array)).generator.attributes
    assert attributes["gain"] == 0.25
    assert np.array_equal(attributes["faces"], np.arange(6).reshape(2, 3))


class RunsCommand:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("protocol", range(6))
def test_a_command_in_the_file_is_refused_and_not_run(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "executed"
    raw = pickle.dumps({"G_ema": RunsCommand(mark)}, protocol=protocol)
    with pytest.raises(ModelFileError):
        read_checkpoint_bytes(raw)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("module", "name", "arguments"),
    [
        ("builtins", "eval", ("1",)),
        ("builtins", "getattr", ({}, "x")),
        ("os", "system", ("true",)),
        ("torch", "load", ("x",)),
        ("torch.storage", "_load_from_bytes.__globals__", (b"",)),
        ("numpy.core.multiarray", "fromfile", ("x",)),
        ("numpy", "load", ("x",)),
        ("collections", "OrderedDict", ([("a", 1)],)),
        ("training.smpl_triplane", "OSGDecoder", ()),
    ],
)
def test_unknown_calls_are_refused(module: str, name: str, arguments: tuple) -> None:
    with pytest.raises(ModelFileError, match="refused"):
        read_checkpoint_bytes(checkpoint(extra=Published(module, name, arguments)))


def test_object_arrays_are_refused() -> None:
    kind = Published("numpy", "dtype", ("O8", False, True), (3, "|", None, None, None, -1, -1, 63))
    array = Published("numpy.core.multiarray", "_reconstruct", (0, (0,), b"b"), (1, (1,), kind, False, b"\0" * 8))
    with pytest.raises(ModelFileError, match="only numbers"):
        read_checkpoint_bytes(checkpoint(extra=array))


def test_unknown_classes_and_shared_modules_are_refused() -> None:
    with pytest.raises(ModelFileError, match="unknown class 'Evil'"):
        read_checkpoint_bytes(pickled({"G_ema": network({}, "Evil")}))
    part = network({"_parameters": {}, "_buffers": {}, "_modules": {}})
    with pytest.raises(ModelFileError, match="shared"):
        read_checkpoint_bytes(checkpoint(_modules={"a": part, "b": part}))


def test_widely_shared_settings_are_not_multiplied() -> None:
    level: list = []
    for _ in range(20):
        level = [level] * 1000
    raw = pickle.dumps({"G_ema": None, "x": level}, protocol=4)
    with pytest.raises(ModelFileError, match="none of"):
        read_checkpoint_bytes(raw)
    nested = read_checkpoint_bytes(checkpoint(extra=level)).generator.attributes["extra"]
    assert nested[0] is nested[999]


def test_every_truncation_is_told() -> None:
    whole = checkpoint()
    for length in range(0, len(whole), 7):
        with pytest.raises(ModelFileError):
            read_checkpoint_bytes(whole[:length])


def test_flipped_bytes_never_run_or_crash() -> None:
    whole = bytearray(checkpoint())
    random = np.random.default_rng(0)
    for position in random.integers(0, len(whole), 400):
        changed = bytearray(whole)
        changed[position] ^= 1 << int(random.integers(8))
        with contextlib.suppress(ModelFileError):
            read_checkpoint_bytes(bytes(changed))


def test_storages_are_checked() -> None:
    elements = torch.arange(4.0)
    assert torch.equal(read_storage(legacy_blob(elements)).elements, elements)
    with pytest.raises(ModelFileError, match="cut short"):
        read_storage(legacy_blob(elements)[:-1])
    with pytest.raises(ModelFileError, match="cut short"):
        read_storage(legacy_blob(elements, claimed=5))
    with pytest.raises(ModelFileError, match="no storage class"):
        read_storage(legacy_blob(elements, kind="jit.load"))


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [(1, (4,), (1,)), (0, (2, 3), (3, 1)), (0, (1 << 40,), (0,)), (-1, (2,), (1,)), (0, (2,), (1, 1))],
)
def test_views_stay_inside_their_storage(offset, size, stride) -> None:
    storage = read_storage(legacy_blob(torch.arange(4.0)))
    with pytest.raises(ModelFileError):
        as_tensor(storage, offset, size, stride)


def test_strides_are_honoured() -> None:
    storage = read_storage(legacy_blob(torch.arange(6.0)))
    assert torch.equal(as_tensor(storage, 1, (2, 2), (1, 2)), torch.tensor([[1.0, 3.0], [2.0, 4.0]]))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_checkpoint(tmp_path / "none.pkl")
