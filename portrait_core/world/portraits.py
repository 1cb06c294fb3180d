# SPDX-License-Identifier: Apache-2.0
"""Ground-truth pictures of busts by ray casting: albedo or shaded colour, mask and depth, any camera, any pose.

Cameras follow the house's conventions: OpenCV frame, cam2world, intrinsics normalised by the image size; depth is the
distance from the camera's centre along the unit ray, as in the published data format.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.template import SMPL_JOINT_NAMES, SMPL_PARENTS
from portrait_core.geometry.mesh_queries import Hits, MeshQueries
from portrait_core.geometry.normals import vertex_normals
from portrait_core.imaging.colour_space import srgb_to_linear
from portrait_core.rig.skinning import joint_motions
from portrait_core.world.bust import Bust, PortraitWorld
from portrait_core.world.canonical_body import CUT_X, CUT_Y

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Portrait:
    """``albedo`` and ``shaded`` (H, W, 3) linear RGB, ``mask`` (H, W) bool, ``depth`` (H, W) metres, 0 where empty."""

    albedo: FloatArray
    shaded: FloatArray
    mask: NDArray[np.bool_]
    depth: FloatArray


def camera_rays(
    cam2world: NDArray[np.float64], intrinsics: NDArray[np.float64], size: int
) -> tuple[FloatArray, FloatArray]:
    """Origins and unit directions (size * size, 3), row by row from the top left, through pixel centres.

    Source: docs/published/generator.md, section 9.1.
    """
    j, i = np.meshgrid(np.arange(size), np.arange(size))
    u, v = (j.ravel() + 0.5) / size, (i.ravel() + 0.5) / size
    fx, fy, cx, cy, skew = intrinsics[0, 0], intrinsics[1, 1], intrinsics[0, 2], intrinsics[1, 2], intrinsics[0, 1]
    x = (u - cx + cy * skew / fy - skew * v / fy) / fx
    direction = np.stack([x, (v - cy) / fy, np.ones_like(x)], -1) @ cam2world[:3, :3].T
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    origin = np.broadcast_to(cam2world[:3, 3], direction.shape)
    return origin.astype(np.float32), direction.astype(np.float32)


def pose_transforms(bust: Bust, pose: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Skinning matrices (24, 4, 4) for axis-angle rotations by joint name (radians); others stay at rest."""
    joints = np.stack([bust.landmarks[name] for name in SMPL_JOINT_NAMES]).astype(np.float32)
    parents = np.asarray(SMPL_PARENTS, np.int32)
    return joint_motions(SMPL_JOINT_NAMES, parents, joints, {name: tuple(r) for name, r in pose.items()})


def skinned(vertices: FloatArray, weights: FloatArray, transforms: NDArray[np.float64]) -> FloatArray:
    """Linear blend skinning of vertices (V, 3) with all weights (V, 24): the truth is not limited to four joints."""
    blended = np.tensordot(weights.astype(np.float64), transforms, 1)
    moved = np.einsum("vij,vj->vi", blended[:, :3, :3], vertices) + blended[:, :3, 3]
    return moved.astype(np.float32)


