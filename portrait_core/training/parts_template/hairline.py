# SPDX-License-Identifier: Apache-2.0
"""Where hair grows: above a line round the head, from the forehead past the ears to the nape.

Places are relative to the middle of the eyes of the mean person, metres: +y up, +z ahead, +x the subject's left.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from portrait_core.training.parts_template.hair_shaping import SKULL, smoothstep
from portrait_core.training.parts_template.hem import open_edges

ROUND = np.deg2rad([0, 20, 40, 55, 68, 80, 92, 104, 125, 150, 180])
LINE = np.array([0.069, 0.068, 0.058, 0.034, 0.018, 0.004, 0.006, 0.004, -0.035, -0.068, -0.078])
"""Angles round the head from straight ahead, and the height of the hairline there."""

FRINGE = np.deg2rad(62.0)
"""Round the head from straight ahead: up to there a fringe hangs over the hairline."""

NEAR_LINE = 0.040
"""Borders of hair that are no farther from the hairline than this, and lie on the skin, are hairlines."""

ON_SKIN = 0.008
"""Metres over the skin below which hair lies on it."""

FADE = 0.007
"""Metres from a hairline within which hair becomes sparser."""

STEP = 0.001
"""Metres between the points that stand for a border."""


def turn_from_ahead(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K,) radians round the head from straight ahead, to either side."""
    return np.abs(np.arctan2(places[:, 0], places[:, 2] - SKULL[2]))


def over_hairline(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K,) how much higher than the hairline places (K, 3) are, metres; negative on the face and the neck."""
    return places[:, 1] - np.interp(turn_from_ahead(places), ROUND, LINE)


def hairline_points(
    places: NDArray[np.float64], quads: NDArray[np.int64], above: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(P, 3) points along the hairlines of a mesh (K, 3), (Q, 4): open borders that lie on the skin, ``above`` (K,)
    metres over it."""
    begin, end, _ = open_edges(quads)
    low = (np.abs(over_hairline(places)) < NEAR_LINE) & (above < ON_SKIN)
    kept = low[begin] & low[end]
    if not kept.any():
        return np.zeros((0, 3))
    one, two = places[begin[kept]], places[end[kept]]
    count = max(2, int(np.ceil(float(np.linalg.norm(two - one, axis=1).max()) / STEP)))
    return np.concatenate([one + (two - one) * t for t in np.linspace(0, 1, count)])


def sparser(texels: NDArray[np.float64], hairline: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) 0 to 1: what is left of the hair at ``texels`` (N, 3), less and less towards points (P, 3) of a
    hairline."""
    if len(hairline) == 0:
        return np.ones(len(texels))
    away = np.asarray(cKDTree(hairline).query(texels, distance_upper_bound=FADE)[0], np.float64)
    return smoothstep(away, 0.0, FADE)
