# SPDX-License-Identifier: Apache-2.0
"""The last people of a page as the page itself holds them, so that they are not lost with the server.

They lie in an element of the page that is not shown. :mod:`studio.page_return` reads it when the connection is lost and
sends it back as a file when there is a new one. It is somebody else's word then, and checked as any file is.
"""

from __future__ import annotations

import html
import json
import secrets
from collections.abc import Sequence
from typing import Any, cast

from portrait_core.errors import UsageError
from portrait_core.recipe import Recipe

HELD_ID = "studio-people"
ENDING = ".studio"
"""Of the file in which the page sends them back; by it the page also knows its field for dropped files."""
HELD_FILE = f"people-of-this-page{ENDING}"
MOST = 20
"""People that are held, beside the one that is shown."""
MOST_BYTES = 256 * 1024
"""Of those beside the one that is shown: every change sends them again. Faces out of photographs are large."""


def held_text(people: Sequence[Recipe]) -> str:
    """JSON of ``people``, the last of them the one that is shown; of the earlier ones as many as have room."""
    *earlier, shown = [each.facts() for each in people]
    kept: list[dict[str, Any]] = [shown]
    room = MOST_BYTES
    for facts in reversed(earlier[-MOST:]):
        room -= len(json.dumps(facts))
        if room < 0:
            break
        kept.insert(0, facts)
    return json.dumps({"people": kept})


def read_held(content: bytes) -> list[dict[str, Any]]:
    """The facts of recipes in what :func:`held_text` wrote, unchecked; raises :class:`UsageError` for anything else."""
    try:
        told: Any = json.loads(content)
        people: Any = told["people"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError("the people of this page did not come back: their file cannot be read.") from error
    if not isinstance(people, list) or not people:
        raise UsageError("the people of this page did not come back: their file has none.")
    items = cast("list[Any]", people)
    if len(items) > MOST + 1 or not all(isinstance(each, dict) for each in items):
        raise UsageError(f"the people of this page did not come back: {MOST + 1} recipes at most were expected.")
    return cast("list[dict[str, Any]]", items)


class Held:
    """The element of one page; ``gui`` is viser's for that page."""

    def __init__(self, gui: Any) -> None:
        self._page = secrets.token_hex(8)  # by it the page knows new controls from those before
        self._element = gui.add_html("")

    def hold(self, people: Sequence[Recipe], *, own: bool) -> None:
        """Give the page ``people``, the last of them the one that is shown; ``own`` where somebody chose it."""
        text = html.escape(held_text(people))
        said = "yes" if own else "no"
        self._element.content = f'<div hidden id="{HELD_ID}" data-page="{self._page}" data-own="{said}">{text}</div>'
