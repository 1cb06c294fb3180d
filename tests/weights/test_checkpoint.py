# SPDX-License-Identifier: Apache-2.0
"""Weights files: what goes in comes out, and every kind of damage is told from the others in plain words."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from portrait_core.errors import ModelFileError, OutputError
from portrait_core.weights.checkpoint import check_shapes, content_digest, load_weights, save_model
from portrait_core.weights.header import METADATA_KEY, Attribute, Latent, ModelHeader, Training, read_header


def header(**changes) -> ModelHeader:
    facts = {
        "name": "tiny",
        "licence": "CC0-1.0",
        "config": {"planes": 3, "channels": [4, 8]},
        "latent": Latent(
            z_dim=4, attributes=(Attribute(name="age", index=0), Attribute(name="mix", direction=(0, 1, 1, 0)))
        ),
        "training": Training(data="made up", metrics={"loss": 0.125, "curve": [3, 2, 1]}),
    }
    return ModelHeader(**(facts | changes))


def tensors() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return {
        "mapping.fc0.weight": torch.randn(8, 4, generator=generator).half(),
        "mapping.fc0.bias": torch.zeros(8),
        "steps": torch.tensor(12),
    }


def template() -> dict[str, torch.Tensor]:
    return {
        "template.vertices": torch.rand(5, 3, generator=torch.Generator().manual_seed(1)),
        "template.faces": torch.tensor([[0, 1, 2], [2, 3, 4]], dtype=torch.int32),
        "template.joints": torch.zeros(24, 3),
        "template.weights": torch.full((5, 24), 1 / 24),
    }


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    save_model(path, tensors(), header())
    return path


def edit_header(path: Path, change) -> None:
    """Rewrite our JSON header in place, with the tensors as they are."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    outer = json.loads(data[8 : 8 + length])
    facts = json.loads(outer["__metadata__"][METADATA_KEY])
    outer["__metadata__"][METADATA_KEY] = change(facts)
    head = json.dumps(outer).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(struct.pack("<Q", len(head)) + head + data[8 + length :])


def test_what_goes_in_comes_out(saved: Path) -> None:
    loaded = load_weights(saved)
    assert loaded.header.model_copy(update={"digest": ""}) == header()
    assert len(loaded.header.digest) == 64
    for name, tensor in tensors().items():
        assert loaded.tensors[name].dtype == tensor.dtype
        assert torch.equal(loaded.tensors[name], tensor)
    assert loaded.network().keys() == tensors().keys()
    assert loaded.template() == {}
    assert read_header(saved) == loaded.header


def test_saving_twice_gives_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.safetensors"
    save_model(again, dict(reversed(tensors().items())), header())
    assert again.read_bytes() == saved.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.safetensors", "tiny.safetensors"]


def test_views_of_one_storage_are_saved_apart(tmp_path: Path) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    save_model(tmp_path / "v.safetensors", {"rows": whole[:2], "turned": whole.t()}, header())
    loaded = load_weights(tmp_path / "v.safetensors")
    assert torch.equal(loaded.tensors["turned"], whole.t())
    assert torch.equal(loaded.tensors["rows"], whole[:2])


def test_body_template_travels_along(tmp_path: Path) -> None:
    path = tmp_path / "t.safetensors"
    save_model(path, tensors() | template(), header(body_template=True))
    loaded = load_weights(path)
    assert loaded.template().keys() == {"vertices", "faces", "joints", "weights"}
    assert loaded.network().keys() == tensors().keys()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"template.weights": None}, "lacks weights"),
        ({"template.weights": torch.zeros(4, 24)}, r"template\.weights has shape \(4, 24\), expected \(5, 24\)"),
        ({"template.faces": torch.tensor([[0, 1, 5]], dtype=torch.int32)}, "whole numbers below 5"),
        ({"template.faces": torch.tensor([[0.0, 1.0, 2.0]])}, "whole numbers"),
    ],
)
def test_a_bad_template_is_refused(tmp_path: Path, change, words: str) -> None:
    mixed = {name: tensor for name, tensor in (tensors() | template() | change).items() if tensor is not None}
    with pytest.raises(ModelFileError, match=words):
        save_model(tmp_path / "t.safetensors", mixed, header(body_template=True))
    assert list(tmp_path.iterdir()) == []


