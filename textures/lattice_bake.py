# SPDX-License-Identifier: Apache-2.0
"""An image of a smooth function in a layout that many surfaces share, from as few of its texels as will do.

As :func:`textures.bake.bake_layout`, with two differences. The lattice of first texels goes on beyond the borders of
the charts (:mod:`textures.chart_margins`), so that texels at a border lie between its points too and need not be asked
for one by one: of a face at 1024 texels they were half of all. And everything that the layout decides is kept with it.
Where the function has sharp borders texels are not averaged.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from textures.adaptive import BEND
from textures.bake import EMPTY, Report
from textures.chart_margins import ChartMargins
from textures.colour_space import linear_to_srgb
from textures.layout import Layout
from textures.raster import blend

TexelSample = Callable[[NDArray[np.int64], NDArray[np.float32]], NDArray[np.float32]]
"""Flat numbers (N,) of texels and the layout's positions there (N, ...) -> values (N, 4), 0 to 1."""

ASKED = 2
"""As :data:`textures.texel_kernels.ASKED`, which is the kernels' own."""
TILE = 512
"""Side of the squares in which the layout is drawn."""
REACH = 2.5
"""Spacings of the first lattice that its points go beyond the charts: what a cell at a border needs to be judged."""
WANTED = 1.5
"""Spacings of a finer lattice beyond the charts within which its texels are asked for where the function bends."""


