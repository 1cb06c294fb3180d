# SPDX-License-Identifier: Apache-2.0
"""Lines on stdout and stderr, whatever signs their encoding knows: Windows gives a pipe the code page of the country.

The one place that decides what becomes of other signs. JSON is plain ASCII, so that it reads the same everywhere; in
text for people, a sign that the stream does not know becomes a question mark.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO


def say(text: str, *, err: bool = False) -> None:
    """Write a line at once; nothing where the stream is closed, as in a program without a console."""
    stream: TextIO | None = sys.stderr if err else sys.stdout
    if stream is None:
        return
    encoding: str | None = getattr(stream, "encoding", None)
    # A surrogate, as names of files that are no UTF-8 have, fits no encoding at all.
    stream.write(text.encode(encoding or "utf-8", "replace").decode(encoding or "utf-8", "replace") + "\n")
    stream.flush()


def say_json(facts: Mapping[str, Any]) -> None:
    """Write a line of JSON for a program that reads stdout."""
    say(json.dumps(facts))


@contextmanager
def forgiving_streams() -> Generator[None, None, None]:
    """Let libraries that write by themselves, such as the help's, fail on no sign either."""
    changed: list[tuple[Any, str]] = []
    streams: tuple[Any, ...] = (sys.stdout, sys.stderr)
    for stream in streams:
        errors: str | None = getattr(stream, "errors", None)
        if hasattr(stream, "reconfigure") and errors not in (None, "replace"):
            changed.append((stream, errors or ""))
            stream.reconfigure(errors="replace")
    try:
        yield
    finally:
        for stream, errors in changed:
            if not stream.closed:
                stream.reconfigure(errors=errors)
