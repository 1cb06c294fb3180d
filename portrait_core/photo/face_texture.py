# SPDX-License-Identifier: Apache-2.0
"""The face of a photograph in the skin's layout: each texel takes the pixel that shows it, the light divided out.

What is not seen (turned away, under hair, behind the nose) is the other side's, mirrored, or the model's own skin. What
are parts of their own stays out: eyes, teeth; brows are painted over with the skin around them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import RBFInterpolator

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.imaging.colour_space import linear_to_srgb, srgb_to_linear
from portrait_core.photo.crop import FloatArray
from portrait_core.photo.face_regions import FaceRegions
from portrait_core.photo.head_camera import HeadCamera
from textures.raster import blend, cover_texels

FloatImage = NDArray[np.float32]

FEATHER = 0.065
"""Heights of the face inside its oval over which the picture begins to count."""
FACING = (0.18, 0.50)
"""Cosine of the angle between a surface and the camera from which on it counts, and counts in full."""
BEHIND = 0.002
"""Metres that something has to be in front of a texel to hide it."""
LIGHT_MIX = 0.35
"""How much of what low-order light leaves, at the size of cheeks, is taken for light as well."""
LIGHT_SIZE, SEAM_SIZE = 0.045, 0.03
"""Of the layout: how wide such remains are, and over which the border takes on the model's skin."""
BROW_SIZE = 0.016
"""Of the layout: over which width skin is mixed where brows were."""
LEAST = 0.004
"""A share that is none."""
FOLD_SIZES = (0.0018, 0.022)
"""Of the layout: smaller things are no folds and no shine, and larger ones are light."""
SHINE, SHINE_MIX = 0.07, 0.75
FOLD, FOLD_MIX = 0.08, 0.75
"""Of the logarithm of light: what is beyond it is shine, or a fold; how much of that is taken back."""
PALE = 0.16
"""Share of the skin's light that brows take at least to be seen."""
BROW_TEXELS = 256
EDGE = 0.004
"""Of the layout: how far from what is not seen a texel counts in full."""
TINT_SIZE, TINT_MIX = 0.016, 0.75
"""Of the layout: tints of the skin that are wider are the light's; how much of them is taken back."""
SEAM = 0.45
"""Of the logarithm of light: how much the border is changed at most."""
GRID = 96
"""Places of a side at which the way to the photograph is computed; between them it is straight."""
GREY = np.array([0.2126, 0.7152, 0.0722], np.float32)
DARKEST = 0.004


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
class Card:
    """Brows as the photograph's expression has them: the name of their ``style``, ``places`` (V, 3), ``faces`` (F, 3)
    and ``uvs`` (V, 2)."""

    style: str
    places: NDArray[np.float32]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FaceTexture:
    """``picture`` (H, W, 4) sRGB and share, and where it lies in the layout: left, bottom, right, top; the share of the
    face that the photograph shows itself, ``seen``; how uneven its light is, ``light``: the strongest direction's over
    the mean."""

    picture: NDArray[np.uint8]
    box: tuple[float, float, float, float]
    seen: float
    light: float


