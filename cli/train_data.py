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


def data(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the files go; made if missing.")],
    count: Annotated[int, typer.Option("--count", "-n", help="How many portraits, each of another person.")] = 100,
    size: Annotated[int, typer.Option("--size", help="Edge of a picture in pixels, 16 to 4096.")] = 512,
    seed: Annotated[int, typer.Option("--seed", help="Of cameras, poses and backgrounds.")] = 0,
    first: Annotated[
        int, typer.Option("--first", metavar="SEED", help="Seed of the first person; the others' follow it.")
    ] = 0,
    background: Annotated[
        str,
        typer.Option("--background", metavar="random|grey|white", help="The plain colour behind the person."),
    ] = "random",
    assets: Annotated[
        Path | None,
        typer.Option("--assets", metavar="FOLDER", help="The MakeHuman/MPFB data folder of the world."),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Render portraits of the procedural world in the published data-set format, with masks, depths and truth."""
    if assets is not None and not assets.is_dir():
        raise UsageError(f"--assets {assets} is not a folder.")
    from portrait_core.world.dataset_files import BACKGROUNDS, FILES, DatasetConfig, is_complete

    for choice in BACKGROUNDS:
        if choice == background:
            config = DatasetConfig(count, size, seed, first, choice)
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
            from portrait_core.world.bust import PortraitWorld
            from portrait_core.world.dataset import write_dataset

            write_dataset(PortraitWorld(folders), out, config, watcher, overwrite=overwrite)
            watcher.finish()
    seconds = time.perf_counter() - begin
    total = sum((out / name).stat().st_size for name in FILES)
    show.result(
        f"{out}  {count} portraits  {total / 1e6:.1f} MB  " + (f"{seconds:.0f} s" if made else "complete already"),
        {
            "event": "data",
            "path": str(out),
            "files": list(FILES),
            "portraits": count,
            "bytes": total,
            "made": made,
        }
        | {"seconds": round(seconds, 3)},
    )
