# SPDX-License-Identifier: Apache-2.0
"""The light of preview pictures: a soft key, a fill, two rims and a bright room, all moving with the camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.directions import sphere_directions
from portrait_core.geometry.mesh_queries import MeshQueries

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Lamp:
    """A soft lamp far away, placed in the viewer's frame: x right, y up, z towards the viewer.

    ``spread`` is the half angle of its disk in radians (soft shadows), ``wrap`` how far its light reaches around the
    terminator (0 to 1), ``shine`` the strength of its highlight, ``rays`` how many sample its disk for shadows.
    """

    towards: Colour
    colour: Colour
    spread: float = 0.3
    wrap: float = 0.0
    shine: float = 0.0
    rays: int = 6


LAMPS = (
    Lamp(towards=(-0.62, 0.55, 0.72), colour=(1.10, 1.05, 0.98), spread=0.30, wrap=0.12, shine=0.045, rays=14),
    Lamp(towards=(0.85, 0.12, 0.62), colour=(0.15, 0.16, 0.18), spread=0.5, wrap=0.3),
    Lamp(towards=(0.72, 0.45, -0.62), colour=(0.50, 0.53, 0.58), spread=0.25, shine=0.03),
    Lamp(towards=(-0.80, 0.25, -0.60), colour=(0.22, 0.22, 0.23), spread=0.25, shine=0.02),
)
SKY: Colour = (0.31, 0.33, 0.36)
GROUND: Colour = (0.17, 0.155, 0.145)
LEAST_ROOM = 0.08
"""The share of the room that reaches any place: what seeps through lips, and more than few rays can find."""
PARTED = 0.08
"""The share of the room from which on a place in a mouth has all that lips let through: behind closed ones it is
dark."""

_ROOM_RAYS = 32
_ROOM_REACH = 0.35
"""Metres within which an obstacle darkens the room's light: the hollows of a face, not the whole side of a body."""


GLOSS = 22.0
COAT_GLOSS = 700.0


def disk_directions(towards: NDArray[np.float64], spread: float, count: int) -> NDArray[np.float32]:
    """(count, 3) unit vectors spread over the disk of half angle ``spread`` around the unit vector ``towards``."""
    helper = np.array([1.0, 0.0, 0.0]) if abs(towards[0]) < 0.8 else np.array([0.0, 1.0, 0.0])
    side = np.cross(towards, helper)
    side /= np.linalg.norm(side)
    other = np.cross(towards, side)
    index = np.arange(count) + 0.5
    radius = np.tan(spread) * np.sqrt(index / count)
    turn = np.pi * (1.0 + 5.0**0.5) * index
    rays = towards + np.outer(radius * np.cos(turn), side) + np.outer(radius * np.sin(turn), other)
    return (rays / np.linalg.norm(rays, axis=1, keepdims=True)).astype(np.float32)


def room_shadows(
    mesh: MeshQueries, points: NDArray[np.float32], normals: NDArray[np.float32], *, rays: float = 1.0
) -> NDArray[np.float32]:
    """(V,) the share of the room that each vertex sees, by ``rays`` times as many rays as usual. Independent of the
    camera."""
    return mesh.open_share(points, normals, sphere_directions(round(rays * _ROOM_RAYS)), reach=_ROOM_REACH)


def main_shadows(
    mesh: MeshQueries,
    points: NDArray[np.float32],
    normals: NDArray[np.float32],
    cam2world: NDArray[np.float32],
    *,
    rays: float,
) -> NDArray[np.float32]:
    """(V, 2) the shares of the room and of the first lamp, which are most of the light, by ``rays`` times as many rays
    as usual."""
    room = room_shadows(mesh, points, normals, rays=rays)
    key = disk_directions(lamp_directions(cam2world)[0], LAMPS[0].spread, round(rays * LAMPS[0].rays))
    return np.stack([room, mesh.open_share(points, normals, key)], axis=1)


def lamp_directions(cam2world: NDArray[np.float32]) -> list[NDArray[np.float64]]:
    """The unit vector towards each of ``LAMPS``, in the world, for an OpenCV camera at ``cam2world`` (4, 4)."""
    axes = cam2world[:3, :3].astype(np.float64) * np.array([1.0, -1.0, -1.0])
    towards = [axes @ np.array(lamp.towards) for lamp in LAMPS]
    return [each / np.linalg.norm(each) for each in towards]