def face_texture(
    surface: HeadSurface,
    camera: HeadCamera,
    correction: RBFInterpolator,
    photograph: NDArray[np.uint8],
    regions: FaceRegions,
    base: NDArray[np.uint8],
    size: int,
    folds: float = 1.0,
) -> FaceTexture:
    """The face's picture.

    Args:
        surface, camera: the head at rest in the photograph's expression, and what sees it.
        correction: from where the camera sees something to where the photograph (0 to 1) has it, as shifts.
        photograph: (P, P, 3) sRGB, the picture of the head.
        regions: of the same picture, at any size.
        base: (S, S, 3) sRGB, the model's skin.
        size: texels along the whole layout; the picture has a part of it.
        folds: how much of the folds is the expression's, 0 to 1.
    """
    texels = cover_texels(surface.faces, surface.uvs, size)
    place = texels.interpolate(surface.faces, surface.places)
    seen = camera.project(place)
    rows = np.flatnonzero(((seen[:, :2] > 0.02) & (seen[:, :2] < 0.98)).all(axis=1))
    way = place[rows] - camera.centre.astype(np.float32)
    far = np.linalg.norm(way, axis=1)
    normal = blend(surface.faces[texels.face[rows]], texels.weights[rows], surface.normals)
    cosine = -(normal * way).sum(axis=1) / (far * np.linalg.norm(normal, axis=1))
    grid = _shift_grid(correction)
    at = seen[rows, :2] + np.stack([_sampled(grid[:, :, k], seen[rows, :2]) for k in range(2)], axis=1)
    weight = _sampled(_shares(regions), at) * _smooth((cosine - FACING[0]) / (FACING[1] - FACING[0]))
    keep = np.flatnonzero(weight > LEAST)
    hit = surface.solid.first_hits(camera.centre.astype(np.float32), way[keep] / far[keep, None])
    keep = keep[(hit.face < 0) | (hit.distance > far[keep] - BEHIND)]
    if len(keep) == 0:
        return FaceTexture(np.zeros((1, 1, 4), np.uint8), (0.0, 0.0, 1.0, 1.0), 0.0, 0.0)
    at, weight, normal, rows = at[keep], weight[keep], normal[keep], rows[keep]
    light = srgb_to_linear(np.asarray(photograph, np.float32) / 255)
    colour = np.stack([_sampled(light[:, :, k], at) for k in range(3)], axis=1)
    brow = _sampled(ndimage.gaussian_filter(_band(regions).astype(np.float32), len(regions.oval) * 0.004), at)

    # From here on the part of the layout that the face and its mirror image take.
    row, column = texels.row[rows], texels.column[rows]
    mirrored = np.rint(2 * surface.axis * size - 1 - column)
    top, bottom = int(row.min()), int(row.max()) + 1
    half = surface.axis * size
    reach = float(np.abs(np.concatenate([column, mirrored]) + 0.5 - half).max())
    left, right = max(int(half - reach) - 1, 0), min(int(half + reach) + 2, size)

    def image(values: NDArray[np.floating]) -> FloatImage:
        made = np.zeros((bottom - top, right - left, *values.shape[1:]), np.float32)
        made[row - top, column - left] = values
        return made

    share, browed = image(weight), image(np.clip(brow * 2.5, 0, 1))
    # Beside what hides something, as the wings of a nose, a pixel may be the other's.
    share *= _smooth(ndimage.distance_transform_edt(share > 0) / (EDGE * size)).astype(np.float32)
    plain = srgb_to_linear(_resized(base, size)[top:bottom, left:right].astype(np.float32) / 255)
    lips = image(_sampled(ndimage.gaussian_filter(regions.lips.astype(np.float32), 0.006 * len(regions.oval)), at))
    photo, uneven = _unlit(image(colour), plain, image(normal), share * (1 - browed), size)
    photo = _of_one_colour(photo, plain, share * (1 - browed) * (1 - lips), lips, size)
    photo = _calmed(photo, plain, share * (1 - browed), size, folds)
    photo = _without(photo, browed, share, size)
    own = float(share.sum())
    photo, share = _mirrored(photo, share, half - left)
    photo = _seamless(photo, plain, share, size)
    whole = np.concatenate([linear_to_srgb(np.clip(photo, 0, 1)), share[:, :, None]], axis=2)
    box = (left / size, 1 - bottom / size, right / size, 1 - top / size)
    picture = np.rint(whole * 255).clip(0, 255).astype(np.uint8)
    return FaceTexture(picture, box, min(own / max(float(share.sum()), 1e-6), 1.0), uneven)


def brow_cover(
    card: Card,
    camera: HeadCamera,
    correction: RBFInterpolator,
    photograph: NDArray[np.uint8],
    regions: FaceRegions,
) -> NDArray[np.uint8] | None:
    """(256, 256): how much of a card of brows the photograph's own brows cover; None where they hardly show."""
    size = len(regions.oval)
    bright = srgb_to_linear(_resized(photograph, size).astype(np.float32) / 255) @ GREY
    high = 1.0 / max(float(np.abs(np.gradient(regions.up)[0]).max()), 1e-6)
    band = _band(regions) & ~regions.hair
    around = regions.oval & ~_band(regions) & ~regions.eyes & ~regions.hair
    dark = 1 - bright / np.maximum(_blurred(bright, around.astype(np.float32), 0.04 * high), DARKEST)
    inside = regions.brows & ~regions.hair
    if inside.sum() < 20:
        return None
    full = float(np.percentile(dark[inside], 80))
    if full < PALE:
        return None
    soft = np.clip(ndimage.distance_transform_edt(band) / (0.008 * high), 0, 1)
    cover = np.clip((dark - 0.2 * full) / (0.65 * full), 0, 1) * soft
    # What hangs together with a brow is one; a strand of hair beside it is not.
    parts, count = ndimage.label(cover > 0.15)
    own = np.isin(parts, [k for k in range(1, count + 1) if (inside & (parts == k)).sum() > 0.02 * inside.sum()])
    cover = cover * ndimage.gaussian_filter(own.astype(np.float32), 0.8)
    texels = cover_texels(card.faces, card.uvs, BROW_TEXELS)
    seen = camera.project(texels.interpolate(card.faces, card.places))[:, :2]
    grid = _shift_grid(correction)
    at = seen + np.stack([_sampled(grid[:, :, k], seen) for k in range(2)], axis=1)
    made = np.zeros((BROW_TEXELS, BROW_TEXELS), np.float32)
    made[texels.row, texels.column] = _sampled(cover, at)
    return np.rint(made * 255).clip(0, 255).astype(np.uint8)


