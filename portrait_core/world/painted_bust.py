# SPDX-License-Identifier: Apache-2.0
"""A bust painted once at its vertices, for many pictures: other poses and cameras cost a twentieth of the first one.

:func:`portrait_core.world.portraits.render_portrait` is the exact way, and the oracle: it casts rays and paints every
hit by the procedures, as sharp as the picture is large. Here colours lie at the vertices (2 to 4 mm apart), and
triangles are drawn into a depth buffer; that is as good up to some 256 pixels, and softer beyond. Masks and depths are
exact: the same surfaces, the same shoulder cut with its caps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.cameras import Camera
from portrait_core.geometry.mesh_queries import Hits
from portrait_core.geometry.normals import vertex_normals
from portrait_core.imaging.colour_space import srgb_to_linear
from portrait_core.world.bust import Bust, BustPart, PortraitWorld
from portrait_core.world.canonical_body import CUT_X, CUT_Y
from portrait_core.world.portraits import Portrait, kept_span, pose_transforms, studio_light

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int32]

NOTHING = np.float32(1e6)
"""Depth of an empty pixel while triangles are drawn, metres."""


@dataclass(frozen=True)
class Fragments:
    """What each of N pixels shows: ``face`` (N,) int32 or -1, ``weights`` (N, 3), ``depth`` (N,) along the ray, and
    ``cap`` (N, 3), the normal of the shoulder cut where that is what shows, else zero."""

    face: IntArray
    weights: FloatArray
    depth: FloatArray
    cap: FloatArray


class PaintedBust:
    """All parts of a bust as one mesh with linear colours (V, 3) and normals at rest."""

    def __init__(self, world: PortraitWorld, bust: Bust) -> None:
        self.bust = bust
        # The body is the closed part and comes first.
        names = sorted(bust.parts, key=lambda name: name != "body")
        parts = [bust.parts[name] for name in names]
        starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
        self.vertices: FloatArray = np.concatenate([part.vertices for part in parts]).astype(np.float32)
        self.triangles: IntArray = np.concatenate(
            [part.triangles + start for part, start in zip(parts, starts, strict=False)]
        ).astype(np.int32)
        self.closed_faces = len(bust.parts["body"].triangles)
        self.weights: FloatArray = np.concatenate([part.weights for part in parts]).astype(np.float32)
        self.normals: FloatArray = np.concatenate([vertex_normals(part.vertices, part.triangles) for part in parts])
        painted = [_paint_vertices(world, bust, name) for name in names]
        self.colours: FloatArray = np.concatenate(painted).astype(np.float32)

    def portrait(self, camera: Camera, pose: FloatArray, size: int, *, mask_only: bool = False) -> Portrait:
        """Picture of the bust, one ray a pixel, ``size`` pixels wide and high.

        Args:
            camera: where it is taken from.
            pose: six numbers, axis-angle of neck and head, radians.
            size: edge in pixels.
            mask_only: leave the colours black.
        """
        turns = {"neck": pose[:3].astype(np.float64), "head": pose[3:].astype(np.float64)}
        transforms = pose_transforms(self.bust, turns)[:, :3].astype(np.float32)
        blended: FloatArray = (self.weights @ transforms.reshape(len(transforms), 12)).reshape(-1, 3, 4)
        posed = _moved(blended[:, :, :3], self.vertices) + blended[:, :, 3]
        seen = self._draw(posed, camera, size)
        shape = (size, size)
        mask = seen.face >= 0
        linear, lit = np.zeros((size * size, 3), np.float32), np.zeros((size * size, 3), np.float32)
        if not mask_only:
            index = np.flatnonzero(mask)
            corner, weight = self.triangles[seen.face[index]], seen.weights[index][..., None]
            linear[index] = (self.colours[corner] * weight).sum(axis=1)
            turned = _moved(blended[:, :, :3], self.normals)
            normal: NDArray[Any] = (turned[corner] * weight).sum(axis=1)
            _, direction = camera_slopes(camera, size)
            away = (normal * direction[index]).sum(axis=1, keepdims=True) > 0
            normal = np.where(away, -normal, normal)
            flat = (seen.cap[index] != 0).any(axis=1)
            normal[flat] = seen.cap[index][flat]
            normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
            light = studio_light(normal.astype(np.float32), camera.cam2world.astype(np.float64))
            lit[index] = linear[index] * light[:, None]
        depth = np.where(mask, seen.depth, 0).astype(np.float32)
        return Portrait(linear.reshape(*shape, 3), lit.reshape(*shape, 3), mask.reshape(shape), depth.reshape(shape))

    def _draw(self, posed: FloatArray, camera: Camera, size: int) -> Fragments:
        from portrait_core.world import raster_kernels

        kernels: Any = raster_kernels  # warp's kernels come without types

        slopes, direction = camera_slopes(camera, size)
        stretch = np.linalg.norm(slopes, axis=1)
        origin = np.broadcast_to(camera.centre.astype(np.float32), direction.shape)
        entry, leave, outward = kept_span(origin, direction)
        enters = np.where((entry > 0) & (entry < leave), entry, np.inf) / stretch
        rotation, centre = camera.cam2world[:3, :3], camera.centre
        seen = np.ascontiguousarray((posed - centre) @ rotation, np.float32)
        count = size * size
        face, inner_face = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
        weights, inner_weights = np.zeros((count, 3), np.float32), np.zeros((count, 3), np.float32)
        depth, inner_depth = np.full(count, NOTHING), np.full(count, NOTHING)
        frame = camera.intrinsics
        queries: list[Any] = [seen, self.vertices, self.triangles.ravel()]
        answers: list[Any] = [face, weights, depth, inner_face, inner_weights, inner_depth]
        kernels.launch(
            kernels.rasterise,
            len(self.triangles),
            [
                *map(kernels.wrap, queries),
                3 * self.closed_faces,
                kernels.wrap(slopes),
                kernels.wrap(enters.astype(np.float32)),
                size,
                kernels.wp.vec3(float(frame[0, 0]), float(frame[0, 2]), float(frame[1, 2])),
                float(CUT_Y),
                float(CUT_X),
                *map(kernels.wrap, answers),
            ],
        )
        cap = np.zeros((count, 3), np.float32)
        capped = (inner_face >= 0) & (enters < depth)
        face[capped], weights[capped] = inner_face[capped], inner_weights[capped]
        depth[capped], cap[capped] = enters[capped], outward[capped]
        return Fragments(face, weights, (depth * stretch).astype(np.float32), cap)


def camera_slopes(camera: Camera, size: int) -> tuple[FloatArray, FloatArray]:
    """Of the rays through pixel centres, row by row: (x, y, 1) in the camera's frame, and unit directions in the world.

    Cameras with skew or with two focal lengths are not drawn by any data set of ours; they raise ``ValueError``.
    """
    frame = camera.intrinsics
    if frame[0, 1] != 0 or frame[0, 0] != frame[1, 1]:
        raise ValueError("got a camera with skew or two focal lengths; expected square pixels")
    place = (np.arange(size, dtype=np.float64) + 0.5) / size
    x, y = (place - frame[0, 2]) / frame[0, 0], (place - frame[1, 2]) / frame[1, 1]
    slopes = np.stack([np.tile(x, size), np.repeat(y, size), np.ones(size * size)], -1)
    direction = slopes @ camera.cam2world[:3, :3].T.astype(np.float64)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return slopes.astype(np.float32), direction.astype(np.float32)


def _moved(matrices: FloatArray, rows: FloatArray) -> FloatArray:
    """Matrices (V, 3, 3) applied to a row (V, 3) each."""
    return np.asarray((matrices @ rows[:, :, None])[:, :, 0], np.float32)


def _paint_vertices(world: PortraitWorld, bust: Bust, name: str) -> FloatArray:
    """Linear albedo (V, 3) of every vertex of a part; unused vertices get the colour of some triangle's corner."""
    part: BustPart = bust.parts[name]
    count = len(part.vertices)
    face, weights = np.zeros(count, np.int32), np.zeros((count, 3), np.float32)
    weights[:, 0] = 1
    for k in range(3):
        # Later triangles and corners overwrite earlier ones, in both arrays alike.
        face[part.triangles[:, k]] = np.arange(len(part.triangles))
        weights[part.triangles[:, k]] = np.eye(3, dtype=np.float32)[k]
    return srgb_to_linear(world.paint(bust, name, Hits(face, weights, np.zeros(count, np.float32)))).astype(np.float32)
