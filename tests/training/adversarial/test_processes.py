# SPDX-License-Identifier: Apache-2.0
"""Several processes train what one trains, started as users start them."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, distributed, multiprocessing

from portrait_core.errors import PortraitError, UsageError
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.log import RunLog
from portrait_core.training.adversarial.networks import body_of, build_networks, with_body
from portrait_core.training.adversarial.phases import Phases
from portrait_core.training.adversarial.processes import Processes
from portrait_core.training.adversarial.run import Tick, train_gan
from portrait_core.training.adversarial.run_folder import STATE, RunOptions
from portrait_core.training.adversarial.state import read_state
from portrait_core.weights.checkpoint import load_weights
from portrait_core.weights.registry import find_model

ROOT = Path(__file__).parents[3]


def written(config: TrainingConfig, path: Path) -> Path:
    """A configuration as a file that the command reads."""
    lines = ['base = "tiny"']
    for table, values in {"": config.to_dict(), **_tables(config.to_dict())}.items():
        lines += [f"[{table}]"] if table else []
        lines += [
            f"{name} = {json.dumps(value)}"
            for name, value in values.items()
            if not isinstance(value, dict) and value is not None and name != "name"
        ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _tables(values: dict[str, object], prefix: str = "") -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found[prefix + name] = value
            found |= _tables(value, f"{prefix}{name}.")
    return found


def torchrun(*words: str, processes: int = 2) -> subprocess.Popen[str]:
    """`portrait train gan` in several processes on this machine."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return subprocess.Popen(
        [*start, "-m", "cli.main", "train", "gan", "--device", "cpu", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def assert_same(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> None:
    """Equal to a millionth of a tensor's largest number, or of 1: mapping layers hold numbers of hundreds.

    Remembered pictures are kept in 16 bits, where a millionth may be a step of the last one.
    """
    assert ours.keys() == theirs.keys()
    for name, mine in ours.items():
        limit = torch.finfo(torch.float16).eps if mine.dtype == torch.float16 else 1e-6
        apart = (mine.double() - theirs[name].double()).abs().max()
        assert apart <= limit * max(1.0, float(mine.double().abs().max())), name


def test_two_processes_move_as_one_with_two_parts(small: TrainingConfig, balls: Path) -> None:
    """Weights after three iterations, gradients gathered by gloo; the second iteration has a penalty too."""
    config = dataclasses.replace(small, d_reg_interval=2)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    told: Any = context.SimpleQueue()
    started = [
        context.Process(target=_take_part, args=(rank, port, config, str(balls), told), daemon=True)
        for rank in range(2)
    ]
    for each in started:
        each.start()
    alone = _weights(dataclasses.replace(config, batch_gpu=2), balls, Processes())
    answers: dict[int, dict[str, np.ndarray]] = dict(told.get() for _ in started)
    for each in started:
        each.join(60)
        assert each.exitcode == 0
    for found in answers.values():
        assert_same(alone, {name: torch.as_tensor(each) for name, each in found.items()})
    other = _weights(config, balls, Processes())
    assert (other["G.torgb.weight"] - alone["G.torgb.weight"]).abs().max() > 1e-4, "parts draw their own numbers"


def _take_part(rank: int, port: int, config: TrainingConfig, data: str, told: Any) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", rank=rank, world_size=2)
    weights = _weights(config, Path(data), Processes(rank, 2))
    told.put((rank, {name: each.numpy() for name, each in weights.items()}))
    distributed.destroy_process_group()


def _weights(config: TrainingConfig, data: Path, processes: Processes) -> dict[str, Tensor]:
    """All networks after three iterations."""
    body = body_of(load_weights(find_model("starter")), config)
    config = with_body(config, body)
    pictures = PortraitData(data, size=config.generator.img_resolution)
    phases = Phases(build_networks(config, body), config, pictures, torch.device("cpu"), processes)
    for number in range(3):
        phases.iteration(number, number * config.batch)
    return {
        f"{room}.{name}": each
        for room, module in phases.networks.named().items()
        for name, each in module.state_dict().items()
        if "renderer" not in name
    }


@pytest.mark.sweep
def test_two_processes_by_the_command_are_one_with_two_parts(
    small: TrainingConfig, balls: Path, tmp_path: Path
) -> None:
    """The same four images a step and the same numbers: gradients, both penalties, style average, logged losses."""
    config = dataclasses.replace(small, kimg=0.024, d_reg_interval=3, snap=100)
    alone, both = tmp_path / "alone", tmp_path / "both"
    running = torchrun(
        *("--config", str(written(config, tmp_path / "small.toml")), "--data", str(balls), "--out", str(both))
    )
    train_gan(dataclasses.replace(config, batch_gpu=2), RunOptions(balls, alone))
    told, errors = running.communicate(timeout=300)
    assert running.returncode == 0, errors
    ours, theirs = load_file(alone / STATE), load_file(both / STATE)
    assert ours.keys() == theirs.keys()
    assert_same(ours, theirs)
    assert not torch.equal(ours["G_ema.backbone.mapping.w_avg"], torch.zeros(16))
    assert told.count("kimg") == 1, "the first process speaks"
    losses = [[line for line in RunLog.read(each) if line["event"] == "tick"] for each in (alone, both)]
    for mine, other in zip(*losses, strict=True):
        for name in ("G", "prior", "D_fake", "D_real", "D_pose"):
            assert mine[name] == pytest.approx(other[name], abs=2e-6), "logged losses are those of all processes"


def begun(config: TrainingConfig, balls: Path, tmp_path: Path) -> tuple[subprocess.Popen[str], Path]:
    """A long training in two processes that has come to its first tick, and its folder."""
    out = tmp_path / "run"
    config = dataclasses.replace(config, kimg=1000, kimg_per_tick=0.008, snap=1000)
    file = written(config, tmp_path / "small.toml")
    running = torchrun("--config", str(file), "--data", str(balls), "--out", str(out))
    until = time.monotonic() + 600
    while not any(line["event"] == "tick" for line in RunLog.read(out)):
        if running.poll() is not None or time.monotonic() > until:
            running.kill()
            raise AssertionError(running.communicate()[1])
        time.sleep(0.5)
    return running, out


@pytest.mark.sweep
def test_ctrl_c_ends_both_with_everything_saved(small: TrainingConfig, balls: Path, tmp_path: Path) -> None:
    running, out = begun(small, balls, tmp_path)
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=120)
    assert read_state(out / STATE)[0]["iteration"] >= 2, errors
    assert "another process" not in errors and "portrait: " not in errors, errors
    reached = train_gan(None, RunOptions(balls, out, resume=True, max_minutes=0.001))
    assert reached.iteration >= 3, "one process goes on"


@pytest.mark.sweep
def test_a_process_that_is_lost_ends_the_other_with_a_line(small: TrainingConfig, balls: Path, tmp_path: Path) -> None:
    running, out = begun(small, balls, tmp_path)
    [second] = [
        each for each in psutil.Process(running.pid).children(recursive=True) if each.environ().get("RANK") == "1"
    ]
    second.kill()
    _, errors = running.communicate(timeout=120)
    assert running.returncode != 0
    assert errors.count("another process of this training has ended") == 1, errors
    assert read_state(out / STATE)[0]["iteration"] == 0, "the snapshot at the start is kept"


@pytest.mark.sweep
def test_ray_trains_what_torchrun_trains(small: TrainingConfig, balls: Path, tmp_path: Path) -> None:
    # Without its own dependencies it raises an ImportError of the general kind.
    reason = "Ray Train is not installed: pip install 'portraitkit[cluster]'"
    pytest.importorskip("ray.train", exc_type=ImportError, reason=reason)
    from portrait_core.training.adversarial.cluster import Cluster, train_on_cluster

    config = dataclasses.replace(small, kimg=0.024, d_reg_interval=3, snap=100)
    heard: list[Tick] = []
    reached = train_on_cluster(config, RunOptions(balls, tmp_path / "ray"), Cluster(workers=2), heard.append)
    train_gan(dataclasses.replace(config, batch_gpu=2), RunOptions(balls, tmp_path / "alone"))
    assert (reached.iteration, reached.images) == (6, 24)
    assert [round(tick.kimg, 3) for tick in heard] == [0.016, 0.024]
    assert_same(load_file(tmp_path / "alone" / STATE), load_file(tmp_path / "ray" / STATE))
    with pytest.raises(PortraitError, match="holds a run already"):
        train_on_cluster(config, RunOptions(balls, tmp_path / "ray"), Cluster(workers=2))
    with pytest.raises(UsageError, match="4000 workers need 4000 CPU"):
        train_on_cluster(config, RunOptions(balls, tmp_path / "other"), Cluster(workers=4000))
