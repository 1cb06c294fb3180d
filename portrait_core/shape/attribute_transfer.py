# SPDX-License-Identifier: Apache-2.0
"""Values of a surface's vertices carried over to the surface that a repair makes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import spatial

from portrait_core.geometry.half_edges import ends, some_corner, starts
from portrait_core.geometry.surface import Surface


def to_added(values: NDArray[np.float32], surface: Surface) -> NDArray[np.float32]:
    """``values`` (N, K) of the first N vertices of a closed ``surface``; the others get the mean of their
    neighbours' values. Returns (V, K)."""
    count, known = len(surface.vertices), len(values)
    if count == known:
        return values
    result = np.zeros((count, values.shape[1]))
    result[:known] = values
    has = np.arange(count) < known
    piece = surface.faces[some_corner(~has, surface.faces)]
    begin, end = starts(piece), ends(piece)
    while not bool(has.all()):
        link = np.flatnonzero(~has[begin] & has[end])
        if len(link) == 0:  # a piece of nothing but added vertices says nothing
            break
        total, times = np.zeros_like(result), np.bincount(begin[link], minlength=count)
        np.add.at(total, begin[link], result[end[link]])
        fresh = np.flatnonzero(times)
        result[fresh] = total[fresh] / times[fresh, None]
        has[fresh] = True
    return result.astype(np.float32)


def by_place(values: NDArray[np.float32], places: NDArray[np.float32], surface: Surface) -> NDArray[np.float32]:
    """``values`` (N, K) known at ``places`` (N, 3): each vertex of ``surface`` gets those of the nearest.

    Returns (V, K)."""
    if values.shape[1] == 0:
        return np.zeros((len(surface.vertices), 0), np.float32)
    _, nearest = spatial.cKDTree(places).query(surface.vertices)
    return values[np.asarray(nearest, np.int64)]
