# SPDX-License-Identifier: Apache-2.0
"""``portrait library``: a folder of avatars as an asset library for Blender; run again, it goes on."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import options
from cli.show import Show
from portrait_core.errors import UsageError

if TYPE_CHECKING:
    from portrait_core.pipeline.asset_library import LibraryRecord, LibraryWish

PANEL = "Asset library"
INTERRUPTED = 130

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the avatars' .glb files lie, also deeper.")]
Place = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FOLDER", help="The library's folder. [default: blender-library, inside]"),
]
Run = Annotated[str, typer.Option("--run", metavar="NAME", help="What catalogues call it. [default: the folder]")]
Tags = Annotated[str, typer.Option("--tags", metavar="A,B", help="More words to find the avatars by.")]
Addon = Annotated[
    Path | None,
    typer.Option("--addon", metavar="FOLDER", help="The unpacked Blender add-on, for its bones and materials."),
]
Author = Annotated[
    str, typer.Option("--library-author", metavar="NAME", help="Who made the assets.", rich_help_panel=PANEL)
]
Licence = Annotated[
    str,
    typer.Option("--library-licence", metavar="SPDX", help="[default: the model's]", rich_help_panel=PANEL),
]
Catalogues = Annotated[
    str,
    typer.Option(
        "--catalogues",
        metavar="LEVELS",
        help="Nested by these, the outermost first: run, model, topology, hair, garment, age.",
        rich_help_panel=PANEL,
    ),
]
BlendLibrary = Annotated[
    bool,
    typer.Option(
        "--blend-library",
        help="Also an asset library for Blender, in the folder blender-library.",
        rich_help_panel=PANEL,
    ),
]
USUAL = "run,hair,age"


def library(
    folder: Folder,
    out: Place = None,
    run: Run = "",
    author: Author = "",
    licence: Licence = "",
    tags: Tags = "",
    catalogues: Catalogues = USUAL,
    addon: Addon = None,
    blender: options.Blender = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Make an asset library for Blender of a folder of avatars: a .blend each, pictures, words, catalogues.

    The same command again makes what is missing or has changed.
    """
    show = Show(as_json=as_json, quiet=quiet)
    make(wish_of(folder, out, run, author, licence, tags, catalogues, addon, blender), show)


def wish_of(
    folder: Path,
    out: Path | None = None,
    run: str = "",
    author: str = "",
    licence: str = "",
    tags: str = "",
    catalogues: str = USUAL,
    addon: Path | None = None,
    blender: str | None = None,
) -> LibraryWish:
    """What the options say; raises :class:`UsageError` before any work, also where no Blender is found."""
    from portrait_core.formats.blender import find_blender
    from portrait_core.pipeline.asset_library import LibraryWish, check_levels

    levels = tuple(level.strip().lower() for level in catalogues.split(",") if level.strip())
    check_levels(levels)
    find_blender(blender)
    if addon is not None and not (addon / "scene" / "bring_in.py").is_file():
        raise UsageError(f"--addon {addon}: not the folder of the add-on; unpack its zip and name that folder.")
    words = tuple(word.strip() for word in tags.split(",") if word.strip())
    brought = "" if addon is None else str(addon.absolute())
    return LibraryWish(folder, out, run, author, licence, words, levels, blender, brought)


def make(wish: LibraryWish, show: Show) -> None:
    """Make it and say what came of it; ends with exit code 1 where some failed."""
    from portrait_core.engine.engine import Engine
    from portrait_core.pipeline.asset_library import Maker, build_library

    engine = Engine(kept_persons=1)
    begin = time.monotonic()
    with show.progress("library") as watcher:
        watcher.begin("library")

        def heard(record: LibraryRecord) -> None:
            if show.as_json:
                facts = {"event": "asset", "name": record.name, "status": record.status, "path": str(record.path)}
                show.result("", facts | ({"error": record.why} if record.why else {}))
            elif record.status == "failed":
                show.note(f"{record.name} failed: {record.why}")

        done = build_library(wish, Maker(engine.take_recipe, engine.model), watcher, heard)
    seconds = time.monotonic() - begin
    failed = f", {done.failed} failed" if done.failed else ""
    counts = {"made": done.made, "kept": done.kept, "failed": done.failed, "seconds": round(seconds, 3)}
    show.result(
        f"{done.place}: {done.made} made, {done.kept} kept{failed} in {seconds:.0f} s. "
        "Add it to Blender under Preferences, File Paths, Asset Libraries.",
        {"event": "library", "out": str(done.place), **counts},
    )
    if done.failed:
        raise typer.Exit(1)


@contextmanager
def made_after(wish: LibraryWish | None, show: Show) -> Generator[None, None, None]:
    """Make the library of what the body made, also where some avatars failed; not where it was interrupted."""
    try:
        yield
    except typer.Exit as ended:
        if wish is not None and ended.exit_code != INTERRUPTED:
            make(wish, show)
        raise
    if wish is not None:
        make(wish, show)


def for_batch(
    out: str,
    endings: tuple[str, ...],
    *,
    sharded: bool,
    author: str,
    licence: str,
    catalogues: str,
    blender: str | None,
) -> LibraryWish:
    """The library of a batch; raises :class:`UsageError` for one that cannot have any."""
    from portrait_core.batch.remote_store import is_url

    if is_url(out):
        raise UsageError("--blend-library needs a folder of this machine; fetch the avatars, then `portrait library`.")
    if sharded:
        raise UsageError("--blend-library is for whole batches; when all shards are done: `portrait library FOLDER`.")
    if ".glb" not in endings:
        raise UsageError("--blend-library is made of .glb files: add glb to --format.")
    return wish_of(Path(out), author=author, licence=licence, catalogues=catalogues, blender=blender)
