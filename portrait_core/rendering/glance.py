# SPDX-License-Identifier: Apache-2.0
"""Pictures of a gallery: looked at for a moment, many at a time, so that each may cost little.

As small pictures of :mod:`portrait_core.rendering.layered` (:meth:`Look.paint_small` is the oracle of the tests), but
drawn rather than followed ray by ray, and with one coat whose colours are asked for only where they are seen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from portrait_core.rendering.coat_table import CoatTable
from portrait_core.rendering.layered import LayeredScene, uneven
from portrait_core.rendering.lighting import expose
from portrait_core.rendering.preview import backdrop_at, encode
from portrait_core.rendering.vertex_shares import VertexShares
from portrait_core.rendering.z_buffer import DrawnBundle, Grid, Projection, centres, corners

CONTRAST = 12
"""As :data:`portrait_core.rendering.layered.CONTRAST`: steps that are no more than this are seen in no picture of two
hundred pixels."""

CoatsAt = Callable[[NDArray[np.bool_]], CoatTable]
"""The texels (S squared,) of the coat that comes late that are about to be read -> all coats, which are right there."""


class Glance:
    """What a camera sees of a scene that lies before it, drawn; colours come with :meth:`paint`.

    Raises ``ValueError`` as :class:`portrait_core.rendering.z_buffer.Projection`.
    """

    def __init__(
        self, scene: LayeredScene, cam2world: NDArray[np.float32], intrinsics: NDArray[np.float32], size: int
    ) -> None:
        self._mesh, self._size = scene.mesh, size
        self._projection = Projection(scene.vertices, cam2world, intrinsics)
        self._shares = VertexShares(scene.lit, cam2world)
        self._middles = self._drawn(centres(size))

    def _drawn(self, grid: Grid) -> DrawnBundle:
        return DrawnBundle(self._mesh, self._projection, grid, self._shares)

    def paint(self, late: int, texels: int, coats_at: CoatsAt) -> NDArray[np.uint8]:
        """The picture (S, S, 3) uint8 sRGB; ``late`` is the number of the coat that ``coats_at`` is asked about, whose
        colours are an image of ``texels`` squared.

        Where it is uneven a pixel is half its middle and half its four corners.
        """
        size, bundle = self._size, self._middles
        image = _lit(bundle, coats_at(bundle.read(late, texels)), _backdrop(centres, size))
        depth = np.full(size * size, np.inf, np.float32)
        depth[bundle.which] = bundle.nearest
        edges = np.flatnonzero(uneven(image, depth, size, CONTRAST))
        if len(edges):
            row, column = np.divmod(edges, size)
            first = row * (size + 1) + column
            around = (first, first + 1, first + size + 1, first + size + 2)
            bundle = self._drawn(corners(size, np.concatenate(around)))
            finer = _lit(bundle, coats_at(bundle.read(late, texels)), _backdrop(_all_corners, size))
            image[edges] = 0.5 * image[edges] + 0.125 * sum(finer[each] for each in around)
        return encode(image).reshape(size, size, 3)


def _all_corners(size: int) -> Grid:
    return corners(size, np.arange((size + 1) * (size + 1)))


def _lit(bundle: DrawnBundle, coats: CoatTable, backdrop: NDArray[np.float32]) -> NDArray[np.float32]:
    """(M, 3) linear light of all samples of a grid, before its ``backdrop`` (M, 3)."""
    image = backdrop.copy()
    image[bundle.which] = expose(bundle.light(coats)) + bundle.through[:, None] * backdrop[bundle.which]
    return image


@lru_cache(maxsize=4)
def _backdrop(grid: Callable[[int], Grid], size: int) -> NDArray[np.float32]:
    """Behind all samples of a grid; the same for every picture."""
    own = grid(size)
    return backdrop_at(*own.places(np.arange(own.side * own.side)))
