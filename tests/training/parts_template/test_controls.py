# SPDX-License-Identifier: Apache-2.0
"""A warp's vertices are found again in the base mesh by their places, whatever is seen of it today."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from scipy import sparse

from portrait_core.training.parts_template.controls import warped_rows
from portrait_core.world.base_mesh import BaseMesh, Part


class _Base:
    """Six control vertices: four of the skin, two of the eyes, whose third vertex is half-way between them."""

    neutral = np.random.default_rng(3).normal(size=(6, 3))
    skin = Part(sparse.csr_matrix(np.eye(6)[:4]), np.zeros((0, 3), np.int64), np.zeros((0, 2)))
    eyes = Part(
        sparse.csr_matrix([*np.eye(6)[4:], [0, 0, 0, 0, 0.5, 0.5]]), np.zeros((0, 3), np.int64), np.zeros((0, 2))
    )


BASE = cast(BaseMesh, cast(Any, _Base()))


def test_rows_are_those_of_the_warp_in_any_order_and_with_any_left_out() -> None:
    every = sparse.vstack([BASE.skin.matrix, BASE.eyes.matrix]).toarray()
    for chosen in ([0, 1, 2, 3, 4, 5, 6], [6, 3, 1], [2, 0, 5, 4]):
        found = warped_rows(every[chosen] @ BASE.neutral + 1e-7, BASE)
        assert (found.toarray() == every[chosen]).all()


def test_a_warp_over_other_data_is_refused() -> None:
    with pytest.raises(ValueError, match=r"2\.0 mm beside the base mesh"):
        warped_rows(BASE.neutral[:2] + np.array([0.0, 0.002, 0.0]), BASE)
