# SPDX-License-Identifier: Apache-2.0
"""``portrait studio``: a page in the browser, served by this machine."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cli import options
from cli.show import Show
from portrait_core.errors import UsageError


def studio(
    model: Annotated[str, typer.Option("--model", help="The model that pages begin with.")] = "starter",
    seed: Annotated[int, typer.Option("--seed", help="The person that pages begin with.")] = 0,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            help="Where to listen. Of others than this machine a token is wanted, which is printed.",
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="1 to 65535; 0 for any that is free.")] = 8765,
    show_page: Annotated[bool, typer.Option("--open", help="Open the page in this machine's browser.")] = False,
    device: options.Device = "auto",
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Shape people on a page in the browser: attributes, face, pose, pictures, files (docs/studio.md).

    Needs the package viser (extra `studio`). Ctrl-C ends it.
    """
    show = Show(as_json=as_json, quiet=quiet)
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port}: ports go from 0 to 65535.")
    try:
        import viser  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        from portrait_core.errors import remedy

        raise UsageError(
            "the studio needs the package viser, which is missing.",
            remedy=remedy("install", extra="studio", package="viser"),
        ) from error
    from studio.app import Studio, Wish
    from studio.door import TOKEN_VARIABLE

    # A variable and no option: others of the machine can read the words of a command.
    running = Studio(Wish(host, port, device, model, seed, os.environ.get(TOKEN_VARIABLE, "")))
    try:
        for address in running.addresses:
            show.result(f"Portrait studio: {address}  (Ctrl-C ends it)", {"event": "studio", "address": address})
        if show_page:
            import webbrowser

            webbrowser.open(running.addresses[0])
        _wait()
    finally:
        running.stop()


def _wait() -> None:
    """Until somebody interrupts."""
    import threading

    threading.Event().wait()
