# SPDX-License-Identifier: Apache-2.0
"""Cues of speech to weights of visemes over time: each sound reaches into its neighbours, and lips that must close do.

After M. Cohen and D. Massaro, "Modeling coarticulation in synthetic visual speech" (1993): every cue has a dominance
that rises before it and falls behind it, and the mouth is the mean of all cues by their dominance. Rounded lips are
there earlier and stay longer than the tongue's sounds. Above the mean, what cannot be done by halves is done fully:
lips meet for p, b and m, and the lip meets the teeth for f and v, however short they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..names import VISEMES
from .faults import FaceFileError
from .table import FaceTable
from .timings import CueSheet
from .visemes import Cue

Floats = NDArray[np.float64]

RATE = 60.0
"""Samples a second."""
LEAD, LAG = 0.075, 0.080
"""Seconds that the mouth is on its way before a sound and after it."""
ROUND_LEAD, ROUND_LAG = 0.140, 0.110
"""The same of rounded lips."""
REST_LAG = 0.160
"""Seconds in which the mouth comes to rest behind the last sound."""
EDGE = 0.035
"""Seconds inside of a sound until its dominance is full, at most."""
GAP = 0.040
"""Shorter gaps between cues are no rest."""
CLOSING = 0.055
"""Seconds in which lips close, and open again."""
HELD = 1.25 / RATE
"""Half the seconds, at least, for which they are closed: some sample always falls into it."""
MOST_SECONDS = 7200.0

_DOMINANCE = {
    **dict.fromkeys(("viseme_U", "viseme_O"), 1.25),
    **dict.fromkeys(("viseme_aa", "viseme_E", "viseme_I"), 1.0),
    **dict.fromkeys(("viseme_CH", "viseme_SS", "viseme_RR"), 0.9),
    **dict.fromkeys(("viseme_DD", "viseme_nn", "viseme_kk", "viseme_TH"), 0.7),
    **dict.fromkeys(("viseme_PP", "viseme_FF"), 1.0),
}
_CLOSED = {"viseme_FF": 0.92, "viseme_PP": 1.0}
"""How far what must close does; the later row goes before the one above it."""
ROUND = ("viseme_U", "viseme_O")


def spoken(sheet: CueSheet, amplitude: float = 1.0, rate: float = RATE) -> FaceTable:
    """The visemes' weights of ``sheet`` at ``rate`` samples a second, from 0 until the mouth rests again.

    ``amplitude`` from 0 to 2 is how far the mouth moves; what must close does for any.

    Raises :class:`FaceFileError` for cues that go on for hours.
    """
    cues = _with_rests(sheet.cues)
    last = max(cue.end for cue in cues) + REST_LAG
    if last > MOST_SECONDS:
        raise FaceFileError(f"its cues go on for {last:.0f} s; at most {MOST_SECONDS:.0f} s are read")
    times = np.arange(int(np.ceil(last * rate)) + 1) / rate
    weights = _blended(cues, times)
    weights = {name: np.clip(column * amplitude, 0.0, 1.0) for name, column in weights.items()}
    for name, full in _CLOSED.items():
        closed = _closures([cue for cue in cues if cue.mix.get(name, 0.0) > 0.5], times)
        if not closed.any():
            continue
        weights = {other: column * (1.0 - closed) for other, column in weights.items()}
        weights[name] = np.clip(weights.get(name, np.zeros(len(times))) + closed * full, 0.0, 1.0)
    moving = {name: weights[name] for name in VISEMES if name in weights and weights[name].any()}
    return FaceTable(times, moving, {}, sheet.facts, sheet.notices)


def _with_rests(cues: Sequence[Cue]) -> list[Cue]:
    """The cues in order, with rests where nothing is said; small gaps are closed."""
    found: list[Cue] = []
    for cue in sorted(cues, key=lambda each: each.start):
        before = found[-1].end if found else 0.0
        if cue.start - before > GAP:
            found.append(Cue(before, cue.start, {}))
        elif found and cue.start > before:
            found[-1] = Cue(found[-1].start, cue.start, found[-1].mix)
        found.append(cue)
    end = found[-1].end
    return [*found, Cue(end, end + REST_LAG, {})]


def _blended(cues: Sequence[Cue], times: Floats) -> dict[str, Floats]:
    """The mean of the cues' mixes by their dominance, (T,) by viseme."""
    total = np.full(len(times), 1e-9)
    sums: dict[str, Floats] = {}
    for cue in cues:
        reach = slice(*np.searchsorted(times, [cue.start - ROUND_LEAD, cue.end + max(ROUND_LAG, REST_LAG)]).tolist())
        own = dominance(cue, times[reach])
        total[reach] += own
        for name, weight in cue.mix.items():
            column = sums.setdefault(name, np.zeros(len(times)))
            column[reach] += own * weight
    return {name: column / total for name, column in sums.items()}


def dominance(cue: Cue, times: Floats) -> Floats:
    """How much ``cue`` has to say at ``times``, (T,)."""
    edge = min(EDGE, 0.3 * (cue.end - cue.start))
    lead, lag = LEAD, LAG
    if not cue.mix:
        # At rest the mouth is in no hurry, and never before the sound is over.
        return 0.8 * _rise(times, cue.start, cue.start + REST_LAG / 2) * (1 - _rise(times, cue.end - LEAD, cue.end))
    if max(cue.mix, key=lambda name: cue.mix[name]) in ROUND:
        lead, lag = ROUND_LEAD, ROUND_LAG
    weight = sum(cue.mix.values()) or 1.0
    strength = sum(_DOMINANCE.get(name, 1.0) * share for name, share in cue.mix.items()) / weight
    window = _rise(times, cue.start - lead, cue.start + edge) * (1 - _rise(times, cue.end - edge, cue.end + lag))
    return strength * window


def _closures(cues: Sequence[Cue], times: Floats) -> Floats:
    """(T,) from 0 to 1: how far lips are closed by ``cues``."""
    closed = np.zeros(len(times))
    for cue in cues:
        middle = (cue.start + cue.end) / 2
        half = max(0.3 * (cue.end - cue.start), HELD)
        first, last = middle - half, middle + half
        window = _rise(times, first - CLOSING, first) * (1 - _rise(times, last, last + CLOSING))
        closed = np.maximum(closed, window)
    return closed


def _rise(times: Floats, begin: float, end: float) -> Floats:
    """0 until ``begin``, 1 from ``end`` on, smooth in between."""
    share = np.clip((times - begin) / max(end - begin, 1e-6), 0.0, 1.0)
    return share * share * (3 - 2 * share)