class LatticeLayout:
    """A :class:`Layout` with its lattices: ``numbers`` (N,) are the flat numbers of the first texels; ``charts`` and
    ``wanted`` are (H, W) of each lattice, the first one's first, the last one's of all texels."""

    def __init__(self, layout: Layout) -> None:
        self._layout, self.size = layout, layout.size
        face = np.empty((layout.size, layout.size), np.int32)
        for top in range(0, layout.size, TILE):  # in squares, for the sake of memory
            for left in range(0, layout.size, TILE):
                bottom, right = min(top + TILE, layout.size), min(left + TILE, layout.size)
                face[top:bottom, left:right] = layout.face((top, bottom, left, right))
        chart = np.where(face >= 0, layout.charts[face], -1).astype(np.int32)
        self._face = face.reshape(-1)
        self.covered = (face >= 0).astype(np.uint8)
        step = layout.step
        self._margins = ChartMargins.of(chart, int(np.ceil(REACH * step)))
        grown, away = self._margins.chart, self._margins.away
        self.charts: list[NDArray[np.int32]] = []
        self.wanted: list[NDArray[np.uint8]] = []
        self.steps: list[int] = []
        while step >= 1:
            reach = REACH if not self.charts else WANTED
            here = np.ascontiguousarray(grown[::step, ::step])
            self.charts.append(here)
            # Of all texels only those in charts: those beside them are filled in.
            most = reach * step if step > 1 else 0
            self.wanted.append(((here >= 0) & (away[::step, ::step] <= most)).astype(np.uint8))
            self.steps.append(step)
            step //= 2
        self.charts[-1] = chart
        self.charts[0] = np.where(self.wanted[0] > 0, self.charts[0], -1).astype(np.int32)
        self.first = np.flatnonzero(self.wanted[0])
        rings = away[np.divmod(self._margins.outside, self.size)] <= max(2, self.size // 256)
        self.rings = self._margins.outside[rings], self._margins.nearest[rings]
        self._margins = self._margins.without_images()
        self.known = self.covered.copy()
        self.known.reshape(-1)[self.rings[0]] = 1

    @cached_property
    def sources(self) -> NDArray[np.int32]:
        """(size squared,) of each texel by its flat number the covered one whose value it has: its own, that of the
        nearest one where it lies beside a chart, and -1 elsewhere."""
        found = np.where(self.covered.reshape(-1) > 0, np.arange(self.size * self.size), -1).astype(np.int32)
        found[self.rings[0]] = self.rings[1]
        return found

    def asked(self, level: int, flat: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The texels' flat numbers of points of a lattice by theirs (N,), and their :meth:`places`."""
        return self._first if level == 0 else self._asked(level, flat)

    @cached_property
    def _first(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """What the first lattice asks for, the same for everybody."""
        return self._asked(0, self.first)

    def _asked(self, level: int, flat: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        row, column = np.divmod(flat, self.charts[level].shape[1])
        numbers = (row * self.size + column) * self.steps[level]
        return numbers, self.places(numbers)

    def places(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """The layout's positions (N, ...) at texels ``numbers`` (N,), continued beyond the borders of charts."""
        which, nearest, across = self._margins.sources(numbers)
        inside = numbers.copy()
        inside[which] = nearest
        found = self._inside(inside)
        found[which] = 2 * found[which] - self._inside(across)
        return found

    def covered_places(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """:meth:`places` of covered texels alone, which are kept: for small layouts."""
        index, places = self._covered
        return places[index[numbers]]

    @cached_property
    def _covered(self) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        flat = self.covered.reshape(-1) > 0
        return np.cumsum(flat, dtype=np.int32) - np.int32(1), self._inside(np.flatnonzero(flat))

    def _inside(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        row, column = np.divmod(numbers, self.size)
        face = self._face[numbers].astype(np.int64)
        layout = self._layout
        return blend(layout.faces[face], layout.placement.weights(face, row, column), layout.positions)


def bake_lattice(
    layout: LatticeLayout,
    sample: TexelSample,
    *,
    srgb: tuple[bool, ...],
    tolerance: float,
    progress: Report | None = None,
) -> NDArray[np.uint8]:
    """A (size, size, C) uint8 image of ``sample``; channels marked in ``srgb`` are linear light and stored as sRGB.

    Texels between those that are asked for are right within ``tolerance`` levels of 255. Texels outside all charts
    continue the nearest one. ``progress`` is as for :func:`textures.bake.bake_image`. Raises ``ValueError`` for samples
    that are not finite.
    """
    from textures import texel_kernels as kernels

    channels, curved = len(srgb), np.array(srgb)

    def ask(level: int, flat: NDArray[np.int64]) -> NDArray[np.float32]:
        if progress is not None:
            progress("texture", 0.3 * level)
        found = sample(*layout.asked(level, flat))
        if not bool(np.isfinite(found).all()):
            raise ValueError("bake_lattice: the sampled function returned values that are not finite")
        stored = np.clip(found, 0.0, 1.0)
        stored[:, curved] = linear_to_srgb(stored[:, curved])
        return stored * np.float32(255)

    chart = layout.charts[0]
    values = np.zeros((*chart.shape, channels), np.float32)
    image = np.full((layout.size, layout.size, channels), EMPTY, np.uint8)
    if len(layout.first):
        values.reshape(-1, channels)[layout.first] = ask(0, layout.first)
    if len(layout.charts) == 1:
        image[:] = np.rint(values)
    for level in range(1, len(layout.charts)):
        own, last = layout.charts[level], level + 1 == len(layout.charts)
        bends, smooth = np.empty(chart.shape, np.uint8), np.empty(chart.shape, np.int32)
        kernels.run("bent", len(chart), values, chart, float(BEND * tolerance), bends)
        kernels.run("straight", len(chart), chart, bends, smooth)
        state = np.empty(own.shape, np.uint8)
        grown = image if last else np.zeros((*own.shape, channels), np.float32)
        kernels.run("finer", len(own), values, chart, smooth, own, layout.wanted[level], grown, state)
        asked = np.flatnonzero(state == ASKED)
        if len(asked):
            found = ask(level, asked)
            grown.reshape(-1, channels)[asked] = np.rint(found) if last else found
        if not last:
            values, chart = grown, np.where(state > 0, own, -1).astype(np.int32)
    texels = image.reshape(-1, channels)
    texels[layout.rings[0]] = texels[layout.rings[1]]
    fill(image, layout.known)
    if progress is not None:
        progress("texture", 1.0)
    return image


def colours_apart(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The first three channels (H, W, 3) of an image (H, W, 4), and the last one (H, W)."""
    from textures import texel_kernels as kernels

    colour, last = np.empty((*image.shape[:2], 3), np.uint8), np.empty(image.shape[:2], np.uint8)
    kernels.run("apart", len(image), image, colour, last)
    return colour, last


def fill(image: NDArray[np.uint8], known: NDArray[np.uint8]) -> None:
    """Fill the texels of ``image`` (S, S, C) where ``known`` (S, S) is 0 from ever coarser means of the others, as mip
    levels are (the pull-push of Gortler et al. 1996); in place."""
    from textures import texel_kernels as kernels

    if not bool(known.any()):
        return
    levels: list[tuple[NDArray[np.float32], NDArray[np.uint8]]] = []
    below: tuple[NDArray[np.uint8] | NDArray[np.float32], NDArray[np.uint8]] = (image, known)
    while not levels or not bool(levels[-1][1].all()):
        shape = (-(-below[1].shape[0] // 2), -(-below[1].shape[1] // 2))
        mean, present = np.zeros((*shape, image.shape[2]), np.float32), np.zeros(shape, np.uint8)
        kernels.run("halve" if levels else "halve_bytes", shape[0], *below, mean, present)
        levels.append((mean, present))
        below = levels[-1]
    for (coarse, _), (mean, present) in zip(levels[:0:-1], levels[-2::-1], strict=True):
        kernels.run("push", len(present), coarse, present, mean)
    kernels.run("push_bytes", len(known), levels[0][0], known, image)
