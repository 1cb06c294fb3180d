# SPDX-License-Identifier: Apache-2.0
# pyright: basic, reportInvalidTypeForm=false, reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false, reportReturnType=false
# ruff: noqa: SIM102 - whether kernels look at both sides of an `and` warp does not promise
"""The kernels behind :mod:`portrait_core.rendering.z_buffer`: triangles drawn over a square grid of samples.

A triangle writes to samples that others write to: all of them belong in one launch of one thread, which takes them in
their order.
"""

# no `from __future__ import annotations`: warp reads the annotations of kernels

import warp as wp

from portrait_core.geometry.warp_kernels import FORWARD, launch  # noqa: F401 - also starts the library without its chatter
from portrait_core.rendering.picture_kernels import _at, _cover, wrap  # noqa: F401 - what materials say is theirs

wp.set_module_options(FORWARD)

BESIDE = wp.constant(1.0e-4)
"""How far outside a triangle, in squared samples of its edge functions, a sample still belongs to it: triangles that
share a side leave none out, however their numbers were rounded."""


@wp.func
def _edge(a: wp.vec3, b: wp.vec3, x: float, y: float) -> float:
    return (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])


@wp.func
def _first(a: float, b: float, c: float) -> int:
    """The first sample at or behind the least of three."""
    return wp.max(int(wp.ceil(wp.min(wp.min(a, b), c) - BESIDE)), 0)


@wp.func
def _end(a: float, b: float, c: float, side: int) -> int:
    """The first sample behind the greatest of three."""
    return wp.min(int(wp.floor(wp.max(wp.max(a, b), c) + BESIDE)) + 1, side)


@wp.func
def _weights(a: wp.vec3, b: wp.vec3, c: wp.vec3, area: float, far: float, x: float, y: float) -> wp.vec3:
    """Barycentric weights on the triangle itself, the first one negative outside."""
    turn = wp.sign(area)
    first = _edge(b, c, x, y) * turn
    second = _edge(c, a, x, y) * turn
    third = _edge(a, b, x, y) * turn
    found = wp.vec3(-1.0, 0.0, 0.0)
    if first >= -BESIDE:
        if second >= -BESIDE:
            if third >= -BESIDE:
                # What is farther away moves less from sample to sample.
                near = wp.vec3(
                    wp.max(first, 0.0) / (far + a[2]),
                    wp.max(second, 0.0) / (far + b[2]),
                    wp.max(third, 0.0) / (far + c[2]),
                )
                found = near / (near[0] + near[1] + near[2])
    return found


@wp.kernel
def solid(
    drawn: wp.array(dtype=wp.int32),
    place: wp.array(dtype=wp.vec3),
    far: float,
    side: int,
    wanted: wp.array(dtype=wp.uint8),
    faces: wp.array(dtype=wp.int32),
    uvs: wp.array(dtype=wp.vec2),
    coat_of: wp.array(dtype=wp.int32),
    numbers: wp.array2d(dtype=wp.int32),
    factors: wp.array2d(dtype=wp.float32),
    texels: wp.array(dtype=wp.uint8),
    plain: wp.array(dtype=wp.float32),
    depth: wp.array(dtype=wp.float32),
    nearest: wp.array(dtype=wp.int32),
    weights: wp.array(dtype=wp.vec3),
) -> None:
    """Draw what covers wholly where it covers at all: of each wanted sample its ``depth``, which ``nearest`` face shows
    and the place on it."""
    face = drawn[wp.tid()]
    a = place[faces[3 * face]]
    b = place[faces[3 * face + 1]]
    c = place[faces[3 * face + 2]]
    area = _edge(a, b, c[0], c[1])
    coat = coat_of[face]
    if area != 0.0:
        for row in range(_first(a[1], b[1], c[1]), _end(a[1], b[1], c[1], side)):
            for column in range(_first(a[0], b[0], c[0]), _end(a[0], b[0], c[0], side)):
                own = row * side + column
                if wanted[own] != wp.uint8(0):
                    at = _weights(a, b, c, area, far, float(column), float(row))
                    if at[0] >= 0.0:
                        away = at[0] * a[2] + at[1] * b[2] + at[2] * c[2]
                        if away < depth[own]:
                            if _cover(face, at, coat, faces, uvs, numbers, factors, texels, plain) > 0.0:
                                depth[own] = away
                                nearest[own] = face
                                weights[own] = at


