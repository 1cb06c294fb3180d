# SPDX-License-Identifier: Apache-2.0
"""The lattice itself, and the errors of bad input."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.errors import ModelFileError, UsageError
from portrait_core.shape.grid import Lattice, dense_values
from tests.analytic import AnalyticField, ball, bust_field


def test_lattice_spans_its_bounds_exactly() -> None:
    lattice = Lattice.over(np.array([[-1, 0, 2], [1, 0.6, 3]], np.float32), 50)
    assert lattice.cells == (56, 16, 32)
    np.testing.assert_allclose(
        lattice.points(np.array([[0, 0, 0], lattice.cells])), [[-1, 0, 2], [1, 0.6, 3]], rtol=1e-6
    )


def test_axes_are_the_coordinates_of_the_points() -> None:
    lattice = Lattice.over(np.array([[-1, 0, 2], [1, 0.6, 3]], np.float32), 50)
    x, y, z = lattice.axes()
    assert tuple(len(each) - 1 for each in (x, y, z)) == lattice.cells
    index = np.array([[3, 5, 7], [0, 16, 32]])
    expected = np.stack([x[index[:, 0]], y[index[:, 1]], z[index[:, 2]]], axis=1)
    np.testing.assert_allclose(lattice.points(index), expected, rtol=1e-6)


def test_dense_values_are_the_field_at_the_points() -> None:
    field = AnalyticField(ball((0.1, 0.2, 0.3), 0.5), ((-1, -1, -1), (1, 1, 1)))
    lattice = Lattice.over(field.bounds, 16)
    values = dense_values(field, lattice)
    assert values.shape == (17, 17, 17)
    np.testing.assert_array_equal(values[3, 9, 5], field.value(lattice.points(np.array([[3, 9, 5]])))[0])


def test_bad_fields_and_sizes_are_named() -> None:
    field = bust_field()
    with pytest.raises(UsageError, match="8 to 1024, got 4"):
        Lattice.over(field.bounds, 4)
    with pytest.raises(ModelFileError, match="bounds"):
        Lattice.over(field.bounds[::-1], 64)
    broken = AnalyticField(lambda p: np.where(p[:, 0] > 0.5, np.nan, 1.0), ((-1, -1, -1), (1, 1, 1)))
    with pytest.raises(ModelFileError, match="not finite"):
        dense_values(broken, Lattice.over(broken.bounds, 16))
