# SPDX-License-Identifier: Apache-2.0
"""``portrait metrics``: how good generators are, by numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import AsJson, Device, Quiet
from cli.show import Show
from portrait_core.errors import UsageError


def metrics(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MODEL|RUN]...", help="Models, snapshots, or run folders (their last snapshot)."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="ZIP|FOLDER", help="Pictures to compare with, as for `train gan`."),
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option("--masks", metavar="ZIP|FOLDER", help="The masks, where they do not lie beside the pictures."),
    ] = None,
    measures: Annotated[
        str, typer.Option("--measures", metavar="NAMES", help="lite0_kid, lite0_fd, pixel_distance; with commas.")
    ] = "lite0_kid,lite0_fd,pixel_distance",
    count: Annotated[int, typer.Option("--count", "-n", help="Generated pictures.")] = 192,
    reals: Annotated[int, typer.Option("--reals", help="Pictures of the data set, at most.")] = 192,
    size: Annotated[
        int | None, typer.Option("--size", help="Side in pixels that the data is brought to. [default: the models']")
    ] = None,
    poses: Annotated[
        str, typer.Option("--poses", metavar="generator|discriminator|labels", help="Where poses come from.")
    ] = "generator",
    conditioning: Annotated[
        str,
        typer.Option(
            "--conditioning",
            metavar="identical|separate|both",
            help="Whether the mapping sees the camera and pose that are shown, or another draw's.",
        ),
    ] = "both",
    warp: Annotated[
        str, typer.Option("--warp", metavar="exact|lattice", help="How poses bend space; a lattice is quicker.")
    ] = "exact",
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Also half of the data's persons against the rest; noisy; blurred.")
    ] = False,
    batch: Annotated[int, typer.Option("--batch", help="Pictures at a time; 0 for a number by size.")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Of everything that is drawn.")] = 0,
    threads: Annotated[int | None, typer.Option("--threads", help="CPU threads; all of them if not given.")] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither keep nor use features of earlier runs.")
    ] = False,
    device: Device = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure models against the pictures of a data set."""
    if data is None:
        raise UsageError("--data is missing: the zip or folder of the pictures to compare with.")
    ways = ("identical", "separate") if conditioning == "both" else (conditioning,)
    show = Show(as_json=as_json, quiet=quiet)
    with show.progress("metrics") as watcher:
        watcher.begin("metrics")
        watcher("set-up", 0.0)
        import torch

        from portrait_core.metrics.measure import MeasureOptions, measure
        from portrait_core.runtime.devices import choose_device
        from portrait_core.runtime.own_folders import cache_folder
        from portrait_core.weights.registry import find_model

        if threads is not None:
            torch.set_num_threads(threads)
        options = MeasureOptions(
            measures=tuple(each.strip() for each in measures.split(",") if each.strip()),
            count=count,
            reals=reals,
            size=size,
            poses=poses,  # pyright: ignore
            conditionings=ways,  # pyright: ignore
            warp=warp,  # pyright: ignore
            baselines=baselines,
            together=batch,
            seed=seed,
            cache=None if no_cache else cache_folder() / "features",
        )
        named = [(each, find_model(each)) for each in models or ()]
        rows = measure(named, data, masks, options, choose_device(device), watcher)
        watcher.finish()
    for row in rows:
        told = "  ".join(f"{name} {value:.4g}" for name, value in row.figures.items())
        show.result(f"{row.name}  {told}", {"event": "metrics", "name": row.name, **row.facts, **row.figures})
