# SPDX-License-Identifier: Apache-2.0
"""Hair that lies in an ear, not behind it, is left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from portrait_core.training.parts_template.worn import Mannequin

OUTSIDE, REACH = 0.004, 0.005
"""An ear that is met on the way inwards from so far beside hair, and no farther from there, has the hair in it,
metres."""

THICK = 0.012
"""An ear stands off the head where its other side is no farther than this, metres; what is around it is scalp."""


def off_ears(places: NDArray[np.float64], mannequin: Mannequin) -> NDArray[np.float64]:
    """(N,) 0 for places (N, 3) from the middle of the eyes that lie in an ear or on its outer side, 1 elsewhere."""
    result = np.ones(len(places))
    for side in (1.0, -1.0):
        outline = _outline(mannequin, side)
        if len(outline) < 4:
            continue
        beside = np.flatnonzero(Delaunay(outline).find_simplex(places[:, 1:]) >= 0)
        beside = beside[places[beside, 0] * side > 0]
        way = np.array([side, 0.0, 0.0])
        hits = mannequin.skin.first_hits(
            (places[beside] + way * OUTSIDE).astype(np.float32),
            np.tile(-way, (len(beside), 1)).astype(np.float32),
            REACH,
        )
        # Between an ear and the head one meets the back of its skin, from within.
        met = (hits.face >= 0) & (_facing(mannequin, side)[hits.face] > 0)
        result[beside[met]] = 0.0
    return result


def _outline(mannequin: Mannequin, side: float) -> NDArray[np.float64]:
    """(P, 2) heights and depths of what stands off the head, of the ear on one side."""
    places = mannequin.places - mannequin.eyes
    own = np.flatnonzero((mannequin.ears > 0)[mannequin.triangles].all(axis=1) & (_facing(mannequin, side) > 0))
    own = own[places[mannequin.triangles[own, 0], 0] * side > 0]
    way = np.array([side, 0.0, 0.0])
    starts = places[mannequin.triangles[own]].mean(axis=1) - way * 1e-4
    hits = mannequin.skin.first_hits(starts.astype(np.float32), np.tile(-way, (len(own), 1)).astype(np.float32), THICK)
    return places[np.unique(mannequin.triangles[own[hits.face >= 0]])][:, 1:]


def _facing(mannequin: Mannequin, side: float) -> NDArray[np.float64]:
    """(F,) how far the skin's triangles face to a side, by their area."""
    corner = mannequin.places[mannequin.triangles]
    return np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])[:, 0] * side
