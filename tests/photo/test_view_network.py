# SPDX-License-Identifier: Apache-2.0
"""The small network of cameras: what it is shown, what its answers mean, its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from portrait_core.errors import ModelFileError
from portrait_core.photo.crop import Square
from portrait_core.photo.view_network import (
    OUTPUTS,
    SIGNS,
    SIZE,
    ViewFileFacts,
    ViewNetwork,
    ViewReader,
    load_view_network,
    prepared,
    save_view_network,
    spreads_at,
)

FACTS = ViewFileFacts(sure=(0.05,) * 9, unsure=(1.0,) * 9)


def random_network(seed: int = 0) -> ViewNetwork:
    torch.manual_seed(seed)
    return ViewNetwork().eval()


def test_background_and_light_say_nothing() -> None:
    rng = torch.Generator().manual_seed(1)
    picture = torch.rand(2, 3, SIZE, SIZE, generator=rng)
    mask = (torch.rand(2, 1, SIZE, SIZE, generator=rng) > 0.4).float()
    shown = prepared(picture, mask)
    other = torch.where(mask > 0, picture, torch.rand(picture.shape, generator=rng))
    assert torch.equal(prepared(other, mask), shown)
    assert torch.allclose(prepared(picture * 0.5 + 0.2, mask), shown, atol=0.15)
    assert torch.equal(shown[:, 3:], mask - 0.5)
    assert prepared(picture, torch.zeros_like(mask)).isfinite().all()


class Constant(ViewNetwork):
    """Answers the same whatever it sees; of what comes mirrored, the mirrored."""

    def __init__(self, numbers: list[float]) -> None:
        super().__init__()
        self.numbers = torch.tensor(numbers)

    def forward(self, values: torch.Tensor, rng: torch.Generator | None = None) -> torch.Tensor:
        return torch.stack([self.numbers, self.numbers * torch.tensor(SIGNS)])[: len(values)]


def test_answers_move_the_square_and_turn_the_view() -> None:
    numbers = [0.6, 0.3, 0.1, -0.05, 0.2, 0.1, 0.0, 0.1, -0.2, 0.1]
    reader = ViewReader(Constant(numbers), FACTS)
    begin = Square((100.0, 80.0), 50.0)
    picture, mask = np.zeros((200, 200, 3), np.uint8), np.ones((64, 64), np.float32)
    found = reader.look(picture, mask, Square((100.0, 80.0), 100.0), begin)
    middle, side = np.array([100.0, 80.0]), 50.0
    for _ in range(3):
        middle, side = middle + side * np.array([0.1, -0.2]), side * np.exp(0.1)
    assert np.allclose(found.square.middle, middle)
    assert found.square.side == pytest.approx(side)
    assert found.view.yaw == pytest.approx(np.arctan2(0.6, 0.3))
    assert np.allclose(found.view.numbers[1:], numbers[2:7])
    assert found.length == pytest.approx(np.hypot(0.6, 0.3))
    assert np.allclose(found.spreads[:6], spreads_at(found.length, FACTS.sure, FACTS.unsure)[:6])
    assert found.spreads[6] == pytest.approx(found.spreads[0] * side)


def test_a_short_answer_is_unsure() -> None:
    sure, unsure = (0.1,) * 9, (0.9,) * 9
    assert np.allclose(spreads_at(1.0, sure, unsure), 0.1)
    assert np.allclose(spreads_at(0.5, sure, unsure), 0.5)
    assert np.allclose(spreads_at(0.0, sure, unsure), 0.9)
    assert np.allclose(spreads_at(1.3, sure, unsure), 0.1)


def test_the_mean_of_a_picture_and_its_mirror() -> None:
    reader = ViewReader(random_network(), FACTS)
    rng = np.random.default_rng(2)
    picture, mask = rng.random((SIZE, SIZE, 3)).astype(np.float32), rng.random((SIZE, SIZE)).astype(np.float32)
    plain, mirrored = reader.numbers(picture, mask), reader.numbers(picture[:, ::-1].copy(), mask[:, ::-1].copy())
    assert plain.shape == (OUTPUTS,)
    assert np.allclose(plain, mirrored * SIGNS, atol=1e-6)


def test_the_file_keeps_the_network(tmp_path: Path) -> None:
    network, path = random_network(3), tmp_path / "view.safetensors"
    save_view_network(path, network, FACTS)
    assert path.stat().st_size < 2_000_000
    values = torch.rand(2, 4, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    load_view_network.cache_clear()
    read = load_view_network(path)
    assert read.facts == FACTS
    assert torch.allclose(read.network(values), network(values), atol=2e-3)
    assert load_view_network(path) is read


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"nowhere\.safetensors: is not the network of cameras"):
        load_view_network(tmp_path / "nowhere.safetensors")
    path = tmp_path / "view.safetensors"
    save_view_network(path, random_network(), ViewFileFacts(sure=(0.1,), unsure=(0.1,)))
    with pytest.raises(ModelFileError, match="holds values that are none"):
        load_view_network(path)
    path.write_bytes(path.read_bytes()[:-100])
    load_view_network.cache_clear()
    with pytest.raises(ModelFileError, match="or damaged"):
        load_view_network(path)
