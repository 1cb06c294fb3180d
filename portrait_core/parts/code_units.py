# SPDX-License-Identifier: Apache-2.0
"""Lengths among a person's scalars: the code holds them multiplied, so that all its numbers are of a size."""

from __future__ import annotations

from portrait_core.parts.person_look import PersonLook

PER_METRE = {"volume": 250.0, "cut": 10.0, "neck_depth": 15.0}


def in_metres(look: PersonLook, scalar: str) -> float:
    """A scalar that is a length. Raises ``KeyError`` for one that is none, or that the person does not have."""
    return float(look.scalars[scalar]) / PER_METRE[scalar]
