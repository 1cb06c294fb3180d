# SPDX-License-Identifier: Apache-2.0
"""Field to surface: marching cubes on a padded lattice, then the one outer shell."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import ModelFileError, remedy
from portrait_core.field import Field
from portrait_core.geometry.surface import Surface, parted_shells
from portrait_core.progress import Progress, silent
from portrait_core.shape.adaptive_sampling import sample_sparse_grid
from portrait_core.shape.grid import Lattice
from portrait_core.shape.marching_cubes import march_bricks
from portrait_core.shape.sparse_grid import SparseGrid

_NOTHING = (
    "the model has no surface: its field is nowhere positive inside its bounds, as after too short a training. "
    "Train it longer, or take another seed or a smaller psi."
)

NOISE = (100, 0.5)
"""More pieces than this, and no one with this share of the volume: noise. Trained models have a dozen, and 0.999."""

MarchingCubes = Callable[[NDArray[np.float32]], tuple[NDArray[np.float64], NDArray[np.int64]]]
"""A volume (positive inside) -> vertices (V, 3) in index units and faces (F, 3), closed, in any orientation."""


def extract_surface(field: Field, resolution: int = 256, *, progress: Progress | None = None) -> Surface:
    """The outer surface of ``field`` in lattice space: one shell, closed, counter-clockwise from outside.

    ``resolution`` is the number of lattice cells along the longest edge of ``field.bounds``. Where the field runs out
    of its bounds the surface gets a flat cap on the wall. Raises ``ModelFileError`` when the field has no surface, or
    noise, or values that are not finite, ``UsageError`` for a resolution out of range.
    """
    report = progress or silent
    lattice = Lattice.over(field.bounds, resolution)
    bricks, _ = sample_sparse_grid(field, lattice, progress=report)
    report("surface", 0.0)
    surface = triangulate_bricks(bricks, lattice)
    report("surface", 0.7)
    surface, volumes = parted_shells(surface)
    _refuse_noise(volumes)
    report("surface", 1.0)
    return surface


def _refuse_noise(volumes: NDArray[np.float64]) -> None:
    """Raise ``ModelFileError`` where the shells of these ``volumes`` (S,) are many and none is the bust."""
    solid = volumes[volumes > 0.0]
    largest, whole = (float(solid.max()), float(solid.sum())) if len(solid) else (0.0, 0.0)
    if len(volumes) > NOISE[0] and (largest < NOISE[1] * whole or not whole):
        share = 100.0 * largest / whole if whole else 0.0
        raise ModelFileError(
            f"the surface of this model is noise: {len(volumes)} pieces, the largest with {share:.0f} % of the volume, "
            "where a bust has nearly all. Its weights are untrained, damaged or of another program; get the file again "
            "or train it further.",
            remedy=remedy("choose_model"),
        )


def triangulate_bricks(bricks: SparseGrid, lattice: Lattice) -> Surface:
    """Every shell of the zero level that ``bricks`` hold, closed at the walls of the lattice."""
    if not bool((bricks.values > 0.0).any()):
        raise ModelFileError(_NOTHING)
    place, faces = _onto_walls(*march_bricks(bricks), np.asarray(lattice.cells, np.float64))
    return Surface(_placed(place, lattice), faces)


def triangulate(values: NDArray[np.float32], lattice: Lattice, march: MarchingCubes | None = None) -> Surface:
    """Marching cubes by a library over dense ``values``: the oracle of :func:`triangulate_bricks`."""
    inside = values > 0.0
    if not bool(inside.any()):
        raise ModelFileError(_NOTHING)
    scale = float(np.abs(values).max())
    # A value of zero or nearly zero puts several vertices onto one lattice point and makes faces without area.
    least = np.float32(1e-5 * scale)
    values = np.where(np.abs(values) < least, np.where(inside, least, -least), values)
    low, high = _span(inside)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    padded = np.pad(values[box], 1, constant_values=np.float32(-scale))
    place, faces = (march or best_march())(padded)
    place = place + (np.asarray(low, np.float64) - 1.0)
    # The padding stands for "outside begins at the wall": vertices between wall and padding belong onto the wall.
    place, faces = _onto_walls(place, faces.astype(np.int32), np.asarray(lattice.cells, np.float64))
    vertices = _placed(place, lattice)
    surface = Surface(vertices, faces)
    if surface.volume() < 0.0:
        surface = Surface(vertices, np.ascontiguousarray(surface.faces[:, ::-1]))
    return surface


def _onto_walls(
    place: NDArray[np.float64], faces: NDArray[np.int32], cells: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Move what lies beyond the walls onto them, and weld what comes together in the box's edges and corners."""
    at_walls = np.zeros(len(place), np.int8)
    clipped = np.empty((3, len(place)))
    for axis, size in enumerate(cells):
        np.clip(place[:, axis], 0.0, size, out=clipped[axis])
        at_walls += (clipped[axis] == 0.0) | (clipped[axis] == size)
    place = clipped.T
    cornered = np.flatnonzero(at_walls >= 2)
    if len(cornered) == 0:
        return place, faces
    _, first, inverse = np.unique(place[cornered], axis=0, return_index=True, return_inverse=True)
    target = np.arange(len(place), dtype=np.int32)
    target[cornered] = cornered[first[np.asarray(inverse).ravel()]]
    faces = target[faces]
    faces = faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]
    used = np.zeros(len(place), bool)
    used[faces.ravel()] = True
    return place[used], (np.cumsum(used, dtype=np.int32) - 1)[faces]


def _placed(place: NDArray[np.float64], lattice: Lattice) -> NDArray[np.float32]:
    """Index units (V, 3) -> lattice space."""
    vertices = np.empty(place.shape, np.float32)
    for axis in range(3):
        vertices[:, axis] = lattice.origin[axis] + place[:, axis] * lattice.spacing[axis]
    return vertices


def best_march() -> MarchingCubes:
    """PyMCubes where it is installed, else scikit-image: they agree, but Python 3.13 has a wheel of the second only."""
    return march_pymcubes if importlib.util.find_spec("mcubes") else march_skimage


def march_pymcubes(volume: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Marching cubes by PyMCubes (no wheel for Python 3.13)."""
    mcubes: Any = importlib.import_module("mcubes")
    vertices, faces = mcubes.marching_cubes(volume, 0.0)
    return np.asarray(vertices, np.float64), np.asarray(faces).astype(np.int64)


def march_skimage(volume: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Marching cubes by scikit-image."""
    measure: Any = importlib.import_module("skimage.measure")
    result = measure.marching_cubes(volume, 0.0, allow_degenerate=False)
    return np.asarray(result[0], np.float64), np.asarray(result[1]).astype(np.int64)


def _span(inside: NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    """The index box of the inside points with one outside point around it where the lattice has one."""
    low: list[int] = []
    high: list[int] = []
    for axis in range(3):
        used = np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis})))
        low.append(max(int(used[0]) - 1, 0))
        high.append(min(int(used[-1]) + 2, inside.shape[axis]))
    return low, high
