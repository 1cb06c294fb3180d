# SPDX-License-Identifier: Apache-2.0
"""How far a person's own lids have to go to meet.

A blink is modelled on one opening of the eye. On a narrow eye the same way takes the upper lid far over the lower one,
whose inside then shows; on a wide one lids would not meet. So of a blink each person has what closes the own eye: a
share along the opening, from the angles in which the edges of the lids stand around the middle of the eyeball.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.face.common import common
from portrait_core.face.sources import SKIN
from portrait_core.parts.character import Figure
from portrait_core.parts.eyes import SIDES
from portrait_core.parts.skin import REGIONS
from portrait_core.parts.template import PartsTemplate

OVER, OVER_NOSE = 0.0007, 0.0010
"""Metres that the edges of the lids go over each other, and how much more beside the nose, where the upper lid stands
off the lower one and one sees between them from below."""
NOSE_REACH = 0.3
"""Share of the opening, from the nose, at which that has fallen to a third."""
REPEATS = 3
"""How often what smoothing takes of a share is put back."""
LEAST, MOST = 0.35, 1.25
"""Shares of the blink as modelled."""
PLACES = 25
"""Places along the opening at which the share is asked for."""
SPREAD = 2.0
"""Of those places, the deviation of the smoothing."""
RING = 2
"""Quads from the inner border, which lies under the ball, to what is seen of the edge."""
STEADY = 0.08
"""Radians of closing under which the corners' own share counts less than that of what is beside them."""


@dataclass(frozen=True, eq=False)
class LidEdges:
    """Vertices of the skin's finest level along the visible edges of the lids of one eye: of the ``upper`` and of the
    ``lower`` lid."""

    upper: NDArray[np.int64]
    lower: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Closing:
    """The share of a blink by the place ``at`` (P,) along x, metres, growing; beyond the ends that of the ends."""

    at: NDArray[np.float64]
    share: NDArray[np.float64]

    def __call__(self, places: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N,) of vertices (N, 3) at rest."""
        return np.interp(places[:, 0].astype(np.float64), self.at, self.share)


def closing_of(figure: Figure) -> dict[str, Closing]:
    """Those of a person's eyes, by the shape that closes each."""
    return {f"eyeBlink{side.capitalize()}": _closing(figure, side) for side in SIDES}


def _closing(figure: Figure, side: str) -> Closing:
    edges = lid_edges(figure.template, side)
    if len(edges.upper) == 0 or len(edges.lower) == 0:  # a template whose lids a blink does not part
        return Closing(np.zeros(1), np.ones(1))
    eye = figure.template.eyes.eyeball(figure.body, side)
    rows, moves = common(figure.template).moved(SKIN)[f"eyeBlink{side.capitalize()}"]
    dense = np.zeros_like(figure.skin)
    dense[rows] = moves
    # Where both lids have an edge.
    across = [figure.skin[each, 0] for each in (edges.upper, edges.lower)]
    ends = max(float(each.min()) for each in across), min(float(each.max()) for each in across)
    at = np.linspace(*ends, PLACES)
    upper, down = _angles(figure.skin, dense, edges.upper, eye.middle, at)
    lower, up = _angles(figure.skin, dense, edges.lower, eye.middle, at)
    from_nose = np.linspace(0, 1, PLACES) if side == "left" else np.linspace(1, 0, PLACES)
    over = OVER + OVER_NOSE * np.exp(-((from_nose / NOSE_REACH) ** 2))
    gap = np.maximum(upper - lower, 0.0) + over / eye.radius
    closes = np.maximum(up - down, 0.0)
    # Towards the corners both go to nothing: what is beside them decides there.
    whole = float((gap * closes).sum() / max(float((closes**2).sum()), 1e-9))
    wanted, steady = gap.copy(), _smooth(closes**2 + STEADY**2)
    share = _smooth(wanted * closes + whole * STEADY**2) / steady
    for _ in range(REPEATS):
        wanted += np.maximum(gap - share * closes, 0.0)
        share = _smooth(wanted * closes + whole * STEADY**2) / steady
    return Closing(at, np.clip(share, LEAST, MOST))


def _angles(
    skin: NDArray[np.float64],
    moves: NDArray[np.float64],
    rows: NDArray[np.int64],
    middle: NDArray[np.float64],
    at: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(P,) radians over the eyeball's middle at which an edge stands at places along x, and what a blink adds."""
    start = skin[rows] - middle
    end = start + moves[rows]
    stands, comes = (np.arctan2(each[:, 1], each[:, 2]) for each in (start, end))
    order = np.argsort(skin[rows, 0], kind="stable")
    x = skin[rows, 0][order]
    return np.interp(at, x, stands[order]), np.interp(at, x, (comes - stands)[order])


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = np.arange(len(values))
    near = np.exp(-0.5 * ((steps[:, None] - steps) / SPREAD) ** 2)
    return np.asarray((near @ values) / near.sum(axis=1), np.float64)


def lid_edges(template: PartsTemplate, side: str) -> LidEdges:
    """The edges of the lids around an eye, the same for everybody."""
    kept = common(template)
    if f"edges {side}" not in kept.lids:
        kept.lids[f"edges {side}"] = _lid_edges(template, side)
    return kept.lids[f"edges {side}"]


def _lid_edges(template: PartsTemplate, side: str) -> LidEdges:
    """The ring of vertices that lies on the ball's surface, :data:`RING` quads out from the inner border of the lids,
    parted by the way that a blink leads its vertices."""
    skin, rim = template.skin, template.eyes.rims[side]
    quads = skin.fine.quads[np.repeat(skin.regions != REGIONS.index("sockets"), 4)]
    ring, known = rim, rim
    for _ in range(RING):
        around = np.unique(quads[np.isin(quads, ring).any(axis=1)])
        ring = np.setdiff1d(around, known)
        known = np.union1d(known, ring)
    rows, moves = common(template).moved(SKIN)[f"eyeBlink{side.capitalize()}"]
    down = np.zeros(len(skin.moves(template.controls.mean.astype(np.float64))))
    down[rows] = -moves[:, 1]
    # Beside the corners the lower lid goes along by a little.
    led = down[ring] > 0.2 * max(float(down[ring].max(initial=0.0)), 1e-9)
    return LidEdges(ring[led], ring[~led])
