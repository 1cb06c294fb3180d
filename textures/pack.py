# SPDX-License-Identifier: Apache-2.0
"""Charts into one square image, by their true outlines: masks on a coarse grid, free places found by correlation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from textures.topology import border_loops

GRID = 256
"""Cells along the image on which charts are placed; finer packs a little tighter and takes longer."""

EXPECTED = 0.74
"""Share of the image that padded charts fill, for the choice of the scale; only the speed depends on it."""

WIDTHS = (1.0, 0.97, 1.015, 1.03)
"""Widths of the strips that are tried, in expected sides of the image."""

SURE_TRIES = 7
"""Orders and widths that are always tried."""

GOOD = 0.64
"""Share of the image that faces cover from which on no further orders are tried."""

SHUFFLES = 10
"""How many more orders are tried until the result is good."""

ATTEMPTS = 24


@dataclass(frozen=True)
class _Mask:
    """One chart in all its orientations: its cells, the same with padding, and their transforms for correlations.

    ``transform`` (turns, rows, columns // 2 + 1).
    """

    cells: list[NDArray[np.bool_]]
    padded: list[NDArray[np.bool_]]
    transform: NDArray[np.complex64]


def pack(
    uvs: NDArray[np.float64],
    glued: NDArray[np.int32],
    chart: NDArray[np.int64],
    *,
    upright: NDArray[np.bool_],
    resolution: int,
    padding: int,
) -> NDArray[np.float64]:
    """Move, turn and scale (all alike) flat charts into the unit square: (N, 2), apart by ``padding`` texels.

    ``uvs`` (N, 2) with charts' sizes in the proportion wanted, ``glued`` (F, 3), ``chart`` (F,) from 0; each chart a
    disc whose border does not cross itself. Charts with ``upright`` (C,) are not turned. Greatest or longest charts
    first, each where it fits lowest, in strips of several widths; the squarest strip wins, and while that is poor other
    orders are tried. Raises ``ValueError`` when the padding leaves no room for the charts.
    """
    of_vertex = np.zeros(len(uvs), np.int64)
    of_vertex[glued.ravel()] = np.repeat(chart, 3)
    count = len(upright)
    border = border_loops(glued)[0]
    uvs, corners = _laid_straight(uvs, of_vertex, border, upright)
    gap = max(1, int(np.ceil(padding * GRID / resolution - 0.1)))
    area = np.abs(_areas(uvs[glued]))
    total = float(area.sum())
    cell = float(np.sqrt(total / EXPECTED)) / GRID
    # Padding takes a rim around each chart; a first guess from the charts' bounding boxes is good enough.
    rim = float(corners.sum()) * gap * cell
    cell = float(np.sqrt((total + rim) / EXPECTED)) / GRID
    outlines = [border[of_vertex[border] == k] for k in range(count)]
    for _ in range(ATTEMPTS):
        largest = float(corners.max()) / cell + 2 * gap + 2
        # No place of a chart reaches past the end of its strip, so that nothing wraps around.
        room = (
            int(fft.next_fast_len(int(max(1.3 * GRID, 1.1 * largest)))),
            int(fft.next_fast_len(int(np.ceil(max(WIDTHS) * GRID)), real=True)),
        )
        masks = [_masks(uvs, outlines[k], cell, gap, room, turns=1 if upright[k] else 4) for k in range(count)]
        best: tuple[int, list[tuple[int, int, int]]] | None = None
        for number, (order, share) in enumerate(_tries(masks)):
            if best is not None and number >= SURE_TRIES and total >= GOOD * (cell * (best[0] + 1)) ** 2:
                break
            placed = _strip(masks, order, int(GRID * share), room, best[0] if best else room[0] + 1)
            best = placed or best
        if best is not None and best[0] <= 1.08 * GRID:
            return _applied(uvs, of_vertex, border, cell, *best)
        # Few or bulky charts leave more room between them than expected: smaller, and the padding as wide as before.
        cell *= best[0] / GRID * 1.01 if best is not None else 1.1
    raise ValueError(
        f"pack: {count} charts do not fit beside each other with {padding} texels of padding at {resolution}"
    )


def _areas(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    one, two = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    return 0.5 * (one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])


def _laid_straight(
    uvs: NDArray[np.float64],
    of_vertex: NDArray[np.int64],
    border: NDArray[np.int64],
    upright: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Charts turned so that their bounding box is smallest, its corner at the origin; and the boxes (C, 2)."""
    result = np.empty_like(uvs)
    boxes = np.zeros((len(upright), 2))
    angles = np.linspace(0, np.pi / 2, 45, endpoint=False)
    for k in range(len(upright)):
        rim = uvs[border[of_vertex[border] == k]]
        turn = 0.0
        if not upright[k]:
            x = rim[:, :1] * np.cos(angles) - rim[:, 1:] * np.sin(angles)
            y = rim[:, :1] * np.sin(angles) + rim[:, 1:] * np.cos(angles)
            turn = float(angles[np.argmin(np.ptp(x, axis=0) * np.ptp(y, axis=0))])
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        rim = rim @ rotation
        low = rim.min(axis=0)
        boxes[k] = rim.max(axis=0) - low
        own = of_vertex == k
        result[own] = uvs[own] @ rotation - low
    return result, boxes


def _tries(masks: list[_Mask]) -> Iterator[tuple[list[int], float]]:
    """Orders of the charts, widths of the strip: the greatest first, the longest first, then near those by chance."""
    area = np.asarray([float(mask.cells[0].sum()) for mask in masks])
    length = np.asarray([float(max(mask.cells[0].shape)) for mask in masks])
    for share in WIDTHS:
        yield np.argsort(-area, kind="stable").tolist(), share
    for share in WIDTHS[:3]:
        yield np.argsort(-length, kind="stable").tolist(), share
    random = np.random.RandomState(0)
    for number in range(SHUFFLES):
        size = length if number % 2 else np.sqrt(area)
        yield np.argsort(-size * np.exp(0.3 * random.randn(len(size)))).tolist(), WIDTHS[number // 2 % 3]


def _masks(
    uvs: NDArray[np.float64],
    loop: NDArray[np.int64],
    cell: float,
    gap: int,
    room: tuple[int, int],
    turns: int,
) -> _Mask:
    """The cells that a chart touches, in each of its orientations (quarter turns to the left)."""
    rim = uvs[loop] / cell
    following = np.roll(rim, -1, axis=0)
    steps = np.maximum(np.ceil(np.abs(following - rim).max(axis=1) * 5).astype(np.int64), 1)
    owner = np.repeat(np.arange(len(rim)), steps)
    along = (np.arange(len(owner)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[owner]
    points = rim[owner] + along[:, None] * (following - rim)[owner]
    at = np.floor(points).astype(np.int64)
    shape = at.max(axis=0) + 1
    cells = np.zeros((int(shape[1]), int(shape[0])), np.bool_)  # rows upwards, as v
    cells[at[:, 1], at[:, 0]] = True
    cells = np.asarray(ndimage.binary_fill_holes(cells))
    padded = np.asarray(ndimage.binary_dilation(np.pad(cells, gap), np.ones((3, 3), np.bool_), iterations=gap))
    # Rows count upwards: this is a turn to the left.
    turned = [np.ascontiguousarray(np.rot90(cells, -turn)) for turn in range(turns)]
    image = np.zeros((turns, *room), np.float32)
    for turn, here in enumerate(turned):
        rows, columns = min(here.shape[0], room[0]), min(here.shape[1], room[1])
        image[turn, :rows, :columns] = here[:rows, :columns]
    return _Mask(
        turned,
        [np.rot90(padded, -turn) for turn in range(turns)],
        np.conj(fft.rfft2(image)),
    )


def _strip(
    masks: list[_Mask], order: list[int], width: int, room: tuple[int, int], beat: int
) -> tuple[int, list[tuple[int, int, int]]] | None:
    """All charts into a strip: (the side of the square around it, per chart: turn, row, column).

    None when one does not fit or the result is no better than ``beat``.
    """
    taken = np.zeros(room, np.float32)
    places = [(0, 0, 0)] * len(masks)
    extent = width
    height = min(room[0], beat)  # what reaches higher is of no use
    for k in order:
        mask = masks[k]
        transform = fft.rfft2(taken)
        hits = fft.irfft2(transform * mask.transform, s=room, overwrite_x=True)
        found: tuple[float, int, int, int] | None = None
        for turn, cells in enumerate(mask.cells):
            rows, columns = cells.shape
            if columns > width or rows > height:
                continue
            free = hits[turn, : height - rows + 1, : width - columns + 1] < 0.5
            # The lowest top wins, then the leftmost.
            at = int(np.argmax(free))
            row, column = divmod(at, free.shape[1])
            if not bool(free[row, column]):
                continue
            rank = row + rows + 1e-3 * (column + columns)
            if found is None or rank < found[0]:
                found = (rank, turn, row, column)
        if found is None:
            return None
        _, turn, row, column = found
        cells, padded = mask.cells[turn], mask.padded[turn]
        gap = (padded.shape[0] - cells.shape[0]) // 2
        top, left = row - gap, column - gap
        low_row, low_column = max(top, 0), max(left, 0)
        high_row = min(top + padded.shape[0], room[0])
        high_column = min(left + padded.shape[1], room[1])
        part = padded[low_row - top : high_row - top, low_column - left : high_column - left]
        taken[low_row:high_row, low_column:high_column] += part
        places[k] = (turn, row, column)
        extent = max(extent, row + cells.shape[0])
        if extent >= beat:
            return None
    return extent, places


def _applied(
    uvs: NDArray[np.float64],
    of_vertex: NDArray[np.int64],
    border: NDArray[np.int64],
    cell: float,
    extent: int,
    places: list[tuple[int, int, int]],
) -> NDArray[np.float64]:
    """Charts carried to their places; half a cell of margin keeps a repeated texture from bleeding over the edges."""
    result = np.empty_like(uvs)
    for k, (turn, row, column) in enumerate(places):
        own = of_vertex == k
        points = uvs[own] / cell
        rim = uvs[border[of_vertex[border] == k]] / cell
        columns, rows = (np.floor(rim.max(axis=0)) + 1.0).tolist()
        for _ in range(turn):
            points = np.stack([rows - points[:, 1], points[:, 0]], axis=1)
            columns, rows = rows, columns
        result[own] = points + np.array([column, row])
    return np.clip((result + 0.5) / (extent + 1.0), 0.0, 1.0)
