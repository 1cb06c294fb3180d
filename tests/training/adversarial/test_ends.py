# SPDX-License-Identifier: Apache-2.0
"""What ends a training before its time: a wish, a full disk, a card that is too small, other processes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError

from portrait_core.errors import OutputError, PortraitError, UsageError
from portrait_core.training.adversarial import phases as phases_room
from portrait_core.training.adversarial import processes as processes_room
from portrait_core.training.adversarial import run as run_room
from portrait_core.training.adversarial import state as state_room
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.ends import interruptible, too_small
from portrait_core.training.adversarial.named_configs import NAMED
from portrait_core.training.adversarial.phases import Phases
from portrait_core.training.adversarial.processes import LostProcessError, Processes, ToldElsewhereError
from portrait_core.training.adversarial.run import Tick, train_gan
from portrait_core.training.adversarial.run_folder import STATE, STOP, RunOptions


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figures and no pictures."""
    monkeypatch.setattr(run_room.figures, "draw_fakes", lambda *_: None)
    monkeypatch.setattr(run_room.figures, "picture_figures", lambda *_: {})
    monkeypatch.setattr(run_room, "write_pictures", lambda *_: None)


@pytest.mark.usefixtures("quick")
def test_a_file_named_stop_ends_and_a_full_disk_keeps_what_was_saved(
    small: TrainingConfig, balls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(small, kimg_per_tick=0.004)

    def ask(_tick: Tick) -> None:
        (tmp_path / STOP).touch()

    assert train_gan(config, RunOptions(balls, tmp_path), ask).iteration == 2, "the one that ran was finished"
    kept = (tmp_path / STATE).read_bytes()
    names = {path.name for path in tmp_path.iterdir()}

    def full(*_: Any, **__: Any) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(state_room, "save_file", full)
    with pytest.raises(OutputError, match="No space left on device") as told:
        train_gan(config, RunOptions(balls, tmp_path, resume=True))
    assert len(str(told.value).splitlines()) == 1
    assert (tmp_path / STATE).read_bytes() == kept
    left = {path.name for path in tmp_path.iterdir()} - names
    assert left == {"snapshot-000000.016.safetensors"}, "a whole snapshot, no half file"
    assert not (tmp_path / STOP).exists()


def test_several_processes_hear_one_stop_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    import signal

    clock = iter([10.0, 11.0, 50.0])
    with interruptible(30.0) as stop:
        monkeypatch.setattr("portrait_core.training.adversarial.ends.time.monotonic", lambda: next(clock))
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_one_process_tells_what_ends_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def gather(texts: list[str], _own: str) -> None:
        texts[:] = ["", "no such folder"]

    monkeypatch.setattr(processes_room._distributed, "all_gather_object", gather)
    with pytest.raises(LostProcessError, match="process 2 of 2: no such folder"):
        Processes(0, 2).together(None)
    with pytest.raises(ToldElsewhereError):
        Processes(1, 2).together(UsageError("no such folder"))
    with pytest.raises(UsageError, match="alone"):
        Processes().together(UsageError("alone"))
    Processes().together(None)

    def lost(*_: Any) -> None:
        raise RuntimeError("Connection closed by peer [127.0.0.1]:4711")

    monkeypatch.setattr(processes_room._distributed, "all_reduce", lost)
    with pytest.raises(PortraitError, match=r"process 1 of 2: another process of this training has ended") as told:
        Processes(0, 2).mean(torch.zeros(1))
    assert len(str(told.value).splitlines()) == 1


def test_a_card_that_is_too_small_is_told_what_to_halve(
    small: TrainingConfig, balls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Phases, "iteration", full)
    with pytest.raises(UsageError, match=r"too small for 4 images at a time\. batch_gpu=2 halves what is needed"):
        train_gan(small, RunOptions(balls, tmp_path / "run"))
    monkeypatch.setattr(phases_room, "compile_networks", full)
    with pytest.raises(UsageError, match=r"too small for 2 images at a time\. batch_gpu=1 halves"):
        train_gan(dataclasses.replace(small, batch_gpu=2, compile=True), RunOptions(balls, tmp_path / "other"))
    assert not (tmp_path / "other" / "log.jsonl").exists()
    alone = str(too_small(dataclasses.replace(small, batch_gpu=1), 1))
    assert "batch_gpu" not in alone and "precision=bf16" in alone and "neural_rendering_resolution_final=8" in alone
    assert "precision" not in str(too_small(NAMED["full-head"], 8))
    assert "batch_gpu=2 halves" in str(too_small(NAMED["full-head"], 8))