def test_template_tensors_need_the_flag(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no body template"):
        save_model(tmp_path / "t.safetensors", tensors() | template(), header())


@pytest.mark.parametrize("keep", [0, 5, 8, 40, 600, -1])
def test_every_truncation_is_told(saved: Path, keep: int) -> None:
    data = saved.read_bytes()
    saved.write_bytes(data[:keep])
    with pytest.raises(ModelFileError, match="truncated"):
        load_weights(saved)


def test_foreign_bytes_behind_are_told(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes() + b"12345678")
    with pytest.raises(ModelFileError, match="foreign data"):
        load_weights(saved)


@pytest.mark.parametrize("place", [-1, -9, -60])
def test_one_flipped_bit_is_found(saved: Path, place: int) -> None:
    data = bytearray(saved.read_bytes())
    data[place] ^= 1
    saved.write_bytes(data)
    with pytest.raises(ModelFileError, match="does not match its own digest"):
        load_weights(saved)


def test_a_changed_header_is_found(saved: Path) -> None:
    edit_header(saved, lambda facts: json.dumps(facts | {"licence": "all yours"}))
    assert read_header(saved).licence == "all yours"
    with pytest.raises(ModelFileError, match="digest"):
        load_weights(saved)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda facts: "{not json", "not valid JSON"),
        (lambda facts: "[" * 5000, "not valid JSON"),
        (lambda facts: "[1]", "must be a JSON object, got list"),
        (lambda facts: json.dumps(facts | {"kind": "hat"}), "of kind portraitkit-generator, got 'hat'"),
        (lambda facts: json.dumps(facts | {"format_version": 9}), "format version 9"),
        (lambda facts: json.dumps(facts | {"format_version": None}), "format version None"),
        (lambda facts: json.dumps({k: v for k, v in facts.items() if k != "latent"}), "latent: Field required"),
        (lambda facts: json.dumps(facts | {"latent": {"z_dim": 0}}), r"latent\.z_dim"),
        (lambda facts: json.dumps(facts | {"surprise": 1}), "surprise"),
        (
            lambda facts: json.dumps(facts | {"latent": {"z_dim": 4, "attributes": [{"name": "age", "index": 4}]}}),
            "sets latent number 4 of 4",
        ),
        (
            lambda facts: json.dumps(facts | {"latent": {"z_dim": 4, "attributes": [{"name": "age"}]}}),
            "either an index or a direction",
        ),
    ],
)
def test_bad_headers_are_told_apart(saved: Path, change, words: str) -> None:
    edit_header(saved, change)
    for read in (load_weights, read_header):
        with pytest.raises(ModelFileError, match=words) as caught:
            read(saved)
        assert "\n" not in str(caught.value)


def test_a_huge_header_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.safetensors"
    path.write_bytes(struct.pack("<Q", 2**40) + b"x" * 100)
    with pytest.raises(ModelFileError, match="claims a header of 1099511627776 bytes"):
        load_weights(path)


def test_a_header_that_is_no_json(tmp_path: Path) -> None:
    path = tmp_path / "noise.safetensors"
    path.write_bytes(struct.pack("<Q", 4) + b"\xff\xfe\x00\x01")
    with pytest.raises(ModelFileError, match=r"not a \.safetensors weights file, or"):
        load_weights(path)


