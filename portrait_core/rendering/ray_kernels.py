# SPDX-License-Identifier: Apache-2.0
# pyright: basic, reportInvalidTypeForm=false, reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false
"""Ray casts against a triangle mesh, by warp-lang on the processor. Only :mod:`raycast` imports this module."""

from typing import Any

import warp as wp

# Start-up chatter and "no GPU driver" belong into no terminal of ours. Newer versions have levels, older ones a switch.
if hasattr(wp.config, "log_level"):
    wp.config.log_level = wp.LOG_ERROR
else:
    wp.config.quiet = True


@wp.kernel
def first_hit(
    mesh: wp.uint64,
    origin: wp.vec3,
    directions: wp.array(dtype=wp.vec3),
    face: wp.array(dtype=wp.int32),
    distance: wp.array(dtype=wp.float32),
    u: wp.array(dtype=wp.float32),
    v: wp.array(dtype=wp.float32),
) -> None:
    ray = wp.tid()
    query = wp.mesh_query_ray(mesh, origin, directions[ray], 1.0e6)
    if query.result:
        face[ray] = query.face
        distance[ray] = query.t
        u[ray] = query.u
        v[ray] = query.v
    else:
        face[ray] = -1


@wp.kernel
def open_share(
    mesh: wp.uint64,
    points: wp.array(dtype=wp.vec3),
    normals: wp.array(dtype=wp.vec3),
    directions: wp.array(dtype=wp.vec3),
    start: float,
    reach: float,
    share: wp.array(dtype=wp.float32),
) -> None:
    """Of the directions above a point's horizon, weighted by their cosine, the share that meets nothing."""
    index = wp.tid()
    normal = normals[index]
    origin = points[index] + normal * start
    total = float(0.0)  # noqa: UP018 - warp takes a bare literal for a constant of the loop
    free = float(0.0)  # noqa: UP018
    for k in range(directions.shape[0]):
        cosine = wp.dot(normal, directions[k])
        if cosine > 0.0:
            total += cosine
            query = wp.mesh_query_ray(mesh, origin, directions[k], reach)
            if not query.result:
                free += cosine
    share[index] = wp.where(total > 0.0, free / wp.max(total, 1.0e-6), 0.0)


def launch(kernel: Any, count: int, arguments: list[Any]) -> None:
    """Run ``kernel`` for ``count`` threads on the processor."""
    wp.launch(kernel, dim=count, inputs=arguments, device="cpu")
