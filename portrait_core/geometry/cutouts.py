# SPDX-License-Identifier: Apache-2.0
"""What of a mesh throws shadows where a picture cuts holes into it: hair's cards beyond their strands throw none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

PIECES = 4
"""Triangles that are cut are looked at in so many steps along each edge."""


def cut_out(
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32],
    uvs: NDArray[np.float32],
    alphas: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    pieces: int = PIECES,
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The part of a mesh that covers at least half of what lies behind.

    Args:
        vertices, faces, uvs: (V, 3), (F, 3) and (V, 2).
        alphas: the cover (N,), 0 to 1, at places (N, 2) in the texture.
        pieces: the steps along each edge; with one a triangle is there or not, as its middle says.

    Returns:
        Vertices and triangles: those that are covered everywhere as they are, those that are cut as the small triangles
        that are covered in their middle.
    """
    corners = _pieces(pieces)
    middles = corners.mean(axis=1)
    at = np.einsum("pk,fkc->fpc", middles, uvs[faces])
    cover = alphas(np.ascontiguousarray(at.reshape(-1, 2), np.float32)).reshape(len(faces), -1)
    covered: NDArray[np.bool_] = np.asarray(cover >= 0.5, bool)
    whole: NDArray[np.bool_] = np.asarray(covered.all(axis=1), bool)
    face, piece = np.nonzero(covered & ~whole[:, None])
    cut = np.einsum("npk,nkc->npc", corners[piece], vertices[faces[face]]).reshape(-1, 3).astype(np.float32)
    added = np.arange(len(cut), dtype=np.int32).reshape(-1, 3) + np.int32(len(vertices))
    return np.concatenate([vertices, cut]), np.concatenate([faces[whole], added])


def _pieces(steps: int) -> NDArray[np.float32]:
    """(steps squared, 3, 3) weights of the corners of the small triangles that a triangle is cut into."""
    found: list[list[tuple[int, int]]] = []
    for i in range(steps):
        for j in range(steps - i):
            found.append([(i, j), (i + 1, j), (i, j + 1)])
            if i + j < steps - 1:
                found.append([(i + 1, j), (i + 1, j + 1), (i, j + 1)])
    at = np.array(found, np.float32) / steps
    return np.concatenate([1 - at.sum(axis=2, keepdims=True), at], axis=2).astype(np.float32)
