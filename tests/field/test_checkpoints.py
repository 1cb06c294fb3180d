# SPDX-License-Identifier: Apache-2.0
"""What people give as a checkpoint: pages and pointers that downloads leave, archives, and other programs' files."""

from __future__ import annotations

import gzip
import io
import lzma
import pickle
import sys
import tarfile
import types
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from portrait_core.errors import ModelFileError
from portrait_core.models.portrait_gan.importer import import_checkpoint
from tests.cli.conftest import Run

RAN: list[str] = []
"""What a checkpoint of the tests has run: nothing, ever."""


def bomb(what: str) -> None:
    RAN.append(what)


class Bomb:
    """Runs something when it is unpickled by Python's own reader."""

    def __reduce__(self) -> Any:
        return bomb, ("a pickle",)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes classes of modules that are not here, as far as a pickle names them."""

    def make(module: str, name: str) -> type:
        parts = module.split(".")
        for each in (".".join(parts[:end]) for end in range(1, len(parts) + 1)):
            if each not in sys.modules:
                monkeypatch.setitem(sys.modules, each, types.ModuleType(each))
        if hasattr(sys.modules[module], name):
            return getattr(sys.modules[module], name)
        made = type(name, (), {"__module__": module})
        setattr(sys.modules[module], name, made)
        return made

    yield make


def persistent(make: Any, name: str, **state: Any) -> Any:
    """A network as the publishers' scripts store one: by its class's name and source, to be run on loading."""
    rebuild = make("torch_utils.persistence", "_reconstruct_persistent_obj")

    class Stored:
        def __reduce__(self) -> Any:
            meta = {"type": "class", "version": 6, "module_src": "raise SystemExit('ran')", "class_name": name}
            return rebuild, ({**meta, "state": {"_parameters": {}, "_buffers": {}, "_modules": {}, **state}},)

    return Stored()


def networks(make: Any, *, decoder: str = "", **settings: Any) -> bytes:
    backbone = persistent(make, "SynthesisNetwork") if not decoder else persistent(make, "Generator")
    modules = {"synthesis": backbone}
    if decoder:
        modules["decoder"] = make(decoder, "OSGDecoder")()
    generator = persistent(make, "TriPlaneGenerator" if decoder else "Generator", _modules=modules, **settings)
    return pickle.dumps({"G": generator, "D": None, "G_ema": generator, "augment_pipe": None}, protocol=4)


def tarred() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        member = tarfile.TarInfo("network.pkl")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    return made.getvalue()


def zipped(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, pickle.dumps(Bomb()))
    return made.getvalue()


PAGE = b"<!DOCTYPE html><html><head><title>Drive - Quota exceeded</title></head><body>Too many users</body></html>"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 912345678\n"

LEFT = {
    "page": (PAGE, "a web page titled 'Drive - Quota exceeded'"),
    "page after a blank line": (b"\r\n\r\n<HTML lang=en><head></head>", "a web page"),
    "pointer": (POINTER, "Git LFS pointer: it stands for a file of 912.3 MB"),
    "json": (b'{"error":"You must be authenticated."}', "JSON from a server"),
    "xml": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "XML from a server"),
    "text": (b"Entry not found", "a text ('Entry not found')"),
    "zip": (zipped("model/network.pkl"), "a zip archive. Unpack it first, and give model/network.pkl"),
    "cut zip": (zipped("model/network.pkl")[:-30], "a zip archive that is damaged or cut short"),
    "npz": (zipped("a.npy", "b.npy"), "a .npz file"),
    "torch zip": (zipped("state/data.pkl", "state/version"), "a state dict or training checkpoint"),
    "tar": (tarred(), "a tar archive"),
    "gzip": (gzip.compress(b"x"), "a gzip archive"),
    "xz": (lzma.compress(b"x"), "a xz archive"),
    "empty": (b"", "an empty file"),
    "zeros": (bytes(200_000), "nothing but zeros"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file"),
    "npy": (b"\x93NUMPY\x01\x00" + bytes(100), "a .npy file"),
}


@pytest.mark.parametrize("kind", LEFT)
def test_what_downloads_leave_is_called_what_it_is(run: Run, tmp_path: Path, kind: str) -> None:
    content, said = LEFT[kind]
    for name, words in (
        ("network.pkl", ("models", "import")),
        ("network.pkl", ("generate", "--model")),
        ("mine.safetensors", ("generate", "--model")),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        done = run(*words, path)
        assert done.code == 1 and said in done.error, done.err
        assert "damaged or cut short (" not in done.error


def other_programs(make: Any) -> Iterator[tuple[str, bytes, str]]:
    render = {"rendering_kwargs": {"depth_resolution": 48}, "neural_rendering_resolution": 64}
    yield "eg3d.pkl", networks(make, decoder="training.triplane", **render), "an EG3D checkpoint"
    deep = render | {"_init_kwargs": {"triplane_depth": 3}}
    yield "panohead.pkl", networks(make, decoder="training.triplane", **deep), "a PanoHead checkpoint"
    yield "next3d.pkl", networks(make, decoder="training_avatar_texture.triplane", **render), "a Next3D checkpoint"
    yield "stylegan2.pkl", networks(make, z_dim=512), "a StyleGAN2 checkpoint"
    yield "stylegan3.pkl", networks(make, magnitude_ema=1.0), "a StyleGAN3 checkpoint"
    tensorflow = make("dnnlib.tflib.network", "Network")
    yield (
        "karras2019.pkl",
        pickle.dumps((tensorflow(), tensorflow(), tensorflow())),
        "a checkpoint of StyleGAN's TensorFlow",
    )
    body = {"v_template": np.zeros((4, 3)), "kintree_table": np.zeros((2, 24)), "weights": np.zeros((4, 24))}
    for protocol in (2, 4):
        yield f"SMPL_NEUTRAL{protocol}.pkl", pickle.dumps(body, protocol=protocol), "an SMPL body model"
    old = io.BytesIO()
    torch.save({"w": torch.zeros(2)}, old, _use_new_zipfile_serialization=False)
    yield "state_dict.pth", old.getvalue(), "a state dict"
    yield "latents.pkl", pickle.dumps({"w": np.zeros((1, 14, 512), np.float32)}), "a file of latents"
    yield "walk.pkl", pickle.dumps({"poses": np.zeros((5, 72)), "trans": np.zeros((5, 3))}), "a pose or motion"


def test_other_programs_files_are_called_what_they_are(run: Run, tmp_path: Path, elsewhere: Any) -> None:
    for name, content, said in other_programs(elsewhere):
        path = tmp_path / name
        path.write_bytes(content)
        done = run("models", "import", path)
        assert done.code == 1 and f"this is {said}" in done.error, f"{name}: {done.err}"
        assert "3DPortraitGAN" in done.error
        path.write_bytes(content[: 4 * len(content) // 5])  # cut short, it is still the same program's
        assert "this is a" in run("models", "import", path).error


def test_nothing_is_run_on_the_way_to_a_name(tmp_path: Path, elsewhere: Any) -> None:
    path = tmp_path / "bomb.pkl"
    path.write_bytes(pickle.dumps({"G": Bomb(), "kintree_table": 1}))
    with pytest.raises(ModelFileError, match="SMPL body model"):
        import_checkpoint(path, tmp_path / "a.safetensors")
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelFileError, match="bomb"):  # what nobody knows is refused by the name it gives
        import_checkpoint(path, tmp_path / "a.safetensors")
    assert not RAN and list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_as_a_model_is_told_how_to_become_one(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "my network.pkl"
    path.write_bytes(pickle.dumps({"G": 1}))
    for command in ("generate", "render"):
        done = run(command, "--model", path)
        assert done.code == 1 and f"`portrait models import '{path}'`" in done.error
    assert "no model file at network.pkl" in run("generate", "--model", "network.pkl").error


def test_a_model_of_ours_needs_no_import(run: Run, tmp_path: Path) -> None:
    from portrait_core.weights.registry import find_model

    assert "a .safetensors file" in run("models", "import", find_model("starter")).error
