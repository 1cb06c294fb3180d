# SPDX-License-Identifier: Apache-2.0
"""Baking: what a surface looks like, asked for at texels, as images."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from textures.adaptive import sample_texels
from textures.colour_space import linear_to_srgb
from textures.fill import fill_empty
from textures.layout import FINEST_DETAIL, Layout
from textures.raster import blend

CHUNK = 1 << 17
"""Points of one call to the sampled function: bounds memory and sets how often progress is reported."""

TILE = 1024
"""Side of the squares that an image is made in: bounds memory. A multiple of every first lattice spacing."""

THREADS = 2
"""Squares worked on at the same time: NumPy and most sampled functions let go of Python's lock."""

TOLERANCE = 1.0
"""Error that interpolation between texels may make, in levels of 255."""

CONTRAST = 24
"""Levels between two neighbouring texels from which on both are averaged over four samples."""

SUB_TEXELS = ((-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125))
"""A rotated grid: edges of any direction are met by four different offsets."""

EMPTY = 128
"""Grey level of an image that no triangle covers."""


Sample = Callable[[NDArray[np.float32]], NDArray[np.float32]]
NumberedSample = Callable[[NDArray[np.float32], "NDArray[np.int64] | None"], NDArray[np.float32]]
"""As ``Sample``; also told the numbers (N,) of the texels whose centres the positions are, or None between them."""
Report = Callable[[str, float], None]


def bake_colour(
    atlas_faces: NDArray[np.int32],
    uvs: NDArray[np.float32],
    sample_positions: NDArray[np.float32],
    colour: Sample,
    size: int,
    *,
    tolerance: float = TOLERANCE,
    detail: float = FINEST_DETAIL,
    antialias: bool = True,
    progress: Report | None = None,
    threads: int = THREADS,
) -> NDArray[np.uint8]:
    """A (size, size, 3) uint8 sRGB image of ``colour`` ((N, 3) positions -> (N, 3) linear RGB, 0 to 1); see
    :func:`bake_image`."""
    return bake_image(
        atlas_faces, uvs, sample_positions, colour, size, srgb=(True, True, True), tolerance=tolerance,
        detail=detail, antialias=antialias, progress=progress, threads=threads,
    )  # fmt: skip


