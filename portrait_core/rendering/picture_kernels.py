# SPDX-License-Identifier: Apache-2.0
# pyright: basic, reportInvalidTypeForm=false, reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportAttributeAccessIssue=false, reportOperatorIssue=false, reportReturnType=false
"""The kernels behind :mod:`portrait_core.rendering.layered`: where rays meet what shows, and the light they find.

They do what :mod:`portrait_core.rendering.coats` and :mod:`portrait_core.rendering.lighting` say in NumPy, a ray at a
time; every ray writes only its own row.
"""

# no `from __future__ import annotations`: warp reads the annotations of kernels

from typing import Any

import warp as wp
from numpy.typing import NDArray

from portrait_core.geometry.warp_kernels import FORWARD, launch  # noqa: F401 - also starts the library without its chatter
from portrait_core.rendering import lighting

wp.set_module_options(FORWARD)

COAT_GLOSS = wp.constant(lighting.COAT_GLOSS)
GLOSS = wp.constant(lighting.GLOSS)
LEAST_ROOM = wp.constant(lighting.LEAST_ROOM)
PARTED = wp.constant(lighting.PARTED)


@wp.func
def _texel(texels: wp.array(dtype=wp.uint8), place: int, table: wp.array(dtype=wp.float32)) -> float:
    return table[int(texels[place])]


@wp.func
def _channel(
    texels: wp.array(dtype=wp.uint8),
    table: wp.array(dtype=wp.float32),
    start: int,
    height: int,
    width: int,
    channels: int,
    channel: int,
    uv: wp.vec2,
) -> float:
    """A channel of an image at a place, between four texels; ``table`` says what their bytes stand for."""
    x = wp.clamp(uv[0] * float(width) - 0.5, 0.0, float(width) - 1.0)
    y = wp.clamp((1.0 - uv[1]) * float(height) - 0.5, 0.0, float(height) - 1.0)
    left = int(x)
    top = int(y)
    right = wp.min(left + 1, width - 1)
    bottom = wp.min(top + 1, height - 1)
    across = x - float(left)
    down = y - float(top)
    above = _texel(texels, start + (top * width + left) * channels + channel, table) * (1.0 - across)
    above += _texel(texels, start + (top * width + right) * channels + channel, table) * across
    below = _texel(texels, start + (bottom * width + left) * channels + channel, table) * (1.0 - across)
    below += _texel(texels, start + (bottom * width + right) * channels + channel, table) * across
    return above * (1.0 - down) + below * down


@wp.func
def _at(uvs: wp.array(dtype=wp.vec2), faces: wp.array(dtype=wp.int32), face: int, weights: wp.vec3) -> wp.vec2:
    first = uvs[faces[3 * face]] * weights[0]
    return first + uvs[faces[3 * face + 1]] * weights[1] + uvs[faces[3 * face + 2]] * weights[2]


@wp.func
def _cover(
    face: int,
    at: wp.vec3,
    coat: int,
    faces: wp.array(dtype=wp.int32),
    uvs: wp.array(dtype=wp.vec2),
    numbers: wp.array2d(dtype=wp.int32),
    factors: wp.array2d(dtype=wp.float32),
    texels: wp.array(dtype=wp.uint8),
    plain: wp.array(dtype=wp.float32),
) -> float:
    """The share of what lies behind that a place ``at`` on a face covers."""
    kind = numbers[coat, 0]
    cover = factors[coat, 3]
    if kind == 0:
        cover = 1.0
    elif numbers[coat, 4] >= 0:
        uv = _at(uvs, faces, face, at)
        level = _channel(texels, plain, numbers[coat, 4], numbers[coat, 5], numbers[coat, 6], 1, 0, uv)
        cover = cover * level / 255.0
    if kind == 1:
        cover = wp.where(cover >= factors[coat, 4], 1.0, 0.0)
    return cover


