# SPDX-License-Identifier: Apache-2.0
"""The maps of a garment on a person: the cloth's own shade in the person's colour, with stripes where there are any."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from portrait_core.imaging.colour_space import linear_to_srgb, srgb_to_linear
from portrait_core.parts.garment import Garment
from portrait_core.parts.part_mesh import triangles_of_quads
from portrait_core.parts.person_look import PersonLook
from textures.raster import Texels, cover_texels

WHITE = 0.78
"""Linear light of what is white whatever the person's colour, such as a shirt under a jacket."""

STRIPES = 210.0
"""Radians a metre of height: the world's stripes are the sign of a sine of the height."""

STRIPE_SHARE = 0.8
"""Of a stripe's colour, where a person has stripes."""

STRIPED = (0.35, 0.65)
"""Persons have stripes or none: between these values of the scalar they come in."""

WEAVE, THREAD = 0.012, 6.0
"""How much lighter and darker single threads are, and the texels of a thread: enough for any filter."""

RELIEF = 0.08
"""Slope of the threads in the normal map."""


@dataclass(frozen=True, eq=False)
class ClothMaps:
    """Images, row 0 at the top: ``base_colour`` (S, S, 3) sRGB; ``normal`` (S, S, 3), tangent space, +y up."""

    base_colour: NDArray[np.uint8]
    normal: NDArray[np.uint8]


def cloth_maps(garment: Garment, look: PersonLook, size: int) -> ClothMaps:
    """The maps of a garment in a person's colours, ``size`` texels wide."""
    still = _still(garment, size)
    cloth, stripe = (_linear(look.palette[name]) for name in ("clothing", "stripes"))
    amount = float(_smooth(np.asarray(look.scalars.get("stripes", 0.0)), *STRIPED)) * STRIPE_SHARE
    colour = np.broadcast_to(cloth, (size, size, 3))
    if amount > 0.02:
        colour = cloth + (stripe - cloth) * (amount * _stripe(still.heights(garment.heights_of(look))))[..., None]
    mixed = WHITE + (colour - WHITE) * still.share[..., None]
    lit = np.clip(mixed * still.shade[..., None], 0, 1).astype(np.float32)
    return ClothMaps(np.rint(linear_to_srgb(lit) * 255).astype(np.uint8), still.normal)


@dataclass(frozen=True, eq=False)
class _Still:
    """What is the same for everybody, (S, S) each: light beside the cloth's own, share of the person's colour; the
    texels of the ``faces`` (F, 3) over the texture, and the nearest such texel of each; the normal map."""

    shade: NDArray[np.float32]
    share: NDArray[np.float32]
    faces: NDArray[np.int32]
    texels: Texels
    nearest: tuple[NDArray[np.int32], ...]
    normal: NDArray[np.uint8]

    def heights(self, at: NDArray[np.float32]) -> NDArray[np.float32]:
        """(S, S) metres above the eyes, from those (U,) of the places in the texture."""
        result = np.zeros(self.shade.shape, np.float32)
        result[self.texels.row, self.texels.column] = self.texels.interpolate(self.faces, at[:, None])[:, 0]
        return result[self.nearest]


@lru_cache(maxsize=8)
def _still(garment: Garment, size: int) -> _Still:
    with Image.open(io.BytesIO(garment.shade)) as image:
        # Resized apart: pillow would weigh the light by the other channel, which is no opacity here.
        parts = [band.resize((size, size), Image.Resampling.BICUBIC) for band in image.convert("LA").split()]
        both = np.stack([np.asarray(part, np.float32) for part in parts], -1) / 255
    faces, _ = triangles_of_quads(garment.corners)
    texels = cover_texels(faces, garment.uvs, size)
    own = np.zeros((size, size), bool)
    own[texels.row, texels.column] = True
    nearest = tuple(ndimage.distance_transform_edt(~own, return_distances=False, return_indices=True))
    row, column = np.mgrid[:size, :size]
    across, down = (2 * np.pi / THREAD * each for each in (column, row))
    shade = (0.25 + 0.75 * both[..., 0]) * (1 + WEAVE * np.sin(down) * np.sin(across))
    slopes = np.stack([-np.cos(across) * np.sin(down), np.sin(across) * np.cos(down)], -1) * RELIEF
    share = both[..., 1].astype(np.float32)
    return _Still(shade.astype(np.float32), share, faces, texels, nearest, _normals(garment, size, slopes))


def _normals(garment: Garment, size: int, slopes: NDArray[np.floating]) -> NDArray[np.uint8]:
    """(S, S, 3) the set's own normals, where there are any, with the weave's ``slopes`` (S, S, 2) on top."""
    vector = np.tile(np.array([0.0, 0.0, 1.0]), (size, size, 1))
    if garment.normals:
        with Image.open(io.BytesIO(garment.normals)) as image:
            image = image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
            vector = np.asarray(image, np.float64) / 127.5 - 1
    vector[..., :2] += slopes * np.maximum(vector[..., 2:], 0)
    vector /= np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-6)
    return np.rint((vector * 0.5 + 0.5) * 255).astype(np.uint8)


def _stripe(heights: NDArray[np.float32]) -> NDArray[np.float32]:
    """0 to 1: how much of the second colour there is at heights (metres above the eyes of the canonical body)."""
    return _smooth(np.sin(heights * STRIPES), -0.2, 0.2)


def _smooth(x: NDArray[np.floating], low: float, high: float) -> NDArray[np.floating]:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _linear(srgb: NDArray[np.floating]) -> NDArray[np.float32]:
    return srgb_to_linear(np.clip(np.asarray(srgb, np.float32), 0, 1))