def render_portrait(
    world: PortraitWorld,
    bust: Bust,
    cam2world: NDArray[np.float64],
    intrinsics: NDArray[np.float64],
    size: int,
    *,
    pose: dict[str, NDArray[np.float64]] | None = None,
    samples: int = 2,
    mask_only: bool = False,
) -> Portrait:
    """Picture of a bust.

    Args:
        world, bust: from :class:`PortraitWorld`.
        cam2world: (4, 4), OpenCV camera frame. intrinsics: (3, 3), normalised.
        size: width and height in pixels.
        pose: axis-angle (3,) in radians by SMPL joint name.
        samples: rays a pixel and axis; mask and depth come from the ray next to the pixel's centre.
        mask_only: leave the colours black: mask and depth are much quicker than paint.
    """
    fine = size * samples
    origin, direction = camera_rays(cam2world, intrinsics, fine)
    transforms = pose_transforms(bust, pose or {})
    nearest = np.full(len(origin), np.inf, np.float32)
    albedo = np.zeros((len(origin), 3), np.float32)
    normal = np.zeros((len(origin), 3), np.float32)
    for name, part in bust.parts.items():
        posed = skinned(part.vertices, part.weights, transforms) if pose else part.vertices
        hit, cap = _visible(posed, part.vertices, part.triangles, origin, direction, closed=name == "body")
        closer = np.flatnonzero((hit.face >= 0) & (hit.distance < nearest))
        if len(closer) == 0:
            continue
        chosen = hit.take(closer)
        nearest[closer] = chosen.distance
        if mask_only:
            continue
        albedo[closer] = world.paint(bust, name, chosen)
        along = chosen.interpolated(vertex_normals(posed, part.triangles), part.triangles)
        facing = np.where((along * direction[closer]).sum(axis=1, keepdims=True) > 0, -along, along)
        flat = (cap[closer] != 0).any(axis=1)
        facing[flat] = cap[closer][flat]
        normal[closer] = facing / np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-9)
    mask = np.isfinite(nearest)
    linear = np.where(mask[:, None], srgb_to_linear(albedo), 0)
    lit = linear * studio_light(normal, cam2world)[:, None]

    def shrink(image: FloatArray) -> FloatArray:
        return image.reshape(size, samples, size, samples, -1).mean(axis=(1, 3)).astype(np.float32)

    centre = (slice(samples // 2, None, samples),) * 2
    small = mask.reshape(fine, fine)[centre]
    depth = np.where(mask, nearest, 0).reshape(fine, fine)[centre]
    return Portrait(shrink(linear), shrink(lit), small, depth.astype(np.float32))


def _visible(
    posed: FloatArray,
    rest: FloatArray,
    triangles: NDArray[np.int64],
    origin: FloatArray,
    direction: FloatArray,
    *,
    closed: bool,
) -> tuple[Hits, FloatArray]:
    """First hit in front of the shoulder cut, and for hits on the cut's caps the normal of the cap (else zero).

    The cut belongs to the un-posed body, so surfaces are judged by where their triangle lies at rest; its planes are
    taken to stand still (neck and head turn, the shoulders do not). A ray that is inside the solid where it comes
    through a plane of the cut has hit the cap there; only ``closed`` parts have an inside.
    """
    scene = MeshQueries(posed, triangles)
    hit = scene.first_hits(origin, direction)
    pending = np.flatnonzero(hit.face >= 0)
    for _ in range(12):
        place = hit.take(pending).interpolated(rest, triangles)
        pending = pending[(place[:, 1] < CUT_Y) | (np.abs(place[:, 0]) > CUT_X)]
        if len(pending) == 0:
            break
        travelled = hit.distance[pending] + 1e-5
        again = scene.first_hits(origin[pending] + direction[pending] * travelled[:, None], direction[pending])
        hit.face[pending], hit.weights[pending] = again.face, again.weights
        hit.distance[pending] = again.distance + travelled
        pending = pending[again.face >= 0]
    hit.face[pending] = -1

    normal = np.zeros_like(origin)
    if not closed:
        return hit, normal
    entry, leave, outward = kept_span(origin, direction)
    first = np.where(hit.face >= 0, hit.distance, np.inf)
    index = np.flatnonzero((entry > 0) & (entry < leave) & (entry < first))
    behind = scene.first_hits(origin[index] + direction[index] * (entry[index] + 1e-5)[:, None], direction[index])
    a, b, c = (posed[triangles[behind.face, k]] for k in range(3))
    from_inside = (np.cross(b - a, c - a) * direction[index]).sum(axis=1) > 0
    capped = (behind.face >= 0) & from_inside
    index = index[capped]
    hit.face[index], hit.weights[index] = behind.face[capped], behind.weights[capped]
    hit.distance[index] = entry[index]
    normal[index] = outward[index]
    return hit, normal


def kept_span(origin: FloatArray, direction: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Where rays enter and leave the kept side of the cut (N,), and the outward normal (N, 3) of the plane entered."""
    outward = np.array([[0, -1, 0], [1, 0, 0], [-1, 0, 0]], np.float32)
    offset = np.array([-CUT_Y, CUT_X, CUT_X], np.float32)
    towards = direction @ outward.T
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = (offset - origin @ outward.T) / towards
    enter = np.where(towards < 0, distance, -np.inf)
    leave = np.where(towards > 0, distance, np.inf).min(axis=1)
    last = enter.argmax(axis=1)
    return enter[np.arange(len(origin)), last].astype(np.float32), leave.astype(np.float32), outward[last]


def studio_light(normal: FloatArray, cam2world: NDArray[np.float64]) -> FloatArray:
    """Soft key, fill, top and front light that turn with the camera: irradiance (N,) for unit normals (N, 3)."""
    right, down, forward = cam2world[:3, 0], cam2world[:3, 1], cam2world[:3, 2]
    total = np.full(len(normal), 0.14, np.float32)
    for (r, u, f), strength, wrap in (
        ((-0.6, 0.7, 0.9), 0.86, 0.25), ((0.9, 0.1, 0.6), 0.28, 0.4), ((0.0, 1.0, 0.1), 0.18, 0.5),
        ((0.0, 0.0, 1.0), 0.14, 0.6),
    ):  # fmt: skip
        towards = r * right - u * down - f * forward
        towards = towards / np.linalg.norm(towards)
        total += strength * np.clip((normal @ towards.astype(np.float32) + wrap) / (1 + wrap), 0, 1)
    return total
