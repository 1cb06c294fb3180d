# SPDX-License-Identifier: Apache-2.0
"""The face of a photograph in the skin's layout: each texel takes the pixel that shows it, the light divided out.

What is not seen (turned away, under hair, behind the nose) is the other side's, mirrored, or the model's own skin. What
are parts of their own stays out: eyes, teeth. Brows are the photograph's own, as nobody else has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.imaging.colour_space import LINEAR_OF_BYTES, linear_to_srgb
from portrait_core.photo.face_layers import EvenedFace, joined
from portrait_core.photo.face_light import (
    FloatImage,
    calmed,
    of_one_colour,
    seamless,
    smooth,
    unlit,
)
from portrait_core.photo.face_regions import FaceRegions
from portrait_core.photo.head_camera import HeadCamera
from portrait_core.photo.shifts import Shifts, sampled
from textures.raster import blend, cover_texels

FEATHER = 0.065
"""Heights of the face inside its oval over which the picture begins to count."""
FACING = (0.18, 0.50)
"""Cosine of the angle between a surface and the camera from which on it counts, and counts in full."""
RATHER = (0.40, 0.70)
"""The same of what is taken before another photograph's."""
BEHIND = 0.002
"""Metres that something has to be in front of a texel to hide it."""
LEAST = 0.004
"""A share that is none."""
ABOUT = 0.06
"""Share of the picture's side about what counts within which triangles are looked at."""
EDGE = 0.004
"""Of the layout: how far from what is not seen a texel counts in full."""


@dataclass(frozen=True, eq=False)
class HeadSurface:
    """The skin as a photograph shows it: ``places`` and ``normals`` (V, 3) in the photograph's expression, ``faces``
    (F, 3), ``uvs`` (V, 2), symmetric about the column ``axis``; and everything that may hide it, ``solid``."""

    places: NDArray[np.float32]
    normals: NDArray[np.float32]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float32]
    axis: float
    solid: MeshQueries


@dataclass(frozen=True, eq=False)
class FaceTexture:
    """``picture`` (H, W, 4) sRGB and share, and where it lies in the layout: left, bottom, right, top; the share of the
    face that the photograph shows itself, ``seen``; how uneven its light is, ``light``: the strongest direction's over
    the mean; how much of the brows is in it, ``brows``."""

    picture: NDArray[np.uint8]
    box: tuple[float, float, float, float]
    seen: float
    light: float
    brows: float = 0.0


