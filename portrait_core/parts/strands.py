# SPDX-License-Identifier: Apache-2.0
"""Strands of hair as polylines, traced on a hair mesh by how far along its strand each corner is. NumPy alone, for the
Blender add-on carries a copy.

Hair meshes are sheets. A strand begins where a seed on a sheet is carried up to the skin, or as far as the sheet goes,
and runs down the sheet to where its picture has no hair any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

ATTRIBUTE = "_STRAND"
"""The vertex attribute of a file that has :attr:`HairSheet.along`."""

STEP = 0.006
"""Metres that a strand is traced at once, at most."""
STEPS = 260
"""Steps up or down, at most: of the longest hair 0.4 m and its triangles."""
FINE = 48
"""Places along a strand where its picture is asked for hair."""
CUTOFF = 0.35
"""Opacity that counts as hair, as the material of the mesh has it."""
HOLE = 0.012
"""Metres without hair in the picture that a strand runs on over: gaps between locks."""
SHORTEST = 0.008
"""Metres: shorter strands are left out."""
NEAR = 0.022
"""Metres over the skin within which strands may have roots: what hangs further away grew higher up."""
ROOTS = 2.5
"""How much more roots there are where a sheet begins than farther down."""
RISE = 0.030
"""Metres along a strand in which it comes from the skin up to its sheet."""
SUNK = 0.0008
"""Metres that roots lie under the skin."""
SPREAD = 0.0022
"""Metres that strands stand off their sheet to both sides, at most."""
WIDTHS = (0.00050, 0.00014)
"""Metres across a strand at its root and at its tip: each stands for a few hairs."""
IDLE = (16, 0.002)
"""A walk that in so many steps got no farther than this, metres, trembles on an edge where two flows meet: it ends."""

Closest = Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""For places (N, 3) the closest places on the skin of the head (N, 3) and its normals there (N, 3)."""

HEAD = 0.9
"""Skin that the head moves by so much or more can have roots."""


@dataclass(frozen=True, eq=False)
class HairSheet:
    """A hair mesh of F triangles.

    Attributes:
        places: (K, 3) metres; seams of the texture are welded.
        faces: (F, 3) into the places.
        uvs: (F, 3, 2) places of the corners in the texture, origin bottom left.
        along: (F, 3) metres along strands from the root of each piece.
    """

    places: NDArray[np.float64]
    faces: NDArray[np.int64]
    uvs: NDArray[np.float64]
    along: NDArray[np.float64]

    @cached_property
    def corners(self) -> NDArray[np.float64]:
        """(F, 3, 3)."""
        return self.places[self.faces]

    @cached_property
    def flow(self) -> NDArray[np.float64]:
        """(K, 3) unit vectors along strands, away from the root; zero where nothing tells it."""
        one, two = self.corners[:, 1] - self.corners[:, 0], self.corners[:, 2] - self.corners[:, 0]
        flat = self.uvs[:, 1:] - self.uvs[:, :1]
        rise = self.along[:, 1:] - self.along[:, :1]
        det = _cross(flat[:, 0], flat[:, 1])
        safe = np.where(np.abs(det) > 1e-14, det, 1.0)
        # Where `along` grows in the texture, in which it was solved, carried over to the triangle.
        x = (rise[:, 0] * flat[:, 1, 1] - rise[:, 1] * flat[:, 0, 1]) / safe
        y = (rise[:, 1] * flat[:, 0, 0] - rise[:, 0] * flat[:, 1, 0]) / safe
        grows = np.stack([x, y], 1)
        s, t = _cross(grows, flat[:, 1]) / safe, _cross(flat[:, 0], grows) / safe
        moved = np.where(np.abs(det) > 1e-14, 1.0, 0.0)[:, None] * (s[:, None] * one + t[:, None] * two)
        moved = _unit(moved) * np.linalg.norm(np.cross(one, two), axis=1)[:, None]
        total = np.zeros_like(self.places)
        np.add.at(total, self.faces, moved[:, None])
        return _unit(total)

    @cached_property
    def normals(self) -> NDArray[np.float64]:
        """(K, 3) smooth unit normals."""
        own = np.cross(self.corners[:, 1] - self.corners[:, 0], self.corners[:, 2] - self.corners[:, 0])
        total = np.zeros_like(self.places)
        np.add.at(total, self.faces, own[:, None])
        return _unit(total)

    @cached_property
    def beside(self) -> NDArray[np.int64]:
        """(F, 3) the triangle over the edge opposite to each corner; -1 at a border."""
        begin, end = self.faces[:, [1, 2, 0]].ravel(), self.faces[:, [2, 0, 1]].ravel()
        key = np.minimum(begin, end) * np.int64(len(self.places)) + np.maximum(begin, end)
        order = np.argsort(key, kind="stable")
        same = np.flatnonzero(key[order][1:] == key[order][:-1])
        # Of an edge of three sheets the first two are neighbours.
        same = same[np.append(True, same[1:] != same[:-1] + 1)] if len(same) else same
        found = np.full(len(key), -1, np.int64)
        found[order[same]], found[order[same + 1]] = order[same + 1] // 3, order[same] // 3
        return found.reshape(-1, 3)


