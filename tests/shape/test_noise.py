# SPDX-License-Identifier: Apache-2.0
"""Fields of untrained weights: noise is refused in one line before anything is solved on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.errors import ModelFileError
from portrait_core.geometry.surface import Surface, outer_shell, parted_shells
from portrait_core.shape import clean, decimate, extract_surface, isosurface
from portrait_core.shape.clean import MOST_HANDLES, NOISE
from portrait_core.shape.grid import Lattice
from portrait_core.shape.isosurface import triangulate

BOX = np.array([[-0.25] * 3, [0.25] * 3], np.float32)


@dataclass(frozen=True)
class Waves:
    """Sums of waves in all directions in a box of half a metre, ``least`` subtracted: blobs, more the faster they are.

    ``ball`` is the radius of a solid ball in their midst.
    """

    speed: float
    least: float
    ball: float = 0.0

    @property
    def bounds(self) -> NDArray[np.float32]:
        return BOX

    def value(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        dice = np.random.default_rng(1)
        ways, phases = dice.normal(size=(3, 24)) * self.speed, dice.uniform(0, 7, 24)
        waves = np.sin(points @ ways + phases).sum(axis=1) / 5 - self.least
        inside = self.ball - np.linalg.norm(points, axis=1)
        return (np.maximum(waves, 60 * inside) if self.ball else waves).astype(np.float32)

    def colour(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.ones_like(points)

    def place(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        return points


def test_a_field_of_many_pieces_is_refused_by_its_name() -> None:
    with pytest.raises(ModelFileError, match=r"noise: \d{3,} pieces, the largest with \d+ % of the volume") as refused:
        extract_surface(Waves(60.0, 1.0), 64)
    assert refused.value.remedy is not None and "\n" not in str(refused.value)


def test_many_shells_of_which_none_is_solid_are_noise() -> None:
    """Hollows alone: no shell has a positive volume."""
    for volumes in (np.full(isosurface.NOISE[0] + 1, -1.0), np.zeros(isosurface.NOISE[0] + 1)):
        with pytest.raises(ModelFileError, match=r"noise: \d{3,} pieces, the largest with 0 % of the volume"):
            isosurface._refuse_noise(volumes)  # pyright: ignore[reportPrivateUsage]
    isosurface._refuse_noise(np.full(isosurface.NOISE[0], -1.0))  # pyright: ignore[reportPrivateUsage]


def test_a_bust_among_many_crumbs_is_none() -> None:
    surface = extract_surface(Waves(90.0, 1.9, ball=0.15), 64)
    assert surface.volume() == pytest.approx(4 / 3 * np.pi * 0.15**3, rel=0.1)
    whole = triangulate_of(Waves(90.0, 1.9, ball=0.15))
    outer, volumes = parted_shells(whole)
    assert len(volumes) > 100 and np.array_equal(outer.faces, outer_shell(whole).faces)
    assert outer.volume() == pytest.approx(float(volumes.max()), rel=1e-6)


def triangulate_of(field: Waves) -> Surface:
    lattice = Lattice.over(field.bounds, 64)
    grid = np.stack(np.meshgrid(*lattice.axes(), indexing="ij"), axis=-1)
    return triangulate(field.value(grid.reshape(-1, 3)).reshape(grid.shape[:3]), lattice)


def sponge(speed: float, cells: int = 48) -> Surface:
    """A gyroid in a ball of 22 cm: one piece, the more handles the faster it turns."""
    lattice = Lattice.over(BOX, cells)
    x, y, z = np.meshgrid(*lattice.axes(), indexing="ij")
    gyroid = sum(np.sin(speed * a) * np.cos(speed * b) for a, b in ((x, y), (y, z), (z, x)))
    ball = 24 * (0.22 - np.sqrt(x * x + y * y + z * z))
    return outer_shell(triangulate(np.minimum(gyroid, ball).astype(np.float32), lattice))


def test_a_sponge_is_refused_and_a_coarser_one_keeps_its_handles() -> None:
    with pytest.raises(ModelFileError, match=r"noise: a sponge of \d{3} handles") as refused:
        clean(sponge(90.0), None, 0.5 / 48)
    assert int(str(refused.value).split("sponge of ")[1].split(" ")[0]) > NOISE
    result, report = clean(sponge(60.0), None, 0.5 / 48)
    assert MOST_HANDLES < report.genus_before == report.genus <= NOISE and report.tunnels_closed == 0
    small = decimate(result, 3000)
    assert len(small.faces) <= 3000 and outer_shell(small).faces.shape == small.faces.shape
