# SPDX-License-Identifier: Apache-2.0
"""Help texts stand on the screen as they are written: square brackets are no markup, and no word is cut short."""

from __future__ import annotations

import re
import shutil
from typing import Any

from typer import core

NARROW = 100
"""Columns below which help is plain lines: panels leave options and words no room there, and cut them short."""

_TAG = re.compile(r"(\\*)\[(?=[a-zA-Z#/@])")
"""Where rich would take a bracket for the beginning of a style."""


def as_written(command: Any) -> Any:
    """The ``command`` with the texts of all its options and subcommands escaped where rich prints them.

    Without that `[default: 0]` is a style that does not exist, and vanishes.
    """
    if shutil.get_terminal_size().columns < NARROW:
        _plain(command)
    elif getattr(core, "HAS_RICH", True):
        _escape(command)
    return command


def _plain(command: Any) -> None:
    command.rich_markup_mode = None
    for each in getattr(command, "commands", {}).values():
        _plain(each)


def _escape(command: Any) -> None:
    for part in (command, *command.params):
        for name in ("help", "short_help", "epilog"):
            text = getattr(part, name, None)
            if isinstance(text, str):
                setattr(part, name, _TAG.sub(lambda found: 2 * found[1] + "\\[", text))
    for each in getattr(command, "commands", {}).values():
        _escape(each)
