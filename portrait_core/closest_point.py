# SPDX-License-Identifier: Apache-2.0
# pyright: basic, reportInvalidTypeForm=false, reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false
"""Closest point of a triangle mesh, by warp-lang's bounding-volume hierarchy."""

from __future__ import annotations

from typing import Any

import numpy as np
import warp as wp
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

# Start-up chatter and "no GPU driver" belong into no terminal of ours. Newer versions have levels, older ones a switch.
if hasattr(wp.config, "log_level"):
    wp.config.log_level = wp.LOG_ERROR
else:
    wp.config.quiet = True


@wp.kernel
def _closest(
    mesh: wp.uint64,
    points: wp.array(dtype=wp.vec3),
    face: wp.array(dtype=wp.int32),
    bary: wp.array(dtype=wp.vec3),
    distance: wp.array(dtype=wp.float32),
) -> None:
    i = wp.tid()
    query = wp.mesh_query_point_no_sign(mesh, points[i], 100.0)
    face[i] = query.face
    bary[i] = wp.vec3(query.u, query.v, 1.0 - query.u - query.v)
    distance[i] = wp.length(points[i] - wp.mesh_eval_position(mesh, query.face, query.u, query.v))


class ClosestPoint:
    """A mesh (V, 3), (F, 3) prepared for closest-point queries on the CPU."""

    def __init__(self, vertices: NDArray[Any], triangles: NDArray[Any]) -> None:
        self._mesh = wp.Mesh(
            points=_vectors(vertices),
            indices=wp.array(np.ascontiguousarray(triangles, np.int32).ravel(), dtype=wp.int32, device="cpu"),
        )

    def __call__(self, points: NDArray[Any]) -> tuple[NDArray[np.int32], FloatArray, FloatArray]:
        """Points (N, 3) -> triangle (N,), barycentric weights (N, 3) of its corners, distance (N,)."""
        count = len(points)
        face = wp.zeros(count, dtype=wp.int32, device="cpu")
        bary = wp.zeros(count, dtype=wp.vec3, device="cpu")
        distance = wp.zeros(count, dtype=wp.float32, device="cpu")
        inputs = [self._mesh.id, _vectors(points), face, bary, distance]
        wp.launch(_closest, dim=count, inputs=inputs, device="cpu")
        return face.numpy(), bary.numpy(), distance.numpy()


def _vectors(points: NDArray[Any]) -> Any:
    return wp.array(np.ascontiguousarray(points, np.float32), dtype=wp.vec3, device="cpu")