@pytest.mark.parametrize(
    "entry", ['{"a": 3}', '{"a": {"data_offsets": [0]}}', '{"a": {"data_offsets": [0, -4]}}', "[]"]
)
def test_a_damaged_tensor_list(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "list.safetensors"
    path.write_bytes(struct.pack("<Q", len(entry)) + entry.encode())
    with pytest.raises(ModelFileError, match="list of tensors"):
        load_weights(path)


def test_somebody_elses_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file(tensors(), path)
    with pytest.raises(ModelFileError, match="not a Portraitkit model"):
        load_weights(path)


class Trap:
    """Pickles to a call: whoever unpickles it creates the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_pickles_are_refused_and_never_run(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    for name, write in (
        ("p.safetensors", lambda path: path.write_bytes(pickle.dumps(Trap(sprung)))),
        ("t.safetensors", lambda path: torch.save({"a": Trap(sprung)}, path)),
    ):
        write(tmp_path / name)
        with pytest.raises(ModelFileError, match=r"pickled checkpoint|torch\.save"):
            load_weights(tmp_path / name)
    assert not sprung.exists()


def test_a_header_length_that_looks_like_a_pickle(tmp_path: Path) -> None:
    # 0x0280 bytes: the file begins with the two bytes of a protocol 2 pickle, and is fine.
    path = tmp_path / "odd.safetensors"
    save_model(path, tensors(), header())
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    target = next(n for n in range(length, 70000) if n & 0xFF == 0x80 and n >> 8 in (2, 3, 4, 5))
    path.write_bytes(struct.pack("<Q", target) + data[8 : 8 + length] + b" " * (target - length) + data[8 + length :])
    assert path.read_bytes()[:1] == b"\x80"
    assert load_weights(path).header.name == "tiny"


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_values_that_are_not_finite(tmp_path: Path, bad: float) -> None:
    with pytest.raises(ModelFileError, match="tensor odd holds values that are not finite"):
        save_model(tmp_path / "n.safetensors", tensors() | {"odd": torch.tensor([1.0, bad])}, header())
    # a file from elsewhere, with a digest that fits
    path = tmp_path / "n.safetensors"
    odd = {"odd": torch.tensor([1.0, bad])}
    facts = header().model_dump(mode="json")
    facts["digest"] = content_digest(facts, odd)
    save_file(odd, path, metadata={METADATA_KEY: json.dumps(facts)})
    with pytest.raises(ModelFileError, match="tensor odd holds values that are not finite"):
        load_weights(path)


def test_shapes_are_compared_with_the_architecture(saved: Path) -> None:
    right = {name: tuple(tensor.shape) for name, tensor in tensors().items()}
    loaded = load_weights(saved, expected=right)
    with pytest.raises(ModelFileError, match="1 of its tensors are missing: decoder"):
        check_shapes(loaded, right | {"decoder": (1,)})
    with pytest.raises(ModelFileError, match="not known to this architecture: steps"):
        check_shapes(loaded, {name: shape for name, shape in right.items() if name != "steps"})
    with pytest.raises(ModelFileError, match=r"mapping.fc0.bias has shape \(8,\), .* needs \(9,\)"):
        load_weights(saved, expected=right | {"mapping.fc0.bias": (9,)})


def test_missing_and_unwritable_places(tmp_path: Path, saved: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot read"):
        load_weights(tmp_path / "nowhere.safetensors")
    with pytest.raises(OutputError, match="exists already"):
        save_model(saved, tensors(), header(), overwrite=False)
    with pytest.raises(OutputError, match="a file, not a folder"):
        save_model(saved / "below.safetensors", tensors(), header())


def test_attribute_directions_are_checked() -> None:
    with pytest.raises(ValueError, match="has 3 numbers, not 4"):
        Latent(z_dim=4, attributes=(Attribute(name="a", direction=(1, 0, 0)),))
    with pytest.raises(ValueError, match="no length"):
        Attribute(name="a", direction=(0, 0))
    with pytest.raises(ValueError, match="names repeat: a"):
        Latent(z_dim=4, attributes=(Attribute(name="a", index=0), Attribute(name="a", index=1)))
    with pytest.raises(ValueError, match="empty range"):
        Attribute(name="a", index=0, low=1, high=1)


def test_a_parts_template_stands_apart_from_network_and_body_template(tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    parts = {"parts.controls.mean": torch.ones(3, 3), "parts.skin.quads": torch.zeros(2, 4, dtype=torch.int16)}
    save_model(path, tensors() | parts, header(parts={"version": 1}))
    loaded = load_weights(path)
    assert set(loaded.network()) == set(tensors())
    assert set(loaded.parts()) == {"controls.mean", "skin.quads"}
    assert loaded.template() == {}
    assert loaded.header.parts == {"version": 1}


def test_header_and_tensors_agree_on_a_parts_template(tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    with pytest.raises(ModelFileError, match="do not agree on whether it has a parts template"):
        save_model(path, tensors() | {"parts.controls.mean": torch.ones(3, 3)}, header())
    with pytest.raises(ModelFileError, match="do not agree"):
        save_model(path, tensors(), header(parts={"version": 1}))
    assert not path.exists()


def test_a_header_without_parts_says_nothing_of_them(saved: Path) -> None:
    assert "parts" not in header().facts()
    assert load_weights(saved).parts() == {}
