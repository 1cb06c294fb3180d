# SPDX-License-Identifier: Apache-2.0
"""Training the small network of cameras: other crops and looks keep their truth, and a stopped run goes on as if it had
never stopped."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from portrait_core.cameras import Camera
from portrait_core.errors import ModelFileError, PortraitError, UsageError
from portrait_core.photo.view_network import SIGNS, SIZE, load_view_network
from portrait_core.training.view_augmentation import Crops, other_crops, other_looks
from portrait_core.training.view_network import STATE, ViewTraining, read_view_data, train_view_network


def dots(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures with a green dot in the middle and a red one to the right of it, and masks."""
    steps = torch.arange(SIZE)
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    middle = ((x - 31.5) ** 2 + (y - 31.5) ** 2 < 9).float()
    right = ((x - 43.5) ** 2 + (y - 31.5) ** 2 < 9).float()
    picture = torch.stack([right, middle, torch.zeros(SIZE, SIZE)])
    return picture.expand(count, 3, SIZE, SIZE), torch.ones(count, 1, SIZE, SIZE)


def centre(channel: torch.Tensor) -> np.ndarray:
    """(2,) of a dot's middle as shares of the picture."""
    steps = (torch.arange(SIZE) + 0.5) / SIZE
    return np.array([float((channel.sum(0) * steps).sum()), float((channel.sum(1) * steps).sum())]) / float(
        channel.sum()
    )


def test_other_crops_say_where_the_aligned_square_is() -> None:
    pictures, masks = dots(24)
    targets = torch.tensor([[0.6, 0.8, 0.1, 0.0, 0.1, 0.2, 0.3]]).repeat(24, 1)
    rng = torch.Generator().manual_seed(3)
    crops, _, numbers = other_crops(pictures, masks, targets, rng, Crops(turn=0.4, shift=0.15, scale=0.2))
    flipped = numbers[:, 0] < 0
    assert 4 < int(flipped.sum()) < 20
    for crop, found in zip(crops, numbers, strict=True):
        middle, right = centre(crop[1]), centre(crop[0])
        assert np.allclose(middle - 0.5, found[7:9].numpy(), atol=0.01)
        across = right - middle
        sign = -1 if found[0] < 0 else 1
        # The dot to the right was 12 / 64 of a side away; content turns against the camera's roll.
        assert np.hypot(*across) == pytest.approx(12 / 64 * float(found[9].exp()), abs=0.01)
        assert np.arctan2(across[1] * sign, across[0] * sign) == pytest.approx(-float(found[3]), abs=0.06)
    plain = targets * torch.tensor(SIGNS[:7])
    for column in (0, 1, 2, 4, 5, 6):
        assert torch.allclose(numbers[flipped, column], plain[flipped, column])
        assert torch.allclose(numbers[~flipped, column], targets[~flipped, column])


def test_without_freedom_crops_stay() -> None:
    pictures, masks = dots(6)
    targets = torch.zeros(6, 7)
    crops, covers, numbers = other_crops(
        pictures, masks, targets, torch.Generator().manual_seed(0), Crops(turn=0.0, shift=0.0, scale=0.0)
    )
    assert torch.allclose(crops[:, 1], pictures[:, 1], atol=1e-4)
    assert torch.allclose(covers, masks, atol=1e-6)
    assert torch.allclose(numbers, torch.zeros(6, 10), atol=1e-6)


