# SPDX-License-Identifier: Apache-2.0
# pyright: basic, reportInvalidTypeForm=false, reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false, reportReturnType=false
"""Closest points, rays and inside tests on a triangle mesh, by warp-lang's bounding-volume hierarchy on the processor.

With `portrait_core.geometry.nearest_triangle` the one place that knows warp's kernels. Queries run in as many threads
as the process may use cores: warp lets go of Python's lock while a kernel runs, and every query writes only its own
row, so the answers do not depend on the count. Neighbouring queries should be near each other: on a mesh of 300,000
faces, points in a coherent order take a third of the time of shuffled ones.
"""

# no `from __future__ import annotations`: warp reads the annotations of kernels

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import warp as wp
from numpy.typing import NDArray

from portrait_core.runtime.threads import thread_count

FloatArray = NDArray[np.float32]

THREADED_FROM = 4096
"""Queries below which threads cost more than they save."""

NO_GPU = "CUDA"
"""What warp says of a machine without a graphics card holds this word. It is no news to us: we run on the processor."""


@contextmanager
def _without_native_chatter() -> Iterator[None]:
    """Drop the lines on "no CUDA driver" that warp's native half writes to file 2; what else it writes is kept."""
    try:
        screen = os.dup(2)
    except OSError:  # no stderr at all, as in a windowed program
        yield
        return
    with tempfile.TemporaryFile() as kept:
        sys.stderr.flush()
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
with _without_native_chatter():
    wp.init()


if hasattr(wp, "mesh_query_ray_anyhit"):

    @wp.func
    def _meets(mesh: wp.uint64, origin: wp.vec3, direction: wp.vec3, reach: float) -> bool:
        return wp.mesh_query_ray_anyhit(mesh, origin, direction, reach)

else:  # older versions know only the first hit

    @wp.func
    def _meets(mesh: wp.uint64, origin: wp.vec3, direction: wp.vec3, reach: float) -> bool:
        return wp.mesh_query_ray(mesh, origin, direction, reach).result


