# SPDX-License-Identifier: Apache-2.0
"""The jaw of the template: a hinge and how much of its turn each vertex takes part in, so that a joint does what the
shape ``jawOpen`` does.

The hinge is found from how the shape moves the lower teeth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial.transform import Rotation

from portrait_core.parts.controls import Controls
from portrait_core.parts.shape_targets import Bite, Jaw
from portrait_core.training.parts_template.mended_shapes import MouthFrame, smooth
from portrait_core.training.parts_template.whole_mesh import BODY, WholeMesh

TEETH, TONGUE = "helper-lower-teeth", "helper-tongue"
AROUND = 6
"""Vertices of the skin on each side beside the hinge that it keeps its distance from."""
SMOOTHINGS = 3
"""How often weights are averaged with those around them: targets are written in steps of a tenth of a millimetre."""
WIDER = 1.29
"""How much farther the jaw opens than in the target: mouths of all persons open by 700 square millimetres."""
MEET = 0.4
"""Share of the jaw's turn at which lips that close over an open jaw meet. The lower one comes up by the rest, and the
upper one comes down to it, as lips do that are kept closed; all of the way for one lip alone takes it over the nose."""
UPPER_FROM, UPPER_TO = 0.011, 0.026
"""Metres along the skin from where the lips meet between which what is above them stops to go along."""
INNER_FROM, INNER_TO = 0.003, 0.012
"""The same of the bag behind the lips, which would come through the skin under them."""
FORTH = 0.7
"""Share of the way forth that teeth keep in shapes that push the jaw forth: the lips keep all of it, and so there is
room for lips that another shape rolls in or draws aside."""
FREE = 1e-3
"""Metres: what moves less than this says nothing about its share of the turn."""


@dataclass(frozen=True, eq=False)
class WholeJaw:
    """The jaw over the N vertices of the base mesh: ``weights`` (N,) by shape, ``around`` (A,) vertices."""

    weights: dict[str, NDArray[np.float64]]
    around: NDArray[np.int64]
    offset: NDArray[np.float64]
    turn: float

    def over(self, controls: Controls) -> Jaw:
        """The same over the controls."""
        weights = {shape: values[controls.index] for shape, values in self.weights.items()}
        return Jaw(weights, controls.rows_of(self.around), self.offset, self.turn)


def build_jaw(
    shapes: dict[str, NDArray[np.float64]], mesh: WholeMesh, mouth: MouthFrame
) -> tuple[WholeJaw, dict[str, NDArray[np.float64]]]:
    """The jaw of the canonical body, and what its turn leaves of the moves (N, 3) of the shapes that turn it."""
    mean = mesh.neutral
    teeth = mesh.vertices_of(TEETH)
    turn, shift = rigid(mean[teeth], mean[teeth] + shapes["jawOpen"][teeth])
    angle = float(turn[0])
    less = np.asarray(Rotation.from_rotvec([angle, 0.0, 0.0]).as_matrix()) - np.eye(3)
    # The point that the turn leaves where it is: (R - 1) h + shift = 0, across the head alone.
    height, depth = np.linalg.solve(less[1:, 1:], -shift[1:])
    hinge = np.array([0.0, height, depth])
    turned = (mean - hinge) @ less.T
    opening = _share(shapes["jawOpen"], turned, mesh)
    closing = _share(-shapes["mouthClose"], turned, mesh)
    closing = np.minimum(closing, opening)
    closes, moves = meeting(opening, closing, turned, mouth)
    around = _around(mean, hinge, mesh)
    jaw = WholeJaw(
        {"jawOpen": opening, "mouthClose": closes},
        around,
        hinge - mean[around].mean(axis=0),
        WIDER * angle,
    )
    return jaw, {"jawOpen": np.zeros_like(mean), "mouthClose": moves}


def meeting(
    opening: NDArray[np.float64], closing: NDArray[np.float64], turned: NDArray[np.float64], mouth: MouthFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What closes lips over an open jaw: shares (N,) of its turn, and moves (N, 3) besides.

    On the open jaw all of both lips has the same share :data:`MEET`, so that they touch as they do at rest, and goes
    straight down: by the turn they would go back, too, through the teeth, and one lip would roll out of the other.
    """
    at = mouth.vertices
    upper = 1 - smooth((mouth.away - UPPER_FROM) / (UPPER_TO - UPPER_FROM))
    over = (1 + mouth.side) / 2
    reach = over * upper + (1 - over) * mouth.around
    reach = np.where(mouth.inside, 1 - smooth((mouth.away - INNER_FROM) / (INNER_TO - INNER_FROM)), reach)
    left = opening - closing
    left[at] += reach * (MEET - left[at])
    by_turn = WIDER * MEET * turned[at]
    down = np.array([0.0, float(by_turn[mouth.lips == 1, 1].mean()), 0.0])
    moves = np.zeros_like(turned)
    moves[at] = reach[:, None] * (down - by_turn)
    return left - opening, moves


