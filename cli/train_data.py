# SPDX-License-Identifier: Apache-2.0
"""``portrait train data``: labelled portraits to train on and to measure with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from cli.options import AsJson, Overwrite, Quiet
from cli.outputs import prepare_folder, refuse_existing
from cli.show import Show
from portrait_core.errors import UsageError

WORKERS_FROM = 200
"""Portraits from which on processes beside this one pay: each of them loads the world first."""


def data(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the files go; made if missing.")],
    count: Annotated[int, typer.Option("--count", "-n", help="How many persons.")] = 100,
    views: Annotated[
        int, typer.Option("--views", help="Portraits a person, each with its own camera and pose; many are quick.")
    ] = 1,
    size: Annotated[int, typer.Option("--size", help="Edge of a picture in pixels, 16 to 4096.")] = 512,
    seed: Annotated[int, typer.Option("--seed", help="Of cameras, poses and backgrounds.")] = 0,
    first: Annotated[
        int, typer.Option("--first", metavar="SEED", help="Seed of the first person; the others' follow it.")
    ] = 0,
    background: Annotated[
        str,
        typer.Option("--background", metavar="random|grey|white", help="The plain colour behind the person."),
    ] = "random",
    correlation: Annotated[
        float,
        typer.Option(
            "--pose-camera-correlation",
            metavar="0..1",
            help="How far heads turn towards the camera, as in photographs.",
        ),
    ] = 0.0,
    coarse_noise: Annotated[
        float,
        typer.Option("--coarse-noise", metavar="RADIANS", help="Deviation of the error of the labels' pose numbers."),
    ] = 0.0,
    coarse_bias: Annotated[
        float,
        typer.Option("--coarse-bias", metavar="RADIANS", help="Error that the poses of all labels share."),
    ] = 0.0,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="Processes that render; one a core for large data sets if not given."),
    ] = None,
    assets: Annotated[
        Path | None,
        typer.Option("--assets", metavar="FOLDER", help="The MakeHuman/MPFB data folder of the world."),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Render portraits of the procedural world in the published data-set format, with masks, depths and truth.

    A run that was stopped goes on where it was when the same command is given again.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"--workers is {workers}; it must be above 0.")
    if assets is not None and not assets.is_dir():
        raise UsageError(f"--assets {assets} is not a folder.")
    from portrait_core.world.dataset_files import BACKGROUNDS, FILES, DatasetConfig, is_complete

    for choice in BACKGROUNDS:
        if choice == background:
            config = DatasetConfig(count, size, seed, first, choice, views, correlation, coarse_noise, coarse_bias)
            break
    else:
        raise UsageError(f"--background {background!r} is not known; it is {', '.join(BACKGROUNDS)}.")
    show = Show(as_json=as_json, quiet=quiet)
    begin = time.perf_counter()
    made = overwrite or not is_complete(out, config)
    if made:
        refuse_existing([out / name for name in FILES], overwrite=overwrite)
        from portrait_core.world.assets import find_assets

        folders = find_assets(assets)
        prepare_folder(out)
        with show.progress("data set") as watcher:
            watcher.begin("data set")
            watcher("world", 0.0)
            from portrait_core.runtime.cores import available_cores
            from portrait_core.world.bust import PortraitWorld
            from portrait_core.world.dataset import write_dataset

            # Made here in any case: the first world of a machine fills the cache that those of the workers read.
            world = PortraitWorld(folders)
            many = workers or (available_cores() if config.portraits >= WORKERS_FROM else 1)
            source = world if many == 1 else folders
            del world
            write_dataset(source, out, config, watcher, overwrite=overwrite, workers=many)
            watcher.finish()
    seconds = time.perf_counter() - begin
    total = sum((out / name).stat().st_size for name in FILES)
    show.result(
        f"{out}  {config.portraits} portraits  {total / 1e6:.1f} MB  "
        + (f"{seconds:.0f} s" if made else "complete already"),
        {
            "event": "data",
            "path": str(out),
            "files": list(FILES),
            "portraits": config.portraits,
            "bytes": total,
            "made": made,
        }
        | {"seconds": round(seconds, 3)},
    )
