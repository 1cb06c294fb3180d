# SPDX-License-Identifier: Apache-2.0
"""``portrait photo invert``: who of a published model's persons is in a photograph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import options, pose_options
from cli.inverted import INVERSION, InversionWish
from cli.options import AsJson, Overwrite, Quiet


@options.takes_recipe("generate", after={"pose": pose_options.NAMES}, without=("seed", "latent", "psi"))
def invert(
    wanted: options.Wanted,
    photograph: Annotated[Path, typer.Argument(metavar="FILE", help="A photograph of somebody.")],
    steps: Annotated[int, typer.Option("--steps", help="Of the search in W+; fewer are quicker and less like.")] = 500,
    tune: Annotated[
        int,
        typer.Option("--tune", metavar="STEPS", help="Then move the networks themselves so much; 350 is usual."),
    ] = 0,
    compare: Annotated[
        str | None,
        typer.Option(
            "--compare",
            metavar="NAMES",
            help="What pictures are compared by, with weights if you like: trunk (the model's discriminator), "
            "colours=2, mask, landmarks, vgg. [default: trunk, colours, mask]",
        ),
    ] = None,
    vgg: Annotated[
        Path | None,
        typer.Option("--vgg", metavar="FILE", help="VGG16's weights for --compare vgg; see docs/metrics.md."),
    ] = None,
    lpips: Annotated[
        Path | None, typer.Option("--lpips", metavar="FILE", help="LPIPS's layers beside them, if not in its package.")
    ] = None,
    torchscript: Annotated[
        list[str] | None,
        typer.Option("--torchscript", metavar="SHA256", help="Run a TorchScript VGG16 that has this digest."),
    ] = None,
    noise: Annotated[
        bool, typer.Option("--noise", help="Also move the model's noise pictures, as published; writes a model file.")
    ] = False,
    begin: Annotated[
        Path | None,
        typer.Option("--begin", metavar="FILE", help="Go on from the person in this avatar or recipe."),
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", help="Times the model's samples a ray meanwhile; published 2, quicker 1.")
    ] = 2,
    neural_resolution: Annotated[
        int | None,
        typer.Option("--resolution", help="Pixels that are rendered meanwhile; smaller needs less memory."),
    ] = None,
    draw: Annotated[int, typer.Option("--draw", help="Seed of what is drawn: the same is found again.")] = 0,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE", help="Also a PNG: the photograph, who was found, and tuned."),
    ] = None,
    formats: options.Formats = "glb",
    out: options.OutFolder = Path("avatars"),
    name: options.NamePattern = options.DEFAULT_NAME,
    overwrite: Overwrite = False,
    device: options.Device = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """An avatar of the person of a published model (or of a run of `train gan`) who is most like a photograph.

    Camera, pose and crop are read from the photograph, then style rows are looked for by gradients (W+); --tune also
    moves the networks and writes a model of its own into your models folder. Ctrl-C ends the search and keeps the best
    so far. The recipe in the file makes the avatar again without the photograph.
    """
    from cli.generate import make

    wish = InversionWish(
        steps=steps,
        tune=tune,
        compare=compare,
        vgg=vgg,
        lpips=lpips,
        torchscript=tuple(torchscript or ()),
        noise=noise,
        begin=begin,
        samples=samples,
        neural_resolution=neural_resolution,
        draw=draw,
        sheet=sheet,
        overwrite=overwrite,
    )
    make(
        wanted.beside(**{INVERSION: wish}),
        photo=[photograph],
        formats=formats,
        out=out,
        name=name,
        overwrite=overwrite,
        device=device,
        as_json=as_json,
        quiet=quiet,
    )