def _shift_grid(correction: RBFInterpolator) -> FloatImage:
    """(G, G, 2): shifts all over the picture."""
    step = (np.arange(GRID) + 0.5) / GRID
    places = np.stack(np.meshgrid(step, step), axis=-1).reshape(-1, 2)
    return correction(places).reshape(GRID, GRID, 2).astype(np.float32)


def _shares(regions: FaceRegions) -> FloatImage:
    """How much each pixel counts: inside the oval, softly; no hair, no eyes, no inside of the mouth."""
    size = len(regions.oval)
    high = 1.0 / max(float(np.abs(np.gradient(regions.up)[0]).max()), 1e-6)
    inside = ndimage.distance_transform_edt(regions.oval)
    share = _smooth(inside / (FEATHER * high))
    hair = ndimage.distance_transform_edt(~regions.hair) / high
    share *= _smooth((hair - 0.012) / 0.05)
    closed = regions.eyes | regions.mouth
    share *= np.clip(ndimage.distance_transform_edt(~closed) / (0.006 * high), 0, 1)
    return ndimage.gaussian_filter(share, size * 0.0015).astype(np.float32)


def _band(regions: FaceRegions) -> NDArray[np.bool_]:
    """Brows and what grows about them."""
    high = 1.0 / max(float(np.abs(np.gradient(regions.up)[0]).max()), 1e-6)
    return ndimage.binary_dilation(regions.brows, iterations=max(round(0.018 * high), 1)) & ~regions.eyes


