# SPDX-License-Identifier: Apache-2.0
"""The sparse lattice and its marching cubes against the dense ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from portrait_core.errors import Cancelled, ModelFileError
from portrait_core.field import StructuredField
from portrait_core.geometry.surface import outer_shell
from portrait_core.progress import silent
from portrait_core.shape import Surface, extract_surface, inspect_surface
from portrait_core.shape.adaptive_sampling import SMALL, near_blocks, sample_sparse_grid
from portrait_core.shape.bit_masks import SIDE
from portrait_core.shape.grid import Lattice, dense_values
from portrait_core.shape.isosurface import best_march, triangulate, triangulate_bricks
from portrait_core.shape.marching_cubes_table import CORNERS, EDGES, cube_table
from portrait_core.shape.sparse_grid import SparseGrid
from tests.analytic import AnalyticField, ball, box, bust_field, union

Array = NDArray[np.float32]


def all_bricks(values: Array, lattice: Lattice, beyond: float) -> SparseGrid:
    """A dense volume as bricks without a gap."""
    bricks = SparseGrid(lattice.cells, beyond)
    bricks.add(np.argwhere(np.ones([n // SIDE + 3 for n in lattice.cells], bool)) - 1)
    unknown = np.flatnonzero(np.isnan(bricks.values))
    bricks.values.reshape(-1)[unknown] = values[tuple(bricks.index(unknown).T)]
    return bricks


def apart(one: Surface, two: Surface) -> float:
    """The largest distance of a vertex of one surface to the nearest of the other."""
    there = cKDTree(two.vertices).query(one.vertices)[0].max()
    back = cKDTree(one.vertices).query(two.vertices)[0].max()
    return float(max(there, back))


def assert_the_same(field: AnalyticField, resolution: int) -> int:
    """The sparse way finds exactly the shell of the dense one; returns the number of points it evaluated."""
    lattice = Lattice.over(field.bounds, resolution)
    bricks, evaluated = sample_sparse_grid(field, lattice, progress=silent)
    dense = dense_values(field, lattice)
    every = triangulate_bricks(all_bricks(dense, lattice, float(bricks.beyond)), lattice)
    expected, found = outer_shell(every), outer_shell(triangulate_bricks(bricks, lattice))
    assert len(found.vertices) == len(expected.vertices) and len(found.faces) == len(expected.faces)
    assert apart(found, expected) == 0.0
    library = outer_shell(triangulate(dense, lattice, best_march()))
    assert abs(found.volume() / library.volume() - 1) < 5e-4  # the library cuts polygons along other diagonals
    assert apart(found, library) < 0.02 * lattice.spacing.min()
    report = inspect_surface(found)
    assert report.clean, report
    return evaluated


@pytest.mark.parametrize("resolution", [24, 100, 144])
def test_a_bust_is_found_as_on_the_dense_lattice(resolution: int) -> None:
    assert_the_same(bust_field(), resolution)


def test_only_a_small_share_is_evaluated_at_full_size() -> None:
    field = bust_field()
    lattice = Lattice.over(field.bounds, 192)
    _, evaluated = sample_sparse_grid(field, lattice, progress=silent)
    assert field.points == evaluated
    assert evaluated < 0.08 * np.prod(lattice.cells)


def test_a_saturated_field_keeps_a_thin_plate_on_a_ball() -> None:
    """Densities are not distances: they saturate, so nothing tells of a plate of 2 cells from afar."""
    shape = union(ball((0, 0, 0), 0.4), box((0.0, 0.55, 0.0), (0.3, 0.3, 0.016)))
    field = AnalyticField(lambda p: np.tanh(40.0 * shape(p)), ((-1, -1, -1), (1, 1, 1)))
    assert assert_the_same(field, 128) < 0.25 * 129**3


def test_a_thread_between_two_balls_is_followed() -> None:
    """A winding thread thinner than a brick, invisible to every coarse point on its way: found from its ends."""

    def thread(points: Array) -> Array:
        turn = points[:, 0] * 9
        off = np.hypot(points[:, 1] - 0.06 * np.sin(turn), points[:, 2] - 0.06 * np.cos(turn))
        return np.where(np.abs(points[:, 0]) < 0.6, 0.02 - off, -1.0)

    shape = union(ball((0.6, 0.0, 0.05), 0.2), ball((-0.6, 0.0, 0.05), 0.2), thread)
    field = AnalyticField(lambda p: np.clip(shape(p) * 100, -1, 1), ((-1, -1, -1), (1, 1, 1)))
    assert_the_same(field, 160)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_solid_that_runs_through_a_wall_is_capped_there(axis: int, side: float) -> None:
    middle = np.array([0.05, 0.1, -0.1])
    middle[axis] = side
    field = AnalyticField(ball(middle, 0.7), ((-1, -1, -1), (1, 1, 1)))
    assert_the_same(field, 96)
    surface = extract_surface(field, 96)
    on_wall = surface.vertices[:, axis] == side
    assert np.abs(surface.vertices).max() == 1.0 and on_wall.sum() > 1000


def test_a_solid_that_fills_its_box_is_a_box() -> None:
    surface = extract_surface(AnalyticField(lambda p: np.ones(len(p)), ((-1, -1, -1), (1, 1, 1))), 96)
    assert inspect_surface(surface).clean and abs(surface.volume() - 8) < 1e-4


def test_noise_is_closed_and_oriented_everywhere() -> None:
    """Every ambiguous cube occurs in noise, also at the walls; no edge has more than two faces."""
    values = np.random.default_rng(3).normal(size=(25, 17, 33)).astype(np.float32)
    lattice = Lattice(np.zeros(3), np.ones(3), (24, 16, 32))
    bricks = all_bricks(values, lattice, -5.0)
    inner = values.copy()
    inner[[0, -1]], inner[:, [0, -1]], inner[:, :, [0, -1]] = -1, -1, -1
    for volume in (values, inner):
        bricks = all_bricks(volume, lattice, -5.0)
        report = inspect_surface(triangulate_bricks(bricks, lattice))
        assert report.open_edges == report.twisted_edges == report.degenerate_faces == 0
    assert report.crowded_edges == 0


@pytest.mark.parametrize("exact", [True, False])
def test_a_sphere_and_a_box_lie_where_they_are(exact: bool) -> None:
    centre, half = np.array([0.051, 0.022, -0.103]), np.array([0.5, 0.33, 0.41])
    bounds = ((-1.0, -0.9, -0.8), (1.1, 0.8, 1.0))
    lattice = Lattice.over(np.array(bounds, np.float32), 96)
    surface = extract_surface(AnalyticField(ball(centre, 0.6), bounds), 96)
    assert np.abs(np.linalg.norm(surface.vertices - centre, axis=1) - 0.6).max() < 0.02 * lattice.spacing.min()
    middle = (surface.vertices.min(axis=0) + surface.vertices.max(axis=0)) / 2
    assert np.abs(middle - centre).max() < 0.02 * lattice.spacing.min()
    scale = 1.0 if exact else 0.3  # a value need not be a distance
    surface = extract_surface(AnalyticField(lambda p: scale * box(centre, half)(p), bounds), 96)
    over = (np.abs(surface.vertices - centre) - half) / lattice.spacing
    flat = np.sort(over, axis=1)[:, 1] < -1.5
    assert np.abs(over[flat].max(axis=1)).max() < 0.02 and flat.sum() > 1000
    assert inspect_surface(surface).clean


def test_the_table_is_whole() -> None:
    """Each case cuts each crossed edge, no other one, and is the mirror of what the neighbours across a face see."""
    start, triangles = cube_table()
    assert len(start) == 257 and start[-1] == len(triangles)
    for case in range(256):
        rows = triangles[start[case] : start[case + 1]]
        crossed = {e for e, (a, b) in enumerate(EDGES) if (case >> a & 1) != (case >> b & 1)}
        assert set(rows.ravel().tolist()) == crossed
    one = triangles[start[1] : start[2]]
    place = np.array([(np.array(CORNERS[a]) + np.array(CORNERS[b])) / 2 for a, b in EDGES])[one[0]]
    assert (np.cross(place[1] - place[0], place[2] - place[0]) > 0).all()  # away from the corner at the origin


def test_blocks_near_a_linear_surface_are_near_and_unknown_ones_are_not() -> None:
    x = np.arange(5, dtype=np.float32)
    values = np.broadcast_to(x[:, None, None] - 1.75, (5, 5, 5)).copy()
    np.testing.assert_array_equal(near_blocks(values, 0.1)[:, 0, 0], [False, True, False, False])
    np.testing.assert_array_equal(near_blocks(values, 1.0)[:, 0, 0], [False, True, True, False])
    values[2, 2, 2] = np.nan
    assert not near_blocks(values, 1.0)[1:3, 1:3, 1:3].any()


def test_a_structured_field_is_asked_in_its_own_way() -> None:
    class Structured(AnalyticField):
        asked = 0

        def on_lattice(self, axes: tuple[NDArray[np.float64], ...]) -> Callable[[NDArray[np.int64]], Array]:
            def read(index: NDArray[np.int64]) -> Array:
                self.asked += len(index)
                points = np.stack([a[index[:, i]] for i, a in enumerate(axes)], axis=1)
                return (0.5 - np.linalg.norm(points, axis=1)).astype(np.float32)

            return read

    field = Structured(ball((0, 0, 0), 0.5), ((-1, -1, -1), (1, 1, 1)))
    assert isinstance(field, StructuredField) and not isinstance(bust_field(), StructuredField)
    plain = AnalyticField(ball((0, 0, 0), 0.5), ((-1, -1, -1), (1, 1, 1)))
    assert apart(extract_surface(field, 64), extract_surface(plain, 64)) < 1e-5
    assert field.asked > 0 and field.points == 0


def test_progress_rises_to_one_and_can_cancel() -> None:
    field = bust_field()
    seen: list[float] = []
    lattice = Lattice.over(field.bounds, 64)
    assert np.prod(lattice.cells) > SMALL
    sample_sparse_grid(field, lattice, progress=lambda stage, fraction: seen.append(fraction))
    assert seen == sorted(seen) and seen[-1] == 1.0 and len(seen) > 3

    def stop(stage: str, fraction: float) -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        sample_sparse_grid(field, lattice, progress=stop)


def test_values_that_are_not_finite_are_named() -> None:
    broken = AnalyticField(lambda p: np.where(p[:, 0] > 0.5, np.nan, 1.0), ((-1, -1, -1), (1, 1, 1)))
    with pytest.raises(ModelFileError, match="not finite"):
        extract_surface(broken, 96)
