# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of what is done at the seam reaches a place away from it."""

from __future__ import annotations

import numpy as np

from .seam_frame import Places, Rows


def taper(distance: Places, reach: float) -> Places:
    """(N,) 1 on the seam, 0 from ``reach`` metres on, level at both ends."""
    share = np.clip(np.where(np.isfinite(distance), distance, reach) / reach, 0, 1)
    return 1 - share * share * (3 - 2 * share)


def evened(values: Places, edges: Rows, rounds: int) -> Places:
    """(N,) or (N, C) each value with the mean of its neighbours' by halves, ``rounds`` times. Vertices without edges
    stay."""
    first, second = edges.T
    count = np.maximum(np.bincount(edges.ravel(), minlength=len(values)), 1)
    columns = values.reshape(len(values), -1).astype(np.float64)
    for _ in range(rounds):
        total = np.zeros_like(columns)
        np.add.at(total, first, columns[second])
        np.add.at(total, second, columns[first])
        lonely = np.bincount(edges.ravel(), minlength=len(values)) == 0
        columns = np.where(lonely[:, None], columns, (columns + total / count[:, None]) / 2)
    return columns.reshape(values.shape)


def filled(values: Places, angle: Places) -> Places:
    """(N,) with the gaps, which are no numbers, filled by the angle between those that are; 0 where none is."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros_like(values)
    order = np.argsort(angle[known], kind="stable")
    at, have = angle[known][order], values[known][order]
    return np.where(known, values, np.interp(angle, at, have, period=2 * np.pi))


def around(angle: Places, values: Places, at: Places, softness: float = 0.0) -> Places:
    """(K,) the values of a ring, known at its vertices' angles (R,), at other angles (K,).

    ``softness`` radians: the mean over about so much to either side instead.
    """
    order = np.argsort(angle, kind="stable")
    if not softness:
        return np.interp(at, angle[order], values[order], period=2 * np.pi)
    even = np.linspace(-np.pi, np.pi, 361)[:-1]
    spread = np.interp(even, angle[order], values[order], period=2 * np.pi)
    apart = np.abs((even[:, None] - even[None] + np.pi) % (2 * np.pi) - np.pi)
    weights = np.exp(-0.5 * (apart / softness) ** 2)
    soft: Places = (weights / weights.sum(axis=1, keepdims=True)) @ spread
    return np.interp(at, even, soft, period=2 * np.pi)


def faired(places: Places, edges: Rows, share: Places, rounds: int = 12) -> Places:
    """(N, 3) the places smoothed without shrinking (Taubin, 1995), each by its ``share`` (N,)."""
    first, second = edges[(share[edges] > 0).any(axis=1)].T
    both = np.concatenate([first, second])
    others = np.concatenate([second, first])
    count = np.maximum(np.bincount(both, minlength=len(places)), 1)[:, None]
    result = places.copy()
    for _ in range(rounds):
        for step in (0.5, -0.52):
            total = np.column_stack(
                [np.bincount(both, result[others, axis], minlength=len(places)) for axis in range(places.shape[1])]
            )
            result += (step * share)[:, None] * (total / count - result)
    return result
