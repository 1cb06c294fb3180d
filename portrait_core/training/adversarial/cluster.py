# SPDX-License-Identifier: Apache-2.0
"""The same training on a Ray cluster: Ray Train starts the processes and joins them, the training does the rest.

Every node needs portraitkit, and data set and run's folder under the same paths.
"""

from __future__ import annotations

import importlib
import logging
import os
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from portrait_core.errors import PortraitError, UsageError, remedy
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.ends import interruptible
from portrait_core.training.adversarial.log import BESIDE_LOSSES, RunLog
from portrait_core.training.adversarial.processes import ToldElsewhereError
from portrait_core.training.adversarial.run import Tick, train_gan
from portrait_core.training.adversarial.run_folder import STATE, STOP, RunOptions
from portrait_core.training.adversarial.state import Reached, read_state

POLL = 1.0
"""Seconds between two looks at the run's log."""


@dataclass(frozen=True)
class Cluster:
    """Where and how widely to train: ``workers`` processes of ``threads`` each, a card each where ``cards`` says so;
    ``address`` of a running cluster, None for the one that RAY_ADDRESS names, or a new one here."""

    workers: int
    threads: int = 1
    cards: bool = False
    address: str | None = None


def train_on_cluster(
    config: TrainingConfig | None,
    options: RunOptions,
    cluster: Cluster,
    listen: Callable[[Tick], None] = lambda _tick: None,
) -> Reached:
    """As `portrait_core.training.adversarial.run.train_gan`, in processes of a cluster.

    Ctrl-C asks them to end with everything saved.

    Raises:
        UsageError: Ray is missing, no cluster answers, or it has no room for the workers.
        PortraitError: what ended the training, as the first process told it.
    """
    ray, trainers = _ray()
    mine = not ray.is_initialized()
    if mine:
        here = cluster.address is None and "RAY_ADDRESS" not in os.environ
        fresh = {"include_dashboard": False} if here else {}
        try:
            ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR, **fresh)
        except Exception as error:  # Ray has bare ones among them
            told = " ".join(str(error).split())[:300]
            raise UsageError(f"Ray: no cluster at {cluster.address or 'this machine'}: {told}") from None
    try:
        _check_room(ray.cluster_resources(), cluster)
        with tempfile.TemporaryDirectory(prefix="portrait-ray-") as scratch:
            return _fitted(trainers, config, options, cluster, Path(scratch), listen)
    finally:
        if mine:
            ray.shutdown()


def _fitted(
    trainers: Any,
    config: TrainingConfig | None,
    options: RunOptions,
    cluster: Cluster,
    scratch: Path,
    listen: Callable[[Tick], None],
) -> Reached:
    train, train_torch = trainers
    # Absolute, since workers start in other folders; where they compute is theirs to find out.
    options = replace(
        options,
        data=options.data.resolve(),
        out=options.out.resolve(),
        device=torch.device("cuda" if cluster.cards else "cpu"),
    )
    trainer = train_torch.TorchTrainer(
        _work,
        train_loop_config={"config": config, "options": options, "threads": cluster.threads, "told": str(scratch)},
        scaling_config=train.ScalingConfig(
            num_workers=cluster.workers, use_gpu=cluster.cards, resources_per_worker={"CPU": cluster.threads}
        ),
        run_config=train.RunConfig(storage_path=str(scratch), name="run"),
    )
    with ThreadPoolExecutor(1) as one, interruptible(0.0) as stop:
        fitting = one.submit(trainer.fit)
        heard = len(RunLog.read(options.out))
        done = threading.Event()
        fitting.add_done_callback(lambda _: done.set())
        while not done.wait(POLL):
            heard = _told_ticks(options.out, heard, config, listen)
            if stop.is_set() and options.out.is_dir():
                (options.out / STOP).touch()
        _told_ticks(options.out, heard, config, listen)
    failed = fitting.exception()
    message = scratch / "error"
    if message.exists():
        raise PortraitError(message.read_text(encoding="utf-8"))
    if failed is not None:
        told = f"{type(failed).__name__}: {' '.join(str(failed).split())[:300]}"
        raise PortraitError(
            f"Ray: the training's processes have ended ({told}). "
            "What was learnt since the last snapshot is lost; the run can be resumed from there."
        ) from failed
    facts = read_state(options.out / STATE)[0]
    return Reached(int(facts["iteration"]), int(facts["images"]))


def _work(facts: dict[str, Any]) -> None:
    """What runs in a process of the cluster; Ray Train has joined them already."""
    torch.set_num_threads(facts["threads"])
    try:
        train_gan(facts["config"], facts["options"])
    except ToldElsewhereError:
        raise
    except PortraitError as error:
        try:
            (Path(facts["told"]) / "error").write_text(str(error), encoding="utf-8")
        except OSError:  # another machine: Ray carries the text
            raise error from None
        raise


def _told_ticks(out: Path, heard: int, config: TrainingConfig | None, listen: Callable[[Tick], None]) -> int:
    """Tell what has come to the log since ``heard`` lines; how many there are now."""
    lines = RunLog.read(out)
    for line in lines[heard:]:
        if line.get("event") == "tick":
            total = line["kimg"] if config is None else config.kimg
            speed = line["images_per_s"]
            left = (total - line["kimg"]) * 1000 / max(speed, 1e-9)
            losses = {name: value for name, value in line.items() if name not in BESIDE_LOSSES}
            listen(Tick(line["kimg"], total, speed, left, losses))
    return max(heard, len(lines))


def _ray() -> tuple[Any, tuple[Any, Any]]:
    try:
        ray: Any = importlib.import_module("ray")
        return ray, (importlib.import_module("ray.train"), importlib.import_module("ray.train.torch"))
    except ImportError:
        told = remedy("install", extra="cluster", package="ray[train]")
        raise UsageError(
            "a cluster needs the package ray with its part `train`, which is missing.", remedy=told
        ) from None


def _check_room(resources: dict[str, float], cluster: Cluster) -> None:
    for kind, each in (("CPU", cluster.threads), ("GPU", 1 if cluster.cards else 0)):
        if resources.get(kind, 0.0) < cluster.workers * each:
            raise UsageError(
                f"Ray: {cluster.workers} workers need {cluster.workers * each} {kind}; the cluster has "
                f"{resources.get(kind, 0.0):g}. Ask for fewer workers."
            )
