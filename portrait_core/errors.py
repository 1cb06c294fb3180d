# SPDX-License-Identifier: Apache-2.0
"""The errors that Portraitkit raises on purpose: each says what was got, what was expected and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from portrait_core.protocol import RemedyCode


@dataclass(frozen=True)
class Remedy:
    """What to do about an error, as data: each surface has its own words for it, for only it knows its buttons.

    ``do`` and the names of the ``params`` (plain JSON data) are those of ``portrait_core.protocol.REMEDIES``.
    """

    do: RemedyCode
    params: dict[str, Any] = field(default_factory=dict[str, Any])

    def facts(self) -> dict[str, Any]:
        """As it stands in an error event: ``{"do": code, ...params}``."""
        return {"do": self.do, **self.params}


def remedy(do: RemedyCode, **params: Any) -> Remedy:
    """A :class:`Remedy` in one short call."""
    return Remedy(do, params)


class PortraitError(Exception):
    """Base of every error that a user can act on; the command line shows its text without a traceback.

    The text names neither an option nor a command, since it may be read in Blender or in a log; what to do next is the
    ``remedy``. ``exit_code`` is what the command line ends with: 2 for wrong usage, 1 for a failure while working.
    """

    exit_code = 1

    def __init__(self, *args: object, remedy: Remedy | None = None) -> None:
        super().__init__(*args)
        self.remedy = remedy


class UsageError(PortraitError):
    """The request itself is wrong: an unknown model, attribute or joint, a seed out of range and the like."""

    exit_code = 2


class ModelFileError(PortraitError):
    """A weights file is missing, truncated, corrupt or of a kind that this version cannot read."""


class OutputError(PortraitError):
    """A result cannot be written: folder read-only, disk full, or the name exists already."""


class Cancelled(PortraitError):
    """The caller asked a long operation to stop; nothing half-made is left behind."""


def suggestion(word: str, known: Iterable[str], *, what: str = "known") -> str:
    """A sentence naming what ``word`` was probably meant to be; without a near match it lists everything known.

    >>> suggestion("haed", ["head", "neck"])
    'Did you mean head?'
    """
    choices = sorted(set(known))
    by_lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(word[:80].lower(), by_lower, n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(by_lower[match] for match in near)}?"
    return f"{what.capitalize()}: {', '.join(choices) or 'none'}."
