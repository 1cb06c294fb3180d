# SPDX-License-Identifier: Apache-2.0
"""A style's stored picture has hair, a margin around it, and nothing else."""

from __future__ import annotations

import numpy as np

from portrait_core.training.parts_template.hair_texture import MARGIN, MIDDLE, detail_image


def test_far_from_hair_nothing_is_stored_and_near_it_hair_is_continued() -> None:
    size, wide = 128, 32
    rgba = np.random.default_rng(5).integers(60, 200, (size, size, 4)).astype(np.uint8)
    rgba[..., 3] = 255
    uvs = np.array([[0, 0], [wide / size, 0], [wide / size, 1], [0, 1]], np.float32)
    image = detail_image(rgba, np.array([[0, 1, 2], [0, 2, 3]], np.int32), uvs)
    nothing = round(255 * MIDDLE)
    assert image[:, :wide, 0].std() > 20 and (image[:, :wide, 1] == 255).all()
    beside = image[:, wide + 4 : wide + MARGIN - 1]
    assert (beside[..., 0] != nothing).mean() > 0.9 and (beside[..., 1] == 0).all()
    beyond = image[:, wide + MARGIN + 4 :]
    assert (beyond[..., 0] == nothing).all() and (beyond[..., 1] == 0).all()
