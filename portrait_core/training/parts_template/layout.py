# SPDX-License-Identifier: Apache-2.0
"""The skin's place in the texture: the base mesh's own islands, cut once more behind the ears and laid anew.

The base mesh's layout gives the ear a spot and the back of the head as much room as the face. Its seams are good ones
(the back of the head, the base of the neck, within lips and lids); so the islands keep their borders, but for a slit
behind each ear, and are laid flat again as if every place of the surface had the size that its detail asks for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.edge_pairs import Pairs, face_pairs, glue, next_corner
from portrait_core.training.parts_template.islands import corner_ids
from textures.distortion import Flat
from textures.flatten import flattenings
from textures.overlaps import crossed
from textures.pack import pack
from textures.topology import border_loops

ITERATIONS = (20, 40, 80, 160, 320, 800)
"""Numbers of steps after which a chart may be taken: the last one at which its border does not cross itself."""
RESOLUTION = 2048
PADDING = 10
"""Texels between charts at that resolution."""


@dataclass(frozen=True, eq=False)
class Layout:
    """``corners`` (Q, 4) into ``uvs`` (U, 2) float32; ``charts`` (Q,)."""

    corners: NDArray[np.int64]
    uvs: NDArray[np.float32]
    charts: NDArray[np.int64]


def lay_out(
    quads: NDArray[np.int64],
    corner_uvs: NDArray[np.float64],
    places: NDArray[np.float64],
    density: NDArray[np.float64],
    slits: NDArray[np.int64],
    upright: NDArray[np.bool_],
) -> Layout:
    """Lay a mesh of quads flat.

    Args:
        quads: (Q, 4); corner_uvs: (Q, 4, 2) an older layout that says where the mesh is cut.
        places: (V, 3).
        density: (V,) how much finer than elsewhere a place is to be shown.
        slits: (E, 2) edges that are cut besides.
        upright: (V,) vertices whose x and y are to point right and up; charts without any may be turned.

    Raises ``ValueError`` where an island's border crosses itself once it is laid flat.
    """
    triangles = np.stack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]], 1).reshape(-1, 3)
    ids = corner_ids(corner_uvs)
    texture = np.stack([ids[:, [0, 1, 2]], ids[:, [0, 2, 3]]], 1).reshape(-1, 3)
    pairs = _uncut(triangles, texture, slits)
    glued = glue(len(triangles), pairs)
    chart = component_labels(int(glued.max()) + 1, glued.ravel(), np.roll(glued, -1, axis=1).ravel())[glued[:, 0]]
    size = density[triangles].mean(axis=1)
    corners = places[triangles]
    middle = corners.mean(axis=1, keepdims=True)
    corners = middle + (corners - middle) * size[:, None, None]
    # What follows wants discs: the holes have fans, which nothing shows.
    whole_corners, whole, whole_chart = _filled(glued, chart, corners)
    of_vertex = np.zeros(int(whole.max()) + 1, np.int64)
    of_vertex[whole.ravel()] = np.repeat(whole_chart, 3)
    flat = _uncrossed(flattenings(whole_corners, whole, whole_chart, ITERATIONS), whole, of_vertex)
    straight = np.zeros(int(chart.max()) + 1, np.bool_)
    surface = np.full(len(flat), -1)
    surface[glued.ravel()] = triangles.ravel()
    known = (surface >= 0) & upright[surface]
    for own in range(len(straight)):
        shown = known & (of_vertex == own)
        if bool(shown.any()):
            straight[own] = True
            flat[of_vertex == own] @= _upright(flat[shown], places[surface[shown], :2])
    packed = pack(flat, whole, whole_chart, upright=straight, resolution=RESOLUTION, padding=PADDING)
    own = glued.reshape(-1, 2, 3)
    of_corner = np.stack([own[:, 0, 0], own[:, 0, 1], own[:, 0, 2], own[:, 1, 2]], 1).astype(np.int64)
    return Layout(of_corner, packed[: int(glued.max()) + 1].astype(np.float32), chart[::2])


def _uncrossed(tries: dict[int, Flat], glued: NDArray[np.int32], of_vertex: NDArray[np.int64]) -> NDArray[np.float64]:
    """(N, 2) each chart as the most steps have it that leave its border free of crossings."""
    loops, charts = border_loops(glued), int(of_vertex.max()) + 1
    result, open_ones = np.zeros((len(of_vertex), 2)), np.ones(charts, np.bool_)
    for steps in sorted(tries, reverse=True):
        flat = tries[steps].uvs
        good = open_ones & ~crossed(flat, loops, of_vertex, open_ones)
        result[good[of_vertex]] = flat[good[of_vertex]]
        open_ones &= ~good
    if bool(open_ones.any()):
        raise ValueError("a chart's border crosses itself however it is laid flat")
    return result


def _uncut(triangles: NDArray[np.int64], texture: NDArray[np.int64], slits: NDArray[np.int64]) -> Pairs:
    pairs = face_pairs(triangles)
    places, ids = triangles.ravel(), texture.ravel()
    after_one, after_two = next_corner(pairs.one), next_corner(pairs.two)
    same = (ids[pairs.one] == ids[after_two]) & (ids[after_one] == ids[pairs.two])
    count = int(triangles.max()) + 1
    ends = np.sort(np.stack([places[pairs.one], places[after_one]], 1), axis=1)
    cut = np.sort(slits, axis=1)
    same &= ~np.isin(ends[:, 0] * count + ends[:, 1], cut[:, 0] * count + cut[:, 1])
    return pairs.chosen(same)


def _filled(
    glued: NDArray[np.int32], chart: NDArray[np.int64], corners: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]:
    """The charts with fans in their holes (mouth, eyes), so that each is a disc: corners, vertices, charts."""
    count = int(glued.max()) + 1
    place = np.zeros((count, 3))
    place[glued] = corners
    directed = np.stack([glued, np.roll(glued, -1, axis=1)], -1).reshape(-1, 2).astype(np.int64)
    lone = ~np.isin(directed[:, 0] * count + directed[:, 1], directed[:, 1] * count + directed[:, 0])
    owner = np.repeat(chart, 3)[lone]
    following = {int(a): (int(b), int(c)) for (a, b), c in zip(directed[lone], owner, strict=True)}
    loops: dict[int, list[list[int]]] = {}
    while following:
        start = next(iter(following))
        loop, own = [start], following[start][1]
        while loop[-1] in following:
            loop.append(following.pop(loop[-1])[0])
        loops.setdefault(own, []).append(loop[:-1])
    more: list[NDArray[np.float64]] = [corners]
    faces: list[NDArray[np.int32]] = [glued]
    charts: list[NDArray[np.int64]] = [chart]
    for own, rings in sorted(loops.items()):
        lengths = [float(np.linalg.norm(place[r] - place[np.roll(r, 1)], axis=1).sum()) for r in rings]
        for k, ring in enumerate(rings):
            if k == int(np.argmax(lengths)):
                continue
            middle = place[ring].mean(axis=0)
            ahead = np.roll(ring, -1)
            fan = np.stack([ahead, ring, np.full(len(ring), count)], 1)
            more.append(np.stack([place[ahead], place[ring], np.broadcast_to(middle, (len(ring), 3))], 1))
            faces.append(fan.astype(np.int32))
            charts.append(np.full(len(ring), own))
            count += 1
    return np.concatenate(more), np.concatenate(faces), np.concatenate(charts)


def _upright(flat: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 2) the turn, to be applied from the right, that brings places (N, 2) closest to the directions wanted."""
    given, aim = flat - flat.mean(axis=0), wanted - wanted.mean(axis=0)
    angle = np.arctan2((given[:, 0] * aim[:, 1] - given[:, 1] * aim[:, 0]).sum(), (given * aim).sum())
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
