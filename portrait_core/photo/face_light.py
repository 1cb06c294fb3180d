# SPDX-License-Identifier: Apache-2.0
"""What light does to the skin in a photograph, told from the skin itself and taken back, in the layout of textures.

Images are linear RGB (H, W, 3), ``weight`` (H, W) says how much each texel counts, ``size`` is the whole layout's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from portrait_core.photo.crop import FloatArray

FloatImage = NDArray[np.float32]

LIGHT_MIX = 0.35
"""How much of what low-order light leaves, at the size of cheeks, is taken for light as well."""
LIGHT_SIZE, SEAM_SIZE = 0.045, 0.03
"""Of the layout: how wide such remains are, and over which the border takes on the model's skin."""
FOLD_SIZES = (0.0018, 0.022)
"""Of the layout: smaller things are no folds and no shine, and larger ones are light."""
SHINE, SHINE_MIX = 0.30, 0.50
"""Of the logarithm of light: what is beyond it is shine; how much of that is taken back."""
FOLD_MIX = 0.5
"""How much of the folds of a wide smile is taken back."""
TINT_SIZE, TINT_MIX = 0.016, 0.75
"""Of the layout: tints of the skin that are wider are the light's; how much of them is taken back."""
SEAM = 0.45
"""Of the logarithm of light: how much the border is changed at most."""
GREY = np.array([0.2126, 0.7152, 0.0722], np.float32)
DARKEST = 0.004


def unlit(
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
    lit = np.flatnonzero(weight.ravel() > 0)
    shade = np.full(good.shape, numbers[0])
    shade.reshape(-1)[lit] = _harmonics(normals.reshape(-1, 3)[lit]) @ numbers
    mean = float(np.average(shade[good], weights=weight[good]))
    shade = np.clip(shade / mean, 0.35, 2.2).astype(np.float32)
    even = photo / shade[:, :, None]
    # What is left at the size of cheeks: shadows that are thrown, and light that is not low-order.
    left = np.log(np.maximum(even @ GREY, DARKEST) / np.maximum(plain @ GREY, DARKEST))
    middle = float(np.average(left[good], weights=weight[good]))
    soft = blurred(left - middle, weight * good, LIGHT_SIZE * size)
    even = even / np.exp(LIGHT_MIX * np.clip(soft, -1.0, 0.8))[:, :, None]
    return even.astype(np.float32), float(np.linalg.norm(numbers[1:4]) / max(numbers[0], 1e-3))


def of_one_colour(photo: FloatImage, plain: FloatImage, weight: FloatImage, lips: FloatImage, size: int) -> FloatImage:
    """``photo`` without most of the tints that are wider than a mole: lamps and walls make them. Lips keep theirs."""
    ratio = np.log(np.maximum(photo, DARKEST)) - np.log(np.maximum(plain, DARKEST))
    tint = ratio - (ratio @ GREY)[:, :, None]
    middle = np.array([np.average(tint[:, :, k], weights=weight + 1e-9) for k in range(3)], np.float32)
    wide = np.stack([blurred(tint[:, :, k] - middle[k], weight, TINT_SIZE * size) for k in range(3)], axis=2)
    return (photo * np.exp(-TINT_MIX * np.clip(wide, -0.5, 0.5) * (1 - np.clip(lips, 0, 1))[:, :, None])).astype(
        np.float32
    )


def calmed(photo: FloatImage, plain: FloatImage, weight: FloatImage, size: int, folds: FloatImage) -> FloatImage:
    """``photo`` without shine, and without the folds of a smile: ``folds`` (H, W) says where such are, and how much of
    them is taken back. Shine is what is much lighter than the skin about it, a fold what is darker or lighter there, at
    the size of such things; moles, lashes and stubble are smaller, and brows and wrinkles of its own a face keeps."""
    shades = np.log(np.maximum(photo, DARKEST)) - np.log(np.maximum(plain, DARKEST))
    fine = np.stack([ndimage.gaussian_filter(shades[:, :, k], FOLD_SIZES[0] * size) for k in range(3)], axis=2)
    wide = np.stack([blurred(shades[:, :, k], weight, FOLD_SIZES[1] * size) for k in range(3)], axis=2)
    band = fine - wide
    even = photo * np.exp(-FOLD_MIX * band * folds[:, :, None])
    shine = np.clip(band @ GREY - SHINE, 0, None)
    even = even * np.exp(-SHINE_MIX * shine * (1 - folds))[:, :, None]
    # Shine has the light's colour: beneath it is skin.
    tint = plain / np.maximum(plain @ GREY, DARKEST)[:, :, None]
    share = np.clip(shine / 0.35, 0, 0.8)[:, :, None]
    return (even * (1 - share) + (even @ GREY)[:, :, None] * tint * share).astype(np.float32)


def _harmonics(normals: NDArray[np.floating]) -> FloatArray:
    """(N, 9): real spherical harmonics up to the second order, without their constants, of directions (N, 3)."""
    x, y, z = np.asarray(normals, np.float64).T
    columns = [np.ones_like(x), x, y, z, x * y, y * z, x * z, x * x - y * y, 3 * z * z - 1]
    return np.stack(columns, axis=1)


def seamless(photo: FloatImage, plain: FloatImage, share: FloatImage, size: int) -> FloatImage:
    """``photo`` in the brightness and colour of the model's skin, at its border in all that is wide."""
    good = share > 0.02
    ratio = np.log(np.maximum(photo, DARKEST)) - np.log(np.maximum(plain, DARKEST))
    middle = np.median(ratio[share > 0.9], axis=0) if (share > 0.9).any() else np.zeros(3)
    soft = np.stack([blurred(ratio[:, :, k] - middle[k], good * share, SEAM_SIZE * size) for k in range(3)], axis=2)
    # Deep inside the face its own colours stay: lips, cheeks, a beard's shadow.
    inside = ndimage.distance_transform_edt(share > 0.6) / size
    border = 1 - smooth(inside / 0.07)
    return (photo * np.exp(-middle - np.clip(soft, -SEAM, SEAM) * border[:, :, None])).astype(np.float32)


def blurred(values: NDArray[np.floating], weight: NDArray[np.floating], width: float) -> FloatImage:
    """The mean of ``values`` about each texel by ``weight``, over a Gaussian of ``width`` texels."""
    step = max(int(width // 4), 1)
    small_values, small_weight = (values * weight)[::step, ::step], np.asarray(weight)[::step, ::step]
    top = ndimage.gaussian_filter(small_values, width / step)
    low = ndimage.gaussian_filter(small_weight, width / step)
    small = top / np.maximum(low, 1e-5)
    if step == 1:
        return small.astype(np.float32)
    rows, columns = (int(each) for each in values.shape[:2])
    return np.ascontiguousarray(_finer(_finer(small, rows, step).T, columns, step).T, np.float32)


def _finer(values: FloatArray, count: int, step: int) -> FloatArray:
    """(``count``, C) of values (R, C), of which every ``step``-th row is known, with straight lines between."""
    at = np.arange(count) / step
    low = at.astype(int)
    share = (at - low).astype(values.dtype)[:, None]
    return values[low] * (1 - share) + values[np.minimum(low + 1, len(values) - 1)] * share


def smooth(x: NDArray[np.floating]) -> NDArray[np.floating]:
    t = np.clip(x, 0, 1)
    return t * t * (3 - 2 * t)
