# SPDX-License-Identifier: Apache-2.0
"""Lids slide on a person's eyeballs.

A morph moves vertices along straight lines; a lid that closes has to go around a ball. So the place where each visible
vertex of a lid comes to lie is moved outwards until its whole way there clears the person's own eyeball. Lids end up a
millimetre or two off the ball, about as thick as lids are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from portrait_core.face.closing import closing_of
from portrait_core.face.common import Common, common, morph_of
from portrait_core.face.sources import SKIN, Source
from portrait_core.geometry.morphs import Morph
from portrait_core.parts.arrays import Sparse
from portrait_core.parts.character import Figure
from portrait_core.parts.eyes import SIDES
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.skin import REGIONS
from portrait_core.parts.template import PartsTemplate

CLEAR = 0.00035
"""Metres that a lid keeps off the eyeball on its way, where it is as far off at rest."""
SHOWN = 0.00005
"""Metres off the ball from which a vertex of a lid counts as one that is seen."""
FARTHEST = 0.0035
"""Metres that a vertex is moved outwards at most."""
ROUNDS = 4
"""How often the way is looked at again after its end has been moved."""
PASSED_ON, PASSES = 0.9, 8
"""Share of their mean that neighbours pass on to a vertex, and how often."""
MOVING = 0.001
"""Metres that a shape moves a lid at least to be looked at."""
ROOTED, ROOTED_SHARE = 0.0015, 0.3
"""Metres from a lid within which a vertex of lashes is a root; at least this share of them are."""
LASHES_UP, LASHES_FORTH = 0.0011, 0.0015
"""Metres that the lashes of a closed upper lid stand higher, and farther forth, than their roots: to the line where
lids meet, which lies over the lid's own edge. Else they come out of the lower lid under a stripe of bare skin."""
REACH = 0.030
"""Metres from the middle of an eyeball within which skin may be a lid."""


@dataclass(frozen=True, eq=False)
class LidRows:
    """The skin around one eye: ``rows`` (L,) of the skin's finest level, and ``means`` (L, L) over their neighbours."""

    rows: NDArray[np.int64]
    means: Sparse


