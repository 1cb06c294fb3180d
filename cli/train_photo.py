# SPDX-License-Identifier: Apache-2.0
"""``portrait train photo``: the small network that reads cameras off photographs, made anew."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from cli.options import AsJson, Overwrite, Quiet
from cli.outputs import prepare_folder, refuse_existing
from cli.show import Show
from portrait_core.errors import UsageError


def photo(
    data: Annotated[
        list[Path],
        typer.Option(
            "--data",
            metavar="FOLDER",
            help="What `portrait train data --views 20 --size 64` wrote; may be repeated.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The weights file to write.")] = Path(
        "runs/view_network.safetensors"
    ),
    steps: Annotated[int, typer.Option("--steps", help="How many steps.")] = 12_000,
    batch: Annotated[int, typer.Option("--batch", help="Portraits of a step.")] = 48,
    minutes: Annotated[float | None, typer.Option("--minutes", help="Stop after this long, with all saved.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="CPU threads; all of them if not given.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of every random number in the training.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an earlier run stopped.")] = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train the network of cameras on portraits of the world, in other light, colours, hats, crops and blur."""
    for label, number in (("--steps", steps), ("--batch", batch), ("--minutes", minutes), ("--threads", threads)):
        # written so that NaN fails as well
        if number is not None and not number > 0:
            raise UsageError(f"{label} is {number:g}; it must be above 0.")
    if not 0 <= seed < 2**32:
        raise UsageError(f"seed {seed} is out of range; seeds go from 0 to {2**32 - 1}.")
    for folder in data:
        if not folder.is_dir():
            raise UsageError(f"--data {folder} is not a folder.")
    if out.suffix != ".safetensors":
        raise UsageError(f"--out {out} must end in .safetensors.")
    refuse_existing([out], overwrite=overwrite or resume)
    prepare_folder(out.parent)
    show = Show(as_json=as_json, quiet=quiet)
    begin = time.perf_counter()
    with show.progress("training") as watcher:
        watcher.begin("training")
        watcher("set-up", 0.0)
        import torch

        from portrait_core.training.view_network import ViewTraining, train_view_network

        if threads is not None:
            torch.set_num_threads(threads)
        config = ViewTraining(steps=steps, batch=batch, seed=seed)
        report = train_view_network(config, data, out, resume=resume, minutes=minutes, progress=watcher)
        watcher.finish()
    seconds = time.perf_counter() - begin
    told = "  ".join(f"{name} {value:.2f}" for name, value in report.items())
    show.result(
        f"{out}  {out.stat().st_size / 1e6:.2f} MB  {seconds:.0f} s\n  {told}",
        {"event": "view_network", "path": str(out), "measured": report, "seconds": round(seconds, 3)},
    )
