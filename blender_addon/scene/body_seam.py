# SPDX-License-Identifier: GPL-3.0-or-later
"""The body's mesh and the avatar's skin become one: both cut around the neck, brought together there, bridged."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import bmesh
import bpy
import numpy as np
from mathutils import Matrix

from ..core.failure import Failure
from ..core.seam_blend import around, evened, faired, filled, taper
from ..core.seam_bridge import bridge
from ..core.seam_frame import angles, radii
from ..core.seam_loop import BAND, THICKEST, closed_path, components, distances, sides, spread
from ..core.seam_surface import radius_along
from .body_arrays import Places, Rows, border_of, edges_of, moved, places_of, shift, soften_keys, triangles_of
from .body_prepare import delete
from .datablocks import remove_unused
from .selection import select_only

GAP = 0.011
"""Metres of the avatar between the two rings: the width of the band."""
CLEAR = 0.012
"""Metres that the avatar's cut stays above the border of its skin, where a garment's collar begins."""
HIGHEST = 0.03
"""Metres that the seam may go up for a collar's sake."""
UPWARDS, DOWNWARDS = 0.055, 0.06
"""Metres along the skin within which avatar and body come together."""
LEVELLED = 0.03
"""Metres along the skin within which vertices go up or down, so that both rings run along one smooth curve."""
FAIRED = 0.02
"""Metres from the band within which the mesh is smoothed."""
SOFT = 0.25
"""Radians over which that curve is smoothed."""
QUIET = 0.035
"""Metres from the seam within which the face's shapes end."""
FURTHEST = 0.03
"""The most metres that a neck is widened or narrowed."""


@dataclass(eq=False)
class Cut:
    """A mesh (places (N, 3) in the seam's frame) with the ring that it is cut at, (K,) by growing angle.

    ``side`` (N,) is 1 above the ring, -1 below, 0 on it; ``away`` (N,) the metres to it along the skin, ``origin`` (N,)
    the ring's vertex that is nearest, by its place in the ring.
    """

    places: Places
    edges: Rows
    triangles: Rows
    ring: Rows
    side: Rows
    away: Places
    origin: Rows


def cut_body(made: bpy.types.Object, to_seam: Matrix, above: Cut) -> Cut:
    """Where a body's mesh is cut, below the ring of the avatar's skin all around.

    :class:`Failure` where no ring closes around its neck, or more than one.
    """
    places, edges = moved(to_seam, places_of(made.data)), edges_of(made.data)
    label = components(len(places), edges)
    ring = above.places[above.ring]
    curve = around(angles(ring), ring[:, 2], angles(places), SOFT)
    near = (np.abs(places[:, 2] - curve) < BAND) & (radii(places) < THICKEST)
    rings = []
    for one in np.unique(label[near]).tolist():
        own = label == one
        off = (places[:, 2] - curve)[own & near]
        if off.min() < -GAP and off.max() > GAP and np.ptp(angles(places[own & near])) > np.pi:
            found = closed_path(places, edges, curve - GAP, own & (places[:, 2] < curve - GAP / 4))
            if found is not None:
                rings.append(found)
    if not rings:
        raise Failure(
            "scene",
            "No ring of edges closes around the body's neck where the seam would be.",
            "The mesh needs a closed neck below its head. Try another Height of the seam.",
        )
    if len(rings) > 1:
        raise Failure(
            "scene",
            "More than one surface closes around the body's neck, such as a collar in the same mesh.",
            "Make clothes objects of their own (Edit Mode, P, By Loose Parts), then try again.",
        )
    return _cut(made, places, edges, rings[0], "body")


def collar_height(made: bpy.types.Object, to_seam: Matrix) -> float:
    """The highest place of the border of the avatar's skin near the neck, metres in the seam's frame."""
    places = moved(to_seam, places_of(made.data))
    border = np.unique(edges_of(made.data)[border_of(made.data)])
    border = border[radii(places[border]) < THICKEST]
    return float(places[border, 2].max()) if len(border) else -np.inf