class Lids:
    """How far the shapes move what lies on one person's eyeballs beyond what the template says."""

    def __init__(self, figure: Figure) -> None:
        self._figure, self._common = figure, common(figure.template)
        self._closing = closing_of(figure)

    def shares(self, name: str, places: NDArray[np.floating]) -> NDArray[np.float64] | None:
        """(N,) what vertices (N, 3) at rest take of a shape that closes an eye; None for other shapes."""
        closing = self._closing.get(name)
        return None if closing is None else closing(places)

    @cached_property
    def _moved(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """How shapes move the skin's finest level, with what this person's lids take of them."""
        found = dict(self._common.moved(SKIN))
        for name in self._closing:
            rows, moves = found[name]
            share = self.shares(name, self._figure.skin[rows])
            found[name] = rows, moves if share is None else moves * share[:, None]
        return found

    @cached_property
    def shapes(self) -> dict[str, list[tuple[str, NDArray[np.float64]]]]:
        """By shape the sides whose lids it moves and how far outwards (L,) the ends of their ways are moved."""
        found: dict[str, list[tuple[str, NDArray[np.float64]]]] = {}
        for name in self._moved:
            for side in SIDES:
                lid = lid_rows(self._figure.template, side)
                own = self._of_lid(name, side)
                if own is not None and float(np.abs(own).max()) > MOVING:
                    pushes = self._pushes(lid, side, own)
                    if bool(pushes.any()):
                        found.setdefault(name, []).append((side, pushes))
        return found

    def moves(self, name: str, rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
        """(R, 3) how a shape moves vertices of the skin's finest level, or None where it leaves them all alone."""
        return _taken(*self._moved[name], rows)

    def skin(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Vertices (K,) of the skin's finest level and what (K, 3) is added to how a shape moves them."""
        rows: list[NDArray[np.int64]] = []
        added: list[NDArray[np.float64]] = []
        for side, pushes in self.shapes.get(name, []):
            lid = lid_rows(self._figure.template, side)
            rows.append(lid.rows)
            added.append(self._out(name, lid, side) * pushes[:, None])
        return np.concatenate([np.zeros(0, np.int64), *rows]), np.concatenate([np.zeros((0, 3)), *added])

    def worn(self, name: str, source: Source) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The same of the welded vertices of lashes: what the lid beneath them is moved."""
        rows, added = self.skin(name)
        if len(rows) == 0:
            return rows, added
        nearest = lash_roots(self._figure.template, source).lid
        place = np.full(int(max(rows.max(), nearest.max())) + 1, -1)
        place[rows] = np.arange(len(rows))
        own = place[nearest]
        on_lid = np.flatnonzero(own >= 0)
        return on_lid, added[own[on_lid]]

    def rooted(self, mesh: PartMesh, source: Source) -> dict[str, Morph]:
        """How shapes move lashes whose roots stay on the lids of the mean person."""
        moves = lash_roots(self._figure.template, source).moves
        return {name: morph_of(name, own[mesh.welded]) for name, own in moves.items()}

    def _of_lid(self, name: str, side: str) -> NDArray[np.float64] | None:
        """(L, 3) how a shape moves the skin around an eye, or None where it leaves it alone."""
        places = lid_places(self._figure.template, side, name)
        return None if places is None else np.where(places[1], self._moved[name][1][places[0]], 0.0)

    def _out(self, name: str, lid: LidRows, side: str) -> NDArray[np.float64]:
        """(L, 3) of length one: away from the eyeball's middle where a shape takes the vertices."""
        own = self._of_lid(name, side)
        middle = self._figure.template.eyes.eyeball(self._figure.body, side).middle
        return _unit(self._figure.skin[lid.rows] + (0.0 if own is None else own) - middle)

    def _pushes(self, lid: LidRows, side: str, moves: NDArray[np.float64]) -> NDArray[np.float64]:
        eye = self._figure.template.eyes.eyeball(self._figure.body, side)
        whole = self._figure.skin[lid.rows] - eye.middle
        off = np.sqrt(np.einsum("li,li->l", whole, whole)) - eye.radius
        seen = np.flatnonzero((off > SHOWN) & (whole[:, 2] > 0))
        start, own = whole[seen], moves[seen]
        wanted = eye.radius + np.minimum(CLEAR, off[seen])
        out = _unit(start + own)
        pushed = np.zeros(len(seen))
        for _ in range(ROUNDS):
            way = own + out * pushed[:, None]
            square = np.maximum(np.einsum("li,li->l", way, way), 1e-18)
            at = np.clip(-np.einsum("li,li->l", start, way) / square, 0.0, 1.0)
            near = start + at[:, None] * way
            short = wanted - np.sqrt(np.einsum("li,li->l", near, near))
            if not bool((short > 0).any()):
                break
            # The end carries its push to the nearest place on the way by the share of the way that lies before it.
            pushed += np.where(short > 0, short / np.maximum(at, 0.25), 0.0)
        pushes = np.zeros(len(whole))
        pushes[seen] = np.minimum(pushed, FARTHEST)
        if not bool(pushes.any()):
            return pushes
        moved = np.einsum("li,li->l", moves, moves) > (0.1 * MOVING) ** 2
        for _ in range(PASSES):
            pushes = np.where(moved, np.maximum(pushes, PASSED_ON * (lid.means @ pushes)), pushes)
        return pushes


def lid_rows(template: PartsTemplate, side: str) -> LidRows:
    """The visible skin around an eye, the same for everybody."""
    kept = common(template)
    if side not in kept.lids:
        kept.lids[side] = _lid_rows(template, side, kept)
    return kept.lids[side]


def lid_places(template: PartsTemplate, side: str, name: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    """Of the skin around an eye (L,) the places in what a shape moves of the skin, and whether (L, 1) it is there; None
    where nothing is. The same for everybody."""
    kept = common(template)
    key = f"{side} {name}"
    if key not in kept.lids:
        rows, wanted = kept.moved(SKIN)[name][0], lid_rows(template, side).rows
        place = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
        there: NDArray[np.bool_] = rows[place] == wanted if len(rows) else np.zeros(len(wanted), np.bool_)
        kept.lids[key] = (place, there[:, None]) if bool(there.any()) else None
    return kept.lids[key]


def _lid_rows(template: PartsTemplate, side: str, kept: Common) -> LidRows:
    skin, rim = template.skin, template.eyes.rims[side]
    quads, regions = skin.fine.quads, np.repeat(skin.regions, 4)
    places = skin.moves(template.controls.mean.astype(np.float64))
    middle = places[rim].mean(axis=0)
    seen = quads[regions != REGIONS.index("sockets")]
    near = np.linalg.norm(places - middle, axis=1) < REACH
    near[rim] = False
    chosen = np.zeros(len(places), np.bool_)
    chosen[seen] = True
    moved = kept.moved(SKIN)[f"eyeBlink{side.capitalize()}"][0]
    rows = np.intersect1d(np.flatnonzero(chosen & near), moved)
    place = np.full(len(places), -1)
    place[rows] = np.arange(len(rows))
    ends = np.stack([seen, np.roll(seen, -1, axis=1)], -1).reshape(-1, 2)
    ends = np.unique(np.sort(place[ends], axis=1), axis=0)
    ends = ends[ends[:, 0] >= 0]
    one, two = np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]]
    degree = np.maximum(np.bincount(one, minlength=len(rows)), 1)
    return LidRows(rows, sparse.csr_matrix((1 / degree[one], (one, two)), (len(rows), len(rows))))


@dataclass(frozen=True, eq=False)
class Roots:
    """Of each vertex of lashes (W,) which of them is its root, ``own``, and the vertex ``lid`` of the skin's finest
    level that the root sits on; ``moves`` (W, 3) by shape, which keep the root there."""

    own: NDArray[np.int64]
    lid: NDArray[np.int64]
    moves: dict[str, NDArray[np.float64]]


def lash_roots(template: PartsTemplate, source: Source) -> Roots:
    """The roots of lashes, the same for everybody."""
    kept = common(template)
    if source not in kept.lashes:
        kept.lashes[source] = _lash_roots(template, source, kept)
    return kept.lashes[source]


def _lash_roots(template: PartsTemplate, source: Source, kept: Common) -> Roots:
    mean = template.controls.mean.astype(np.float64)
    skin, lashes = template.skin.moves(mean), source.moves(template, mean)
    own, lid = np.zeros(len(lashes), np.int64), np.zeros(len(lashes), np.int64)
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        here, rows = np.flatnonzero(lashes[:, 0] * sign > 0), lid_rows(template, side).rows
        if len(here) == 0 or len(rows) == 0:
            own[here] = here
            continue
        name = f"eyeBlink{side.capitalize()}"
        # Upper and lower lid are told apart by which way they move.
        keys = [
            np.concatenate([places[which], 2.0 * _dense(kept, where, name, len(places))[which]], axis=1)
            for places, which, where in ((skin, rows, SKIN), (lashes, here, source))
        ]
        away, nearest = cKDTree(keys[0]).query(keys[1])
        close = np.flatnonzero(away <= max(ROOTED, float(np.quantile(away, ROOTED_SHARE))))
        root = close[np.asarray(cKDTree(keys[1][close]).query(keys[1])[1])]
        own[here], lid[here] = here[root], rows[np.asarray(nearest)[root]]
    moves: dict[str, NDArray[np.float64]] = {}
    for name in kept.moved(source):
        lash, under = _dense(kept, source, name, len(lashes)), _dense(kept, SKIN, name, len(skin))
        moves[name] = lash + under[lid] - lash[own]
        if name.startswith("eyeBlink"):
            moves[name] += brought_out(-under[lid][:, 1])
    return Roots(own, lid, moves)


def brought_out(falls: NDArray[np.float64]) -> NDArray[np.float64]:
    """(W, 3) what brings lashes to the line of a closed eye, whole for those whose roots fall the most, by ``falls``
    (W,) metres, and less for others in the same measure."""
    share = np.clip(falls / max(float(falls.max(initial=0.0)), 1e-9), 0.0, 1.0)
    return share[:, None] * np.array([0.0, LASHES_UP, LASHES_FORTH])


def _dense(kept: Common, source: Source, name: str, count: int) -> NDArray[np.float64]:
    rows, moves = kept.moved(source)[name]
    result = np.zeros((count, 3))
    result[rows] = moves
    return result


def _taken(
    rows: NDArray[np.int64], moves: NDArray[np.float64], wanted: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """(W, 3) of ``moves`` (K, 3) of growing ``rows`` (K,) those of ``wanted`` (W,), zero where there are none; None
    where there are none at all."""
    if len(rows) == 0:
        return None
    place = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
    there = rows[place] == wanted
    return np.where(there[:, None], moves[place], 0.0) if bool(there.any()) else None


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.maximum(np.sqrt(np.einsum("li,li->l", vectors, vectors)), 1e-12)[:, None]
