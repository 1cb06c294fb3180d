# SPDX-License-Identifier: Apache-2.0
"""How a fringe leaves the eyes free: made once, on the mean person, in the base mesh's pose.

Places are relative to the middle of the eyes, metres: +y up, +z ahead, +x the subject's left.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.training.parts_template.hair_shaping import SKULL, clearance, drawn_up, neighbours, smoothstep
from portrait_core.training.parts_template.strands import Strands

FRINGE = 0.034
"""A trimmed fringe ends at least this high over the middle of the eyes, metres: above the brows."""

LOWEST_FRINGE = -0.30

TEMPLES = (np.deg2rad(46.0), np.deg2rad(66.0))
"""Round the head from straight ahead: between these a fringe may end lower and lower."""

HAIRLINE = 0.080
"""Strands are drawn up below this height."""

STRAND = 0.005
"""Metres across that count as one strand."""

CLEAR = np.deg2rad(58.0)
"""A swept fringe begins this far round the head from straight ahead, at the height of the eyes and below."""

SWEPT = (0.018, 0.062)
"""Heights between which a fringe begins to be swept aside: brows and forehead."""

HEAD = (0.078, 0.116)
"""Half the width of a head, and how far it goes ahead from the axis, metres."""

CLOSE, FLATTENED = 0.06, 0.35
"""A swept fringe farther from the head than this share of its radius is laid down to this share of what is over."""

APART, HIGHEST = 0.005, 0.03
"""A swept fringe lies at least this far over the skin, and is lifted at most so far, metres."""

STRAY = np.deg2rad(20.0)
"""Strands so far outside the smoothed border of a fringe go with it."""

SIDE = np.deg2rad(105.0)
"""What lies farther round than this stays where it is."""

SUNK = 0.0005
"""A quad with a place deeper in the head than this, while its corners are not, was torn apart and is left out."""


def trimmed(places: NDArray[np.float64], triangles: NDArray[np.int64], strands: Strands) -> NDArray[np.float64]:
    """(K, 3) what takes a fringe out of the eyes: strands that end before the face are drawn up along themselves until
    they end above the brows; towards the temples they may end lower and lower."""
    angle = np.abs(np.arctan2(places[:, 0], places[:, 2] - SKULL[2]))
    key = strands.piece * 4096 + np.floor(strands.across / STRAND).astype(np.int64)
    _, strand = np.unique(key, return_inverse=True)
    order = np.lexsort((-strands.along, strand))
    first = np.ones(len(order), bool)
    first[1:] = strand[order][1:] != strand[order][:-1]
    tip = order[first][strand]
    limit = FRINGE - (FRINGE - LOWEST_FRINGE) * smoothstep(angle[tip], *TEMPLES)
    ends = places[tip, 1]
    share = (HAIRLINE - np.maximum(ends, limit)) / np.maximum(HAIRLINE - ends, 1e-3)
    share = np.where(ends < HAIRLINE, np.clip(share, 0, 1), 1.0)
    around = neighbours(len(places), triangles)
    for _ in range(6):
        share = np.minimum(share, 0.5 * share + 0.5 * np.asarray(around @ share))
    height = places[:, 1]
    wanted = np.where(height < HAIRLINE, HAIRLINE - (HAIRLINE - height) * share, height)
    return drawn_up(places, triangles, strands, wanted)


def swept_aside(
    places: NDArray[np.float64], triangles: NDArray[np.int64], skin: MeshQueries, side: float
) -> NDArray[np.float64]:
    """Places (K, 3) with the fringe of one ``side`` (+1 the subject's left, -1 the right) out of the eye there.

    Around the upright axis of the head, what lies between the fringe's inner border and the side of the head is pressed
    together so that the border clears the eye; how far it lies from the head stays in proportion.
    """
    axis = np.array([0.0, 0.0, SKULL[2]])
    about = places - axis
    angle = np.arctan2(about[:, 0] * side, about[:, 2])
    radius = np.hypot(about[:, 0], about[:, 2])
    height = places[:, 1]
    inner = _inner_border(angle, height)
    wanted = inner + np.maximum(CLEAR - inner, 0) * (1 - smoothstep(height, *SWEPT))
    own = np.maximum(angle, inner)
    moves = (angle > inner - STRAY) & (angle < SIDE) & (wanted > inner + 1e-4) & (height > -0.30)
    pressed = wanted + (own - inner) / np.maximum(SIDE - inner, 1e-6) * (SIDE - wanted)
    turned = np.where(moves, pressed, angle)
    away = radius / _head_radius(angle)
    # In front of the forehead what stands off far would be a visor.
    flat = 1 + CLOSE + (away - 1 - CLOSE) * FLATTENED
    share = np.clip((turned - np.deg2rad(60)) / np.deg2rad(30), 0, 1)
    away = np.where(away > 1 + CLOSE, flat + (away - flat) * share, away)
    radius = np.where(moves, _head_radius(turned) * away, radius)
    result = places.copy()
    result[:, 0] = radius * np.sin(turned) * side
    result[:, 2] = radius * np.cos(turned) + axis[2]
    result = np.where(moves[:, None], result, places)
    # The head is no ellipse: what came too near is taken out again, and its neighbours with it.
    lift = np.where(moves, np.clip(APART - clearance(result, skin), 0, HIGHEST), 0.0)
    around = neighbours(len(places), triangles)
    for _ in range(3):
        lift = np.maximum(lift, 0.8 * np.asarray(around @ lift) * moves)
    out = result - SKULL
    return result + out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9) * lift[:, None]


def whole_quads(places: NDArray[np.float64], quads: NDArray[np.int64], skin: MeshQueries) -> NDArray[np.bool_]:
    """(Q,) the quads (Q, 4) that sweeping did not tear apart: those whose middle is not in the head."""
    corners = places[quads]
    middle = corners.mean(axis=1, keepdims=True)
    inside = np.concatenate([middle, (middle + corners) / 2, (corners + np.roll(corners, -1, axis=1)) / 2], 1)
    lowest = clearance(inside.reshape(-1, 3), skin).reshape(len(quads), -1).min(axis=1)
    return (lowest > -SUNK) | (clearance(places, skin)[quads].min(axis=1) < 0)


def _inner_border(angle: NDArray[np.float64], height: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K,) the smallest angle of the fringe at each height, smooth over heights, without those of the other side."""
    step = 0.006
    row = np.floor((height - height.min()) / step).astype(int)
    lowest = np.full(int(row.max()) + 1, SIDE)
    mine = angle > -np.deg2rad(25.0)
    np.minimum.at(lowest, row[mine], angle[mine])
    lowest = ndimage.gaussian_filter1d(ndimage.minimum_filter1d(lowest, 3), 1.5)
    return np.interp(height, height.min() + (np.arange(len(lowest)) + 0.5) * step, lowest)


def _head_radius(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K,) distance from the upright axis of a head without nose and ears."""
    return 1 / np.hypot(np.sin(angle) / HEAD[0], np.cos(angle) / HEAD[1])