@wp.kernel
def meet(
    mesh: wp.uint64,
    ray: wp.array(dtype=wp.int32),
    eye: wp.vec3,
    directions: wp.array(dtype=wp.vec3),
    faces: wp.array(dtype=wp.int32),
    uvs: wp.array(dtype=wp.vec2),
    coat_of: wp.array(dtype=wp.int32),
    numbers: wp.array2d(dtype=wp.int32),
    factors: wp.array2d(dtype=wp.float32),
    texels: wp.array(dtype=wp.uint8),
    plain: wp.array(dtype=wp.float32),
    step: float,
    most: int,
    passed: wp.array(dtype=wp.float32),
    layers: wp.array(dtype=wp.int32),
    through: wp.array(dtype=wp.float32),
    face: wp.array(dtype=wp.int32),
    weights: wp.array(dtype=wp.vec3),
    alpha: wp.array(dtype=wp.float32),
    seen: wp.array(dtype=wp.float32),
) -> None:
    """The next surface of which something shows, for rays that have ``passed`` so many metres and ``layers``.

    ``seen`` is how much of the surface shows, what comes ``through`` is how much of what lies behind it.
    """
    i = wp.tid()
    own = ray[i]
    direction = directions[own]
    away = passed[own]
    layer = layers[own]
    face[i] = -1
    going = int(1)  # noqa: UP018, RUF046 - warp takes a bare literal for a constant of the loop
    while going == 1:
        query = wp.mesh_query_ray(mesh, eye + direction * away, direction, 1.0e6)
        if query.result:
            away += query.t + step
            layer += 1
            at = wp.vec3(query.u, query.v, 1.0 - query.u - query.v)
            cover = _cover(query.face, at, coat_of[query.face], faces, uvs, numbers, factors, texels, plain)
            if layer >= most:
                cover = 1.0
            if cover > 0.0:
                face[i] = query.face
                weights[i] = at
                alpha[i] = cover
                seen[i] = through[own]
                through[own] = seen[i] * (1.0 - cover)
                going = 0
        else:
            going = 0
    passed[own] = away
    layers[own] = layer


@wp.func
def _channel_bounced(share: float, albedo: float) -> float:
    third = 2.7552 * albedo + 0.6903
    return wp.max(share, ((share * (2.0404 * albedo - 0.3324) + (0.6417 - 4.7951 * albedo)) * share + third) * share)


@wp.func
def _bounced(room: float, albedo: wp.vec3, least: float) -> wp.vec3:
    """As :func:`portrait_core.rendering.lighting.bounced`."""
    share = wp.max(room, least)
    return wp.vec3(
        _channel_bounced(share, albedo[0]), _channel_bounced(share, albedo[1]), _channel_bounced(share, albedo[2])
    )


