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
from portrait_core.world.bust import Bust, PortraitWorld
from portrait_core.world.canonical_body import CUT_X, CUT_Y
from portrait_core.world.raycast import Hits, TriangleScene, interpolate, vertex_normals

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Portrait:
    """``albedo`` and ``shaded`` (H, W, 3) linear RGB, ``mask`` (H, W) bool, ``depth`` (H, W) metres, 0 where empty."""

    albedo: FloatArray
    shaded: FloatArray
    mask: NDArray[np.bool_]
    depth: FloatArray


def camera_rays(cam2world: NDArray[np.float64], intrinsics: NDArray[np.float64], size: int) -> tuple[FloatArray, FloatArray]:
    """Origins and unit directions (size * size, 3), row by row from the top left, through pixel centres.

    Source: specification of the published generator, section 9.1.
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
    from scipy.spatial.transform import Rotation

    joints = np.stack([bust.landmarks[name] for name in SMPL_JOINT_NAMES])
    world = np.zeros((len(joints), 4, 4))
    for j, (name, parent) in enumerate(zip(SMPL_JOINT_NAMES, SMPL_PARENTS, strict=True)):
        local = np.eye(4)
        local[:3, :3] = Rotation.from_rotvec(pose.get(name, np.zeros(3))).as_matrix()
        local[:3, 3] = joints[j] - (joints[parent] if parent >= 0 else 0)
        world[j] = local if parent < 0 else world[parent] @ local
    rest = np.tile(np.eye(4), (len(joints), 1, 1))
    rest[:, :3, 3] = -joints
    return world @ rest


def skinned(vertices: FloatArray, weights: FloatArray, transforms: NDArray[np.float64]) -> FloatArray:
    """Linear blend skinning of vertices (V, 3) with weights (V, 24)."""
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
) -> Portrait:
    """Picture of a bust.

    Args:
        world, bust: from :class:`PortraitWorld`.
        cam2world: (4, 4), OpenCV camera frame. intrinsics: (3, 3), normalised.
        size: width and height in pixels.
        pose: axis-angle (3,) in radians by SMPL joint name.
        samples: rays a pixel and axis; mask and depth come from the ray next to the pixel's centre.
    """
    fine = size * samples
    origin, direction = camera_rays(cam2world, intrinsics, fine)
    transforms = pose_transforms(bust, pose or {})
    nearest = np.full(len(origin), np.inf, np.float32)
    albedo = np.zeros((len(origin), 3), np.float32)
    normal = np.zeros((len(origin), 3), np.float32)
    for name, part in bust.parts.items():
        posed = skinned(part.vertices, part.weights, transforms) if pose else part.vertices
        hit, cap = _visible(posed, part.vertices, part.triangles, origin, direction)
        closer = np.flatnonzero((hit.face >= 0) & (hit.distance < nearest))
        if len(closer) == 0:
            continue
        chosen = Hits(hit.face[closer], hit.bary[closer], hit.distance[closer])
        nearest[closer] = chosen.distance
        albedo[closer] = world.paint(bust, name, chosen)
        along = interpolate(vertex_normals(posed, part.triangles), part.triangles, chosen)
        facing = np.where((along * direction[closer]).sum(axis=1, keepdims=True) > 0, -along, along)
        flat = cap[closer]
        facing[flat] = -direction[closer][flat]
        normal[closer] = facing / np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-9)
    mask = np.isfinite(nearest)
    linear = np.where(mask[:, None], _linear(albedo), 0)
    lit = linear * studio_light(normal, cam2world)[:, None]

    def shrink(image: FloatArray) -> FloatArray:
        return image.reshape(size, samples, size, samples, -1).mean(axis=(1, 3)).astype(np.float32)

    centre = (slice(samples // 2, None, samples),) * 2
    small = mask.reshape(fine, fine)[centre]
    depth = np.where(mask, nearest, 0).reshape(fine, fine)[centre]
    return Portrait(shrink(linear), shrink(lit), small, depth.astype(np.float32))


def _visible(
    posed: FloatArray, rest: FloatArray, triangles: NDArray[np.int64], origin: FloatArray, direction: FloatArray
) -> tuple[Hits, NDArray[np.bool_]]:
    """First hit in front of the shoulder cut, and which of them are on the cut's cap.

    The cut belongs to the un-posed body, so hits are judged by where their triangle lies at rest. Behind a part that was
    cut off a ray meets the inside of the surface: that is where the cap closes the bust.
    """
    scene = TriangleScene(posed, triangles)
    hit = scene.cast(origin, direction)
    cap = np.zeros(len(origin), bool)
    doubtful = np.flatnonzero(hit.face >= 0)
    start = origin.copy()
    travelled = np.zeros(len(origin), np.float32)
    for _ in range(6):
        place = interpolate(rest, triangles, Hits(hit.face[doubtful], hit.bary[doubtful], hit.distance[doubtful]))
        outside = (place[:, 1] < CUT_Y) | (np.abs(place[:, 0]) > CUT_X)
        doubtful = doubtful[outside]
        if len(doubtful) == 0:
            break
        cap[doubtful] = True
        step = hit.distance[doubtful] - travelled[doubtful] + 1e-5
        travelled[doubtful] += step
        start[doubtful] += direction[doubtful] * step[:, None]
        again = scene.cast(start[doubtful], direction[doubtful])
        hit.face[doubtful], hit.bary[doubtful] = again.face, again.bary
        hit.distance[doubtful] = again.distance + travelled[doubtful]
        doubtful = doubtful[again.face >= 0]
    else:
        hit.face[doubtful] = -1
    index = np.flatnonzero(cap & (hit.face >= 0))
    a, b, c = (posed[triangles[hit.face[index], k]] for k in range(3))
    behind = (np.cross(b - a, c - a) * direction[index]).sum(axis=1) > 0
    cap[:] = False
    cap[index[behind]] = True
    return hit, cap


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


def _linear(srgb: FloatArray) -> FloatArray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0) + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_srgb(linear: FloatArray) -> FloatArray:
    """Linear light to sRGB, both in [0, 1] (IEC 61966-2-1)."""
    x = np.clip(linear, 0, 1)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055).astype(np.float32)
