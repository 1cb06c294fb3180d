# SPDX-License-Identifier: Apache-2.0
"""Repairs of a surface that is folded onto itself, pinched or open: a closed manifold whatever it was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.edge_pairs import face_pairs, glue
from portrait_core.geometry.half_edges import boundary_loops, ends, is_closed_manifold, some_corner, starts
from portrait_core.geometry.surface import Surface, compact, face_cross, outer_shell

ROUNDS = 8
"""Repairs one after the other at most; one or two are usual."""

APART = 2e-5
"""Metres between vertices that would share a place: far more than float32 rounds at a bust's size, and not seen."""


def make_closed(surface: Surface) -> Surface:
    """The outer shell of ``surface`` as a closed manifold; ``surface`` itself when it is one already.

    Leaves and crowded edges are removed, sheets that only touch are parted, and holes get lids. Raises
    ``ValueError`` when nothing closed is left.
    """
    if is_closed_manifold(surface):
        return outer_shell(surface)
    for _ in range(ROUNDS):
        parted = repair(surface)
        crowded = _on_crowded_edges(parted)
        if bool(crowded.any()):
            # Sheets that cross in an edge and hang together around it: take their faces away, the lids close the rest.
            parted = part_touching(compact(parted.vertices, parted.faces[~crowded]))
        surface = lids(parted, boundary_loops(parted.faces, len(parted.vertices)))
        if len(surface.faces) == 0:
            break
        surface = outer_shell(surface)
        if is_closed_manifold(surface):
            return surface
    raise ValueError(f"repair: the surface of {len(surface.faces)} faces cannot be closed")


def _on_crowded_edges(surface: Surface) -> NDArray[np.bool_]:
    """(F,) faces on an edge that another face runs through in the same direction."""
    begin, end = starts(surface.faces).astype(np.int64), ends(surface.faces)
    _, inverse, uses = np.unique(begin * len(surface.vertices) + end, return_inverse=True, return_counts=True)
    return np.asarray((uses[np.asarray(inverse).ravel()] > 1).reshape(-1, 3).any(axis=1), np.bool_)


def repair(surface: Surface) -> Surface:
    """Remove faces without area and faces folded back to back, and part the surface where it only touches itself."""
    surface = drop_bad_faces(surface)
    return part_touching(surface)


def drop_bad_faces(surface: Surface) -> Surface:
    """Remove faces with a repeated vertex, and cancel faces on the same three vertices.

    Two faces on the same vertices are the two sides of a leaf without thickness: both go, and the edges
    they leave close with each other. An odd one of equal faces stays.
    """
    faces = surface.faces
    faces = faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]
    _, first, inverse, uses = np.unique(
        np.sort(faces, axis=1), axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    keep = uses[np.asarray(inverse).ravel()] == 1
    keep[first[uses % 2 == 1]] = True
    return compact(surface.vertices, faces[keep])


def part_touching(surface: Surface) -> Surface:
    """Give every fan of faces around a vertex a vertex of its own.

    A fan is a set of faces joined through edges that have exactly two faces; where two sheets touch in a
    vertex or along an edge they become two sheets with vertices in the same place.
    """
    faces = surface.faces.astype(np.int64)
    fan = glue(len(faces), face_pairs(faces)).ravel()
    _, first, corner_fan = np.unique(fan, return_index=True, return_inverse=True)
    # Number the fans by their vertex, so that an untouched surface keeps its order.
    vertex_of_fan = faces.ravel()[first]
    rank = np.argsort(vertex_of_fan, kind="stable")
    renumber = np.empty(len(rank), np.int64)
    renumber[rank] = np.arange(len(rank))
    fan_faces = renumber[np.asarray(corner_fan)].reshape(-1, 3).astype(np.int32)
    return Surface(np.ascontiguousarray(surface.vertices[vertex_of_fan[rank]]), fan_faces)


def part_places(surface: Surface) -> Surface:
    """Move vertices that share a place apart, each `APART` towards the middle of its own neighbours.

    Two sheets that touch in a point stay two sheets for a reader that joins vertices by their places, as most do.
    """
    vertices = surface.vertices
    for turn in range(1, ROUNDS + 1):
        _, inverse, uses = np.unique(vertices, axis=0, return_inverse=True, return_counts=True)
        shared = np.flatnonzero(uses[np.asarray(inverse).ravel()] > 1)
        if len(shared) == 0:
            break
        begin, end = starts(surface.faces), ends(surface.faces)
        places = vertices.astype(np.float64)
        near = np.zeros((len(places), 3))
        np.add.at(near, begin, places[end])
        count = np.bincount(begin, minlength=len(places))
        way = near[shared] / np.maximum(count[shared, None], 1) - places[shared]
        length = np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-12)
        places[shared] += way / length * np.minimum(turn * APART, 0.3 * length)
        vertices = places.astype(np.float32)
    return surface if vertices is surface.vertices else Surface(vertices, surface.faces)


