# SPDX-License-Identifier: Apache-2.0
"""Which portraits go into a data set: sure enough, large enough, sharp, each once; people have the last word."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.photo.dataset_records import Portrait, Refused

SAME_BITS = 15
"""Hashes of 256 bits that differ in so many at most are of copies of one picture."""
BAND = 2
"""Bytes of a band: hashes that differ in 15 bits at most have one of their 16 bands in common."""
BLURRED = "the face is blurred"


@dataclass(frozen=True)
class Wishes:
    """What a data set asks of its portraits: ``confidence`` and pixels of the ``crop`` at least, whether ``blurred``
    ones and copies are left in."""

    confidence: float = 0.5
    crop: float = 128.0
    blurred: bool = False
    copies: bool = False


@dataclass(frozen=True)
class Decisions:
    """What people decided on the page: identities that are in, and that are out, whatever is asked."""

    accept: frozenset[str] = field(default_factory=frozenset[str])
    reject: frozenset[str] = field(default_factory=frozenset[str])


def read_decisions(path: Path) -> Decisions:
    """The decisions in a file that the page saved; none where there is no file. Raises :class:`UsageError`."""
    if not path.is_file():
        return Decisions()
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        accept, reject = (content.get(name, []) for name in ("accept", "reject"))
        if not all(isinstance(each, str) for each in (*accept, *reject)):
            raise ValueError("names are texts")
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise UsageError(f'{path}: expected {{"accept": [...], "reject": [...]}} ({error}).') from None
    return Decisions(frozenset(cast("list[str]", accept)), frozenset(cast("list[str]", reject)))


def chosen(
    portraits: Sequence[Portrait], wishes: Wishes, decisions: Decisions = Decisions()
) -> tuple[list[Portrait], list[Refused]]:
    """The portraits that go in, in their order, and the others with their reasons."""
    kept: list[Portrait] = []
    refused: list[Refused] = []
    for portrait in portraits:
        reason = _reason(portrait, wishes, decisions)
        if reason is None:
            kept.append(portrait)
        else:
            refused.append(Refused(portrait.identity, *reason))
    if not wishes.copies:
        copies = copies_among(kept, decisions.accept)
        refused += [
            Refused(kept[each].identity, "copy", f"the same picture as {kept[first].identity}")
            for each, first in sorted(copies.items())
        ]
        kept = [portrait for number, portrait in enumerate(kept) if number not in copies]
    return kept, refused


def _reason(portrait: Portrait, wishes: Wishes, decisions: Decisions) -> tuple[str, str] | None:
    facts = portrait.facts
    if portrait.identity in decisions.reject:
        return "rejected", "rejected by hand"
    if portrait.identity in decisions.accept:
        return None
    sure = float(facts["confidence"]["whole"])
    if sure < wishes.confidence:
        return "unsure", f"confidence {sure:.2f}, asked for {wishes.confidence:g}"
    if facts["crop_pixels"] < wishes.crop:
        return "small", f"the crop has {facts['crop_pixels']:.0f} pixels, asked for {wishes.crop:g}"
    if BLURRED in facts["warnings"] and not wishes.blurred:
        return "blurred", BLURRED
    return None


def copies_among(portraits: Sequence[Portrait], first: Iterable[str] = ()) -> Mapping[int, int]:
    """Number of each portrait that is a copy -> number of the one that it is a copy of: the largest and surest of them,
    or one of the identities ``first``."""
    wanted = set(first)
    order = sorted(
        range(len(portraits)),
        key=lambda number: (
            portraits[number].identity not in wanted,
            -float(portraits[number].facts["crop_pixels"]),
            -float(portraits[number].facts["confidence"]["whole"]),
            number,
        ),
    )
    ranks = {number: rank for rank, number in enumerate(order)}
    hashes = [np.frombuffer(bytes.fromhex(portrait.facts["hash"]), np.uint8) for portrait in portraits]
    bands: dict[tuple[int, bytes], list[int]] = {}
    copies: dict[int, int] = {}
    for number in order:
        near = {other for band in _bands(hashes[number]) for other in bands.get(band, ())}
        same = [other for other in near if different_bits(hashes[number], hashes[other]) <= SAME_BITS]
        if same:
            copies[number] = min(same, key=ranks.__getitem__)
            continue
        for band in _bands(hashes[number]):
            bands.setdefault(band, []).append(number)
    return copies


def different_bits(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    """How many bits of two hashes differ."""
    return int(np.unpackbits(one ^ other).sum())


def _bands(value: NDArray[np.uint8]) -> list[tuple[int, bytes]]:
    data = value.tobytes()
    return [(place, data[place : place + BAND]) for place in range(0, len(data), BAND)]
