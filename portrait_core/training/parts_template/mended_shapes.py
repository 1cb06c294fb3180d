# SPDX-License-Identifier: Apache-2.0
"""Shapes whose targets are clumsy, mended: the same for everybody, so that what a person's shapes are stays linear.

The targets were made by a program. A funnelled mouth has the corners of a closed one, brows are dragged along by lids,
lids leave a slit beside the nose and stay where they are when the eyes look up. How strong shapes are is in
:mod:`portrait_core.training.parts_template.shape_strengths`, lips that close over an open jaw in
:mod:`portrait_core.training.parts_template.jaw`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from portrait_core.parts.skin import REGIONS
from portrait_core.training.parts_template.regions import edge_graph
from portrait_core.training.parts_template.shape_strengths import Shapes, pressed, strengthened

LIDS_ASIDE = 1.7
"""How much farther lids follow eyes that look aside: eyes turn that much farther than in the targets."""
LIDS_UP, LIDS_DOWN = 1.0, 0.35
"""Share of wide eyes that is added to eyes that look up, and of narrowed eyes that is taken from eyes that look down,
whose lower lid gives way."""
BLINK_DOWN = 0.4
"""Share of narrowed eyes that is taken from a blink: lids meet low, at the lower one, as they do on faces."""
BROW_FROM, BROW_TO = 0.002, 0.009
"""Metres along the skin from brows between which the shapes of eyes begin."""
COLUMN, COLUMN_TO = 0.003, 0.008
"""Metres across the face over which brows rise as one, and along the skin from brows to where that ends."""
CORNER, CORNER_REACH = 0.0012, 0.007
"""Metres that each lid closes farther in the corner beside the nose, where one sees between them from below, and how
far from the corner that reaches."""
LIP_FROM, LIP_TO = 0.005, 0.016
"""Metres along the skin from where the lips meet between which they stop to be lips."""
AROUND_FROM, AROUND_TO = 0.011, 0.024
"""The same of what is held where it was when lips close over an open jaw."""
IN, FORTH = 0.20, 0.0030
"""How far the corners of a funnelled mouth go in, as a share of their distance from the middle, and forth, metres."""
ROUND = 0.0042
"""Metres that each lip of a funnelled mouth opens half-way to its corner, beyond the target's."""
SPOKEN = {
    "viseme_O": {"mouthFunnel": 0.5},
    "viseme_U": {"mouthPucker": 0.6},
    "viseme_CH": {"mouthFunnel": 0.2},
    "viseme_FF": {"mouthShrugLower": 0.3, "mouthRollLower": 0.4, "mouthUpperUpLeft": 0.3, "mouthUpperUpRight": 0.3},
}
"""What visemes get of other shapes: some are spoken with round lips, f and v with teeth on the lower one."""
PRESSED = {"viseme_PP": 0.7}
"""Shapes that go too far, and the share that is left."""


@dataclass(frozen=True, eq=False)
class MouthFrame:
    """Where a vertex of the skin lies beside the mouth: ``vertices`` (V,) of the base mesh and their ``places`` (V, 3),
    metres from where the lips meet along the skin ``away`` (V,), and ``side`` (V,), 1 on the upper lip, -1 on the lower
    one; ``inside`` (V,) tells the bag of the mouth; ``corner``: metres from the middle to the mouth's corners."""

    vertices: NDArray[np.int64]
    places: NDArray[np.float64]
    away: NDArray[np.float64]
    side: NDArray[np.float64]
    inside: NDArray[np.bool_]
    corner: float

    @property
    def lips(self) -> NDArray[np.float64]:
        """(V,) 1 on the lips to 0."""
        return 1 - smooth((self.away - LIP_FROM) / (LIP_TO - LIP_FROM))

    @property
    def around(self) -> NDArray[np.float64]:
        """(V,) 1 on the lips and next to them to 0."""
        return 1 - smooth((self.away - AROUND_FROM) / (AROUND_TO - AROUND_FROM))


def mouth_frame(
    vertices: NDArray[np.int64],
    places: NDArray[np.float64],
    quads: NDArray[np.int64],
    regions: NDArray[np.uint8],
    opening: NDArray[np.float64],
) -> MouthFrame:
    """For ``quads`` (Q, 4) over the skin's ``vertices`` (V,) at ``places`` (V, 3), ``regions`` (Q,) of them and the
    displacements ``opening`` (V, 3) of an opening jaw, which tells the lips apart."""
    mouth = regions == REGIONS.index("mouth")
    rim = np.intersect1d(quads[mouth], quads[~mouth])
    drop = -opening[rim, 1]
    lower = rim[drop > 0.5 * drop.max()]
    upper = rim[drop < 0.25 * drop.max()]
    graph = edge_graph(quads, len(places)).tocoo()
    length = np.linalg.norm(places[graph.row] - places[graph.col], axis=1)
    ways = sparse.csr_matrix((length, (graph.row, graph.col)), graph.shape)
    whole, up, down = (
        np.asarray(dijkstra(ways, indices=each, min_only=True), np.float64) for each in (rim, upper, lower)
    )
    side = np.clip((down - up) / 0.004, -1, 1)
    inside = np.isin(np.arange(len(places)), quads[mouth]) & ~np.isin(np.arange(len(places)), rim)
    return MouthFrame(vertices, places, whole, side, inside, float(np.abs(places[rim, 0]).max()))