def lids(surface: Surface, rings: list[NDArray[np.int64]]) -> Surface:
    """Close each hole whose rim is a ring of vertices (see ``topology.boundary_loops``).

    A hole of three edges gets one triangle. A larger one gets a fan around a new vertex in its middle: its
    spokes are new edges, so the surface is a manifold afterwards whatever lies around.
    """
    vertices: list[NDArray[np.float32]] = [surface.vertices]
    faces: list[NDArray[np.int32]] = [surface.faces]
    count = len(surface.vertices)
    for ring in rings:
        if len(ring) == 3:
            faces.append(ring[None].astype(np.int32))
            continue
        vertices.append(surface.vertices[ring].mean(axis=0, dtype=np.float64)[None].astype(np.float32))
        spokes = np.stack([ring, np.roll(ring, -1), np.full(len(ring), count)], axis=1)
        faces.append(spokes.astype(np.int32))
        count += 1
    return Surface(np.vstack(vertices), np.vstack(faces))


def collapse_slivers(surface: Surface, least: float, shortest: float = 0.0) -> Surface:
    """``surface`` (a closed manifold) without faces of an area under ``least`` or with an edge under ``shortest``.

    As far as it can be had: a sliver goes by the collapse of one of its edges that neither pinches the surface (the
    two ends have exactly two neighbours in common) nor turns a face over. Meant for a few faces: one after the other.
    """
    vertices, faces = surface.vertices, surface.faces.copy()
    alive = np.ones(len(faces), bool)
    corners = vertices[faces].astype(np.float64)
    short = (np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2) < shortest).any(axis=1)
    bad = np.flatnonzero(short | (np.linalg.norm(face_cross(vertices, faces), axis=1) / 2.0 < least))
    for face in bad.tolist():
        if not alive[face]:
            continue
        corners = vertices[faces[face]].astype(np.float64)
        length = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
        for edge in np.argsort(length).tolist():
            one, two = int(faces[face][edge]), int(faces[face][(edge + 1) % 3])
            if any(_collapse(vertices, faces, alive, a, b) for a, b in ((one, two), (two, one))):
                break
    return surface if bool(alive.all()) else compact(vertices, faces[alive])


def _collapse(
    vertices: NDArray[np.float32], faces: NDArray[np.int32], alive: NDArray[np.bool_], gone: int, kept: int
) -> bool:
    """Move vertex ``gone`` onto ``kept`` in place, if the surface allows it; whether it did."""
    around = np.flatnonzero(some_corner(np.arange(len(vertices)) == gone, faces) & alive)
    beside = np.flatnonzero(some_corner(np.arange(len(vertices)) == kept, faces) & alive)
    common = np.intersect1d(faces[around], faces[beside])
    if len(common) != 4:  # the two themselves, and one on either side
        return False
    dying = (faces[around] == kept).any(axis=1)
    stay = around[~dying]
    renamed = np.where(faces[stay] == gone, kept, faces[stay])
    was, now = face_cross(vertices, faces[stay]), face_cross(vertices, renamed)
    if len(stay) < 1 or bool((np.einsum("ij,ij->i", was, now) < 0.0).any()):
        return False
    faces[stay] = renamed
    alive[around[dying]] = False
    return True
