# SPDX-License-Identifier: Apache-2.0
"""``portrait train``: make weights."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cli import train_data, train_gan, train_person, train_photo
from cli.options import AsJson, Device, Overwrite, Quiet
from cli.outputs import prepare_folder, refuse_existing
from cli.show import Show
from portrait_core.errors import UsageError

app = typer.Typer(help="Train weights of your own.", no_args_is_help=True)
app.command("data")(train_data.data)
app.command("gan")(train_gan.gan)
app.command("photo")(train_photo.photo)
app.command("person")(train_person.person)


@app.command("starter")
def starter(
    assets: Annotated[
        Path | None, typer.Option("--assets", metavar="FOLDER", help="The MakeHuman/MPFB data folder to learn from.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The weights file to write.")] = Path(
        "runs/starter.safetensors"
    ),
    minutes: Annotated[float | None, typer.Option("--minutes", help="Stop after this long.")] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Stop after so many steps.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="CPU threads; all of them if not given.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of every random number in the training.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an earlier run stopped.")] = False,
    overwrite: Overwrite = False,
    device: Device = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train the starter model on the procedural portrait world; reproducible and resumable."""
    for label, number in (("--minutes", minutes), ("--steps", steps), ("--threads", threads)):
        # written so that NaN fails as well
        if number is not None and not number > 0:
            raise UsageError(f"{label} is {number:g}; it must be above 0.")
    _check_seed(seed)
    _prepare(out, assets, overwrite=overwrite or resume)
    show = Show(as_json=as_json, quiet=quiet)
    begin = time.perf_counter()
    with show.progress("training") as watcher:
        watcher.begin("training")
        watcher("set-up", 0.0)
        from portrait_core.runtime.devices import choose_device
        from portrait_core.training.starter import StarterTrainingConfig, train_starter

        where = str(choose_device(device))
        config = StarterTrainingConfig(assets=assets, minutes=minutes, threads=threads, device=where, seed=seed)
        if steps is not None:
            config = replace(config, steps=steps)
        train_starter(config, out, resume=resume, progress=watcher)
        watcher.finish()
    seconds = time.perf_counter() - begin
    show.result(
        f"{out}  {out.stat().st_size / 1e6:.1f} MB  {seconds:.0f} s",
        {"event": "weights", "path": str(out), "bytes": out.stat().st_size, "seconds": round(seconds, 3)},
    )


@app.command("template")
def template(
    model: Annotated[Path, typer.Argument(metavar="FILE", help="The weights file whose body template is made anew.")],
    assets: Annotated[
        Path | None, typer.Option("--assets", metavar="FOLDER", help="The MakeHuman/MPFB data folder.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make the body template of a starter again: its mean avatar's surface with SMPL skin weights."""
    show = Show(as_json=as_json, quiet=quiet)
    with show.progress("template") as watcher:
        watcher.begin("template")
        watcher("mean avatar", 0.0)
        from portrait_core.training.starter_template import renew_template

        vertices, faces = renew_template(model, assets)
        watcher.finish()
    show.result(
        f"{model}  template of {vertices} vertices, {faces} faces",
        {"event": "template", "path": str(model), "vertices": vertices, "faces": faces},
    )


@app.command("parts")
def parts(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A starter by name or file, whose parts are made.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The weights file to write.")] = Path(
        "runs/starter.safetensors"
    ),
    assets: Annotated[
        Path | None, typer.Option("--assets", metavar="FOLDER", help="The MakeHuman/MPFB data folder.")
    ] = None,
    face_only: Annotated[
        bool, typer.Option("--face-only", help="Make the face's shapes alone; all other parts stay as they are.")
    ] = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make the parts template of a starter on the CC0 base mesh: skin, eyes, mouth, lashes, brows, hair, garments."""
    _prepare(out, assets, overwrite=overwrite)
    show = Show(as_json=as_json, quiet=quiet)
    with show.progress("parts") as watcher:
        watcher.begin("parts")
        from portrait_core.training.parts_template.build import renew_parts
        from portrait_core.weights.registry import find_model

        report = renew_parts(find_model(model), out, assets, face_only=face_only, overwrite=True, progress=watcher)
        watcher.finish()
    costs = "\n".join(f"  {room:24} {size / 1e3:9.1f} kB" for room, size in report.rooms.items())
    show.result(
        f"{out}  {report.bytes / 1e6:.1f} MB, of which parts {sum(report.rooms.values()) / 1e6:.2f} MB\n{costs}",
        {"event": "parts", "path": str(out), "bytes": report.bytes, "rooms": report.rooms},
    )


@app.command("skin")
def skin(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A starter with parts, by name or file.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The weights file to write.")] = Path(
        "runs/starter.safetensors"
    ),
    assets: Annotated[
        Path | None, typer.Option("--assets", metavar="FOLDER", help="The MakeHuman/MPFB data folder.")
    ] = None,
    steps: Annotated[int, typer.Option("--steps", help="How many steps.")] = 3000,
    seed: Annotated[int, typer.Option("--seed", help="Of every random number in the training.")] = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Teach a starter the bare skin beneath hair, brows and clothing; nothing else in it changes."""
    if steps < 1:
        raise UsageError(f"--steps is {steps}; it must be above 0.")
    _check_seed(seed)
    _prepare(out, assets, overwrite=overwrite)
    show = Show(as_json=as_json, quiet=quiet)
    begin = time.perf_counter()
    with show.progress("bare skin") as watcher:
        watcher.begin("bare skin")
        from portrait_core.training.bare_skin import BareSkinTraining, train_bare_skin
        from portrait_core.weights.registry import find_model

        config = BareSkinTraining(seed=seed, steps=steps)
        report = train_bare_skin(find_model(model), out, config, assets=assets, progress=watcher)
        watcher.finish()
    seconds = time.perf_counter() - begin
    show.result(
        f"{out}  {out.stat().st_size / 1e6:.1f} MB  mean error {report['error']:.4f}  {seconds:.0f} s",
        {"event": "skin", "path": str(out), "bytes": out.stat().st_size, **report, "seconds": round(seconds, 3)},
    )


def _check_seed(seed: int) -> None:
    if not 0 <= seed < 2**32:
        raise UsageError(f"seed {seed} is out of range; seeds go from 0 to {2**32 - 1}.")


def _prepare(out: Path, assets: Path | None, *, overwrite: bool) -> None:
    """Check where the data comes from and where the weights file goes, and make its folder."""
    if assets is not None and not assets.is_dir():
        raise UsageError(f"--assets {assets} is not a folder.")
    if out.suffix != ".safetensors":
        raise UsageError(f"--out {out} must end in .safetensors.")
    refuse_existing([out], overwrite=overwrite)
    prepare_folder(out.parent)
