# SPDX-License-Identifier: Apache-2.0
"""Thinned keys miss no sample by more than the tolerance, and lines need their ends alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from portrait_core.face.recordings.coarticulation import spoken
from portrait_core.face.recordings.cue_files import cues_of
from portrait_core.face.recordings.thinning import TOLERANCE, kept_keys, thinned
from tests.face.samples import RHUBARB_TSV


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 300), st.integers(1, 5), st.floats(1e-4, 0.3))
def test_no_sample_is_missed_by_more_than_the_tolerance(seed: int, count: int, width: int, tolerance: float) -> None:
    random = np.random.default_rng(seed)
    times = np.cumsum(random.uniform(0.001, 0.1, count))
    columns = np.cumsum(random.normal(0, 0.05, (count, width)), axis=0)
    kept = kept_keys(times, columns, tolerance)
    assert kept[0] == 0 and kept[-1] == count - 1 and (np.diff(kept) > 0).all()
    for number in range(width):
        column = columns[:, number]
        assert np.abs(np.interp(times, times[kept], column[kept]) - column).max() <= tolerance * (1 + 1e-9)


def test_straight_lines_need_their_ends_alone() -> None:
    times = np.arange(100) / 60
    assert kept_keys(times, np.stack([times, 1 - times / 2], axis=1)).tolist() == [0, 99]
    assert kept_keys(times, np.abs(times - times[40])[:, None]).tolist() == [0, 40, 99]


def test_speech_is_thinned_well_below_its_samples() -> None:
    table = spoken(cues_of(RHUBARB_TSV))
    few = thinned(table)
    assert len(few.times) < 0.8 * len(table.times)
    for name, column in table.weights.items():
        assert np.abs(np.interp(table.times, few.times, few.weights[name]) - column).max() <= TOLERANCE + 1e-12