@wp.kernel
def blended(
    drawn: wp.array(dtype=wp.int32),
    place: wp.array(dtype=wp.vec3),
    far: float,
    side: int,
    wanted: wp.array(dtype=wp.uint8),
    faces: wp.array(dtype=wp.int32),
    uvs: wp.array(dtype=wp.vec2),
    coat_of: wp.array(dtype=wp.int32),
    numbers: wp.array2d(dtype=wp.int32),
    factors: wp.array2d(dtype=wp.float32),
    texels: wp.array(dtype=wp.uint8),
    plain: wp.array(dtype=wp.float32),
    depth: wp.array(dtype=wp.float32),
    count: wp.array(dtype=wp.int32),
    sample: wp.array(dtype=wp.int32),
    of_face: wp.array(dtype=wp.int32),
    weights: wp.array(dtype=wp.vec3),
    away: wp.array(dtype=wp.float32),
    cover: wp.array(dtype=wp.float32),
) -> None:
    """List what shows in part before the ``depth`` of what covers wholly; ``count`` goes on where the list is full."""
    face = drawn[wp.tid()]
    a = place[faces[3 * face]]
    b = place[faces[3 * face + 1]]
    c = place[faces[3 * face + 2]]
    area = _edge(a, b, c[0], c[1])
    coat = coat_of[face]
    if area != 0.0:
        for row in range(_first(a[1], b[1], c[1]), _end(a[1], b[1], c[1], side)):
            for column in range(_first(a[0], b[0], c[0]), _end(a[0], b[0], c[0], side)):
                own = row * side + column
                if wanted[own] != wp.uint8(0):
                    at = _weights(a, b, c, area, far, float(column), float(row))
                    if at[0] >= 0.0:
                        here = at[0] * a[2] + at[1] * b[2] + at[2] * c[2]
                        if here < depth[own]:
                            share = _cover(face, at, coat, faces, uvs, numbers, factors, texels, plain)
                            if share > 0.0:
                                number = count[0]
                                count[0] = number + 1
                                if number < sample.shape[0]:
                                    sample[number] = own
                                    of_face[number] = face
                                    weights[number] = at
                                    away[number] = here
                                    cover[number] = share


@wp.kernel
def read(
    face: wp.array(dtype=wp.int32),
    weights: wp.array(dtype=wp.vec3),
    faces: wp.array(dtype=wp.int32),
    uvs: wp.array(dtype=wp.vec2),
    coat_of: wp.array(dtype=wp.int32),
    coat: int,
    size: int,
    marked: wp.array(dtype=wp.uint8),
) -> None:
    """Mark the texels of a coat's image between which the colours of places lie."""
    i = wp.tid()
    if coat_of[face[i]] == coat:
        uv = _at(uvs, faces, face[i], weights[i])
        # As `_channel` has it.
        left = int(wp.clamp(uv[0] * float(size) - 0.5, 0.0, float(size) - 1.0))
        top = int(wp.clamp((1.0 - uv[1]) * float(size) - 0.5, 0.0, float(size) - 1.0))
        right = wp.min(left + 1, size - 1)
        bottom = wp.min(top + 1, size - 1)
        marked[top * size + left] = wp.uint8(1)
        marked[top * size + right] = wp.uint8(1)
        marked[bottom * size + left] = wp.uint8(1)
        marked[bottom * size + right] = wp.uint8(1)