@dataclass(frozen=True, eq=False)
class StrandLines:
    """N strands of P points, root first.

    Attributes:
        points: (N, P, 3) metres.
        widths: (N, P) metres across.
        uvs: (N, 2) where each has its root in the picture of the hair mesh, bottom left.
    """

    points: NDArray[np.float64]
    widths: NDArray[np.float64]
    uvs: NDArray[np.float64]


def strand_lines(
    sheet: HairSheet,
    count: int,
    *,
    opacity: NDArray[np.floating] | None = None,
    closest: Closest | None = None,
    points: int = 14,
    seed: int = 0,
) -> StrandLines:
    """Up to ``count`` strands of a hair mesh, fewer where it has no hair.

    ``opacity`` (H, W), 0 to 1, row 0 at the top, is the picture of the mesh; ``closest`` asks the skin, on which roots
    are set. The same numbers give the same strands. Raises ``ValueError`` for a count below 1 or fewer than 3 points.
    """
    if count < 1 or points < 3:
        raise ValueError(f"strands: {count} strands of {points} points; at least 1 of 3")
    rng = np.random.default_rng(seed)
    faces, at = _seeds(sheet, int(count * 1.4) + 8, rng)
    fine, uvs = _traced(sheet, faces, at)
    first, last = _haired(fine, uvs, opacity)
    first = _rooted(fine, first, last, closest, rng)
    length = (last - first) * _length(fine) / (FINE - 1)
    kept = np.flatnonzero(length > SHORTEST)
    if len(kept) > count:
        # Of long strands more have a seed somewhere: taken by their length, sheets are covered evenly.
        chance = rng.random(len(kept)) ** (length[kept] / float(length[kept].mean()))
        kept = np.sort(kept[np.argsort(-chance, kind="stable")[:count]])
    where = first[kept, None] + (last - first)[kept, None] * np.linspace(0, 1, points) ** 1.2
    lines, roots = _at(fine[kept], where), _at(uvs[kept], first[kept, None])[:, 0]
    lines = _spread(lines, _at(_normals(sheet, faces, at)[kept, None].repeat(FINE, 1), where), rng)
    if closest is not None and len(lines):
        lines = _grown(lines, closest)
    share = np.linspace(0, 1, points)
    widths = WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * share**3
    return StrandLines(lines, np.tile(widths, (len(lines), 1)), roots)


