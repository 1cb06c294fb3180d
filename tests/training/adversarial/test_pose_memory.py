# SPDX-License-Identifier: Apache-2.0
"""Generated pictures that are remembered: which, in what order, how they teach, and that a resumed run has them too."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from portrait_core.errors import UsageError
from portrait_core.networks.discriminator import Portraits
from portrait_core.training.adversarial import pose_memory
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.parts import Made
from portrait_core.training.adversarial.pose_memory import PoseMemory
from portrait_core.training.adversarial.processes import ALONE
from portrait_core.training.adversarial.run import train_gan
from portrait_core.training.adversarial.run_folder import STATE, RunOptions


def made(config: TrainingConfig, first: int, count: int) -> Made:
    """Pictures that are as light as their number says, with poses and cameras of the same number."""
    size = config.generator.img_resolution
    number = torch.arange(first, first + count, dtype=torch.float32)
    light = number[:, None, None, None]
    shown = Portraits(
        light.expand(-1, 3, size, size) / 64,
        light.expand(-1, 3, size // 2, size // 2) / 128,
        light.expand(-1, 1, size // 2, size // 2) / 256,
    )
    return Made(shown, number[:, None].expand(-1, 6), number[:, None].expand(-1, 25))


def test_the_last_are_remembered_with_what_belongs_to_them(
    small: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pose_memory, "CAPACITY", 10)
    memory = PoseMemory(small, torch.device("cpu"))
    assert len(memory) == 0
    for first in range(0, 24, 4):
        memory.remember([made(small, first, 2), made(small, first + 2, 2)], ALONE)
    assert len(memory) == 10
    random = torch.Generator().manual_seed(0)
    old = memory.drawn(200, random)
    assert set(old.poses[:, 0].tolist()) == set(range(14, 24)), "all of the last ten, and no other"
    for number, camera, *pictures in zip(
        old.poses[:, 3], old.c[:, 7], old.shown.image, old.shown.raw, old.shown.mask, strict=True
    ):
        assert camera == number
        for picture, unit in zip(pictures, (64, 128, 256), strict=True):
            assert torch.allclose(picture, number / unit, atol=1e-3)
    copy = PoseMemory(small, torch.device("cpu"))
    copy.restore(memory.state())
    found: list[Made] = [each.drawn(50, torch.Generator().manual_seed(1)) for each in (memory, copy)]
    assert torch.equal(found[0].poses, found[1].poses) and torch.equal(found[0].shown.raw, found[1].shown.raw)


def test_a_resumed_run_remembers_what_the_run_did(small: TrainingConfig, balls: Path, tmp_path: Path) -> None:
    config = dataclasses.replace(small, pose_replay=4, pose_label_reads=4, kimg=0.048)
    train_gan(config, RunOptions(balls, tmp_path / "whole"))
    half = tmp_path / "half"
    train_gan(dataclasses.replace(config, kimg=0.032), RunOptions(balls, half))
    reached = train_gan(config, RunOptions(balls, half, resume=True))
    assert reached.images == 48
    whole, resumed = (load_file(tmp_path / name / STATE) for name in ("whole", "half"))
    assert whole["M.poses"].shape == (48, 6) and int(whole["M.seen"]) == 48
    assert whole.keys() == resumed.keys() and "opt_R.exp_avg.D.pose_branch.net.0.weight" in whole
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    without: dict[str, Tensor] = {}
    train_gan(dataclasses.replace(config, pose_replay=0), RunOptions(balls, tmp_path / "without"))
    without = load_file(tmp_path / "without" / STATE)
    assert not torch.equal(without["D.pose_branch.net.4.weight"], whole["D.pose_branch.net.4.weight"])
    with pytest.raises(UsageError, match="pose_replay is 6; it must be a multiple of 4"):
        dataclasses.replace(config, pose_replay=6)