def test_other_looks_are_pictures_and_follow_from_the_seed() -> None:
    rng = np.random.default_rng(0)
    pictures = torch.tensor(rng.random((16, 3, SIZE, SIZE)), dtype=torch.float32)
    masks = torch.zeros(16, 1, SIZE, SIZE)
    masks[:, :, 16:, 16:48] = 1
    first = other_looks(pictures, masks, torch.Generator().manual_seed(7))
    again = other_looks(pictures, masks, torch.Generator().manual_seed(7))
    other = other_looks(pictures, masks, torch.Generator().manual_seed(8))
    for one, same, different in zip(first, again, other, strict=True):
        assert torch.equal(one, same)
        assert not torch.equal(one, different)
        assert float(one.min()) >= 0
        assert float(one.max()) <= 1
    # The person stays: most of what was inside is inside.
    assert float((first[1] * masks).sum() / masks.sum()) > 0.75


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six persons from two sides each, as `portrait train data` writes them; the pictures are nobody's."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(1)
    labels, persons, poses = [], [], []
    with zipfile.ZipFile(folder / "images.zip", "w") as images, zipfile.ZipFile(folder / "masks.zip", "w") as masks:
        for number in range(12):
            name = f"portrait-{number:06d}.png"
            camera = Camera.orbit(float(rng.uniform(-3, 3)), float(rng.uniform(-0.2, 0.2)))
            for archive, shape in ((images, (96, 96, 3)), (masks, (96, 96))):
                stream = io.BytesIO()
                Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(stream, "PNG")
                archive.writestr(name, stream.getvalue())
            labels.append([name, [*camera.label.tolist(), *([0.5] * 6)]])
            poses.append([name, [0.1, 0.2, 0.0, 0.0, 0.1, 0.0]])
            persons.append([name, number // 2])
        images.writestr("dataset.json", json.dumps({"labels": labels, "persons": persons, "true_poses": poses}))
    return folder


def test_data_is_brought_to_the_networks_size(data: Path) -> None:
    found = read_view_data(data)
    assert found.pictures.shape == (12, 3, SIZE, SIZE)
    assert found.masks.shape == (12, 1, SIZE, SIZE)
    assert found.persons.tolist() == [number // 2 for number in range(12)]
    assert torch.allclose(found.targets[:, :2].norm(dim=1), torch.ones(12))
    # The true pose, not the label's coarse one: two turns about nearly one axis add up.
    assert torch.allclose(found.targets[0, 4:], torch.tensor([0.1, 0.3, 0.0]), atol=0.02)
    with pytest.raises(PortraitError, match="does not exist"):
        read_view_data(data / "nowhere")


CONFIG = ViewTraining(steps=6, batch=4, holds=3)


def test_a_run_that_was_stopped_goes_on_bit_by_bit(data: Path, tmp_path: Path) -> None:
    straight, stopped = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    report = train_view_network(CONFIG, [data], straight)
    assert report["steps"] == 6
    assert not straight.with_name(straight.name + STATE).exists()
    train_view_network(CONFIG, [data], stopped, minutes=1e-9)
    assert stopped.with_name(stopped.name + STATE).is_file()
    load_view_network.cache_clear()
    assert load_view_network(stopped).facts.training["done"] == 1
    train_view_network(CONFIG, [data], stopped, resume=True)
    assert stopped.read_bytes() == straight.read_bytes()
    facts = load_view_network(straight).facts
    assert facts.licence == "CC0-1.0"
    assert all(0 < one <= other * 1.0001 or one > 0 for one, other in zip(facts.sure, facts.unsure, strict=True))


def test_a_state_of_another_run_is_refused(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.safetensors"
    with pytest.raises(ModelFileError, match="no state to go on from"):
        train_view_network(CONFIG, [data], out, resume=True)
    train_view_network(CONFIG, [data], out, minutes=1e-9)
    with pytest.raises(ModelFileError, match="saved by another configuration"):
        train_view_network(ViewTraining(steps=7, batch=4, holds=3), [data], out, resume=True)


def test_data_sets_are_learnt_together(data: Path, tmp_path: Path) -> None:
    told: list[int] = []
    for number, folders in enumerate(([data], [data, data])):
        out = tmp_path / f"{number}.safetensors"
        train_view_network(ViewTraining(steps=1, batch=2, holds=3), folders, out)
        told.append(load_view_network(out).facts.training["portraits"])
    assert told[1] == 2 * told[0] > 0


def test_one_person_is_not_enough(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="6 persons; at least 2 are needed"):
        train_view_network(ViewTraining(steps=1, holds=1), [data], tmp_path / "a.safetensors")