def lamp_shadows(
    mesh: MeshQueries,
    points: NDArray[np.float32],
    normals: NDArray[np.float32],
    cam2world: NDArray[np.float32],
    *,
    rays: float = 1.0,
    most: int | None = None,
) -> NDArray[np.float32]:
    """(L, V) the share of each lamp, or of the first ``most``, that each vertex sees, by ``rays`` times as many rays as
    usual."""
    return np.stack(
        [
            mesh.open_share(points, normals, disk_directions(towards, lamp.spread, round(rays * lamp.rays)))
            for lamp, towards in zip(LAMPS[:most], lamp_directions(cam2world), strict=False)
        ]
    )


def bounced(
    room: NDArray[np.float32], albedo: NDArray[np.float32], least: NDArray[np.float32] | float = LEAST_ROOM
) -> NDArray[np.float32]:
    """(N, 3) of the room's light what arrives at points that see the share ``room`` (N,) of it: with what surfaces
    around them, as light as they are (``albedo`` (N, 3) linear), pass on to each other, as if they
    saw a share of ``least`` (N,) at least.

    The polynomial of Jimenez, Wu, Pesce and Jarabo, *Practical Realtime Strategies for Accurate Indirect Occlusion*
    (2016), equation 10, which they fitted to path-traced pictures.
    """
    share = np.maximum(room, least)[:, None].astype(np.float32)
    a, b, c = 2.0404 * albedo - 0.3324, -4.7951 * albedo + 0.6417, 2.7552 * albedo + 0.6903
    return np.maximum(share, ((share * a + b) * share + c) * share).astype(np.float32)


def shade(
    albedo: NDArray[np.float32],
    normals: NDArray[np.float32],
    to_eye: NDArray[np.float32],
    room: NDArray[np.float32],
    lamps: NDArray[np.float32],
    cam2world: NDArray[np.float32],
    specular: NDArray[np.floating] | float = 1.0,
) -> NDArray[np.float32]:
    """Linear RGB (N, 3) that leaves N surface points towards the eye.

    ``albedo`` (N, 3) linear, unit ``normals`` and ``to_eye`` (N, 3), ``room`` (N,), or (N, 3) by colour, and ``lamps``
    (L, N) the shares of the light that arrive at the points, ``specular`` (N,) the strength of their highlights.
    """
    up = (0.5 + 0.5 * normals[:, 1:2]).astype(np.float32)
    light = (np.array(SKY, np.float32) * up + np.array(GROUND, np.float32) * (1.0 - up)) * room.reshape(len(albedo), -1)
    shine = np.zeros(len(albedo), np.float32)
    for index, (lamp, towards) in enumerate(zip(LAMPS, lamp_directions(cam2world), strict=True)):
        direction = towards.astype(np.float32)
        cosine = (normals @ direction + lamp.wrap) / (1.0 + lamp.wrap)
        seen = np.clip(cosine, 0.0, None) * lamps[index]
        light += seen[:, None] * np.array(lamp.colour, np.float32)
        if lamp.shine:
            half = to_eye + direction
            half /= np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-6)
            facing = np.clip(np.einsum("ni,ni->n", normals, half), 0.0, 1.0)
            grazing = (1.0 - np.clip(np.einsum("ni,ni->n", to_eye, half), 0.0, 1.0)) ** 5
            shine += lamp.shine * (1.0 + 4.0 * grazing) * facing**GLOSS * lamps[index]
    return (albedo * light + (shine * specular)[:, None]).astype(np.float32)


def glint(
    normals: NDArray[np.float32],
    to_eye: NDArray[np.float32],
    lamps: NDArray[np.float32],
    cam2world: NDArray[np.float32],
) -> NDArray[np.float32]:
    """The highlight (N,) of a clear coat, linear: small bright pictures of the lamps; arguments as of :func:`shade`."""
    light = np.zeros(len(normals), np.float32)
    for index, (lamp, towards) in enumerate(zip(LAMPS, lamp_directions(cam2world), strict=True)):
        half = to_eye + towards.astype(np.float32)
        half /= np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-6)
        facing = np.clip(np.einsum("ni,ni->n", normals, half), 0.0, 1.0)
        grazing = 0.04 + 0.96 * (1.0 - np.clip(np.einsum("ni,ni->n", to_eye, half), 0.0, 1.0)) ** 5
        light += max(lamp.colour) * 8.0 * grazing * facing**COAT_GLOSS * lamps[index]
    return light


def expose(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Roll off what is brighter than 0.75 instead of clipping it; linear in and out."""
    over = np.maximum(linear - 0.75, 0.0)
    return (np.minimum(linear, 0.75) + 0.25 * np.tanh(over / 0.25)).astype(np.float32)