def cut_skin(made: bpy.types.Object, to_seam: Matrix, height: float) -> Cut:
    """Where the avatar's skin is cut, above the border that it has."""
    places, edges = moved(to_seam, places_of(made.data)), edges_of(made.data)
    allowed = np.ones(len(places), bool)
    allowed[np.unique(edges[border_of(made.data)])] = False
    ring = closed_path(places, edges, height, allowed)
    if ring is None:
        raise Failure(
            "scene",
            "No ring of edges closes around the avatar's neck: its garment reaches too high.",
            "Make it without a garment, or with one that leaves the neck free, then try again.",
        )
    return _cut(made, places, edges, ring, "avatar")


_TORN = {
    "avatar": "The avatar's neck cannot be cut cleanly along its edges.",
    "body": "The body's neck cannot be cut cleanly along its edges.",
}


def _cut(made: bpy.types.Object, places: Places, edges: Rows, ring: Rows, whose: str) -> Cut:
    side = sides(places, edges, ring)
    kept = side >= 0 if whose == "avatar" else side <= 0
    wanted = {(min(a, b), max(a, b)) for a, b in pairwise([*ring.tolist(), int(ring[0])])}
    new = border_of(made.data, kept) & ~border_of(made.data)
    if {(min(a, b), max(a, b)) for a, b in edges[new].tolist()} != wanted:
        raise Failure(
            "scene",
            _TORN[whose],
            "Try another Height of the seam, or clean the mesh at the neck.",
        )
    away, origin = distances(places, edges, ring, max(UPWARDS, DOWNWARDS))
    return Cut(places, edges, triangles_of(made.data), ring, side, away, origin)


def meet(skin: Cut, body: Cut) -> tuple[Places, Places]:
    """(N, 3) and (M, 3): moves, in the seam's frame, that bring both necks together.

    The rings go up or down onto two smooth curves, one band apart, and what is near them along with them; and all goes
    to or from the neck's axis onto the surface half way between the two: in full at the rings, less away from them.
    """
    rings = [_angles_of(each) for each in (skin, body)]
    curves = _curves(skin, body, rings)
    result = []
    for own, other, reach, ring, curve in (
        (skin, body, UPWARDS, rings[0], curves[0]),
        (body, skin, DOWNWARDS, rings[1], curves[1]),
    ):
        part = own.side >= 0 if own is skin else own.side <= 0
        radius = radii(own.places)
        share = np.where(part, taper(own.away, reach), 0.0)
        inside = share > 0
        rows = np.flatnonzero(inside)
        between = own.edges[inside[own.edges].all(axis=1)]
        along = np.column_stack([ring - angles(own.places)[own.ring], curve - own.places[own.ring, 2]])
        along[:, 0] = (along[:, 0] + np.pi) % (2 * np.pi) - np.pi
        carried = along[own.origin] * np.where(part, taper(own.away, LEVELLED), 0.0)[:, None]
        carried = evened(carried, between, 2)
        carried[own.ring] = along
        turned, height = angles(own.places) + carried[:, 0], own.places[:, 2] + carried[:, 1]
        # Along its own surface to the new place, then towards the other surface there.
        slid = np.zeros(len(radius))
        slid[rows] = _finite(_radius(own, turned[rows], height[rows], radius[rows]) - radius[rows])
        gap = np.full(len(radius), np.nan)
        gap[rows] = _radius(other, turned[rows], height[rows], radius[rows]) - radius[rows] - slid[rows]
        gap[np.abs(gap) > FURTHEST] = np.nan
        at_ring = filled(gap[own.ring], ring)
        # Where the other surface is out of reach, what the ring says in the same direction.
        gap = np.where(np.isfinite(gap), gap, around(ring, at_ring, turned))
        gap = evened(np.where(inside, gap, 0.0), between, 3)
        new = radius + slid + 0.5 * share * gap
        moves = np.column_stack([new * np.sin(turned), -new * np.cos(turned), height]) - own.places
        result.append(np.where(inside[:, None], moves, 0.0))
    return result[0], result[1]


def _angles_of(cut: Cut) -> Places:
    """The angles that the vertices of a ring get."""
    return spread(angles(cut.places)[cut.ring])