_NOTHING = FaceTexture(np.zeros((1, 1, 4), np.uint8), (0.0, 0.0, 1.0, 1.0), 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class FaceView:
    """A face in a photograph. ``surface`` and ``camera`` are the head at rest in the photograph's expression and what
    sees it, ``shifts`` lead from where the camera sees something to where the photograph has it, ``photograph``
    (P, P, 3) sRGB is the picture of the head, ``regions`` are of the same picture, at any size; ``folds`` says how much
    of the folds at the mouth is the expression's, 0 to 1."""

    surface: HeadSurface
    camera: HeadCamera
    shifts: Shifts
    photograph: NDArray[np.uint8]
    regions: FaceRegions
    folds: float = 1.0


@dataclass(frozen=True, eq=False)
class _Layer:
    """What a photograph shows of the skin: N texels by ``row`` and ``column``, linear ``colour`` (N, 3), how much each
    counts, ``weight``, and how much to be rather taken than what another photograph shows, ``rather``; ``normal``
    (N, 3); how much of each is ``brow``, lip and fold."""

    view: FaceView
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    colour: NDArray[np.float32]
    weight: NDArray[np.floating]
    rather: NDArray[np.float32]
    normal: NDArray[np.float32]
    brow: NDArray[np.float32]
    lips: NDArray[np.float32]
    folds: NDArray[np.float32]


def face_texture(views: Sequence[FaceView], base: NDArray[np.uint8], size: int) -> FaceTexture:
    """The face's picture.

    Args:
        views: the photographs. What the first shows well is its own, so that features are not seen twice; the others
            fill in the sides that they show better, in the first one's light.
        base: (S, S, 3) sRGB, the model's skin.
        size: texels along the whole layout; the picture has a part of it.
    """
    found = [layer for view in views if (layer := _layer(view, size)) is not None]
    if not found:
        return _NOTHING
    # The part of the layout that the face and its mirror image take.
    row, column = (np.concatenate([getattr(each, name) for each in found]) for name in ("row", "column"))
    axis = found[0].view.surface.axis
    mirrored = np.rint(2 * axis * size - 1 - column)
    top, bottom = int(row.min()), int(row.max()) + 1
    half = axis * size
    reach = float(np.abs(np.concatenate([column, mirrored]) + 0.5 - half).max())
    left, right = max(int(half - reach) - 1, 0), min(int(half + reach) + 2, size)
    plain = LINEAR_OF_BYTES[_resized(base, size)[top:bottom, left:right]]
    evened = [_evened(each, plain, (top, left), size) for each in found]
    photo, share, browed = joined(evened, plain, size)
    own = float(share.sum())
    photo, share = _mirrored(photo, share, half - left)
    photo = seamless(photo, plain, share, size)
    whole = np.concatenate([linear_to_srgb(np.clip(photo, 0, 1)), share[:, :, None]], axis=2)
    box = (left / size, 1 - bottom / size, right / size, 1 - top / size)
    picture = np.rint(whole * 255).clip(0, 255).astype(np.uint8)
    shown = float((share * browed).sum()) / max(float(browed.sum()), 1e-6)
    return FaceTexture(picture, box, min(own / max(float(share.sum()), 1e-6), 1.0), evened[0].light, shown)


def _layer(view: FaceView, size: int) -> _Layer | None:
    surface, camera, regions = view.surface, view.camera, view.regions
    # What turns away or lies outside the picture has no texels that count.
    corner = camera.project(surface.places)[:, :2]
    towards = ((surface.places - camera.centre) * surface.normals).sum(axis=1) < 0
    near = towards & (np.abs(corner - 0.5) < 0.5).all(axis=1)
    shares = _shares(regions)
    about = ndimage.maximum_filter(shares[::4, ::4], size=max(round(ABOUT * len(shares) / 4), 1))
    near[near] = sampled(about, view.shifts.shifted(corner[near])) > 0
    faces = surface.faces[near[surface.faces].any(axis=1)]
    if len(faces) == 0:
        return None
    texels = cover_texels(faces, surface.uvs, size)
    place = texels.interpolate(faces, surface.places)
    seen = camera.project(place)
    rows = np.flatnonzero(((seen[:, :2] > 0.02) & (seen[:, :2] < 0.98)).all(axis=1))
    way = place[rows] - camera.centre.astype(np.float32)
    far = np.linalg.norm(way, axis=1)
    normal = blend(faces[texels.face[rows]], texels.weights[rows], surface.normals)
    cosine = -(normal * way).sum(axis=1) / (far * np.linalg.norm(normal, axis=1))
    at = view.shifts.shifted(seen[rows, :2])
    weight = sampled(shares, at) * smooth((cosine - FACING[0]) / (FACING[1] - FACING[0]))
    keep = np.flatnonzero(weight > LEAST)
    hit = surface.solid.first_hits(camera.centre.astype(np.float32), way[keep] / far[keep, None])
    keep = keep[(hit.face < 0) | (hit.distance > far[keep] - BEHIND)]
    if len(keep) == 0:
        return None
    at, rows, normal, weight = at[keep], rows[keep], normal[keep], weight[keep]
    light = LINEAR_OF_BYTES[view.photograph]
    lips = ndimage.gaussian_filter(regions.lips.astype(np.float32), 0.006 * len(regions.oval))
    brow = ndimage.gaussian_filter(_band(regions).astype(np.float32), len(regions.oval) * 0.004)
    return _Layer(
        view,
        texels.row[rows],
        texels.column[rows],
        np.stack([sampled(light[:, :, k], at) for k in range(3)], axis=1),
        weight,
        (weight * smooth((cosine[keep] - RATHER[0]) / (RATHER[1] - RATHER[0]))).astype(np.float32),
        normal,
        np.clip(sampled(brow, at) * 2.5, 0, 1),
        sampled(lips, at),
        sampled(regions.folds, at),
    )


def _evened(layer: _Layer, plain: FloatImage, corner: tuple[int, int], size: int) -> EvenedFace:
    def image(values: NDArray[np.floating]) -> FloatImage:
        made = np.zeros((*plain.shape[:2], *values.shape[1:]), np.float32)
        made[layer.row - corner[0], layer.column - corner[1]] = values
        return made

    share, browed, lips = image(layer.weight), image(layer.brow), image(layer.lips)
    # Beside what hides something, as the wings of a nose, a pixel may be the other's.
    edge = smooth(ndimage.distance_transform_edt(share > 0) / (EDGE * size)).astype(np.float32)
    share *= edge
    photo, uneven = unlit(image(layer.colour), plain, image(layer.normal), share * (1 - browed), size)
    photo = of_one_colour(photo, plain, share * (1 - browed) * (1 - lips), lips, size)
    folded = image(layer.folds) * layer.view.folds * (1 - lips)
    photo = calmed(photo, plain, share * (1 - browed), size, folded)
    return EvenedFace(photo, share, image(layer.rather) * edge, browed, uneven)


def _shares(regions: FaceRegions) -> FloatImage:
    """How much each pixel counts: inside the oval, softly; no hair, no eyes, no inside of the mouth."""
    size = len(regions.oval)
    inside = ndimage.distance_transform_edt(regions.oval)
    share = smooth(inside / (FEATHER * regions.height))
    hair = ndimage.distance_transform_edt(~regions.hair) / regions.height
    share *= smooth((hair - 0.012) / 0.05)
    closed = regions.eyes | regions.mouth
    share *= np.clip(ndimage.distance_transform_edt(~closed) / (0.006 * regions.height), 0, 1)
    return ndimage.gaussian_filter(share, size * 0.0015).astype(np.float32)


def _band(regions: FaceRegions) -> NDArray[np.bool_]:
    """Brows and what grows about them."""
    return ndimage.binary_dilation(regions.brows, iterations=max(round(0.018 * regions.height), 1)) & ~regions.eyes


def _mirrored(photo: FloatImage, share: FloatImage, axis: float) -> tuple[FloatImage, FloatImage]:
    """With the other side's texels where one is not seen; the layout is symmetric about the column ``axis``."""
    width = share.shape[1]
    numbers: NDArray[np.float64] = np.arange(width, dtype=np.float64)
    columns = np.rint(2 * axis - 1 - numbers).astype(int)
    there = (columns >= 0) & (columns < width)
    columns = columns.clip(0, width - 1)
    other, known = photo[:, columns], share[:, columns] * there
    more = (1 - share) * known
    whole = share + more
    mixed = (photo * share[:, :, None] + other * more[:, :, None]) / np.maximum(whole, 1e-6)[:, :, None]
    return mixed.astype(np.float32), whole.astype(np.float32)


def _resized(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))
