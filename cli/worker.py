# SPDX-License-Identifier: Apache-2.0
"""``portrait worker``: the engine as a child process of another program."""

from __future__ import annotations

import logging
from typing import Annotated

import typer


def worker(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Log nothing but warnings and errors.")] = False,
) -> None:
    """Serve another program: requests on stdin, events on stdout, one JSON object a line; the log is on stderr.

    Ends when stdin ends. docs/worker-protocol.md describes every message. Try: echo '{"id":"1","do":"ping"}' | portrait
    worker
    """
    from portrait_core.worker.start import main

    main(logging.WARNING if quiet else logging.INFO)