def _seeds(sheet: HairSheet, count: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Triangles (N,) and places in them (N, 3), evenly over the mesh."""
    area = np.linalg.norm(
        np.cross(sheet.corners[:, 1] - sheet.corners[:, 0], sheet.corners[:, 2] - sheet.corners[:, 0]), axis=1
    )
    upto: NDArray[np.float64] = np.add.accumulate(area)
    wanted = (np.arange(count, dtype=np.float64) + rng.random(count)) * (float(upto[-1]) / count)
    faces = np.minimum(np.searchsorted(upto, wanted, side="right"), len(area) - 1)
    one, two = np.sqrt(rng.random(count)), rng.random(count)
    return faces.astype(np.int64), np.stack([1 - one, one * (1 - two), one * two], 1)


def _traced(
    sheet: HairSheet, faces: NDArray[np.int64], at: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places (N, FINE, 3) along the strands through seeds, root first, evenly apart, and their ``uvs`` (N, FINE, 2)."""
    up, down = (_walk(sheet, faces, at, sign) for sign in (-1.0, 1.0))
    both: NDArray[np.float64] = np.concatenate([up[:, ::-1], down[:, 1:]], axis=1)
    # What did not move is told apart, so that there is one place for every length.
    apart = np.arange(both.shape[1], dtype=np.float64) * 1e-9
    arc: NDArray[np.float64] = _arc(both[..., :3]) + apart
    wanted: NDArray[np.float64] = arc[:, -1:] * np.linspace(0, 1, FINE)
    # Of all strands at once: each begins behind the end of the one before.
    ends: NDArray[np.float64] = np.add.accumulate(arc[:, -1] + 1.0)
    begin = np.append(0.0, ends[:-1])[:, None]
    where = np.interp(wanted + begin, (arc + begin).ravel(), np.arange(arc.size, dtype=np.float64)).ravel()
    low = np.clip(where.astype(np.int64), 0, arc.size - 2)
    flat, share = both.reshape(-1, 5), (where - low)[:, None]
    found = (flat[low] * (1 - share) + flat[low + 1] * share).reshape(len(both), FINE, 5)
    return found[..., :3], found[..., 3:]


def _walk(sheet: HairSheet, faces: NDArray[np.int64], at: NDArray[np.float64], sign: float) -> NDArray[np.float64]:
    """(N, S, 5) places and texture places of walks from seeds, along the flow or against it; who has come to an end
    stays there."""
    face, weight = faces.copy(), at.copy()
    place = _place(sheet, face, weight)
    live = np.arange(len(face))
    every = [place]
    for step in range(STEPS):
        if step >= IDLE[0] and step % IDLE[0] == 0:
            gone = place[live, :3] - every[-1 - IDLE[0]][live, :3]
            live = live[(gone**2).sum(axis=1) > IDLE[1] ** 2]
        if len(live) == 0:
            break
        own, w = face[live], weight[live]
        slope = _slope(sheet, own, w, sign)
        # At an edge that pushes back the walk goes along it.
        slope = np.where((w < 1e-9) & (slope < 0), 0.0, slope)
        moving = slope != 0
        slope -= moving * (slope.sum(axis=1) / np.maximum(moving.sum(axis=1), 1))[:, None]
        until = np.where(slope < -1e-12, w / np.maximum(-slope, 1e-12), np.inf)
        rows, corner = np.arange(len(live)), until.argmin(axis=1)
        far = until[rows, corner]
        leaves = far <= STEP
        w = np.clip(w + slope * np.minimum(far, STEP)[:, None], 0, None)
        w /= w.sum(axis=1, keepdims=True)
        w[rows[leaves], corner[leaves]] = 0
        beyond = np.where(leaves, sheet.beside[own, corner], own)
        ends = beyond < 0
        cross = leaves & ~ends
        same = sheet.faces[beyond[cross]][:, :, None] == sheet.faces[own[cross]][:, None, :]
        w[cross] = (same * w[cross][:, None, :]).sum(axis=2)
        face[live], weight[live] = np.where(ends, own, beyond), w
        place = place.copy()
        place[live] = _place(sheet, face[live], w)
        every.append(place)
        live = live[~ends]
    return np.stack(every, axis=1)


def _slope(sheet: HairSheet, face: NDArray[np.int64], weight: NDArray[np.float64], sign: float) -> NDArray[np.float64]:
    """(N, 3) how the weights of the corners change with a metre along the flow."""
    corner = sheet.corners[face]
    one, two = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    flow = sign * _unit((sheet.flow[sheet.faces[face]] * weight[:, :, None]).sum(axis=1))
    a, b, c = (one * one).sum(1), (one * two).sum(1), (two * two).sum(1)
    d, e = (one * flow).sum(1), (two * flow).sum(1)
    det = np.maximum(a * c - b * b, 1e-18)
    s, t = (c * d - b * e) / det, (a * e - b * d) / det
    return np.stack([-s - t, s, t], 1)


def _place(sheet: HairSheet, face: NDArray[np.int64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 5) place and texture place."""
    both = np.concatenate([sheet.corners[face], sheet.uvs[face]], axis=2)
    return np.asarray((both * weight[:, :, None]).sum(axis=1))


def _haired(
    fine: NDArray[np.float64], uvs: NDArray[np.float64], opacity: NDArray[np.floating] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N,) each: the first and the last place of FINE of the longest run with hair in the picture."""
    count = len(fine)
    if opacity is None:
        return np.zeros(count), np.full(count, FINE - 1.0)
    high, wide = opacity.shape
    column = np.clip((uvs[..., 0] * wide).astype(np.int64), 0, wide - 1)
    row = np.clip(((1 - uvs[..., 1]) * high).astype(np.int64), 0, high - 1)
    hair = opacity[row, column] >= CUTOFF
    hole = HOLE * (FINE - 1) / np.maximum(_length(fine), 1e-6)
    best, begin, end = np.zeros(count), np.zeros(count), np.zeros(count)
    start, last = np.full(count, -1.0), np.full(count, -np.inf)
    for step in range(FINE):
        now = hair[:, step]
        start = np.where(now & (step - last > hole + 1), float(step), start)
        last = np.where(now, float(step), last)
        longer = now & (last - start > best)
        best, begin, end = (
            np.where(longer, new, old) for new, old in ((last - start, best), (start, begin), (last, end))
        )
    return begin, end


def _rooted(
    fine: NDArray[np.float64],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    closest: Closest | None,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """(N,) where strands have their roots: anywhere on the part of the sheet that lies over the skin."""
    if closest is None:
        return first
    every = fine[:, ::4].reshape(-1, 3)
    on, _ = closest(every)
    away: NDArray[np.float64] = np.sqrt(((every - on) ** 2).sum(axis=1)).reshape(len(fine), -1)
    over = away < NEAR
    # The back of a neck grows no hair, nor does a shoulder: only the first run over the skin counts.
    before = np.arange(over.shape[1], dtype=np.float64)[None] * 4 < first[:, None]
    kept = np.where(np.logical_or(over, before), 1.0, 0.0)
    whole: NDArray[np.float64] = np.minimum.accumulate(kept, axis=1)
    run = whole.sum(axis=1) * 4.0 - 4
    reach = np.clip(np.minimum(run, first + 0.7 * (last - first)) - first, 0, None)
    # Most near the beginning: hairlines are no thinner than the rest.
    return first + reach * rng.random(len(fine)) ** ROOTS


def _grown(lines: NDArray[np.float64], closest: Closest) -> NDArray[np.float64]:
    """Strands (N, P, 3) that come out of the skin, where they begin near it, and lie over it after."""
    on, up = closest(lines[:, 0])
    near = np.linalg.norm(lines[:, 0] - on, axis=1) < 1.5 * NEAR
    down = np.where(near[:, None], on - SUNK * up - lines[:, 0], 0.0)
    arc = _arc(lines)
    share = np.clip(1 - arc / np.minimum(RISE, 0.6 * arc[:, -1:]), 0, 1) ** 2
    return lines + share[..., None] * down[:, None]


def _spread(lines: NDArray[np.float64], normals: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Strands that stand off their sheet (N, P, 3), each on its own, more towards the tips."""
    count, points, _ = lines.shape
    along = _unit(np.gradient(lines, axis=1)) if count else lines
    side = np.cross(along, normals)
    share = np.linspace(0, 1, points)
    rise = SPREAD * (0.35 + 0.65 * share) * np.minimum(share * 4, 1)
    out, beside = rng.normal(0, 0.45, (2, count, 1))
    swing = 0.35 * np.sin(2 * np.pi * (share * rng.uniform(0.5, 1.6, (count, 1)) + rng.random((count, 1))))
    return lines + ((out[..., None] * normals) + ((beside + swing)[..., None] * side)) * rise[:, None]


def _normals(sheet: HairSheet, face: NDArray[np.int64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    return _unit((sheet.normals[sheet.faces[face]] * weight[:, :, None]).sum(axis=1))


def _at(values: NDArray[np.float64], where: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values (N, FINE, C) between places ``where`` (N, P), from 0 to FINE - 1."""
    low = np.clip(where.astype(np.int64), 0, FINE - 2)
    share = (where - low)[..., None]
    rows = np.arange(len(values))[:, None]
    return values[rows, low] * (1 - share) + values[rows, low + 1] * share


def _arc(lines: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, P) metres from the first point of lines (N, P, 3)."""
    steps = np.sqrt((np.diff(lines, axis=1) ** 2).sum(axis=2))
    upto: NDArray[np.float64] = np.add.accumulate(steps, axis=1)
    return np.concatenate([np.zeros((len(lines), 1)), upto], axis=1)


def _length(fine: NDArray[np.float64]) -> NDArray[np.float64]:
    return _arc(fine)[:, -1]


def _cross(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    return one[..., 0] * two[..., 1] - one[..., 1] * two[..., 0]


def _unit(vectors: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))
