# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a surface of triangles is from the neck's axis."""

from __future__ import annotations

import numpy as np

from .seam_frame import Places


def radius_along(corners: Places, angle: Places, height: Places, near: Places) -> Places:
    """(K,) metres from the axis to the surface, in the direction of ``angle`` (K,) at ``height`` (K,).

    ``corners`` (T, 3, 3) are the triangles'. Where the ray goes through several, the one nearest to ``near`` (K,);
    not a number where it meets none.
    """
    result = np.full(len(angle), np.nan)
    low, high = corners[:, :, 2].min(axis=1), corners[:, :, 2].max(axis=1)
    away = np.stack([np.sin(angle), -np.cos(angle)], axis=1)
    for number in range(len(angle)):
        crossed = np.flatnonzero((low <= height[number]) & (high >= height[number]))
        hits = _hits(corners[crossed], away[number], height[number])
        if len(hits):
            result[number] = hits[np.argmin(np.abs(hits - near[number]))]
    return result


def _hits(corners: Places, away: Places, height: float) -> Places:
    """Distances along a level ray from the axis to triangles that it meets (Moller and Trumbore, 1997)."""
    ray = np.array([away[0], away[1], 0.0])
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    across = np.cross(ray, two)
    area = np.einsum("tc,tc->t", one, across)
    with np.errstate(divide="ignore", invalid="ignore"):
        begin = np.array([0.0, 0.0, height]) - corners[:, 0]
        u = np.einsum("tc,tc->t", begin, across) / area
        turned = np.cross(begin, one)
        v = turned @ ray / area
        far = np.einsum("tc,tc->t", two, turned) / area
        met = (np.abs(area) > 1e-15) & (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6) & (far > 0)
    return far[met]
