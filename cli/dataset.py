# SPDX-License-Identifier: Apache-2.0
"""``portrait dataset``: photographs into data sets to train on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from cli.options import AsJson, Quiet
from cli.photographs import tell_consent
from cli.show import Show
from portrait_core.errors import UsageError

app = typer.Typer(help="Data sets of photographs.", no_args_is_help=True)

SIZES = (64, 1024)


@app.callback()
def _group() -> None:  # pyright: ignore[reportUnusedFunction] - a group of one command stays a group
    """Data sets of photographs."""


@app.command("build")
def build(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Photographs, in it and in folders below.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="SET", help="The data set's folder; made if missing.")],
    size: Annotated[int, typer.Option("--size", help="Edge of the portraits in pixels, 64 to 1024.")] = 512,
    confidence: Annotated[
        float, typer.Option("--min-confidence", metavar="0..1", help="Leave portraits out that are less sure.")
    ] = 0.5,
    crop: Annotated[
        float, typer.Option("--min-pixels", metavar="N", help="Leave crops out that have fewer pixels a side.")
    ] = 128.0,
    blurred: Annotated[bool, typer.Option("--blurred", help="Keep blurred faces.")] = False,
    copies: Annotated[bool, typer.Option("--copies", help="Keep copies of the same picture.")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes that look at photographs. [default: one a core]")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also where another kind of data set lies in SET.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Photographs into the published data set: aligned portraits, masks, cameras and coarse poses.

    Writes images.zip (with dataset.json), masks.zip, result.json, visualization/, rejected.csv with the reason of all
    that is left out, yaws.svg, and index.html to look it through: decisions saved there are followed by the next build.
    What was looked at once is not looked at again; a build that was stopped goes on. `portrait train gan --data SET`
    reads it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.")
    if not SIZES[0] <= size <= SIZES[1]:
        raise UsageError(f"--size {size} is out of range; it goes from {SIZES[0]} to {SIZES[1]}.")
    # written so that NaN fails as well
    if not 0 <= confidence <= 1:
        raise UsageError(f"--min-confidence is {confidence:g}; it goes from 0 to 1.")
    if not 0 <= crop <= 10_000:
        raise UsageError(f"--min-pixels is {crop:g}; it goes from 0 to 10000.")
    if workers is not None and workers < 1:
        raise UsageError(f"--workers is {workers}; it must be above 0.")
    show = Show(as_json=as_json, quiet=quiet)
    tell_consent(show.note)
    begin = time.perf_counter()
    with show.progress("data set") as watcher:
        watcher.begin("data set")
        from portrait_core.photo.dataset_build import build_dataset
        from portrait_core.photo.dataset_filter import Wishes
        from portrait_core.runtime.cores import available_cores

        wishes = Wishes(confidence, crop, blurred, copies)
        many = workers or available_cores()
        built = build_dataset(
            folder, out, size=size, wishes=wishes, workers=many, overwrite=overwrite, progress=watcher
        )
        watcher.finish()
    seconds = time.perf_counter() - begin
    reasons = ", ".join(f"{count} {reason}" for reason, count in built.left_out.items()) or "none"
    show.result(
        f"{out}  {built.portraits} portraits of {built.photographs} photographs  {seconds:.0f} s\n"
        f"  left out: {reasons}\n  look through: {out / 'index.html'}",
        {"event": "dataset", "path": str(out), "photographs": built.photographs, "portraits": built.portraits}
        | {"left_out": built.left_out, "seconds": round(seconds, 3)},
    )
