# SPDX-License-Identifier: Apache-2.0
"""``--verbose``: what the engine logs, on stderr while it works."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from cli.lines import say

OPTION = "--verbose"


class _OnStderr(logging.Handler):
    """Lines on whatever stderr is now: a progress bar puts its own in that place."""

    def emit(self, record: logging.LogRecord) -> None:
        say(self.format(record), err=True)


def taken_out(args: Sequence[str]) -> tuple[list[str], bool]:
    """``args`` without the option, which may stand before or behind the command, and whether it was there."""
    if args[:1] == ["-v"]:
        return taken_out([OPTION, *args[1:]])
    end = args.index("--") if "--" in args else len(args)
    return [word for place, word in enumerate(args) if word != OPTION or place > end], OPTION in args[:end]


@contextmanager
def told_aloud(wanted: bool) -> Generator[None, None, None]:
    """Tell what the logger ``portraitkit`` hears, down to single stages, with the time since the start."""
    if not wanted:
        yield
        return
    logger = logging.getLogger("portraitkit")
    handler, level = _OnStderr(), logger.level
    handler.setFormatter(logging.Formatter("%(relativeCreated)8.0f ms  %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
