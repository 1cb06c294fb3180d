# SPDX-License-Identifier: Apache-2.0
"""The set's textures of a garment without their colours and prints: shade, which pieces have the person's colour, and
the normal map, cropped to what the bust shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from portrait_core.geometry.components import component_labels
from portrait_core.imaging.colour_space import srgb_to_linear
from portrait_core.training.parts_template.hair_texture import png_bytes
from textures.raster import cover_texels

SIZE = 512
"""Texels of the cropped images at most."""

EDGE = 0.02
"""Share of the crop that is left free around the charts."""

LIGHT = 0.25
"""Linear light from which on cloth counts as light."""

AGREED = 0.25
"""A chart with no more than this share of other texels is all of one kind."""

HUE, TINTED = 0.3, 0.30
"""A texel whose channels differ by more than this share of the largest has a hue; a quad with so many such texels is
tinted."""

CLOSED = 2
"""Rings of quads that a gap in tinted cloth may have."""

RED = 1.5
"""Cloth that has so much more red than green counts as red."""


@dataclass(frozen=True, eq=False)
class ClothImages:
    """``uvs`` (U, 2) in the cropped images; ``shade``: PNG bytes, grey (255 is as light as the cloth) and, as alpha,
    the share of the person's colour; ``normals``: PNG bytes, or none."""

    uvs: NDArray[np.float32]
    shade: bytes
    normals: bytes


def cloth_images(
    folder: Path, quads: NDArray[np.int64], corners: NDArray[np.int64], uvs: NDArray[np.float32], white: str
) -> ClothImages:
    """The images of a garment's folder for the quads (Q, 4) with ``corners`` (Q, 4) in ``uvs`` (U, 2).

    ``white`` says which cloth keeps a white of its own: what is ``light`` or ``red`` in the set's texture, or ``""``.
    """
    low, high = uvs.min(axis=0), uvs.max(axis=0)
    side = float((high - low).max()) * (1 + 2 * EDGE)
    start = (low + high) / 2 - side / 2
    diffuse = _crop(_read(folder, "diffuse"), start, side)
    occlusion = _crop(_read(folder, "ao"), start, side)
    normal = _crop(_read(folder, "normal"), start, side)
    own = ((uvs - start) / side).astype(np.float32)
    size = len(diffuse) if diffuse is not None else SIZE
    faces = np.stack([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]], 1).reshape(-1, 3).astype(np.int32)
    texels = cover_texels(faces, own, size)
    shade = np.ones((size, size), np.float32) if occlusion is None else occlusion[..., 0].astype(np.float32) / 255
    share = np.ones((size, size), np.float32)
    if diffuse is not None and white:
        linear = srgb_to_linear(ndimage.median_filter(diffuse, (5, 5, 1)).astype(np.float32) / 255)
        light = linear.mean(axis=-1) > LIGHT
        own_white = light if white == "light" else linear[..., 0] > RED * linear[..., 1]
        tinted = np.ptp(linear, axis=-1) > HUE * linear.max(axis=-1)
        there = texels.row, texels.column
        share[there] = ~_by_piece(own_white[there], tinted[there], texels.face // 2, corners)
    painted = np.zeros((size, size), bool)
    painted[texels.row, texels.column] = True
    nearest = tuple(ndimage.distance_transform_edt(~painted, return_distances=False, return_indices=True))
    both = np.rint(np.stack([shade[nearest], share[nearest]], -1) * 255).astype(np.uint8)
    kept = b"" if normal is None else png_bytes(normal[..., :3][nearest])
    return ClothImages(own, png_bytes(both), kept)


def _by_piece(
    chosen: NDArray[np.bool_], tinted: NDArray[np.bool_], quad: NDArray[np.integer], corners: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(N,) whether the cloth that each of N texels belongs to is ``chosen``: whole charts where nearly all texels of
    one agree. A chart of both, which has something on it like a tie, is chosen but for the quads that are ``tinted``.
    So borders run along the mesh, not along a picture's noise."""
    count, places = len(corners), int(corners.max()) + 1
    chart = component_labels(places, corners.ravel(), np.roll(corners, -1, axis=1).ravel())[corners[:, 0]]
    number = np.maximum(np.bincount(chart[quad]), 1)
    share = (np.bincount(chart[quad], chosen) / number)[chart]
    other = np.bincount(quad, tinted, minlength=count) > TINTED * np.bincount(quad, minlength=count)
    # Gaps, such as a white stripe across, are closed.
    for _ in range(CLOSED):
        other = _grown(other, corners)
    for _ in range(CLOSED):
        other = ~_grown(~other, corners)
    return np.where(np.abs(share - 0.5) > 0.5 - AGREED, share > 0.5, ~other)[quad]


def _grown(chosen: NDArray[np.bool_], corners: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(Q,) the quads chosen and those beside them."""
    touched = np.zeros(int(corners.max()) + 1, bool)
    touched[corners[chosen]] = True
    return np.asarray(touched[corners].any(axis=1), np.bool_)


def _read(folder: Path, kind: str) -> Image.Image | None:
    path = folder / f"{folder.name}_{kind}.png"
    return Image.open(path).convert("RGB") if path.is_file() else None


def _crop(image: Image.Image | None, start: NDArray[np.float32], side: float) -> NDArray[np.uint8] | None:
    """The square from ``start`` (2,) in uvs, ``side`` long, at the image's own resolution."""
    if image is None:
        return None
    width, height = image.size
    left, top = float(start[0]) * width, (1 - float(start[1]) - side) * height
    size = min(SIZE, int(np.ceil(side * width)))
    box = left, top, left + side * width, top + side * height
    return np.asarray(image.transform((size, size), Image.Transform.EXTENT, box, Image.Resampling.BICUBIC))
