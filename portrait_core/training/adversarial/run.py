# SPDX-License-Identifier: Apache-2.0
"""A training as a folder: its configuration, log, pictures, snapshots, and the state that it is resumed from.

Files: ``config.json``, ``log.jsonl``, ``state.safetensors``, ``snapshot-KIMG.safetensors`` (models that every command
opens), ``pictures/``, ``tensorboard/``. Whatever ends a run, all since the last snapshot is lost at most.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from portrait_core.errors import ModelFileError, PortraitError, UsageError
from portrait_core.files.whole_file import prepare_folder, whole_file
from portrait_core.runtime.memory import resident_bytes
from portrait_core.training.adversarial import figures
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.ends import SAME_STOP, DivergedError, interruptible, too_small
from portrait_core.training.adversarial.log import RunLog
from portrait_core.training.adversarial.moments import Moment
from portrait_core.training.adversarial.networks import body_of, build_networks, with_body
from portrait_core.training.adversarial.phases import Phases, Report
from portrait_core.training.adversarial.pictures import write_pictures
from portrait_core.training.adversarial.processes import Processes, ToldElsewhereError, joined, own_device
from portrait_core.training.adversarial.run_folder import CONFIG, STATE, STOP, RunOptions, agreed_config, stored_run
from portrait_core.training.adversarial.state import (
    Reached,
    load_networks,
    read_state,
    restore_state,
    save_snapshot,
    save_state,
)
from portrait_core.weights.checkpoint import load_weights
from portrait_core.weights.registry import find_model
from portrait_core.world.dataset_files import CARD

PICTURES = "pictures"


@dataclass(frozen=True)
class Tick:
    """What is told now and then: ``kimg`` of ``total``, images a second, seconds left (None at first), losses."""

    kimg: float
    total: float
    images_per_second: float
    seconds_left: float
    losses: dict[str, float]


Listener = Callable[[Tick], None]


def train_gan(config: TrainingConfig | None, options: RunOptions, listen: Listener = lambda _tick: None) -> Reached:
    """Train until ``config.kimg``, ``max_minutes`` or Ctrl-C, with everything saved at the end; how far that went.

    Args:
        config: None takes that of the run which is resumed.
        options: where from and where to.
        listen: hears of every tick.

    Raises:
        UsageError: settings or data that do not fit, told before anything is started.
        ModelFileError: a state or a body that does not fit.
        LostProcessError, ToldElsewhereError: another process has ended; or what ends all has been told by the first.
        OutputError: the folder holds a run already, or cannot be written.
        DivergedError: losses are no numbers any more; the last snapshot is kept.
    """
    options = replace(options, device=own_device(options.device))
    with joined(options.device) as processes:
        training: _Training | None = None
        failure: PortraitError | None = None
        try:
            stored = stored_run(options)
            config = agreed_config(config, stored, options)
            config.share(processes.count)
            training = _Training(config, options, stored, processes)
        except torch.OutOfMemoryError:
            assert config is not None  # networks were being built
            failure = too_small(config, processes.count)
        except PortraitError as error:
            failure = error
        processes.together(failure)
        assert training is not None and config is not None  # or there was a failure
        try:
            training.begin()
            return training.run(listen)
        except torch.OutOfMemoryError as error:
            raise too_small(config, processes.count) from error


class _Training:
    """A run at work."""

    def __init__(
        self, config: TrainingConfig, options: RunOptions, stored: dict[str, Any] | None, processes: Processes
    ) -> None:
        self.options, self.processes = options, processes
        size = config.generator.img_resolution
        self.data = PortraitData(options.data, options.masks, size=size, options=config.data)
        if len(self.data) < config.batch:
            raise UsageError(
                f"data set: {options.data} has {len(self.data)} pictures, fewer than the {config.batch} of a step. "
                "Nothing can be learnt from so few."
            )
        self.held_out = None if options.held_out is None else _held_out(options.held_out, size)
        body = body_of(load_weights(find_model(options.body)), config)
        self.config = config = with_body(config, body)
        networks = build_networks(config, body)
        reached = Reached(0, round(config.resume_kimg * 1000))
        if options.start is not None:
            path = options.start / STATE
            load_networks(path, read_state(path)[1], networks, grow=True)
        for each in networks.named().values():
            each.to(options.device)
        self.phases = Phases(networks, config, self.data, options.device, processes)
        facts = {"data": str(options.data), "digest": _digest(self.data), "body": options.body}
        if stored is not None:
            if stored["data"]["digest"] != facts["digest"]:
                raise UsageError(f"{options.out} was trained on another data set ({stored['data']['data']}).")
            reached = restore_state(options.out / STATE, networks, self.phases)
        self.resumed = stored is not None
        self.facts = facts
        self.networks, self.reached = networks, reached
        # A snapshot holds the body beside what was learnt of the data.
        self.licence = _licence(options.data) if options.body == "starter" else ""
        self.log: RunLog | None = None
        if processes.first:
            prepare_folder(options.out)

    def begin(self) -> None:
        """Write the run's first files; have all processes begin with the first one's networks."""
        out = self.options.out
        for each in self.networks.named().values():
            self.processes.copied_from_first(each.state_dict().values())
        if self.processes.first:
            (out / STOP).unlink(missing_ok=True)
            with whole_file(out / CONFIG, overwrite=True) as path:
                content = {"config": self.config.to_dict(), "data": self.facts}
                path.write_text(json.dumps(content, indent=1), encoding="utf-8")
            self.log = RunLog(out, after=self.reached.iteration if self.resumed else None)

    def run(self, listen: Listener) -> Reached:
        """Train."""
        config, end = self.config, self.config.kimg * 1000
        begun = last = time.monotonic()
        limit = math.inf if self.options.max_minutes is None else 60 * self.options.max_minutes
        heard: list[Report] = []
        asked_for = self.options.out / STOP
        with interruptible(0.0 if self.processes.count == 1 else SAME_STOP) as stop:
            if self.reached.iteration == 0:
                self._save(pictures=True)
                last = time.monotonic()
            while self.reached.images < end:
                before = self._ticks()
                heard.append(self.phases.iteration(self.reached.iteration, self.reached.images))
                self.reached = Reached(self.reached.iteration + 1, self.reached.images + config.batch)
                ticks = self._ticks()
                asked = stop.is_set() or (self.processes.first and asked_for.exists())
                enough = self.processes.agree(asked or time.monotonic() - begun > limit)
                ends = enough or self.reached.images >= end
                if ticks == before and not ends:
                    continue
                now = time.monotonic()
                speed = len(heard) * config.batch / max(now - last, 1e-9)
                self._tick(heard, speed, (end - self.reached.images) / speed, now - begun, listen)
                if ends or ticks % config.snap == 0:
                    self._save(pictures=ends or ticks % config.image_snap == 0)
                heard, last = [], time.monotonic()
                if ends:
                    break
        return self.reached

    def _ticks(self) -> int:
        """Whole ticks of this run: they end at the same images, however often it was resumed."""
        own = self.reached.images - round(self.config.resume_kimg * 1000)
        return math.floor(own / (self.config.kimg_per_tick * 1000) + 1e-9)

    def _tick(self, heard: list[Report], speed: float, left: float, spent: float, listen: Listener) -> None:
        own = {
            name: float(torch.stack([each[name] for each in heard if name in each]).mean())
            for name in dict.fromkeys(name for each in heard for name in each)
        }
        means = self.processes.mean_of(own)
        kimg = self.reached.images / 1000
        bad = next((name for name, value in means.items() if not math.isfinite(value)), None)
        if self.processes.agree(bad is not None):
            if not self.processes.first:
                raise ToldElsewhereError("the training has diverged")
            raise DivergedError(
                f"the training has diverged by iteration {self.reached.iteration} ({kimg:.1f} kimg): "
                f"{bad or 'a loss'} is not finite. The last snapshot in {self.options.out} is kept. Go on from it with "
                "lower rates (glr, dlr), or a higher gamma."
            )
        if self.log is not None:
            speeds = {"images_per_s": round(speed, 3), "seconds": round(spent, 1), "memory_mb": self._memory_mb()}
            rounded = {name: round(value, 6) for name, value in means.items()}
            self.log.write("tick", self.reached.iteration, kimg, rounded | speeds)
            listen(Tick(kimg, self.config.kimg, speed, left, means))

    def _memory_mb(self) -> int:
        """The card's at its highest, or this process's now."""
        if self.options.device.type == "cuda":
            return round(torch.cuda.max_memory_allocated(self.options.device) / 1e6)
        return round((resident_bytes() or 0) / 1e6)

    def _save(self, *, pictures: bool) -> None:
        """Snapshot first, state second: a state never stands for a snapshot that is not there."""
        if not self.processes.first or self.log is None:
            return
        out, reached, kimg = self.options.out, self.reached, self.reached.images / 1000
        facts = {"data": str(self.options.data), "command": self.options.command, "licence": self.licence}
        try:
            save_snapshot(out / f"snapshot-{kimg:010.3f}.safetensors", self.networks, self.config, reached, facts)
        except ModelFileError as error:
            raise DivergedError(
                f"the training has diverged by iteration {reached.iteration} ({error}). The last snapshot in {out} is "
                "kept."
            ) from error
        save_state(out / STATE, self.networks, self.phases, self.config, reached)
        moment = Moment.of(self.config, reached.images)
        fakes = figures.draw_fakes(self.phases, moment)
        found = figures.picture_figures(fakes, self.data)
        if self.held_out is not None:
            found |= self._pose_figures(self.held_out, moment)
        self.log.write("figures", reached.iteration, kimg, found)
        if pictures:
            write_pictures(out / PICTURES, self.phases, moment, fakes, kimg)

    def _pose_figures(self, held_out: PortraitData, moment: Moment) -> dict[str, Any]:
        assert held_out.true_poses is not None  # asked for when it was opened
        found: dict[str, Any] = {}
        for name, together in (("read", self.phases.at_once), ("read_alone", 1)):
            read = figures.read_poses(
                self.networks.discriminator_average,
                held_out,
                self.config,
                moment,
                device=self.options.device,
                together=together,
            )
            true = torch.as_tensor(held_out.true_poses[: len(read)])
            found[name] = figures.pose_figures(read, true)
        coarse = torch.as_tensor(held_out.labels[: figures.READ, 25:])
        found["coarse"] = figures.pose_figures(coarse, torch.as_tensor(held_out.true_poses[: figures.READ]))
        return found


def _held_out(path: Path, size: int) -> PortraitData:
    held_out = PortraitData(path, size=size)
    if held_out.true_poses is None:
        raise UsageError(
            f"{path}: its labels do not tell true poses. The portrait world's data with coarse noise write them."
        )
    return held_out


def _licence(data: Path) -> str:
    """What the card of a data set says, nothing where there is no card."""
    try:
        card: Any = json.loads((data / CARD).read_text(encoding="utf-8"))
        return str(card["licence"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _digest(data: PortraitData) -> str:
    sha = hashlib.sha256("\0".join(data.names).encode())
    sha.update(data.labels.tobytes())
    return sha.hexdigest()[:16]