@wp.kernel
def _closest(
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
def _cast(
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
def _blocked(
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
def _open_share(
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
def _winding(mesh: wp.uint64, points: wp.array(dtype=wp.vec3), reach: float, sign: wp.array(dtype=wp.float32)) -> None:
    i = wp.tid()
    sign[i] = wp.mesh_query_point_sign_winding_number(mesh, points[i], reach).sign


@dataclass(frozen=True)
class Hits:
    """For each query: ``face`` (N,) int32 or -1 for none, ``weights`` (N, 3) of its corners, ``distance`` (N,)."""

    face: NDArray[np.int32]
    weights: FloatArray
    distance: FloatArray


class MeshQueries:
    """``vertices`` (V, 3) and ``faces`` (F, 3) prepared for queries; any length unit; numpy in and out.

    ``solid`` prepares a closed mesh, counter-clockwise from outside, for :meth:`inside` too.
    """

    def __init__(self, vertices: NDArray[Any], faces: NDArray[Any], *, solid: bool = False) -> None:
        corners = np.ascontiguousarray(faces, np.int32).ravel()
        self._mesh = wp.Mesh(
            points=wrap(rows_of_three(vertices).copy()),
            indices=wp.array(corners, dtype=wp.int32, device="cpu"),
            support_winding_number=solid,
        )

    def closest(self, points: NDArray[Any], reach: float = 100.0) -> Hits:
        """The nearest surface point of each of ``points`` (N, 3) within ``reach``."""
        return self._hits(_closest, [rows_of_three(points)], [], reach)

    def first_hits(self, origins: NDArray[Any], directions: NDArray[Any], reach: float = 1.0e6) -> Hits:
        """Where rays first meet the mesh: ``origins`` (N, 3), or (3,) for all, unit ``directions`` (N, 3)."""
        starts = rows_of_three(origins)
        if len(starts) == 1:
            return self._hits(_cast, [rows_of_three(directions)], [starts], reach)
        return self._hits(_cast, [rows_of_three(directions), starts], [], reach)

    def blocked(self, origins: NDArray[Any], directions: NDArray[Any], reach: float) -> NDArray[np.bool_]:
        """(N,) whether rays from ``origins`` (N, 3) along unit ``directions`` (N, 3) meet the mesh within ``reach``."""
        answer = np.zeros(len(directions), np.uint8)
        self._launch(_blocked, [rows_of_three(origins), rows_of_three(directions)], [float(reach)], [answer])
        return answer.astype(bool)

    def open_share(
        self,
        points: NDArray[Any],
        normals: NDArray[Any],
        directions: NDArray[Any],
        *,
        start: float,
        reach: float,
    ) -> FloatArray:
        """(N,) share of ``directions`` (K, 3) above each point's horizon, weighted by cosine, that meet nothing.

        Rays begin ``start`` above the point and see obstacles within ``reach``. No direction above the horizon gives 0.
        """
        share = np.zeros(len(points), np.float32)
        rest = [wrap(rows_of_three(directions)), float(start), float(reach)]
        self._launch(_open_share, [rows_of_three(points), rows_of_three(normals)], rest, [share])
        return share

    def inside(self, points: NDArray[Any], reach: float = 10.0) -> NDArray[np.bool_]:
        """Whether each of ``points`` (N, 3) lies inside (generalised winding number); needs ``solid=True``."""
        sign = np.zeros(len(points), np.float32)
        self._launch(_winding, [rows_of_three(points)], [float(reach)], [sign])
        return sign < 0

    def _hits(self, kernel: Any, queries: list[FloatArray], whole: list[FloatArray], reach: float) -> Hits:
        count = len(queries[0])
        hits = Hits(np.zeros(count, np.int32), np.zeros((count, 3), np.float32), np.zeros(count, np.float32))
        rest = [*(wrap(array) for array in whole), float(reach)]
        self._launch(kernel, queries, rest, [hits.face, hits.weights, hits.distance])
        return hits

    def _launch(self, kernel: Any, queries: list[Any], rest: list[Any], answers: list[Any]) -> None:
        """Run ``kernel(mesh, *queries, *rest, *answers)``; rows of queries and answers are shared out to threads."""

        def part(begin: int, end: int) -> None:
            rows = slice(begin, end)
            inputs = [self._mesh.id, *(wrap(each[rows]) for each in queries), *rest]
            outputs = [wrap(each[rows]) for each in answers]
            wp.launch(kernel, dim=end - begin, inputs=[*inputs, *outputs], device="cpu")

        in_threads(part, len(queries[0]))


def in_threads(part: Callable[[int, int], None], count: int) -> None:
    """Call ``part(begin, end)`` for pieces of ``count`` rows, in as many threads as pay."""
    if count == 0:
        return
    threads = thread_count(_cores()) if count >= THREADED_FROM else 1
    # the first rows alone: the kernel is compiled or loaded here, not by two threads at once
    first = min(count, 64)
    part(0, first)
    if first == count:
        return
    # more pieces than threads, since some places take longer than others
    pieces = 4 * threads if threads > 1 else 1
    limits = np.unique(np.linspace(first, count, pieces + 1).astype(int)).tolist()
    if threads == 1:
        part(first, count)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(part, limits[:-1], limits[1:]):
            pass


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def rows_of_three(array: NDArray[Any]) -> FloatArray:
    """``array`` as float32 rows (N, 3)."""
    return np.ascontiguousarray(array, np.float32).reshape(-1, 3)


def wrap(array: NDArray[Any]) -> Any:
    """A warp view of ``array``: kernels read and write it in place. Rows of three are vectors."""
    if array.ndim == 2:
        return wp.array(array, dtype=wp.vec3, device="cpu", copy=False)
    return wp.array(array, device="cpu", copy=False)
