# SPDX-License-Identifier: Apache-2.0
"""One face of two photographs: whose texels are whose, and in what light."""

from __future__ import annotations

import numpy as np

from portrait_core.photo.face_layers import EvenedFace, joined

SIZE = 256
SKIN = np.array([0.5, 0.3, 0.2], np.float32)
PLAIN = np.tile(SKIN * 0.8, (SIZE, SIZE, 1)).astype(np.float32)


def face(low: int, high: int, sure: tuple[int, int], light: float, feature: int | None = None) -> EvenedFace:
    """Skin from column ``low`` to ``high``, seen well between the columns ``sure``, with a dark stripe at one."""
    photo = np.zeros((SIZE, SIZE, 3), np.float32)
    share, rather = np.zeros((SIZE, SIZE), np.float32), np.zeros((SIZE, SIZE), np.float32)
    photo[:, low:high] = SKIN * light
    share[:, low:high] = 1
    rather[:, sure[0] : sure[1]] = 1
    if feature is not None:
        photo[:, feature : feature + 4] *= 0.4
    return EvenedFace(photo, share, rather, np.zeros((SIZE, SIZE), np.float32), 0.2)


def test_one_photograph_is_as_it_was() -> None:
    only = face(20, 200, (60, 160), 1.0)
    photo, share, browed = joined([only], PLAIN, SIZE)
    assert photo is only.photo
    assert share is only.share
    assert browed is only.browed


def test_features_are_the_first_ones_and_sides_the_one_s_that_shows_them() -> None:
    first = face(40, 216, (80, 176), 1.0, feature=120)
    side = face(100, 256, (150, 256), 2.0, feature=126)  # twice as light, its feature beside the first one's
    photo, share, _ = joined([first, side], PLAIN, SIZE)
    grey = photo[128] @ np.full(3, 1 / 3, np.float32)
    skin = float(SKIN.mean())
    # The first one's stripe alone, as dark as it was; where the other one has its own there is none.
    assert np.allclose(grey[120:124], 0.4 * skin, rtol=0.02)
    assert np.allclose(grey[[128, 129]], skin, rtol=0.02)
    # What only the other one shows is there, in the first one's light.
    assert share[128, 240] == 1
    assert np.allclose(grey[220:250], skin, rtol=0.05)
    assert not share[128, :30].any()


def test_photographs_that_show_nothing_in_common_are_as_light_as_each_other() -> None:
    photo, share, _ = joined([face(20, 100, (20, 100), 1.0), face(150, 250, (150, 250), 3.0)], PLAIN, SIZE)
    assert np.allclose(photo[:, 160:240], SKIN, rtol=0.02)
    assert np.array_equal(share[0] > 0, np.isin(np.arange(SIZE), [*range(20, 100), *range(150, 250)]))
