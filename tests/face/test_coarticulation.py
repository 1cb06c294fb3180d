# SPDX-License-Identifier: Apache-2.0
"""Lips close for every p, b and m however short, mouths are on their way before a sound, and nothing jumps."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.face.recordings.coarticulation import RATE, ROUND_LEAD, dominance, spoken
from portrait_core.face.recordings.cue_files import cues_of
from portrait_core.face.recordings.faults import FaceFileError
from portrait_core.face.recordings.thinning import TOLERANCE, thinned
from portrait_core.face.recordings.timings import CueSheet
from portrait_core.face.recordings.visemes import ARPABET, Cue
from tests.face.samples import RHUBARB_TSV


def said(text: str, *, each: float = 0.08, first: float = 0.5) -> CueSheet:
    """A sheet of ARPAbet symbols of ``each`` seconds, one after the other."""
    now = first
    cues: list[Cue] = []
    for symbol in text.split():
        for mix in ARPABET[symbol]:
            span = each / len(ARPABET[symbol])
            cues.append(Cue(now, now + span, mix))
            now += span
    return CueSheet(tuple(cues), ("test",))


def onset(name: str, sheet: CueSheet, from_: float = 0.05) -> float:
    table = spoken(sheet)
    return float(table.times[int(np.argmax(table.weights[name] > from_))])


@pytest.mark.parametrize("amplitude", [0.3, 1.0, 1.6])
@pytest.mark.parametrize("each", [0.02, 0.05, 0.09, 0.3])
def test_lips_meet_for_every_bilabial(each: float, amplitude: float) -> None:
    sheet = said("AA P AA B IY M UW P F M", each=each)
    table = thinned(spoken(sheet, amplitude))
    for cue in sheet.cues:
        if "viseme_PP" in cue.mix:
            middle = (cue.start + cue.end) / 2
            assert np.interp(middle, table.times, table.weights["viseme_PP"]) > 1 - 2 * TOLERANCE
            others = sum(
                float(np.interp(middle, table.times, column))
                for name, column in table.weights.items()
                if name != "viseme_PP"
            )
            assert others < 0.02


def test_the_lip_meets_the_teeth_for_f_and_v() -> None:
    table = spoken(said("AA F OW V IY", each=0.06))
    for middle in (0.59, 0.71):
        assert np.interp(middle, table.times, table.weights["viseme_FF"]) > 0.9
        assert np.interp(middle, table.times, table.weights["viseme_aa"]) < 0.1


def test_the_mouth_is_on_its_way_before_the_sound_and_rounds_earlier() -> None:
    open_, round_ = onset("viseme_aa", said("AA", each=0.2)), onset("viseme_U", said("UW", each=0.2))
    assert 0.5 - ROUND_LEAD < round_ < open_ < 0.5
    # A w spreads over the s before it, which an a does not.
    spread = spoken(said("S W AA"))
    plain = spoken(said("S AA AA"))
    at = int(0.55 * RATE)
    assert spread.weights["viseme_U"][at] > 1.4 * plain.weights["viseme_aa"][at] > 0


def test_it_rests_before_and_after() -> None:
    table = spoken(said("AA IY UW"))
    for column in table.weights.values():
        assert column[0] == 0.0 and column[int(0.3 * RATE)] == 0.0 and column[-1] < 1e-6


def test_nothing_jumps_and_a_mouth_carries_one_sound_at_a_time() -> None:
    table = spoken(cues_of(RHUBARB_TSV))
    total = np.sum([*table.weights.values()], axis=0)
    assert float(total.max()) < 1.06
    for name, column in table.weights.items():
        assert float(column.min()) >= 0.0 and float(np.abs(np.diff(column)).max()) < 0.5, name


def test_amplitude_scales_what_need_not_close() -> None:
    sheet = said("AA IY", each=0.3)
    soft, full = spoken(sheet, 0.5), spoken(sheet)
    np.testing.assert_allclose(soft.weights["viseme_aa"], 0.5 * full.weights["viseme_aa"])


def test_the_mean_is_the_mean_of_all_cues() -> None:
    """Against the slow way: every cue asked at every time."""
    sheet = said("S AA T IY N OW", each=0.1)
    table = spoken(sheet)
    rests = [Cue(0.0, 0.5, {}), Cue(1.1, 1.26, {})]
    every = [rests[0], *sheet.cues, rests[1]]
    shares = np.array([dominance(cue, table.times) for cue in every])
    for name, column in table.weights.items():
        mixes = np.array([cue.mix.get(name, 0.0) for cue in every])
        slow = (shares * mixes[:, None]).sum(axis=0) / (shares.sum(axis=0) + 1e-9)
        np.testing.assert_allclose(column, slow, atol=1e-9)


def test_hours_are_refused() -> None:
    with pytest.raises(FaceFileError, match="9000 s"):
        spoken(CueSheet((Cue(0, 9000, {"viseme_aa": 1.0}),), ()))
