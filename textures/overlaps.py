# SPDX-License-Identifier: Apache-2.0
"""Charts whose border runs into itself, by testing its edges against each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def crossed(
    uvs: NDArray[np.float64],
    loops: tuple[NDArray[np.int64], NDArray[np.int64]],
    of_vertex: NDArray[np.int64],
    asked: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Whether the border of each chart crosses or touches itself (C,), False where not ``asked`` (C,).

    ``uvs`` (N, 2), ``loops`` from :func:`textures.topology.border_loops`, ``of_vertex`` (N,) the chart of each vertex.
    A disc without flips and such crossings covers nothing twice.
    """
    border, loop = loops
    result = np.zeros(len(asked), np.bool_)
    first = np.flatnonzero(np.concatenate([[True], loop[1:] != loop[:-1]]))
    for begin, end in zip(first, np.append(first[1:], len(loop)), strict=True):
        own = border[begin:end]
        here = of_vertex[own[0]]
        if asked[here]:
            result[here] |= _crosses(uvs[own])
    return result


def _crosses(polygon: NDArray[np.float64]) -> bool:
    """Whether two edges of a closed polygon that are not neighbours meet."""
    a, b = polygon, np.roll(polygon, -1, axis=0)
    count = len(a)
    low, high = np.minimum(a, b), np.maximum(a, b)
    near = ((low[:, None] <= high[None]) & (low[None] <= high[:, None])).all(axis=2)
    one, two = np.nonzero(np.triu(near, 2))
    apart = ~((one == 0) & (two == count - 1))
    one, two = one[apart], two[apart]

    def side(p: NDArray[np.float64], q: NDArray[np.float64], r: NDArray[np.float64]) -> NDArray[np.float64]:
        return (q[:, 0] - p[:, 0]) * (r[:, 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (r[:, 0] - p[:, 0])

    apart_one = side(a[one], b[one], a[two]) * side(a[one], b[one], b[two])
    apart_two = side(a[two], b[two], a[one]) * side(a[two], b[two], b[one])
    return bool(((apart_one <= 0) & (apart_two <= 0)).any())
