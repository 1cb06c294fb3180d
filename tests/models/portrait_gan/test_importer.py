# SPDX-License-Identifier: Apache-2.0
"""Official checkpoints into our format: the fixture whole, and what is refused."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest
import torch

from portrait_core.errors import ModelFileError, OutputError
from portrait_core.models.portrait_gan.importer import (
    DISCRIMINATOR_PREFIX,
    convert,
    import_checkpoint,
    load_discriminator,
    load_generator,
    read_side_car,
)
from portrait_core.safe_pickle.checkpoint import PublishedCheckpoint, PublishedNetwork, read_checkpoint_bytes
from portrait_core.weights.checkpoint import load_weights

FIXTURE = Path(__file__).parents[2] / "data" / "vectors" / "checkpoint_fixture.pkl.xz"


@pytest.fixture(scope="module")
def pickle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("official") / "model.pkl"
    path.write_bytes(lzma.decompress(FIXTURE.read_bytes()))
    return path


@pytest.fixture(scope="module")
def checkpoint(pickle: Path) -> PublishedCheckpoint:
    return read_checkpoint_bytes(pickle.read_bytes())


def test_everything_arrives(pickle: Path, checkpoint: PublishedCheckpoint, tmp_path: Path) -> None:
    side_car = tmp_path / "side.json"
    facts = {"blur_sigma": 0.5, "neural_rendering_resolution": 64, "filter_mode": "antialiased"}
    side_car.write_text(json.dumps(facts))
    stages: list[str] = []
    header, path = import_checkpoint(
        pickle,
        lambda name: tmp_path / f"{name}.safetensors",
        side_car=side_car,
        progress=lambda stage, _: stages.append(stage),
    )
    assert (
        path.name == "official-128.safetensors"
        and header.name == "official-128"
        and header.family == "portrait_gan"
        and header.format_version == 2
    )
    assert "SMPL" in header.licence and "sha256" in header.training.data
    assert header.pose_prediction is not None and header.pose_prediction.neural_resolution == 64
    assert list(dict.fromkeys(stages)) == ["read", "convert", "write"]
    loaded = load_weights(path)
    for name, tensor in checkpoint.generator.tensors.items():
        assert torch.equal(loaded.tensors[name], tensor), name
    for name, tensor in checkpoint.discriminator.tensors.items():
        assert torch.equal(loaded.tensors[DISCRIMINATOR_PREFIX + name], tensor), name
    generator, discriminator = load_generator(loaded), load_discriminator(loaded)
    assert generator.config.rendering.density_noise == 0 and discriminator is not None
    assert list(generator.state_dict()) == list(checkpoint.generator.tensors)


def test_half_halves_the_networks_and_keeps_the_body(pickle: Path, tmp_path: Path) -> None:
    _, whole = import_checkpoint(pickle, tmp_path / "whole.safetensors")
    _, half = import_checkpoint(pickle, tmp_path / "half.safetensors", half=True)
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    a, b = load_generator(load_weights(whole)), load_generator(load_weights(half))
    assert torch.equal(a.renderer.shaped_smpl, b.renderer.shaped_smpl)  # type: ignore[union-attr]
    for (name, x), y in zip(a.state_dict().items(), b.state_dict().values(), strict=True):
        assert y.dtype == x.dtype, name
        torch.testing.assert_close(y, x, atol=2e-3, rtol=2e-3)


def test_an_existing_file_is_kept(pickle: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.safetensors"
    target.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        import_checkpoint(pickle, target)
    assert target.read_bytes() == b"mine"


@pytest.mark.parametrize("cut", [0, 1, 100, 1_000_000, -1])
def test_damaged_files_leave_nothing(pickle: Path, tmp_path: Path, cut: int) -> None:
    source, target = tmp_path / "cut.pkl", tmp_path / "out" / "a.safetensors"
    source.write_bytes(pickle.read_bytes()[:cut])
    with pytest.raises(ModelFileError):
        import_checkpoint(source, target)
    assert not target.parent.exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda state, rest: state.pop("decoder.net.0.weight"), "lacks 1 tensors, such as decoder.net.0.weight"),
        (lambda state, rest: state.update(extra=torch.zeros(1)), "also holds 1 tensors, such as extra"),
        (lambda state, rest: state.update({"decoder.net.0.bias": torch.zeros(3)}), "decoder.net.0.bias has shape"),
        (lambda state, rest: rest.pop("rendering_kwargs"), "settings"),
        (lambda state, rest: rest.update(rendering_kwargs={"ray_start": 2.0}), "settings|super-resolution"),
        (lambda state, rest: rest["_init_kwargs"].update(z_dim="many"), "settings"),
    ],
)
def test_other_networks_are_told(checkpoint: PublishedCheckpoint, change: Any, says: str) -> None:
    generator = checkpoint.generator
    state, rest = dict(generator.tensors), {**generator.attributes}
    rest["_init_kwargs"] = dict(generator.constructor)
    change(state, rest)
    changed = PublishedNetwork(generator.kind, rest, state)
    with pytest.raises(ModelFileError, match=says):
        convert(PublishedCheckpoint({**checkpoint.networks, "G_ema": changed}, {}))


def test_a_checkpoint_without_a_discriminator(checkpoint: PublishedCheckpoint) -> None:
    imported = convert(PublishedCheckpoint({"G_ema": checkpoint.generator}, {}))
    assert imported.header.discriminator == {} and imported.header.pose_prediction is None
    assert not any(name.startswith(DISCRIMINATOR_PREFIX) for name in imported.tensors)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[1]", "expected an object"),
        ("{", "cannot be read"),
        ('{"blur": 1}', "unknown field 'blur'"),
        ('{"blur_sigma": -1}', "blur_sigma is -1"),
        ('{"neural_rendering_resolution": 1.5}', "neural_rendering_resolution is 1.5"),
        ('{"filter_mode": "sharp"}', "filter_mode is 'sharp'"),
    ],
)
def test_bad_side_cars_name_the_field(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "side.json"
    path.write_text(content)
    with pytest.raises(ModelFileError, match=says):
        read_side_car(path)