def _unlit(
    photo: FloatImage, plain: FloatImage, normals: FloatImage, weight: FloatImage, size: int
) -> tuple[FloatImage, float]:
    """``photo`` with an even light: what spherical harmonics of the second order explain of its brightness over the
    model's skin (Ramamoorthi and Hanrahan 2001), and some of what is left at the size of cheeks."""
    good = weight > 0.35
    if good.sum() < 500:
        return photo, 0.0
    ratio = np.maximum(photo @ GREY, DARKEST) / np.maximum(plain @ GREY, DARKEST)
    rows = np.flatnonzero(good.ravel())
    rows = rows[:: max(len(rows) // 40_000, 1)]
    basis, wanted = _harmonics(normals.reshape(-1, 3)[rows]), ratio.ravel()[rows].astype(np.float64)
    strength = weight.ravel()[rows].astype(np.float64)
    ridge = np.diag([0.0, *[0.01] * 3, *[0.05] * 5]) * len(rows)
    numbers = np.zeros(9)
    for _ in range(4):  # shadows, moles and shine count less
        numbers = np.linalg.solve(basis.T @ (basis * strength[:, None]) + ridge, basis.T @ (strength * wanted))
        off = (wanted - basis @ numbers) / max(float(np.median(wanted)), 1e-3)
        strength = weight.ravel()[rows] / (1 + (off / 0.15) ** 2)
    shade = (_harmonics(normals.reshape(-1, 3)) @ numbers).reshape(good.shape)
    mean = float(np.average(shade[good], weights=weight[good]))
    shade = np.clip(shade / mean, 0.35, 2.2).astype(np.float32)
    even = photo / shade[:, :, None]
    # What is left at the size of cheeks: shadows that are thrown, and light that is not low-order.
    left = np.log(np.maximum(even @ GREY, DARKEST) / np.maximum(plain @ GREY, DARKEST))
    middle = float(np.average(left[good], weights=weight[good]))
    soft = _blurred(left - middle, weight * good, LIGHT_SIZE * size)
    even = even / np.exp(LIGHT_MIX * np.clip(soft, -1.0, 0.8))[:, :, None]
    return even.astype(np.float32), float(np.linalg.norm(numbers[1:4]) / max(numbers[0], 1e-3))


def _of_one_colour(photo: FloatImage, plain: FloatImage, weight: FloatImage, lips: FloatImage, size: int) -> FloatImage:
    """``photo`` without most of the tints that are wider than a mole: lamps and walls make them. Lips keep theirs."""
    ratio = np.log(np.maximum(photo, DARKEST)) - np.log(np.maximum(plain, DARKEST))
    tint = ratio - (ratio @ GREY)[:, :, None]
    middle = np.array([np.average(tint[:, :, k], weights=weight + 1e-9) for k in range(3)], np.float32)
    wide = np.stack([_blurred(tint[:, :, k] - middle[k], weight, TINT_SIZE * size) for k in range(3)], axis=2)
    return (photo * np.exp(-TINT_MIX * np.clip(wide, -0.5, 0.5) * (1 - np.clip(lips, 0, 1))[:, :, None])).astype(
        np.float32
    )


def _calmed(photo: FloatImage, plain: FloatImage, weight: FloatImage, size: int, folds: float) -> FloatImage:
    """``photo`` without shine, and with the folds of a smile half as deep: what is much lighter or darker than the skin
    about it, at the size of such things; moles, lashes and stubble are smaller."""
    bright = np.log(np.maximum(photo @ GREY, DARKEST) / np.maximum(plain @ GREY, DARKEST))
    fine = ndimage.gaussian_filter(bright, FOLD_SIZES[0] * size)
    wide = _blurred(bright, weight, FOLD_SIZES[1] * size)
    band = fine - wide
    shine = np.clip(band - SHINE, 0, None)
    fold = np.clip(-band - FOLD, 0, None)
    change = FOLD_MIX * folds * fold - SHINE_MIX * shine
    calmed = photo * np.exp(change)[:, :, None]
    # Shine has the light's colour: beneath it is skin.
    tint = plain / np.maximum(plain @ GREY, DARKEST)[:, :, None]
    share = np.clip(shine / 0.35, 0, 0.8)[:, :, None]
    return (calmed * (1 - share) + (calmed @ GREY)[:, :, None] * tint * share).astype(np.float32)


def _harmonics(normals: NDArray[np.floating]) -> FloatArray:
    """(N, 9): real spherical harmonics up to the second order, without their constants, of directions (N, 3)."""
    x, y, z = np.asarray(normals, np.float64).T
    columns = [np.ones_like(x), x, y, z, x * y, y * z, x * z, x * x - y * y, 3 * z * z - 1]
    return np.stack(columns, axis=1)


def _without(photo: FloatImage, band: FloatImage, share: FloatImage, size: int) -> FloatImage:
    """``photo`` with the skin around instead of what lies in a ``band``."""
    weight = share * (band < 0.02)
    wide = np.stack([_blurred(photo[:, :, k], weight, BROW_SIZE * size) for k in range(3)], axis=2)
    return (photo * (1 - band[:, :, None]) + wide * band[:, :, None]).astype(np.float32)


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


def _seamless(photo: FloatImage, plain: FloatImage, share: FloatImage, size: int) -> FloatImage:
    """``photo`` in the brightness and colour of the model's skin, at its border in all that is wide."""
    good = share > 0.02
    ratio = np.log(np.maximum(photo, DARKEST)) - np.log(np.maximum(plain, DARKEST))
    middle = np.median(ratio[share > 0.9], axis=0) if (share > 0.9).any() else np.zeros(3)
    soft = np.stack([_blurred(ratio[:, :, k] - middle[k], good * share, SEAM_SIZE * size) for k in range(3)], axis=2)
    # Deep inside the face its own colours stay: lips, cheeks, a beard's shadow.
    inside = ndimage.distance_transform_edt(share > 0.6) / size
    border = 1 - _smooth(inside / 0.07)
    return (photo * np.exp(-middle - np.clip(soft, -SEAM, SEAM) * border[:, :, None])).astype(np.float32)


def _blurred(values: NDArray[np.floating], weight: NDArray[np.floating], width: float) -> FloatImage:
    """The mean of ``values`` about each texel by ``weight``, over a Gaussian of ``width`` texels."""
    step = max(int(width // 4), 1)
    small_values, small_weight = (values * weight)[::step, ::step], np.asarray(weight)[::step, ::step]
    top = ndimage.gaussian_filter(small_values, width / step)
    low = ndimage.gaussian_filter(small_weight, width / step)
    small = top / np.maximum(low, 1e-5)
    if step == 1:
        return small.astype(np.float32)
    rows, columns = (int(each) for each in values.shape[:2])
    grid = np.meshgrid(np.arange(rows) / step, np.arange(columns) / step, indexing="ij")
    return ndimage.map_coordinates(small, grid, order=1, mode="nearest").astype(np.float32)


def _sampled(image: NDArray[np.floating], at: FloatArray) -> NDArray[np.float32]:
    """(N,): an image (S, S) at places (N, 2), 0 to 1 across and down, bilinear."""
    size = len(image)
    return ndimage.map_coordinates(image, [at[:, 1] * size - 0.5, at[:, 0] * size - 0.5], order=1, mode="nearest")


def _resized(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    from PIL import Image

    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))


def _smooth(x: NDArray[np.floating]) -> NDArray[np.floating]:
    t = np.clip(x, 0, 1)
    return t * t * (3 - 2 * t)
