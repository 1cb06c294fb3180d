# SPDX-License-Identifier: Apache-2.0
"""A face's motion is refused where it fits nothing, and is linear between its keys."""

import numpy as np
import pytest

from portrait_core.rig.shape_motion import ShapeMotion


def test_between_keys_it_is_linear_and_outside_it_stays() -> None:
    motion = ShapeMotion("talk", np.array([0.5, 1.5], np.float32), {"jawOpen": np.array([0, 1], np.float32)})
    assert [motion.at(t)["jawOpen"] for t in (0.0, 1.0, 9.0)] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("times", [[0.0, 0.0], [-1.0, 2.0], [0.0, np.nan], []])
def test_times_that_do_not_grow_are_refused(times: list[float]) -> None:
    with pytest.raises(ValueError, match="times"):
        ShapeMotion("talk", np.array(times, np.float32), {})


@pytest.mark.parametrize("track", [[0.0], [0.0, np.inf]])
def test_weights_that_do_not_fit_are_refused(track: list[float]) -> None:
    with pytest.raises(ValueError, match="jawOpen"):
        ShapeMotion("talk", np.array([0, 1], np.float32), {"jawOpen": np.array(track, np.float32)})
