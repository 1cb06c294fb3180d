# SPDX-License-Identifier: Apache-2.0
# pyright: basic, reportInvalidTypeForm=false, reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false, reportReturnType=false
"""The nearest triangle by a bounding-volume hierarchy, with the rule for ties of the published body model's warp.

Of all triangles whose squared distance, computed in float64, is within ``tie`` of the smallest, the one with the lowest
index counts (specification: deformation, 4.1). The hierarchy works in float32 and names any of them; all that tie share
the closest edge or corner, so the lowest is found among the triangles that touch a corner of the named one.
"""

# no `from __future__ import annotations`: warp reads the annotations of kernels

from typing import Any

import numpy as np
import torch
import warp as wp
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.geometry.mesh_queries import in_threads, rows_of_three, wrap


@wp.func
def _squared(p: wp.vec3d, a: wp.vec3d, b: wp.vec3d, c: wp.vec3d) -> wp.float64:
    """Squared distance of a point and a triangle (Ericson, Real-Time Collision Detection, 5.1.5)."""
    zero = wp.float64(0.0)
    ab = b - a
    ac = c - a
    ap = p - a
    d1 = wp.dot(ab, ap)
    d2 = wp.dot(ac, ap)
    if d1 <= zero and d2 <= zero:
        return wp.length_sq(ap)
    bp = p - b
    d3 = wp.dot(ab, bp)
    d4 = wp.dot(ac, bp)
    if d3 >= zero and d4 <= d3:
        return wp.length_sq(bp)
    cp = p - c
    d5 = wp.dot(ab, cp)
    d6 = wp.dot(ac, cp)
    if d6 >= zero and d5 <= d6:
        return wp.length_sq(cp)
    vc = d1 * d4 - d3 * d2
    if vc <= zero and d1 >= zero and d3 <= zero:
        return wp.length_sq(ap - ab * (d1 / (d1 - d3)))
    va = d3 * d6 - d5 * d4
    if va <= zero and d4 - d3 >= zero and d5 - d6 >= zero:
        return wp.length_sq(bp - (c - b) * ((d4 - d3) / ((d4 - d3) + (d5 - d6))))
    vb = d5 * d2 - d1 * d6
    if vb <= zero and d2 >= zero and d6 <= zero:
        return wp.length_sq(ap - ac * (d2 / (d2 - d6)))
    scale = va + vb + vc
    return wp.length_sq(ap - ab * (vb / scale) - ac * (vc / scale))


@wp.func
def _wide(v: wp.vec3) -> wp.vec3d:
    return wp.vec3d(wp.float64(v[0]), wp.float64(v[1]), wp.float64(v[2]))


@wp.kernel
def _lowest(
    mesh: wp.uint64,
    points: wp.array(dtype=wp.vec3),
    reach: float,
    tie: wp.float64,
    vertices: wp.array(dtype=wp.vec3),
    corners: wp.array(dtype=wp.int32),
    start: wp.array(dtype=wp.int32),
    touching: wp.array(dtype=wp.int32),
    face: wp.array(dtype=wp.int32),
    squared: wp.array(dtype=wp.float64),
) -> None:
    i = wp.tid()
    query = wp.mesh_query_point_no_sign(mesh, points[i], reach)
    face[i] = -1
    if query.result:
        p = _wide(points[i])
        first = query.face
        best = wp.float64(1.0e30)
        for k in range(3):
            v = corners[3 * first + k]
            for j in range(start[v], start[v + 1]):
                f = touching[j]
                d = _squared(
                    p,
                    _wide(vertices[corners[3 * f]]),
                    _wide(vertices[corners[3 * f + 1]]),
                    _wide(vertices[corners[3 * f + 2]]),
                )
                best = wp.min(best, d)
        lowest = corners.shape[0]  # more than any index
        for k in range(3):
            v = corners[3 * first + k]
            for j in range(start[v], start[v + 1]):
                f = touching[j]
                if f < lowest:
                    d = _squared(
                        p,
                        _wide(vertices[corners[3 * f]]),
                        _wide(vertices[corners[3 * f + 1]]),
                        _wide(vertices[corners[3 * f + 2]]),
                    )
                    if d <= best + tie:
                        lowest = f
        face[i] = lowest
        squared[i] = best


class NearestTriangle:
    """A mesh, ``vertices`` (V, 3) and ``faces`` (F, 3), prepared for queries.

    Triangles must be connected by shared indices: those that tie are looked for around common corners. It lives on the
    processor or, for tensors that do, on a CUDA ``device``.
    """

    def __init__(
        self, vertices: NDArray[Any], faces: NDArray[Any], *, reach: float, tie: float, device: str = "cpu"
    ) -> None:
        self._device, self._reach, self._tie = device, float(reach), float(tie)
        places = rows_of_three(vertices)
        corners = np.ascontiguousarray(faces, np.int32).ravel()
        touching = (np.argsort(corners, kind="stable") // 3).astype(np.int32)
        start = np.concatenate([[0], np.cumsum(np.bincount(corners, minlength=len(places)))]).astype(np.int32)
        # Copies: the caller's arrays may change, and the mesh may turn its own indices.
        self._whole = [
            wp.array(places, dtype=wp.vec3, device=device),
            *(wp.array(each, dtype=wp.int32, device=device) for each in (corners, start, touching)),
        ]
        self._mesh = wp.Mesh(points=self._whole[0], indices=wp.array(corners, dtype=wp.int32, device=device))

    def of_tensor(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """The same for a tensor (N, 3); the answers (N,) are where the mesh is, which for a CUDA mesh must be where the
        tensor is."""
        if self._device == "cpu":
            face, squared = self(points.detach().cpu().numpy())
            return torch.as_tensor(face), torch.as_tensor(squared)
        queries = points.detach().to(torch.float32).contiguous()
        face = torch.zeros(len(queries), dtype=torch.int32, device=queries.device)
        squared = torch.full((len(queries),), float("inf"), dtype=torch.float64, device=queries.device)
        # On torch's stream, the kernel runs after what made the points and before what reads the answers.
        with wp.ScopedStream(wp.stream_from_torch(torch.cuda.current_stream(queries.device))):
            inputs = [self._mesh.id, wp.from_torch(queries, dtype=wp.vec3), self._reach, wp.float64(self._tie)]
            outputs = [wp.from_torch(face), wp.from_torch(squared)]
            wp.launch(_lowest, dim=len(queries), inputs=[*inputs, *self._whole, *outputs], device=self._device)
        return face, squared

    def __call__(self, points: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Points (N, 3) -> index (N,) of the triangle, -1 where none is within reach, and squared distance (N,)."""
        queries = rows_of_three(points)
        face = np.zeros(len(queries), np.int32)
        squared = np.full(len(queries), np.inf)

        def part(begin: int, end: int) -> None:
            rows = slice(begin, end)
            inputs = [self._mesh.id, wrap(queries[rows]), self._reach, wp.float64(self._tie), *self._whole]
            wp.launch(_lowest, dim=end - begin, inputs=[*inputs, wrap(face[rows]), wrap(squared[rows])], device="cpu")

        in_threads(part, len(queries))
        return face, squared
