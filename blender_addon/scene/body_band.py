# SPDX-License-Identifier: GPL-3.0-or-later
"""The band between the two necks is the body's: its material, and its texture coordinates carried on."""

from __future__ import annotations

import bpy
import numpy as np

from .body_arrays import Places, places_of
from .body_seam import Joined


def paint(joined: Joined) -> None:
    """Give the band's faces the material of the body's faces below them, and in each of the body's UV maps the places
    that the flat continuation of those faces has."""
    mesh = joined.thing.data
    below = _faces_below(joined)
    if not below:
        return
    places = places_of(mesh)
    layers = list(mesh.uv_layers)
    lower = set(joined.lower.tolist())
    for row in joined.band.tolist():
        face = mesh.polygons[row]
        edge = next((each for each in _edges(list(face.vertices)) if each in below), None)
        if edge is None:
            edge = next(each for each in below if set(each) & set(face.vertices) & lower)
        under = mesh.polygons[below[edge]]
        face.material_index = under.material_index
        corners = dict(zip(under.vertices, under.loop_indices, strict=True))
        third = max((each for each in under.vertices if each not in edge), key=lambda each: _off(places, edge, each))
        share = _barycentric(places[[*edge, third]], places[list(face.vertices)])
        for layer in layers:
            known = np.array([layer.uv[corners[each]].vector[:] for each in (*edge, third)])
            for loop, weights in zip(face.loop_indices, share, strict=True):
                layer.uv[loop].vector = weights @ known


def _edges(face: list[int]) -> list[tuple[int, int]]:
    return [(min(a, b), max(a, b)) for a, b in zip(face, [*face[1:], face[0]], strict=True)]


def _faces_below(joined: Joined) -> dict[tuple[int, int], int]:
    """The body's face at each edge of the lower ring."""
    ring = joined.lower.tolist()
    wanted = set(_edges(ring))
    band = set(joined.band.tolist())
    near = set(ring)
    found: dict[tuple[int, int], int] = {}
    for face in joined.thing.data.polygons:
        if face.index not in band and len(near.intersection(face.vertices)) > 1:
            found |= {each: face.index for each in _edges(list(face.vertices)) if each in wanted}
    return found


def _off(places: Places, edge: tuple[int, int], vertex: int) -> float:
    along = places[edge[1]] - places[edge[0]]
    return float(np.linalg.norm(np.cross(along, places[vertex] - places[edge[0]])))


def _barycentric(corners: Places, points: Places) -> Places:
    """(P, 3) weights of three corners for points, brought onto their plane."""
    one, two = corners[1] - corners[0], corners[2] - corners[0]
    to = points - corners[0]
    # Beyond the edge the way goes on as long as it is, bent or not.
    normal = np.cross(one, two)
    normal /= max(float(np.linalg.norm(normal)), 1e-30)
    across = np.cross(normal, one)
    across /= max(float(np.linalg.norm(across)), 1e-30)
    unit = one / max(float(np.linalg.norm(one)), 1e-30)
    flat = np.column_stack([to @ unit, to @ across])
    matrix = np.array([[one @ unit, two @ unit], [0.0, two @ across]])
    v, w = np.linalg.solve(matrix, flat.T)
    return np.column_stack([1 - v - w, v, w])


def one_uv_name(skin: bpy.types.Object, body: bpy.types.Object) -> None:
    """Call the skin's UV map as the one that the body renders with, so that they become one."""
    own = _rendered(skin.data)
    theirs = _rendered(body.data)
    if own is None or theirs is None or own.name == theirs.name:
        return
    other = skin.data.uv_layers.get(theirs.name)
    if other is not None:
        other.name = f"{theirs.name} of skin"
    own.name = theirs.name


def _rendered(mesh: bpy.types.Mesh) -> bpy.types.MeshUVLoopLayer | None:
    return next((each for each in mesh.uv_layers if each.active_render), mesh.uv_layers.active)
