# SPDX-License-Identifier: Apache-2.0
"""``portrait train gan``: a generator and a discriminator of your own, trained against each other."""

from __future__ import annotations

import os
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import AsJson, Device, Quiet
from cli.show import Show
from portrait_core.errors import UsageError

CONFIGS = "full-head, full-head-2, full-head-3 (the published stages), world-64, tiny"


def gan(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="RUN", help="The run's folder; made if missing.")],
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="ZIP|FOLDER", help="Pictures with dataset.json, or what `train data` wrote."),
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option("--masks", metavar="ZIP|FOLDER", help="The masks, where they do not lie beside the pictures."),
    ] = None,
    config: Annotated[
        str | None, typer.Option("--config", metavar="NAME|FILE", help=f"{CONFIGS}, or a .toml file.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Another value in the configuration; may be repeated."),
    ] = None,
    held_out: Annotated[
        Path | None,
        typer.Option("--held-out", metavar="FOLDER", help="Persons to measure read poses on; needs their true poses."),
    ] = None,
    start: Annotated[
        Path | None, typer.Option("--start", metavar="RUN", help="Begin with the networks of another run.")
    ] = None,
    body: Annotated[
        str, typer.Option("--body", metavar="MODEL", help="The model whose body template is bent.")
    ] = "starter",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out, bit by bit as it was.")
    ] = False,
    max_minutes: Annotated[
        float | None, typer.Option("--max-minutes", help="Stop after this long, with everything saved.")
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="CPU threads; all of them if not given.")] = None,
    engine: Annotated[
        str, typer.Option("--engine", metavar="local|ray", help="This process (or torchrun's), or a Ray cluster.")
    ] = "local",
    workers: Annotated[
        int | None, typer.Option("--workers", "-w", min=1, max=4096, help="Processes on the cluster.")
    ] = None,
    ray_address: Annotated[
        str | None, typer.Option("--ray-address", help="Of the cluster. [default: RAY_ADDRESS, or a new one here]")
    ] = None,
    device: Device = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train a generator on portraits whose body poses are only roughly known; it learns the poses on the way.

    Ctrl-C ends with a snapshot. Every snapshot is a model: `portrait generate -m RUN` opens the last one.
    """
    for label, number in (("--max-minutes", max_minutes), ("--threads", threads)):
        # written so that NaN fails as well
        if number is not None and not number > 0:
            raise UsageError(f"{label} is {number:g}; it must be above 0.")
    if resume and start is not None:
        raise UsageError("--resume and --start exclude each other: a run goes on, or begins with another's networks.")
    if engine not in ("local", "ray"):
        raise UsageError(f"--engine {engine!r} is not known; there are local and ray.")
    if engine == "local" and (workers is not None or ray_address is not None):
        raise UsageError("--workers and --ray-address are of --engine ray; on one machine torchrun starts processes.")
    if engine == "ray" and workers is None:
        raise UsageError(
            "--engine ray needs --workers: how many processes train, a graphics card each where there are."
        )
    changes = dict(_setting(each) for each in settings or ())
    # Of the processes that torchrun starts, the first one speaks.
    show = Show(as_json=as_json, quiet=quiet or os.environ.get("RANK", "0") != "0")
    with show.progress("training") as watcher:
        watcher.begin("training")
        watcher("set-up", 0.0)
        import torch

        from portrait_core.runtime.devices import choose_device
        from portrait_core.training.adversarial.config import read_config
        from portrait_core.training.adversarial.named_configs import NAMED
        from portrait_core.training.adversarial.processes import ToldElsewhereError
        from portrait_core.training.adversarial.run import Tick, train_gan
        from portrait_core.training.adversarial.run_folder import RunOptions

        if threads is not None:
            torch.set_num_threads(threads)
        chosen = None if config is None else read_config(config, NAMED)
        if changes:
            if chosen is None:
                raise UsageError("--set changes a configuration: name it by --config.")
            chosen = chosen.changed(changes)
        options = RunOptions(
            data=_data_of(data, out, resume=resume),
            out=out,
            masks=masks,
            held_out=held_out,
            resume=resume,
            start=start,
            body=body,
            max_minutes=max_minutes,
            device=choose_device(device),
            command=shlex.join(["portrait", *sys.argv[1:]]),
        )

        def tell(tick: Tick) -> None:
            watcher("training", tick.kimg / tick.total)
            show.note(_line(tick))

        try:
            if engine == "ray":
                from portrait_core.training.adversarial.cluster import Cluster, train_on_cluster

                cards = device == "cuda" or options.device.type == "cuda"
                asked = Cluster(workers or 1, threads or 1, cards, ray_address)
                reached = train_on_cluster(chosen, options, asked, tell)
            else:
                reached = train_gan(chosen, options, tell)
        except ToldElsewhereError as error:
            raise typer.Exit(error.exit_code) from None
        watcher.finish()
    show.result(
        f"{out}  {reached.images / 1000:.1f} kimg",
        {"event": "run", "path": str(out), "iteration": reached.iteration, "kimg": reached.images / 1000},
    )


def _line(tick: object) -> str:
    """One line about a tick: images, speed, time left, losses."""
    facts: Any = tick
    minutes = facts.seconds_left / 60
    left = f"{minutes / 60:.1f} h" if minutes >= 90 else f"{minutes:.0f} min"
    losses = "  ".join(f"{name} {value:.3g}" for name, value in facts.losses.items())
    return f"{facts.kimg:.1f} of {facts.total:g} kimg  {facts.images_per_second:.1f} images/s  {left} left  {losses}"


def _setting(text: str) -> tuple[str, Any]:
    """``NAME=VALUE`` as a name and a value of TOML; what is none is a text."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"--set {text!r}: expected NAME=VALUE, as in --set gamma=0.5.")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value.strip()


def _data_of(data: Path | None, out: Path, *, resume: bool) -> Path:
    """The data set's place; of a resumed run the one that it had, unless another is named."""
    if data is not None:
        return data
    if not resume:
        raise UsageError("--data is missing: the zip or folder of the pictures to learn from.")
    import json

    try:
        return Path(json.loads((out / "config.json").read_text(encoding="utf-8"))["data"]["data"])
    except OSError:
        raise UsageError(f"--resume: {out} holds no run (config.json is not there).") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"--resume: {out / 'config.json'} is damaged ({error}).") from None
