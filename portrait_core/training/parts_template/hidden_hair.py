# SPDX-License-Identifier: Apache-2.0
"""Quads of hair that nobody sees: they lie wholly beneath other hair, and are left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.cutouts import cut_out
from portrait_core.geometry.directions import sphere_directions
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.training.parts_template.hair_texture import texels_at
from portrait_core.training.parts_template.worn import halves

WAYS = 30
"""Directions in which a way out is looked for."""

PLACES = np.array([[0.5, 0.5], [0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]])
"""Places of a quad, as shares of its sides, that are looked from."""

APART = 1e-4
"""Metres over the quad on either side from where it is looked."""

FAR = 0.4
"""A way that is open for so many metres leads out."""


def seen_quads(
    places: NDArray[np.float64],
    quads: NDArray[np.int64],
    corner_uvs: NDArray[np.float64],
    alpha: NDArray[np.uint8],
    head: tuple[NDArray[np.float64], NDArray[np.integer]],
) -> NDArray[np.bool_]:
    """(Q,) which quads are seen from anywhere outside.

    Args:
        places, quads: (K, 3) metres and (Q, 4).
        corner_uvs: (2Q, 3, 2) of the halves of the quads.
        alpha: (S, S) the texture's cover, row 0 at the top.
        head: vertices (N, 3) and triangles (F, 3) of the head beneath.
    """

    def cover(uvs: NDArray[np.float32]) -> NDArray[np.float32]:
        return (alpha[texels_at(uvs, len(alpha))] > 127).astype(np.float32)

    sheets = places[halves(quads)].reshape(-1, 3).astype(np.float32)
    faces = np.arange(len(sheets), dtype=np.int32).reshape(-1, 3)
    solid, pieces = cut_out(sheets, faces, corner_uvs.reshape(-1, 2).astype(np.float32), cover)
    below, triangles = head
    mesh = MeshQueries(
        np.concatenate([solid, below.astype(np.float32)]),
        np.concatenate([pieces, (triangles + len(solid)).astype(np.int32)]),
    )
    s, t = PLACES.T
    shares = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t], 1)
    at = np.einsum("pk,qka->qpa", shares, places[quads])
    up = np.cross(places[quads[:, 2]] - places[quads[:, 0]], places[quads[:, 3]] - places[quads[:, 1]])
    up /= np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-12)
    seen = np.zeros(len(quads), bool)
    for side in (1, -1):
        starts = (at + side * APART * up[:, None]).reshape(-1, 3)
        for way in sphere_directions(WAYS):
            open_ = ~mesh.blocked(starts, np.broadcast_to(way, starts.shape), FAR)
            seen |= open_.reshape(len(quads), -1).any(axis=1)
    return seen