def _share(moves: NDArray[np.float64], turned: NDArray[np.float64], mesh: WholeMesh) -> NDArray[np.float64]:
    """(N,) 0 to 1: how much of the displacements ``turned`` (N, 3) by the whole turn is in ``moves`` (N, 3)."""
    square = np.einsum("ni,ni->n", turned, turned)
    share = np.einsum("ni,ni->n", moves, turned) / np.maximum(square, FREE**2)
    share = np.clip(share, 0, 1)
    own = mesh.quads_of(BODY)
    means, skin = _means(own, len(moves)), np.unique(own)
    for _ in range(SMOOTHINGS):
        share[skin] = 0.5 * share[skin] + 0.5 * np.asarray(means[skin] @ share)
    share[mesh.vertices_of(TEETH)] = float(share[mesh.vertices_of(TEETH)].mean() > 0.5)
    return share


def _means(quads: NDArray[np.int64], count: int) -> Any:
    """(N, N) the mean over the ends of a vertex's edges."""
    ends = np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2)
    edges = np.unique(np.sort(ends, axis=1), axis=0)
    rows, columns = np.r_[edges[:, 0], edges[:, 1]], np.r_[edges[:, 1], edges[:, 0]]
    degree = np.maximum(np.bincount(rows, minlength=count), 1)
    return sparse.csr_matrix((1 / degree[rows], (rows, columns)), (count, count))


def _around(mean: NDArray[np.float64], hinge: NDArray[np.float64], mesh: WholeMesh) -> NDArray[np.int64]:
    """Vertices of the skin nearest to where the hinge's axis leaves the head, as many on both sides."""
    skin = mesh.vertices_of(BODY)
    at = mean[skin]
    found: list[NDArray[np.int64]] = []
    for side in (1.0, -1.0):
        own = skin[at[:, 0] * side > 0.03]
        away = np.linalg.norm(mean[own][:, 1:] - hinge[1:], axis=1)
        found.append(own[np.argsort(away, kind="stable")[:AROUND]])
    return np.sort(np.concatenate(found))


def bites(shapes: dict[str, NDArray[np.float64]], jaw: WholeJaw, mesh: WholeMesh) -> dict[str, Bite]:
    """How the lower teeth move, by the names of the shapes that move them other than by the jaw's own turn."""
    teeth, mean = mesh.vertices_of(TEETH), mesh.neutral
    hinge = mean[jaw.around].mean(axis=0) + jaw.offset
    found: dict[str, Bite] = {}
    for name, moves in shapes.items():
        if name in jaw.weights or float(np.abs(moves[teeth]).mean()) < 0.0002:
            continue
        turn, shift = rigid(mean[teeth] - hinge, mean[teeth] - hinge + moves[teeth])
        found[name] = Bite(turn, shift * (1.0, 1.0, FORTH if name.startswith("jaw") else 1.0))
    return found


def rigid(before: NDArray[np.float64], after: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The motion that brings points (N, 3) the nearest to others: axis-angle (3,) and shift (3,), after = R before +
    shift (Kabsch)."""
    middle, aim = before.mean(axis=0), after.mean(axis=0)
    u, _, v = np.linalg.svd((after - aim).T @ (before - middle))
    matrix = u @ np.diag([1.0, 1.0, float(np.linalg.det(u @ v))]) @ v
    return np.asarray(Rotation.from_matrix(matrix).as_rotvec(), np.float64), aim - matrix @ middle
