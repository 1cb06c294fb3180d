# SPDX-License-Identifier: Apache-2.0
"""A run is a folder: it goes on bit by bit, survives what ends it, and its snapshots are models."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from cli.main import main
from portrait_core.errors import ModelFileError, OutputError, UsageError
from portrait_core.models.load import load_model
from portrait_core.recipe import Recipe
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.log import RunLog
from portrait_core.training.adversarial.networks import template_of
from portrait_core.training.adversarial.phases import Phases
from portrait_core.training.adversarial.run import DivergedError, Tick, train_gan
from portrait_core.training.adversarial.run_folder import STATE, RunOptions
from portrait_core.weights.checkpoint import load_weights
from portrait_core.weights.registry import find_model

DataMaker = Callable[..., Path]


@pytest.fixture(scope="module")
def whole(small: TrainingConfig, balls: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 16 iterations in one piece."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    heard: list[Tick] = []
    reached = train_gan(small, RunOptions(balls, out, held_out=balls), heard.append)
    assert (reached.iteration, reached.images) == (16, 64)
    assert [round(tick.kimg, 3) for tick in heard] == [0.016, 0.032, 0.048, 0.064]
    assert all(tick.images_per_second > 0 for tick in heard) and heard[-1].seconds_left == 0
    return out


def assert_equal_states(ours: Path, theirs: Path) -> None:
    a, b = load_file(ours / STATE), load_file(theirs / STATE)
    assert a.keys() == b.keys()
    assert len([name for name in a if name.startswith("opt_")]) > 100
    assert [name for name in a if not torch.equal(a[name], b[name])] == []


def test_a_resumed_run_is_the_run_bit_by_bit(small: TrainingConfig, balls: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "parts"
    train_gan(dataclasses.replace(small, kimg=0.028), RunOptions(balls, out, held_out=balls))
    train_gan(dataclasses.replace(small, kimg=0.04), RunOptions(balls, out, held_out=balls, resume=True))
    train_gan(small, RunOptions(balls, out, held_out=balls, resume=True))
    assert_equal_states(whole, out)
    last = [line for line in RunLog.read(out) if line["event"] == "figures"][-1]
    [wanted] = [line for line in RunLog.read(whole) if line["event"] == "figures" and line["iteration"] == 16]
    assert last == wanted
    (name,) = {path.name for path in whole.glob("snapshot-0*64.safetensors")}
    assert (out / name).read_bytes() == (whole / name).read_bytes()


def test_pictures_of_a_run_whose_resolution_grows(small: TrainingConfig, balls: Path, tmp_path: Path) -> None:
    """Rendered at 9 to 16 pixels beside data of 16: every grid has the same places."""
    growing = dataclasses.replace(
        small,
        kimg=0.032,
        neural_rendering_resolution_initial=9,
        neural_rendering_resolution_final=16,
        neural_rendering_resolution_fade_kimg=0.048,
    )
    train_gan(growing, RunOptions(balls, tmp_path / "run"))
    sizes: dict[str, set[tuple[int, int]]] = {}
    for path in sorted((tmp_path / "run" / "pictures").glob("*.png")):
        with Image.open(path) as grid:
            sizes.setdefault(path.name.split("-")[0], set()).add(grid.size)
    assert sizes == {"fakes": {(1028, 384)}, "turntable": {(512, 512)}, "posed": {(512, 256)}}


def test_ctrl_c_saves_and_what_came_after_a_kill_is_done_again(
    small: TrainingConfig, balls: Path, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "stopped"
    # As at a prompt; a program in the background may have been told to ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt(tick: Tick) -> None:
        if round(tick.kimg, 3) == 0.016:
            os.kill(os.getpid(), signal.SIGINT)

    reached = train_gan(small, RunOptions(balls, out, held_out=balls), interrupt)
    assert reached.iteration == 5, "the iteration that ran was finished, no other"
    # Lines of work that a kill has undone: they stand after the state's iteration, the last is cut.
    with (out / "log.jsonl").open("a") as log:
        log.write(json.dumps({"event": "tick", "iteration": 7, "kimg": 0.028}) + '\n{"event": "ti')
    train_gan(None, RunOptions(balls, out, held_out=balls, resume=True))
    assert_equal_states(whole, out)
    ticks = [line["iteration"] for line in RunLog.read(out) if line["event"] == "tick"]
    assert ticks == [4, 5, 8, 12, 16]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_snapshots_are_models_with_their_body(whole: Path, small: TrainingConfig) -> None:
    path = find_model(whole)
    assert path.name == "snapshot-000000.064.safetensors"
    with pytest.raises(UsageError, match="without snapshots"):
        find_model(whole / "pictures")
    model: Any = load_model(path)
    template = model.template
    assert template.vertices.shape == (3001, 3)
    assert abs(template.joints - template_of(load_weights(find_model("starter"))).joints).max() < 1e-4
    from portrait_core.cameras import Camera

    person = model.person(Recipe(seed=3))
    seen = person.render(Camera.orbit(0.3, 0.0), {"neck": (0.0, 0.4, 0.0)}, 16)
    assert seen["image"].shape == (16, 16, 3)
    other = person.render(Camera.orbit(0.3, 0.0), {}, 16)
    assert (seen["mask"] != other["mask"]).any(), "the pose bends it"
    assert model.header.training.metrics["pose_way"] == small.pose_way
    assert model.capabilities >= {"predict_pose"}


def test_what_a_run_writes(whole: Path) -> None:
    names = {path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file()}
    pictures = {
        f"pictures/{kind}-{kimg}.png"
        for kind in ("fakes", "turntable", "posed")
        for kimg in ("000000.000", "000000.064")
    }
    assert names >= pictures | {"config.json", "log.jsonl", STATE, "snapshot-000000.032.safetensors"}
    figures = [line for line in RunLog.read(whole) if line["event"] == "figures"]
    assert [line["iteration"] for line in figures] == [0, 8, 16]
    for line in figures:
        assert 0 < line["mask_iou"] <= 1 and line["distance"] > 0
        assert line["coarse"]["head_deg_centred"] < line["coarse"]["head_deg"] + 1e-6
        assert set(line["read"]["corr"]) == {"nod", "turn", "tilt"}
    ticks = [line for line in RunLog.read(whole) if line["event"] == "tick"]
    assert all(line["images_per_s"] > 0 and line["memory_mb"] > 0 for line in ticks)
    assert json.loads((whole / "config.json").read_text())["config"]["name"] == "small"


def test_what_cannot_be_resumed_is_told(
    small: TrainingConfig, balls: Path, make_data: DataMaker, whole: Path, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="holds a run already"):
        train_gan(small, RunOptions(balls, whole))
    with pytest.raises(UsageError, match=r"holds no run"):
        train_gan(small, RunOptions(balls, tmp_path, resume=True))
    with pytest.raises(UsageError, match=r"gamma is 5\.0 here and 0\.3"):
        train_gan(dataclasses.replace(small, gamma=5.0), RunOptions(balls, whole, resume=True))
    with pytest.raises(UsageError, match="another data set"):
        train_gan(None, RunOptions(make_data(tmp_path / "other", 64, seed=4), whole, resume=True))
    other = tmp_path / "damaged"
    other.mkdir()
    (other / "config.json").write_bytes((whole / "config.json").read_bytes())
    with pytest.raises(ModelFileError, match=r"no run to go on with"):
        train_gan(None, RunOptions(balls, other, resume=True))
    (other / STATE).write_bytes((whole / STATE).read_bytes()[:1000])
    with pytest.raises(ModelFileError, match="not the state"):
        train_gan(None, RunOptions(balls, other, resume=True))
    (other / STATE).write_bytes(find_model(whole).read_bytes())
    with pytest.raises(ModelFileError, match="not the state"):
        train_gan(None, RunOptions(balls, other, resume=True))


def test_networks_of_another_run_can_be_taken_over(
    small: TrainingConfig, balls: Path, whole: Path, tmp_path: Path
) -> None:
    config = dataclasses.replace(small, pose_way="published", train_g_pose_branch=False, kimg=0.072)
    reached = train_gan(config, RunOptions(balls, tmp_path / "second", start=whole))
    assert (reached.iteration, reached.images) == (2, 72)
    ours, theirs = load_file(tmp_path / "second" / STATE), load_file(whole / STATE)
    kept = [name for name in ours if name.startswith("G.pose_branch")]
    assert kept and all(torch.equal(ours[name], theirs[name]) for name in kept)
    assert not torch.equal(ours["G.backbone.synthesis.b4.const"], theirs["G.backbone.synthesis.b4.const"])
    wide = config.changed({"generator.features": 5})
    with pytest.raises(ModelFileError, match="networks of other sizes"):
        train_gan(wide, RunOptions(balls, tmp_path / "third", start=whole))


def test_a_run_goes_on_with_larger_pictures(
    small: TrainingConfig, make_data: DataMaker, whole: Path, tmp_path: Path
) -> None:
    wide = small.changed(
        {
            "kimg": 0.072,
            "neural_rendering_resolution_final": 32,
            "neural_rendering_resolution_fade_kimg": 0.004,
            "generator": {"img_resolution": 32, "neural_resolution": 32},
            "discriminator": {"img_resolution": 32},
        }
    )
    data = make_data(tmp_path / "wide", size=32)
    reached = train_gan(wide, RunOptions(data, tmp_path / "second", start=whole))
    assert (reached.iteration, reached.images) == (2, 72)
    ours, theirs = load_file(tmp_path / "second" / "snapshot-000000.064.safetensors"), load_file(whole / STATE)
    for name, each in theirs.items():
        room, _, rest = name.partition(".")
        if room == "D_ema" and "fromrgb" not in rest:
            assert torch.equal(ours[f"discriminator.{rest}"], each), "taken over as it was"
    assert any("b32.fromrgb" in name for name in ours) and not any("b16.fromrgb" in name for name in ours)
    with pytest.raises(ModelFileError, match="networks of other sizes"):
        train_gan(wide.changed({"discriminator.channel_max": 8}), RunOptions(data, tmp_path / "third", start=whole))


def test_settings_and_data_that_do_not_fit_start_nothing(
    small: TrainingConfig, balls: Path, make_data: DataMaker, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    one = make_data(tmp_path / "one", 1)
    with pytest.raises(UsageError, match="has 1 pictures, fewer than the 4"):
        train_gan(small, RunOptions(one, out))
    with pytest.raises(UsageError, match="no multiple of 4"):
        train_gan(dataclasses.replace(small, batch=6), RunOptions(balls, out))
    with pytest.raises(UsageError, match="batch_gpu is 3; it must divide the 4"):
        train_gan(dataclasses.replace(small, batch_gpu=3), RunOptions(balls, out))
    with pytest.raises(UsageError, match="do not tell true poses"):
        untold = make_data(tmp_path / "untold", 8, change=lambda table, *_: table.pop("true_poses"))
        train_gan(small, RunOptions(balls, out, held_out=untold))
    with pytest.raises(UsageError, match="no configuration is named"):
        train_gan(None, RunOptions(balls, out))
    assert not out.exists()


def test_a_run_that_diverges_ends_and_keeps_its_snapshot(
    small: TrainingConfig, balls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    iteration = Phases.iteration

    def poisoned(self: Phases, number: int, images: int) -> Any:
        if number == 9:
            with torch.no_grad():
                self.networks.generator.torgb.weight.fill_(float("nan"))  # type: ignore[union-attr]
        return iteration(self, number, images)

    monkeypatch.setattr(Phases, "iteration", poisoned)
    with pytest.raises(DivergedError, match=r"diverged by iteration 12 .* is kept"):
        train_gan(small, RunOptions(balls, tmp_path))
    assert find_model(tmp_path).name == "snapshot-000000.032.safetensors"
    load_model(find_model(tmp_path))


def test_the_command(balls: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "gan", "--out", str(tmp_path / "run"), "--data", str(balls), "--config", "nothing"]) == 2
    assert "full-head" in capsys.readouterr().err
    for words, message in (
        (["--config", "tiny"], "--data is missing"),
        (["--config", "tiny", "--data", str(tmp_path / "no")], "does not exist"),
        (["--config", "tiny", "--data", str(balls)], "have 16 pixels, the configuration asks for 32"),
        (["--config", "tiny", "--data", str(balls), "--set", "gama=1"], "unknown setting gama. Did you mean gamma"),
        (["--config", "tiny", "--data", str(balls), "--set", "gamma=x"], "gamma is 'x'; expected a number"),
        (["--config", "tiny", "--data", str(balls), "--set", "gamma"], "expected NAME=VALUE"),
        (["--config", "tiny", "--data", str(balls), "--set", "pose_way=guess"], "pose_way is 'guess'; it is published"),
        (["--config", str(tmp_path / "no.toml"), "--data", str(balls)], "cannot read"),
        (["--resume"], "holds no run"),
        (["--max-minutes", "0", "--data", str(balls)], "--max-minutes is 0"),
        (["--resume", "--start", str(tmp_path)], "exclude each other"),
    ):
        assert main(["train", "gan", "--out", str(tmp_path / "run"), *words]) == 2
        told = capsys.readouterr().err
        assert message in told and len(told.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_smoke_training_learns(small: TrainingConfig, balls: Path, tmp_path: Path) -> None:
    """In seconds the pictures' distance falls to a third, and masks lie where the data's do."""
    config = dataclasses.replace(small, kimg=0.48, kimg_per_tick=0.24, snap=1)
    train_gan(config, RunOptions(balls, tmp_path))
    figures = [line for line in RunLog.read(tmp_path) if line["event"] == "figures"]
    assert figures[-1]["distance"] < figures[0]["distance"] / 3
    assert figures[-1]["mask_iou"] > figures[0]["mask_iou"] + 0.2
