# SPDX-License-Identifier: Apache-2.0
"""Which of a template's lashes and brows a person has."""

from __future__ import annotations

from collections.abc import Iterable

from portrait_core.parts.person_look import PersonLook

LASHES = ((0.5, "eyelashes02"), (2.0, "eyelashes01"))
"""Up to which masculinity each is worn: dense ones, and sparse ones."""

BROWS = {
    "feminine": ((0.35, "eyebrow011"), (0.65, "eyebrow001"), (2.0, "eyebrow008")),
    "masculine": ((0.35, "eyebrow010"), (0.70, "eyebrow004"), (2.0, "eyebrow012")),
}
"""Up to which thickness (the scalar ``brow``) each is worn."""


def lash_style(masculine: float, there: Iterable[str]) -> str:
    """The lashes of a person, among those that are ``there``."""
    return _first(LASHES, masculine, there)


def brow_style(look: PersonLook, masculine: float, there: Iterable[str]) -> str:
    """The brows of a person, among those that are ``there``."""
    table = BROWS["masculine" if masculine > 0.5 else "feminine"]
    return _first(table, look.scalars.get("brow", 0.5), there)


def _first(table: tuple[tuple[float, str], ...], value: float, there: Iterable[str]) -> str:
    known = sorted(there)
    for limit, name in table:
        if value <= limit and name in known:
            return name
    return known[0]
