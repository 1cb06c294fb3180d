# SPDX-License-Identifier: Apache-2.0
"""Timed symbols as files hold them, and which notation they are in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .faults import FaceFileError
from .shape_names import bare_viseme, unknown_line
from .visemes import Cue, Mix, arpabet, azure, blair, ipa, is_silence, rhubarb, sampa, symbols_of

Reader = Callable[[str], "tuple[Mix, ...] | None"]

TICKS = 1e7
"""Of Microsoft's clocks in a second: 100 nanoseconds each."""
LAST = 0.2
"""Seconds of a last symbol of which the file says no end."""
SHORTEST = 1e-4
_REST: Mix = {}


def oculus(symbol: str) -> tuple[Mix, ...] | None:
    """The viseme that a symbol names."""
    name = bare_viseme(symbol.strip())
    return None if name is None else ({} if name == "viseme_sil" else {name: 1.0},)


_NOTATIONS: dict[str, Reader] = {
    "ARPAbet": arpabet,
    "IPA": ipa,
    "SAMPA": sampa,
    "Oculus visemes": oculus,
    "Rhubarb": rhubarb,
    "Preston Blair": blair,
    "Azure": azure,
}


@dataclass(frozen=True)
class Timing:
    """A ``symbol`` from ``start`` to ``end`` seconds; NaN as an end: until the next begins. ``strength`` from 0 to 1
    is how much of it is to be seen."""

    start: float
    end: float
    symbol: str
    strength: float = 1.0


@dataclass(frozen=True)
class CueSheet:
    """Cues in order, what they were taken for, and what is wrong with them, a line each."""

    cues: tuple[Cue, ...]
    facts: tuple[str, ...]
    notices: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """What the file was taken for, in one line."""
        return "; ".join(self.facts)

    @property
    def seconds(self) -> float:
        """When the last cue ends."""
        return max((cue.end for cue in self.cues), default=0.0)


def azure_sheet(timings: Sequence[Timing]) -> CueSheet:
    """The cues of Azure's events: each viseme stands until the next begins.

    Its offsets are ticks; who wrote them down as milliseconds or seconds is told by their steps.
    """
    starts = sorted(each.start for each in timings if math.isfinite(each.start))
    spans = sorted(b - a for a, b in pairwise(starts) if b > a)
    # Sounds last some hundredths of a second to a second or two, so each unit has a range of its own.
    step = spans[len(spans) // 2] if spans else 1e6
    unit = TICKS if step > 5000 else 1000.0 if step > 5 else 1.0
    seconds = [Timing(each.start / unit, each.end / unit, each.symbol, each.strength) for each in timings]
    return sheet_of(seconds, "Azure's visemes", likely=("Azure",), only=True)


def notation_of(symbols: Sequence[str], likely: Sequence[str]) -> str:
    """The notation of which most ``symbols`` are known; of equals the first of ``likely``, which go before others."""
    sounds = [each for each in symbols if not is_silence(each)]
    order = [*likely, *(name for name in _NOTATIONS if name not in likely)]
    scores = [sum(_NOTATIONS[name](each) is not None for each in sounds) for name in order]
    return order[scores.index(max(scores))]


def sheet_of(timings: Sequence[Timing], program: str, *, likely: Sequence[str], only: bool = False) -> CueSheet:
    """The cues of timed symbols.

    Args:
        timings: in any order.
        program: what wrote them.
        likely: the notations to believe first; with ``only`` no other is tried.

    Raises :class:`FaceFileError` where no symbol is known.
    """
    notices: list[str] = []
    good = [each for each in timings if math.isfinite(each.start) and each.start >= 0 and not each.end < each.start]
    if len(good) < len(timings):
        notices.append(f"{len(timings) - len(good)} of its timings have no time or end before they begin: left out")
    if not good:
        raise FaceFileError("it has no timed sounds")
    ordered = sorted(good, key=lambda each: each.start)
    if [each.start for each in good] != [each.start for each in ordered]:
        notices.append("its timings are not in order; they are sorted")
    symbols = [each.symbol for each in ordered]
    notation = likely[0] if only else notation_of(symbols, likely)
    read = _NOTATIONS[notation]
    cues: list[Cue] = []
    unknown: list[str] = []
    overlaps = 0
    for index, each in enumerate(ordered):
        following = ordered[index + 1].start if index + 1 < len(ordered) else math.nan
        end = each.end if math.isfinite(each.end) else following if math.isfinite(following) else each.start + LAST
        if end > following + 1e-3:
            overlaps += 1
        end = max(min(end, following) if math.isfinite(following) else end, each.start)
        mixes: tuple[Mix, ...] | None = (_REST,) if is_silence(each.symbol) else read(each.symbol)
        if mixes is None:
            unknown.append(each.symbol)
            continue
        if end - each.start < SHORTEST:
            continue
        step = (end - each.start) / len(mixes)
        cues += [
            Cue(
                each.start + step * number,
                each.start + step * (number + 1),
                {name: weight * each.strength for name, weight in mix.items()},
            )
            for number, mix in enumerate(mixes)
        ]
    if overlaps:
        notices.append(f"{overlaps} timings overlap the next; they end where it begins")
    if unknown:
        notices.append(unknown_line(unknown, "sound", symbols_of(notation)))
    if not any(cue.mix for cue in cues):
        raise FaceFileError(f"none of its sounds is known: {', '.join(dict.fromkeys(symbols))[:60]}")
    facts = (
        program,
        *((notation,) if notation not in program else ()),
        f"{len(ordered)} cues",
        f"{cues[-1].end:.4g} s",
    )
    return CueSheet(tuple(cues), facts, tuple(notices))