def along_skin(places: NDArray[np.float64], quads: NDArray[np.int64], begin: NDArray[np.int64]) -> NDArray[np.float64]:
    """(V,) metres along the edges from the nearest of the vertices ``begin``."""
    graph = edge_graph(quads, len(places)).tocoo()
    length = np.linalg.norm(places[graph.row] - places[graph.col], axis=1)
    ways = sparse.csr_matrix((length, (graph.row, graph.col)), graph.shape)
    return np.asarray(dijkstra(ways, indices=begin, min_only=True), np.float64)


def corner_closing(
    places: NDArray[np.float64], quads: NDArray[np.int64], upper: NDArray[np.int64], lower: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(V, 3) what makes lids meet beside the nose, for the inner borders of both lids, the lower one's from the nose
    outwards."""
    up, down = (along_skin(places, quads, each) for each in (upper, lower))
    side = np.clip((down - up) / 0.0015, -1, 1)
    away = np.linalg.norm(places - places[lower[0]], axis=1)
    share = np.exp(-((away / CORNER_REACH) ** 2)) * (1 - smooth((np.minimum(up, down) - 0.003) / 0.005))
    return np.stack([np.zeros(len(places)), -CORNER * side * share, np.zeros(len(places))], axis=1)


def mended(
    shapes: Shapes, frame: MouthFrame, from_brows: NDArray[np.float64], closing: dict[str, NDArray[np.float64]]
) -> Shapes:
    """The shapes (N, 3) of the base mesh, better; ``from_brows`` (V,) metres along the skin, ``closing`` (V, 3) by side
    what a blink gets beside it."""
    result = strengthened(shapes)
    at = {name: moves[frame.vertices] for name, moves in result.items()}
    for side in ("Left", "Right"):
        result[f"eyeLookUp{side}"] += LIDS_UP * result[f"eyeWide{side}"]
        result[f"eyeLookDown{side}"] -= LIDS_DOWN * result[f"eyeSquint{side}"]
        result[f"mouthPress{side}"][frame.vertices] += pressed(at, side, frame.places, frame.corner)
        result[f"eyeBlink{side}"] -= BLINK_DOWN * result[f"eyeSquint{side}"]
        result[f"eyeBlink{side}"][frame.vertices] += closing[side.lower()]
        for way in ("In", "Out"):
            result[f"eyeLook{way}{side}"] *= LIDS_ASIDE
    share = smooth((from_brows - BROW_FROM) / (BROW_TO - BROW_FROM))
    for name, moves in result.items():
        if name.startswith("eye"):
            moves[frame.vertices] *= share[:, None]
        elif name.startswith("brow"):
            moves[frame.vertices] = brow_as_one(moves[frame.vertices], frame.places[:, 0], from_brows)
    result["mouthFunnel"][frame.vertices] += _rounded(frame)
    for name, shares in SPOKEN.items():
        for other, amount in shares.items():
            result[name] += amount * result[other]
    for name, amount in PRESSED.items():
        result[name] *= amount
    return result


def brow_as_one(
    moves: NDArray[np.float64], across: NDArray[np.float64], from_brows: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The moves (V, 3) of a brow whose lower border rises as far as its upper one: hair does not stretch.

    A vertex of a brow gets the mean of those over and under it, in which what moves far counts for more; beside brows
    that goes over into the moves as they are.
    """
    brow, near = np.flatnonzero(from_brows == 0), np.flatnonzero(from_brows < COLUMN_TO)
    column = np.exp(-(((across[near, None] - across[brow]) / COLUMN) ** 2))
    weights = column * (np.linalg.norm(moves[brow], axis=1) + 1e-6)
    mean = (weights @ moves[brow]) / np.maximum(weights.sum(axis=1), 1e-12)[:, None]
    share = 1 - smooth(from_brows[near] / COLUMN_TO)
    result = moves.copy()
    result[near] += share[:, None] * (mean - moves[near])
    return result


def _rounded(frame: MouthFrame) -> NDArray[np.float64]:
    """(V, 3) what makes the opening of a funnelled mouth round: corners go in and forth, lips apart beside them."""
    across = np.abs(frame.places[:, 0]) / frame.corner
    beside = np.exp(-(((across - 1.0) / 0.35) ** 2)) * frame.lips
    moves = np.zeros_like(frame.places)
    moves[:, 0] = -IN * frame.places[:, 0] * beside
    moves[:, 2] = FORTH * beside
    # The target's opening is a diamond; a circle is wider half-way to the corners.
    inside = np.clip(1 - across, 0, 1)
    moves[:, 1] = ROUND * 4 * inside * np.clip(across, 0, 1) * frame.side * frame.lips
    return moves


def smooth(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 to 1 without a kink as ``share`` does, and level beyond."""
    inside = np.clip(share, 0, 1)
    return inside * inside * (3 - 2 * inside)
