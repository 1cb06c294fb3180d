# SPDX-License-Identifier: Apache-2.0
"""Time codes against counted frames: every usual rate, dropped numbers, midnight, and codes too short to say a rate."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.face.recordings.faults import FaceFileError
from portrait_core.face.recordings.time_code import parse_codes, seconds_of_codes
from tests.face.samples import time_code


@pytest.mark.parametrize("rate", [24, 25, 30, 50, 60, 120])
def test_the_rate_is_read_off_the_frames(rate: int) -> None:
    codes = [time_code(frame, rate, start=rate * 3000) for frame in range(5 * rate)]
    seconds, fact, notices = seconds_of_codes(parse_codes(codes), None)
    np.testing.assert_allclose(seconds, np.arange(5 * rate) / rate, atol=1e-9)
    assert f"{rate} frames" in fact and notices == []


@pytest.mark.parametrize("sign", [":", ";"])
@pytest.mark.parametrize("rate", [30, 60])
def test_dropped_numbers_are_no_jump(rate: int, sign: str) -> None:
    """From 00:08:50 over two minutes, of which one is a tenth, at 1000/1001 of the nominal rate."""
    codes = [time_code(frame, rate, start=rate * 530, drop=True, sign=sign) for frame in range(130 * rate)]
    assert any(code.startswith(f"00:09:00{sign}0{rate // 15}") for code in codes)
    assert any(code.startswith(f"00:10:00{sign}00") for code in codes)
    seconds, fact, _ = seconds_of_codes(parse_codes(codes), None)
    np.testing.assert_allclose(seconds, np.arange(len(codes)) * 1001 / 1000 / rate, atol=1e-6)
    assert "drop-frame" in fact


def test_midnight() -> None:
    codes = [time_code(frame, 60, start=60 * (86400 - 2)) for frame in range(300)]
    assert codes[119].startswith("23:59:59") and codes[120].startswith("00:00:00")
    seconds, _, notices = seconds_of_codes(parse_codes(codes), None)
    np.testing.assert_allclose(seconds, np.arange(300) / 60, atol=1e-6)
    assert notices == ["its time code passes midnight; it goes on there"]


def test_shares_of_a_frame_count() -> None:
    """Sixty frames a second by a code of thirty, as with a film's clock."""
    codes = [f"10:00:{n // 60:02d}:{n % 60 // 2:02d}.{500 * (n % 2):03d}" for n in range(240)]
    seconds, _, _ = seconds_of_codes(parse_codes(codes), None)
    np.testing.assert_allclose(seconds, np.arange(240) / 60, atol=1e-9)


def test_too_short_to_say_its_rate() -> None:
    codes = parse_codes([time_code(frame, 30, start=5) for frame in range(10)])
    seconds, _, notices = seconds_of_codes(codes, None)
    np.testing.assert_allclose(seconds, np.arange(10) / 60)
    assert notices == ["its time code is too short to show its rate; 60 frames a second are assumed"]
    seconds, _, notices = seconds_of_codes(codes, 30)
    np.testing.assert_allclose(seconds, np.arange(10) / 30)
    assert notices == []


def test_a_rate_that_the_code_refutes_is_told() -> None:
    codes = parse_codes([time_code(frame, 60) for frame in range(240)])
    seconds, _, notices = seconds_of_codes(codes, 30)
    np.testing.assert_allclose(seconds, np.arange(240) / 60, atol=1e-9)
    assert notices == ["its time code counts 60 frames a second, so that 30 are none of its"]


def test_clocks_need_no_rate() -> None:
    seconds, _, _ = seconds_of_codes(parse_codes(["00:00:59.900", "00:01:00,150", "bad"]), None)
    np.testing.assert_allclose(seconds, [0.0, 0.25, np.nan])


def test_no_code_at_all() -> None:
    with pytest.raises(FaceFileError, match="holds none"):
        seconds_of_codes(parse_codes(["a:b", "c"]), None)