@wp.kernel
def light(
    ray: wp.array(dtype=wp.int32),
    face: wp.array(dtype=wp.int32),
    weights: wp.array(dtype=wp.vec3),
    alpha: wp.array(dtype=wp.float32),
    seen: wp.array(dtype=wp.float32),
    directions: wp.array(dtype=wp.vec3),
    faces: wp.array(dtype=wp.int32),
    uvs: wp.array(dtype=wp.vec2),
    coat_of: wp.array(dtype=wp.int32),
    numbers: wp.array2d(dtype=wp.int32),
    factors: wp.array2d(dtype=wp.float32),
    texels: wp.array(dtype=wp.uint8),
    linear: wp.array(dtype=wp.float32),
    table: wp.array2d(dtype=wp.float32),
    fine_of: wp.array(dtype=wp.int32),
    fine: wp.array2d(dtype=wp.float32),
    towards: wp.array(dtype=wp.vec3),
    lamp_colours: wp.array(dtype=wp.vec3),
    lamps: wp.array(dtype=wp.vec3),
    sky: wp.vec3,
    ground: wp.vec3,
    colour: wp.array(dtype=wp.vec3),
) -> None:
    """Add what leaves the places to the ``colour`` of their rays."""
    i = wp.tid()
    own = ray[i]
    at = weights[i]
    hit = face[i]
    to_eye = -directions[own]
    uv = _at(uvs, faces, hit, at)
    a = faces[3 * hit]
    b = faces[3 * hit + 1]
    c = faces[3 * hit + 2]
    normal = wp.vec3(
        table[a, 0] * at[0] + table[b, 0] * at[1] + table[c, 0] * at[2],
        table[a, 1] * at[0] + table[b, 1] * at[1] + table[c, 1] * at[2],
        table[a, 2] * at[0] + table[b, 2] * at[1] + table[c, 2] * at[2],
    )
    normal = normal / wp.max(wp.length(normal), 1.0e-6)
    # A sheet seen from behind is lit as its back.
    if wp.dot(normal, to_eye) < -0.3:
        normal = -normal
    coat = coat_of[hit]
    start = numbers[coat, 1]
    height = numbers[coat, 2]
    width = numbers[coat, 3]
    albedo = wp.vec3(
        factors[coat, 0] * _channel(texels, linear, start, height, width, 3, 0, uv),
        factors[coat, 1] * _channel(texels, linear, start, height, width, 3, 1, uv),
        factors[coat, 2] * _channel(texels, linear, start, height, width, 3, 2, uv),
    )
    gloss = factors[coat, 5]
    line = fine_of[i]
    room = table[a, 3] * at[0] + table[b, 3] * at[1] + table[c, 3] * at[2]
    if line >= 0:
        room = fine[line, 0]
    seeps = factors[coat, 7] * wp.min(room / PARTED, 1.0)
    up = 0.5 + 0.5 * normal[1]
    shone = wp.cw_mul(sky * up + ground * (1.0 - up), _bounced(room, albedo, wp.max(seeps, LEAST_ROOM)))
    shine = float(0.0)  # noqa: UP018
    wet = float(0.0)  # noqa: UP018
    for k in range(towards.shape[0]):
        share = table[a, 4 + k] * at[0] + table[b, 4 + k] * at[1] + table[c, 4 + k] * at[2]
        if line >= 0:
            share = fine[line, 1 + k]
        share = wp.max(share, seeps)
        if share > 0.0:
            cosine = (wp.dot(normal, towards[k]) + lamps[k][0]) / (1.0 + lamps[k][0])
            shone += lamp_colours[k] * (wp.max(cosine, 0.0) * share)
            if lamps[k][1] > 0.0 or gloss > 0.0:
                half = to_eye + towards[k]
                half = half / wp.max(wp.length(half), 1.0e-6)
                facing = wp.clamp(wp.dot(normal, half), 0.0, 1.0)
                rest = 1.0 - wp.clamp(wp.dot(to_eye, half), 0.0, 1.0)
                grazing = rest * rest * rest * rest * rest
                shine += lamps[k][1] * (1.0 + 4.0 * grazing) * wp.pow(facing, GLOSS) * share
                if gloss > 0.0:
                    wet += lamps[k][2] * 8.0 * (0.04 + 0.96 * grazing) * wp.pow(facing, COAT_GLOSS) * share
    shine = shine * factors[coat, 6]
    leaves = wp.cw_mul(albedo, shone) + wp.vec3(shine, shine, shine)
    film = seen[i] * gloss * wet
    colour[own] = colour[own] + leaves * (seen[i] * alpha[i]) + wp.vec3(film, film, film)


def wrap(array: NDArray[Any]) -> Any:
    """A view of ``array``: kernels read and write it in place. Rows of two and of three floats are vectors."""
    if array.ndim == 2 and array.dtype.kind == "f" and array.shape[1] in (2, 3):
        return wp.array(array, dtype=wp.vec2 if array.shape[1] == 2 else wp.vec3, device="cpu", copy=False)
    return wp.array(array, device="cpu", copy=False)


def vector(array: NDArray[Any]) -> Any:
    """Three numbers."""
    return wp.vec3(*(float(each) for each in array))
