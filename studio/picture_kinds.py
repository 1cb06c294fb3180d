# SPDX-License-Identifier: Apache-2.0
"""What can be seen of a model beside meshes: pictures of its networks by kind, and slices through its density."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.cameras import Camera
from portrait_core.field import Field

MESH, SLICE = "Mesh", "Density slice"
KINDS = ("Picture", "Raw", "Depth", "Mask", "Normals", SLICE, MESH)
"""Those of models that make pictures; all others have the last two."""
ABSENT = (38, 40, 46)
"""sRGB beside a square picture, and where there is nothing in one."""

PLANES = {"From the side": 0, "From above": 1, "From the front": 2}
"""Slices by where they are looked at from, and the axis that stands on each."""
INSIDE, OUTSIDE, EDGE = (226, 148, 92), (52, 84, 132), (250, 244, 232)


def shown(seen: dict[str, Any], kind: str, camera: Camera) -> NDArray[np.uint8]:
    """One of the pictures that the networks gave, (S, S, 3) sRGB."""

    def plain(name: str) -> NDArray[np.float32]:
        return np.asarray(seen[name][0].detach().float().cpu().numpy(), np.float32)

    if kind in ("Picture", "Raw"):
        image = plain("image" if kind == "Picture" else "image_raw")[:3].transpose(1, 2, 0)
        return np.clip(np.rint((image + 1.0) * 127.5), 0, 255).astype(np.uint8)
    mask = np.clip(plain("image_mask")[0], 0.0, 1.0)
    if kind == "Mask":
        return np.repeat(np.rint(mask * 255.0).astype(np.uint8)[..., None], 3, axis=2)
    depth = plain("image_depth")[0]
    mask = np.asarray(Image.fromarray(mask).resize(depth.shape[::-1], Image.Resampling.BILINEAR))
    there = mask > 0.5
    if not there.any():
        return np.full((*depth.shape, 3), ABSENT, np.uint8)
    if kind == "Depth":
        near, far = np.percentile(depth[there], (1, 99))
        grey = np.clip((far - depth) / max(float(far - near), 1e-6), 0.0, 1.0)
        flat = np.repeat((40.0 + 215.0 * grey)[..., None], 3, axis=2)
    else:
        flat = coloured(normals_of(depth, camera))
    return np.where(there[..., None], flat, ABSENT).astype(np.uint8)


def normals_of(depth: NDArray[np.float32], camera: Camera) -> NDArray[np.float32]:
    """Unit normals (S, S, 3) in the world of the surface that ``depth`` (S, S), metres along the rays, shows."""
    size = depth.shape[0]
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size
    inverse = np.linalg.inv(camera.intrinsics.astype(np.float64))
    rays = np.stack([x, y, np.ones_like(x)], axis=-1) @ inverse.T
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    points = rays * depth[..., None]
    crossed = np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1))
    length = np.linalg.norm(crossed, axis=-1, keepdims=True)
    turned = (crossed / np.where(length > 0, length, 1.0)) @ camera.cam2world[:3, :3].T.astype(np.float64)
    # The side that is seen faces the camera.
    away = np.sum((rays @ camera.cam2world[:3, :3].T.astype(np.float64)) * turned, axis=-1, keepdims=True) > 0
    return np.asarray(np.where(away, -turned, turned), np.float32)


def coloured(normals: NDArray[np.float32]) -> NDArray[np.float32]:
    """Normals as the usual colours: x, y, z from -1 to 1 as red, green, blue."""
    return np.asarray((normals * 0.5 + 0.5) * 255.0, np.float32)


def framed(image: NDArray[np.uint8], aspect: float) -> NDArray[np.uint8]:
    """A square picture as the page's background of ``aspect``, which is as high: with a field of its border's colour at
    both sides, or cut at them."""
    size = image.shape[0]
    width = max(2, round(size * aspect))
    if width <= size:
        left = (size - width) // 2
        return np.ascontiguousarray(image[:, left : left + width])
    whole = np.empty((size, width, 3), np.uint8)
    left = (width - size) // 2
    whole[:, left : left + size] = image
    whole[:, :left] = image[:, :1]
    whole[:, left + size :] = image[:, -1:]
    return whole


def slice_picture(field: Field, axis: int, share: float, size: int = 320) -> NDArray[np.uint8]:
    """(size, size, 3) sRGB of the density in the plane across ``axis`` at ``share`` (0 to 1) of the model's box: warm
    inside, cool outside, each the stronger the further from the surface, which is a light line."""
    low, high = (corner.astype(np.float64) for corner in field.bounds)
    across, up = ((2, 1), (0, 2), (0, 1))[axis]
    half = 0.5 * max(float((high - low)[across]), float((high - low)[up]))
    middle = 0.5 * (low + high)
    steps = (np.arange(size) + 0.5) / size * 2 - 1
    points = np.empty((size, size, 3))
    points[...] = middle
    points[..., axis] = low[axis] + share * (high - low)[axis]
    points[..., across] = middle[across] + half * steps[None, :]
    points[..., up] = middle[up] - half * steps[:, None]
    within = ((points >= low - 1e-6) & (points <= high + 1e-6)).all(axis=2)
    value = np.zeros((size, size), np.float64)
    value[within] = field.value(points[within].astype(np.float32))
    picture = np.empty((size, size, 3))
    picture[...] = ABSENT
    for side, colour in ((value > 0, INSIDE), (value <= 0, OUTSIDE)):
        here = side & within
        if here.any():
            far = max(float(np.percentile(np.abs(value[here]), 80)), 1e-9)
            strength = 0.3 + 0.7 * np.tanh(np.abs(value[here]) / far)[:, None]
            picture[here] = strength * np.asarray(colour) + (1 - strength) * np.asarray(ABSENT)
    inside = (value > 0) & within
    border = inside & ~_eroded(inside)
    picture[border] = EDGE
    return np.rint(picture).astype(np.uint8)


def _eroded(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a mask and its four neighbours are set."""
    wide = np.pad(mask, 1)
    return mask & wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]