def _curves(skin: Cut, body: Cut, rings: list[Places]) -> tuple[Places, Places]:
    """The heights (U,) and (L,) that the two rings get: half a band above and below one smooth curve."""
    upper, lower = skin.places[skin.ring], body.places[body.ring]
    grid = np.linspace(-np.pi, np.pi, 361)[:-1]
    middle = (around(angles(upper), upper[:, 2], grid, SOFT) + around(angles(lower), lower[:, 2], grid, SOFT)) / 2
    return around(grid, middle, rings[0]) + GAP / 2, around(grid, middle, rings[1]) - GAP / 2


def _radius(cut: Cut, angle: Places, height: Places, near: Places) -> Places:
    corners = cut.places[cut.triangles]
    there = (np.abs(corners[:, :, 2]) < 0.12).any(axis=1) & (radii(corners.mean(axis=1)) < 1.5 * THICKEST)
    return radius_along(corners[there], angle, height, near)


def _finite(values: Places) -> Places:
    return np.where(np.isfinite(values) & (np.abs(values) < FURTHEST), values, 0.0)


@dataclass(eq=False)
class Joined:
    """The one mesh: ``upper`` (U,) and ``lower`` (L,) are the rings' vertices, ``band`` (B,) the faces between."""

    thing: bpy.types.Object
    upper: Rows
    lower: Rows
    band: Rows


def join(body: bpy.types.Object, skin: bpy.types.Object, below: Cut, above: Cut, to_seam: Matrix) -> Joined:
    """Move both, delete the body's head and the avatar's bust, make one mesh of them, and close the band between.

    The objects have the same axes. ``skin`` is gone afterwards.
    """
    back = to_seam.inverted().to_3x3()
    for made, cut, moves in zip((skin, body), (above, below), meet(above, below), strict=True):
        shift(made.data, moves @ np.array(back).T)
        soften_keys(made.data, 1 - taper(cut.away, QUIET))
    upper_angle, lower_angle = _angles_of(above), _angles_of(below)
    gone = above.side < 0, below.side > 0
    upper, lower = (_renumbered(lost, cut.ring) for lost, cut in zip(gone, (above, below), strict=True))
    delete(skin.data, gone[0])
    delete(body.data, gone[1])
    for each in (
        list(skin.data.shape_keys.key_blocks)[0 if not body.data.shape_keys else 1 :] if skin.data.shape_keys else ()
    ):
        body.shape_key_add(name=each.name, from_mix=False)
    count, left = len(body.data.vertices), skin.data
    select_only(body)
    skin.select_set(True)
    with bpy.context.temp_override(
        object=body, active_object=body, selected_objects=[body, skin], selected_editable_objects=[body, skin]
    ):
        bpy.ops.object.join()
    remove_unused([left])
    upper = upper + count
    faces = bridge(upper_angle, lower_angle)
    numbers = np.concatenate([upper, lower])
    band = _add_faces(body.data, [[int(numbers[each]) for each in face] for face in faces])
    _fair(body.data, numbers, to_seam)
    return Joined(body, upper, lower, band)


def _fair(mesh: bpy.types.Mesh, rings: Rows, to_seam: Matrix) -> None:
    """Even the mesh out near the band, where rings run unlike and triangles are thin."""
    places, edges = moved(to_seam, places_of(mesh)), edges_of(mesh)
    share = taper(distances(places, edges, rings, FAIRED)[0], FAIRED)
    moves = faired(places, edges, share) - places
    shift(mesh, moves @ np.array(to_seam.inverted().to_3x3()).T)


def _renumbered(gone: np.ndarray, rows: Rows) -> Rows:
    return (np.cumsum(~gone) - 1)[rows]


def _add_faces(mesh: bpy.types.Mesh, faces: list[list[int]]) -> Rows:
    """Add faces to a mesh whose vertices stay; their rows."""
    first = len(mesh.polygons)
    work = bmesh.new()
    try:
        work.from_mesh(mesh)
        work.verts.ensure_lookup_table()
        for face in faces:
            work.faces.new([work.verts[each] for each in face]).smooth = True
        work.to_mesh(mesh)
    finally:
        work.free()
    mesh.update()
    return np.arange(first, first + len(faces))