def bake_materials(
    atlas_faces: NDArray[np.int32],
    uvs: NDArray[np.float32],
    sample_positions: NDArray[np.float32],
    materials: Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], NDArray[np.float32]]],
    size: int,
    *,
    tolerance: float = TOLERANCE,
    detail: float = FINEST_DETAIL,
    antialias: bool = True,
    progress: Report | None = None,
    threads: int = THREADS,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Base colour (size, size, 3) uint8 sRGB and roughness (size, size) uint8 linear; see :func:`bake_image`.

    ``materials`` gives linear RGB (N, 3) and roughness (N,), both 0 to 1, at positions (N, 3).
    """

    def sample(points: NDArray[np.float32]) -> NDArray[np.float32]:
        colour, roughness = materials(points)
        return np.concatenate([colour, roughness[:, None]], axis=1)

    image = bake_image(
        atlas_faces, uvs, sample_positions, sample, size, srgb=(True, True, True, False), tolerance=tolerance,
        detail=detail, antialias=antialias, progress=progress, threads=threads,
    )  # fmt: skip
    return np.ascontiguousarray(image[:, :, :3]), np.ascontiguousarray(image[:, :, 3])


def bake_image(
    atlas_faces: NDArray[np.int32],
    uvs: NDArray[np.float32],
    sample_positions: NDArray[np.float32],
    sample: Sample,
    size: int,
    *,
    srgb: tuple[bool, ...],
    tolerance: float = TOLERANCE,
    detail: float = FINEST_DETAIL,
    antialias: bool = True,
    progress: Report | None = None,
    threads: int = THREADS,
) -> NDArray[np.uint8]:
    """A (size, size, C) uint8 image of ``sample`` ((N, 3) -> (N, C), 0 to 1); row 0 is the top (v = 1).

    ``atlas_faces`` (F, 3) and ``uvs`` (V, 2, origin at the bottom left) place the triangles in the image;
    ``sample_positions`` (V, 3) are interpolated in them to the places where ``sample`` is asked; further columns
    are interpolated along. Channels marked in
    ``srgb`` are linear light and stored as sRGB, the others are stored as they are.

    Texel centres are sampled where the values bend; between them they are interpolated within ``tolerance`` levels of
    255 (0: every texel is sampled). ``detail``, in units of the positions, is the size of the smallest feature that
    must be found. With ``antialias``, texels at sharp borders are the mean of four samples. Texels outside all
    triangles continue the nearest chart, over the whole image. ``sample`` is called from ``threads`` threads at once.
    ``progress`` is called with "texture" and the finished fraction, from the caller's thread; what it
    raises passes through. Raises ``ValueError`` for a size below 1 and for samples that are not finite.
    """
    layout = Layout(atlas_faces, uvs, sample_positions, size, detail=detail)
    return bake_layout(
        layout, lambda points, _: sample(points), srgb=srgb, tolerance=tolerance, antialias=antialias,
        progress=progress, threads=threads,
    )  # fmt: skip


def bake_layout(
    layout: Layout,
    sample: NumberedSample,
    *,
    srgb: tuple[bool, ...],
    tolerance: float = TOLERANCE,
    antialias: bool = True,
    progress: Report | None = None,
    threads: int = THREADS,
    tile: int = TILE,
) -> NDArray[np.uint8]:
    """The image of :func:`bake_image` by a layout that is there, made in squares of ``tile`` texels, a multiple of
    every first lattice spacing; ``sample`` is told which texels it is asked for, so that it may keep what belongs to
    them."""
    baker, size = _Baker(layout, sample, np.array(srgb)), layout.size
    image = np.full((size, size, len(srgb)), EMPTY, np.uint8)
    covered = np.zeros((size, size), bool)

    def make(corner: tuple[int, int]) -> None:
        (top, left), (bottom, right) = corner, (min(side + tile, size) for side in corner)
        own = _Tile(baker, (top, left), layout.face((top, bottom, left, right)))
        covered[top:bottom, left:right] = own.face >= 0
        if bool(covered[top:bottom, left:right].any()):
            image[top:bottom, left:right] = own.paint(layout.step, tolerance, antialias)

    tiles = [(top, left) for top in range(0, size, tile) for left in range(0, size, tile)]
    with ThreadPoolExecutor(threads) as pool:
        try:
            for number, _ in enumerate(pool.map(make, tiles)):
                if progress is not None:
                    progress("texture", (number + 1) / len(tiles) if number + 1 < len(tiles) else 0.95)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    image = fill_empty(image, covered, rings=max(2, size // 256))
    if progress is not None:
        progress("texture", 1.0)
    return image


@dataclass(frozen=True, eq=False)
class _Baker:
    """A layout and the sampled function."""

    layout: Layout
    sample: NumberedSample
    srgb: NDArray[np.bool_]


@dataclass(frozen=True)
class _Tile:
    """A window that begins at the texel ``origin`` (row, column), with the ``face`` (H, W) of its texels."""

    baker: _Baker
    origin: tuple[int, int]
    face: NDArray[np.int32]

    def paint(self, step: int, tolerance: float, antialias: bool) -> NDArray[np.uint8]:
        """The window's image (H, W, C); texels that are not covered are grey."""
        charts = self.baker.layout.charts
        chart = np.where(self.face >= 0, charts[self.face], -1).astype(np.int32)
        values = sample_texels(chart, self._encoded, len(self.baker.srgb), step=step, tolerance=tolerance)
        image = np.rint(values).astype(np.uint8)
        if antialias:
            row, column = np.nonzero(sharp_borders(image, chart))
            if len(row):
                total = np.zeros((len(row), len(self.baker.srgb)), np.float32)
                for dy, dx in SUB_TEXELS:
                    total += self._linear(row, column, dy, dx)
                image[row, column] = np.rint(self._encode(total / np.float32(len(SUB_TEXELS)))).astype(np.uint8)
        image[self.face < 0] = EMPTY
        return image

    def _linear(
        self, row: NDArray[np.int64], column: NDArray[np.int64], dy: float = 0.0, dx: float = 0.0
    ) -> NDArray[np.float32]:
        result = np.empty((len(row), len(self.baker.srgb)), np.float32)
        layout, (top, left) = self.baker.layout, self.origin
        for begin in range(0, len(row), CHUNK):
            part = slice(begin, begin + CHUNK)
            face = self.face[row[part], column[part]].astype(np.int64)
            down, across = row[part] + top, column[part] + left
            weights = layout.placement.weights(face, down + dy, across + dx)
            centres = None if dy or dx else down * layout.size + across
            found = self.baker.sample(blend(layout.faces[face], weights, layout.positions), centres)
            if not bool(np.isfinite(found).all()):
                raise ValueError("bake_image: the sampled function returned values that are not finite")
            result[part] = found
        return result

    def _encoded(self, row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._encode(self._linear(row, column))

    def _encode(self, linear: NDArray[np.float32]) -> NDArray[np.float32]:
        """Linear values (N, C), 0 to 1, to stored levels, 0 to 255, not rounded."""
        if bool(self.baker.srgb.all()):
            return linear_to_srgb(linear) * np.float32(255)
        stored = np.clip(linear, 0.0, 1.0)
        stored[:, self.baker.srgb] = linear_to_srgb(linear[:, self.baker.srgb])
        return stored * np.float32(255)


def sharp_borders(image: NDArray[np.uint8], chart: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(H, W): covered texels that differ from a neighbour of their chart by more than ``CONTRAST`` levels."""
    sharp = np.zeros(chart.shape, bool)
    planes = [np.ascontiguousarray(image[:, :, channel]) for channel in range(image.shape[2])]
    # Texels with their neighbours below and to the right; NumPy runs along the rows of a plane.
    for here, there in (((slice(1, None),), (slice(None, -1),)), ((..., slice(1, None)), (..., slice(None, -1)))):
        both = (chart[here] == chart[there]) & (chart[here] >= 0)
        apart = np.zeros(both.shape, bool)
        for plane in planes:
            one, two = plane[here], plane[there]
            apart |= np.maximum(one, two) - np.minimum(one, two) > CONTRAST
        both &= apart
        sharp[here] |= both
        sharp[there] |= both
    return sharp
