# SPDX-License-Identifier: Apache-2.0
"""The sparse lattice against the dense one, and the errors of bad input."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.errors import Cancelled, ModelFileError, UsageError
from portrait_core.shape.lattice import Lattice, dense_values, sample_values
from tests.analytic import AnalyticField, ball, box, bust_field, union


def test_lattice_spans_its_bounds_exactly() -> None:
    lattice = Lattice.over(np.array([[-1, 0, 2], [1, 0.6, 3]], np.float32), 50)
    assert lattice.cells == (52, 16, 28)
    np.testing.assert_allclose(
        lattice.points(np.array([[0, 0, 0], lattice.cells])), [[-1, 0, 2], [1, 0.6, 3]], rtol=1e-6
    )


@pytest.mark.parametrize("resolution", [64, 100])
def test_sparse_values_equal_dense_values_near_the_surface(resolution: int) -> None:
    field = bust_field()
    lattice = Lattice.over(field.bounds, resolution)
    sparse, evaluated = sample_values(field, lattice)
    dense = dense_values(field, lattice)
    assert ((sparse > 0) == (dense > 0)).all()
    near = np.abs(dense) < 1.5 * float(np.linalg.norm(lattice.spacing))
    np.testing.assert_array_equal(sparse[near], dense[near])
    assert evaluated < 0.5 * dense.size


def test_sparse_lattice_evaluates_a_small_share_at_full_size() -> None:
    field = bust_field()
    _, evaluated = sample_values(field, Lattice.over(field.bounds, 192))
    assert field.points == evaluated
    assert evaluated < 0.15 * 193**3


def test_a_steep_saturated_field_keeps_a_thin_plate_on_a_ball() -> None:
    """Densities are not distances: they saturate. A plate of 2 cells that stands on a ball must not be lost."""
    shape = union(ball((0, 0, 0), 0.4), box((0.0, 0.55, 0.0), (0.3, 0.3, 0.016)))
    field = AnalyticField(lambda p: np.tanh(40.0 * shape(p)), ((-1, -1, -1), (1, 1, 1)))
    lattice = Lattice.over(field.bounds, 128)
    sparse, _ = sample_values(field, lattice)
    dense = dense_values(field, lattice)
    assert ((sparse > 0) == (dense > 0)).all()


def test_progress_rises_to_one_and_can_cancel() -> None:
    field = bust_field()
    seen: list[float] = []
    sample_values(
        field, Lattice.over(field.bounds, 64), progress=lambda stage, fraction: seen.append(fraction)
    )
    assert seen == sorted(seen) and seen[-1] == 1.0 and len(seen) > 3

    def stop(stage: str, fraction: float) -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        sample_values(field, Lattice.over(field.bounds, 64), progress=stop)


def test_bad_fields_and_sizes_are_named() -> None:
    field = bust_field()
    with pytest.raises(UsageError, match="8 to 1024, got 4"):
        Lattice.over(field.bounds, 4)
    with pytest.raises(ModelFileError, match="bounds"):
        Lattice.over(field.bounds[::-1], 64)
    broken = AnalyticField(lambda p: np.where(p[:, 0] > 0.5, np.nan, 1.0), ((-1, -1, -1), (1, 1, 1)))
    with pytest.raises(ModelFileError, match="not finite"):
        sample_values(broken, Lattice.over(broken.bounds, 16))
