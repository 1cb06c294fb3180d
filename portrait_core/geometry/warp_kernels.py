# SPDX-License-Identifier: Apache-2.0
# pyright: basic, reportInvalidTypeForm=false, reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false, reportReturnType=false
"""The kernels behind `portrait_core.geometry.mesh_queries`: the one file that knows warp-lang, and quiets it.

Every query of a kernel writes only its own row.
"""

# no `from __future__ import annotations`: warp reads the annotations of kernels

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import warp as wp
from numpy.typing import NDArray

from portrait_core.runtime.own_folders import cache_folder, may_write

NO_GPU = "CUDA"
"""What warp says of a machine without a graphics card holds this word. It is no news to us: we run on the processor."""


def _somewhere() -> Any:
    """A file that nobody else sees; it lies in memory where no folder can be written."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        if not hasattr(os, "memfd_create"):
            raise
        return os.fdopen(os.memfd_create("portraitkit"), "w+b")


def _kernel_folder() -> str:
    """Where compiled kernels are kept: what ``WARP_CACHE_PATH`` names, or a folder of our cache."""
    named = os.environ.get("WARP_CACHE_PATH")
    if named and may_write(Path(named).absolute()):
        return named
    os.environ.pop("WARP_CACHE_PATH", None)
    return str(cache_folder() / "kernels")


@contextmanager
def _without_native_chatter() -> Iterator[None]:
    """Drop what warp says of a machine without a graphics card: lines that its native half writes to file 2, and, of
    older versions, a warning of several lines that its Python half prints. What else it says is kept."""
    if sys.stderr is not None:
        sys.stderr.flush()
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), _without_native_lines():
        yield
    if sys.stderr is not None and NO_GPU not in said.getvalue():
        sys.stderr.write(said.getvalue())


@contextmanager
def _without_native_lines() -> Iterator[None]:
    try:
        screen = os.dup(2)
    except OSError:  # no stderr at all, as in a windowed program
        yield
        return
    with _somewhere() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(screen, 2)
            os.close(screen)
            kept.seek(0)
            other = [line for line in kept.read().splitlines(keepends=True) if NO_GPU.encode() not in line]
            if other:
                os.write(2, b"".join(other))


# Newer versions have levels, older ones a switch.
if hasattr(wp.config, "log_level"):
    wp.config.log_level = wp.LOG_ERROR
else:
    wp.config.quiet = True
if wp.config.kernel_cache_dir is None:  # a program that has warp running already has chosen
    wp.config.kernel_cache_dir = _kernel_folder()
with _without_native_chatter():
    wp.init()

FORWARD = {"enable_backward": False}
"""Nobody asks for derivatives: without them the first start of all compiles in half the time."""
wp.set_module_options(FORWARD)


if hasattr(wp, "mesh_query_ray_anyhit"):

    @wp.func
    def _meets(mesh: wp.uint64, origin: wp.vec3, direction: wp.vec3, reach: float) -> bool:
        return wp.mesh_query_ray_anyhit(mesh, origin, direction, reach)

else:  # older versions know only the first hit

    @wp.func
    def _meets(mesh: wp.uint64, origin: wp.vec3, direction: wp.vec3, reach: float) -> bool:
        return wp.mesh_query_ray(mesh, origin, direction, reach).result


@wp.kernel
def closest(
    mesh: wp.uint64,
    points: wp.array(dtype=wp.vec3),
    reach: float,
    face: wp.array(dtype=wp.int32),
    weights: wp.array(dtype=wp.vec3),
    distance: wp.array(dtype=wp.float32),
) -> None:
    i = wp.tid()
    query = wp.mesh_query_point_no_sign(mesh, points[i], reach)
    if query.result:
        face[i] = query.face
        weights[i] = wp.vec3(query.u, query.v, 1.0 - query.u - query.v)
        distance[i] = wp.length(points[i] - wp.mesh_eval_position(mesh, query.face, query.u, query.v))
    else:
        face[i] = -1
        distance[i] = reach


@wp.kernel
def cast(
    mesh: wp.uint64,
    directions: wp.array(dtype=wp.vec3),
    origins: wp.array(dtype=wp.vec3),
    reach: float,
    face: wp.array(dtype=wp.int32),
    weights: wp.array(dtype=wp.vec3),
    distance: wp.array(dtype=wp.float32),
) -> None:
    i = wp.tid()
    query = wp.mesh_query_ray(mesh, origins[wp.min(i, origins.shape[0] - 1)], directions[i], reach)
    if query.result:
        face[i] = query.face
        weights[i] = wp.vec3(query.u, query.v, 1.0 - query.u - query.v)
        distance[i] = query.t
    else:
        face[i] = -1
        distance[i] = reach


@wp.kernel
def blocked(
    mesh: wp.uint64,
    origins: wp.array(dtype=wp.vec3),
    directions: wp.array(dtype=wp.vec3),
    reach: float,
    blocked: wp.array(dtype=wp.uint8),
) -> None:
    i = wp.tid()
    if _meets(mesh, origins[i], directions[i], reach):
        blocked[i] = wp.uint8(1)


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
    i = wp.tid()
    normal = normals[i]
    origin = points[i] + normal * start
    total = float(0.0)  # noqa: UP018 - warp takes a bare literal for a constant of the loop
    free = float(0.0)  # noqa: UP018
    for k in range(directions.shape[0]):
        cosine = wp.dot(normal, directions[k])
        if cosine > 0.0:
            total += cosine
            if not _meets(mesh, origin, directions[k], reach):
                free += cosine
    share[i] = wp.where(total > 0.0, free / wp.max(total, 1.0e-6), 0.0)


@wp.kernel
def winding(mesh: wp.uint64, points: wp.array(dtype=wp.vec3), reach: float, sign: wp.array(dtype=wp.float32)) -> None:
    i = wp.tid()
    sign[i] = wp.mesh_query_point_sign_winding_number(mesh, points[i], reach).sign


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
def lowest_nearest(
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


def mesh(vertices: NDArray[np.float32], corners: NDArray[np.int32], *, solid: bool, device: str) -> Any:
    """A hierarchy over copies of ``vertices`` (V, 3) and ``corners`` (3F,): callers may change theirs."""
    return wp.Mesh(
        points=wp.array(vertices, dtype=wp.vec3, device=device),
        indices=wp.array(corners, dtype=wp.int32, device=device),
        support_winding_number=solid,
    )


def move(mesh: Any, vertices: NDArray[np.float32]) -> None:
    """Bring the vertices of a hierarchy to ``vertices`` (V, 3); its boxes grow with them."""
    mesh.points.assign(vertices)
    mesh.refit()


def whole(array: NDArray[Any], device: str) -> Any:
    """A copy of ``array`` on ``device``; rows of three are vectors."""
    return wp.array(array, dtype=wp.vec3 if array.ndim == 2 else wp.dtype_from_numpy(array.dtype), device=device)


def wrap(array: NDArray[Any]) -> Any:
    """A view of ``array``: kernels read and write it in place. Rows of three are vectors."""
    if array.ndim == 2:
        return wp.array(array, dtype=wp.vec3, device="cpu", copy=False)
    return wp.array(array, device="cpu", copy=False)


def launch(kernel: Any, count: int, inputs: list[Any]) -> None:
    """Run ``kernel`` for ``count`` rows on the processor; Python's lock is let go meanwhile."""
    wp.launch(kernel, dim=count, inputs=inputs, device="cpu")


def lowest_nearest_of_tensor(
    mesh: Any, points: Any, reach: float, tie: float, tables: list[Any], face: Any, squared: Any, device: str
) -> None:
    """:func:`lowest_nearest` for tensors on a graphics card, in torch's stream: after what made the points and before
    what reads the answers."""
    import torch

    with wp.ScopedStream(wp.stream_from_torch(torch.cuda.current_stream(points.device))):
        inputs = [mesh.id, wp.from_torch(points, dtype=wp.vec3), reach, wp.float64(tie), *tables]
        outputs = [wp.from_torch(face), wp.from_torch(squared)]
        wp.launch(lowest_nearest, dim=len(points), inputs=[*inputs, *outputs], device=device)
