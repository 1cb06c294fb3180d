# SPDX-License-Identifier: Apache-2.0
"""Caps, triangles that lie almost flat on their longest side, exchanged for better ones by flipping that side.

A cap's apex may move a hair's breadth across its side and the triangle is many times as high as before: poses stretch
it, textures smear on it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.half_edges import ends, starts
from portrait_core.geometry.surface import Surface, face_cross

CREASE = 0.9
"""Cosine of the angle between two triangles from which on their common side counts as flat, and may be flipped."""


def shape_of(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> NDArray[np.float64]:
    """Height over the longest side of each triangle, as a share of that side: (F,), 0.87 at most."""
    corners = vertices[faces].astype(np.float64)
    longest = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2).max(axis=1)
    return np.linalg.norm(face_cross(vertices, faces), axis=1) / np.maximum(longest, 1e-30) ** 2


def flip_caps(surface: Surface, least: float) -> Surface:
    """``surface`` (a closed manifold) with the longest side of triangles flatter than ``least`` flipped.

    Only where both new triangles are better shaped than the worse of the old two, face the same way and join vertices
    that no side joins yet; creases stay. Meant for some per cent of the faces: one after the other, the flattest first.
    """
    shape = shape_of(surface.vertices, surface.faces)
    caps = np.argsort(shape, kind="stable")[: int((shape < least).sum())]
    if not len(caps):
        return surface
    faces = surface.faces.copy()
    edges = zip(starts(faces).tolist(), ends(faces).tolist(), strict=True)
    owner = {edge: half // 3 for half, edge in enumerate(edges)}
    for face in caps.tolist():
        _flip(surface.vertices, faces, owner, face)
    return Surface(surface.vertices, faces)


def _flip(
    vertices: NDArray[np.float32], faces: NDArray[np.int32], owner: dict[tuple[int, int], int], face: int
) -> None:
    """Flip the longest side of ``face`` in place, if that is better; ``owner`` has the face of every half-edge."""
    corners = vertices[faces[face]].astype(np.float64)
    start = int(np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1).argmax())
    one, two, apex = (int(faces[face][(start + k) % 3]) for k in range(3))
    other = owner.get((two, one))
    if other is None:
        return
    far = int(faces[other].sum()) - one - two
    if (apex, far) in owner or (far, apex) in owner:
        return
    old = faces[[face, other]]
    new = np.array([[apex, one, far], [far, two, apex]], np.int32)
    was, now = face_cross(vertices, old), face_cross(vertices, new)
    was /= np.maximum(np.linalg.norm(was, axis=1, keepdims=True), 1e-30)
    now /= np.maximum(np.linalg.norm(now, axis=1, keepdims=True), 1e-30)
    # A cap's own direction is noise: its neighbour's counts.
    if float((now @ was[1]).min()) < CREASE:
        return
    if float(shape_of(vertices, new).min()) > float(shape_of(vertices, old).min()):
        faces[[face, other]] = new
        del owner[one, two], owner[two, one]
        for at, corners_of in ((face, new[0].tolist()), (other, new[1].tolist())):
            for k in range(3):
                owner[corners_of[k], corners_of[(k + 1) % 3]] = at
