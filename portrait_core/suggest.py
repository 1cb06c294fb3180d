# SPDX-License-Identifier: Apache-2.0
"""Near matches for a misspelt name, as the end of an error message."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggestion(word: str, known: Iterable[str], *, what: str = "known") -> str:
    """A sentence naming what ``word`` was probably meant to be; without a near match it lists everything known.

    >>> suggestion("haed", ["head", "neck"])
    'Did you mean head?'
    """
    choices = sorted(set(known))
    by_lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(word.lower(), by_lower, n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(by_lower[match] for match in near)}?"
    return f"{what.capitalize()}: {', '.join(choices) or 'none'}."
