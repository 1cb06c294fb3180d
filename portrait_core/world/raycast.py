# SPDX-License-Identifier: Apache-2.0
# pyright: basic, reportInvalidTypeForm=false, reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false
"""Closest points, ray hits and inside tests on a triangle mesh, by warp-lang's bounding-volume hierarchy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import warp as wp
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

if hasattr(wp.config, "log_level"):
    wp.config.log_level = wp.LOG_ERROR
else:
    wp.config.quiet = True


@wp.kernel
def _closest(
    mesh: wp.uint64,
    points: wp.array(dtype=wp.vec3),
    reach: float,
    face: wp.array(dtype=wp.int32),
    bary: wp.array(dtype=wp.vec3),
    distance: wp.array(dtype=wp.float32),
) -> None:
    i = wp.tid()
    query = wp.mesh_query_point_no_sign(mesh, points[i], reach)
    if query.result:
        nearest = wp.mesh_eval_position(mesh, query.face, query.u, query.v)
        face[i] = query.face
        bary[i] = wp.vec3(query.u, query.v, 1.0 - query.u - query.v)
        distance[i] = wp.length(points[i] - nearest)
    else:
        face[i] = -1
        distance[i] = reach


@wp.kernel
def _inside(
    mesh: wp.uint64,
    points: wp.array(dtype=wp.vec3),
    sign: wp.array(dtype=wp.float32),
) -> None:
    i = wp.tid()
    query = wp.mesh_query_point_sign_winding_number(mesh, points[i], 10.0)
    sign[i] = query.sign


@wp.kernel
def _cast(
    mesh: wp.uint64,
    origins: wp.array(dtype=wp.vec3),
    directions: wp.array(dtype=wp.vec3),
    far: float,
    face: wp.array(dtype=wp.int32),
    bary: wp.array(dtype=wp.vec3),
    distance: wp.array(dtype=wp.float32),
) -> None:
    i = wp.tid()
    query = wp.mesh_query_ray(mesh, origins[i], directions[i], far)
    if query.result:
        face[i] = query.face
        bary[i] = wp.vec3(query.u, query.v, 1.0 - query.u - query.v)
        distance[i] = query.t
    else:
        face[i] = -1
        distance[i] = far


@dataclass(frozen=True)
class Hits:
    """For each query: ``face`` (N,) index or -1, ``bary`` (N, 3) weights of its corners, ``distance`` (N,) metres."""

    face: NDArray[np.int32]
    bary: FloatArray
    distance: FloatArray


class TriangleScene:
    """A mesh (V, 3), (F, 3) prepared for queries; all arrays in and out are numpy."""

    def __init__(self, vertices: NDArray[Any], triangles: NDArray[Any], *, solid: bool = False) -> None:
        """``solid`` prepares the mesh (closed, counter-clockwise) for :meth:`inside` too."""
        self._mesh = wp.Mesh(
            points=wp.array(np.ascontiguousarray(vertices, np.float32), dtype=wp.vec3, device="cpu"),
            indices=wp.array(np.ascontiguousarray(triangles, np.int32).ravel(), dtype=wp.int32, device="cpu"),
            support_winding_number=solid,
        )

    def _launch(self, kernel: Any, inputs: list[Any], count: int) -> Hits:
        face = wp.zeros(count, dtype=wp.int32, device="cpu")
        bary = wp.zeros(count, dtype=wp.vec3, device="cpu")
        distance = wp.zeros(count, dtype=wp.float32, device="cpu")
        wp.launch(kernel, dim=count, inputs=[self._mesh.id, *inputs, face, bary, distance], device="cpu")
        return Hits(face.numpy(), bary.numpy(), distance.numpy())

    def closest(self, points: NDArray[Any], reach: float = 10.0) -> Hits:
        """Closest surface point of each point (N, 3) within ``reach`` metres."""
        return self._launch(_closest, [_vectors(points), float(reach)], len(points))

    def cast(self, origins: NDArray[Any], directions: NDArray[Any], far: float = 10.0) -> Hits:
        """First hit of each ray; directions (N, 3) of unit length."""
        return self._launch(_cast, [_vectors(origins), _vectors(directions), float(far)], len(origins))

    def inside(self, points: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each point lies inside (generalised winding number); needs ``solid=True``."""
        sign = wp.zeros(len(points), dtype=wp.float32, device="cpu")
        wp.launch(_inside, dim=len(points), inputs=[self._mesh.id, _vectors(points), sign], device="cpu")
        return sign.numpy() < 0


def _vectors(points: NDArray[Any]) -> Any:
    return wp.array(np.ascontiguousarray(points, np.float32), dtype=wp.vec3, device="cpu")


def interpolate(values: NDArray[Any], triangles: NDArray[Any], hits: Hits) -> NDArray[Any]:
    """Values (V, ...) at the hit points (N, ...); every hit must have a face."""
    corner = values[triangles[hits.face]]
    weight = hits.bary.reshape(hits.bary.shape + (1,) * (values.ndim - 1))
    return (corner * weight).sum(axis=1)


def vertex_normals(vertices: NDArray[Any], triangles: NDArray[Any]) -> NDArray[Any]:
    """Area-weighted unit normals (V, 3)."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    total = np.zeros_like(vertices)
    for corner in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(triangles[:, corner], face[:, axis], minlength=len(vertices))
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)


def sphere_directions(count: int) -> FloatArray:
    """Evenly spread unit directions (count, 3) (Fibonacci lattice)."""
    i = np.arange(count) + 0.5
    azimuth = np.pi * (1 + 5**0.5) * i
    y = 1 - 2 * i / count
    radius = np.sqrt(1 - y * y)
    return np.stack([radius * np.cos(azimuth), y, radius * np.sin(azimuth)], -1).astype(np.float32)
