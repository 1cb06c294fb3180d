# SPDX-License-Identifier: Apache-2.0
"""The colours of a garment on a person: the cloth's own shade in the person's colour, with stripes if there are any."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.imaging.colour_space import srgb_bytes, srgb_to_linear
from portrait_core.parts.body import Body
from portrait_core.parts.garment import Garment
from portrait_core.parts.part_mesh import triangles_of_quads
from portrait_core.parts.person_look import PersonLook
from portrait_core.parts.rest_pose import RestPose
from portrait_core.runtime.threads import in_pieces
from textures.raster import Texels, cover_texels

WHITE = 0.78
"""Linear light of what is white whatever the person's colour, such as a shirt under a jacket."""

STRIPES = 210.0
"""Radians a metre of height: the world's stripes are the sign of a sine of the height."""

STRIPE_SHARE = 0.8
"""Of a stripe's colour, where a person has stripes."""

STRIPED = (0.35, 0.5)
"""Persons have stripes or none: between these values of the scalar they come in. Who wears the shirt for its stripes
has them whole."""

WEAVE, THREAD = 0.012, 6.0
"""How much lighter and darker single threads are, and the texels of a thread: enough for any filter."""

SMALL = 256
"""Texels along an image up to which it is that of a picture."""
PIECE = 128
"""Rows of an image that are coloured at once."""


def cloth_colours(
    garment: Garment, look: PersonLook, size: int, heights: Callable[[], NDArray[np.float32]] | None = None
) -> NDArray[np.uint8]:
    """A garment's base colour (S, S, 3), sRGB, row 0 at the top, in a person's colours; ``size`` texels wide.

    ``heights`` gives those (U,) that stripes are a formula of, metres above the eyes, such as :func:`worn_heights`;
    without it they are those of the canonical body.
    """
    white, own = _still(garment, size)
    cloth, stripe = (_linear(look.palette[name]) for name in ("clothing", "stripes"))
    amount = float(_smooth(np.asarray(look.scalars.get("stripes", 0.0)), *STRIPED)) * STRIPE_SHARE
    at = _heights(garment, heights() if heights else garment.heights_of(look), size) if amount > 0.02 else None
    image = np.empty((size, size, 3), np.uint8)

    def rows(begin: int, end: int) -> None:
        part = slice(begin, end)
        striped = None if at is None else np.float32(amount) * _stripe(at[part]) * own[part]
        for channel in range(3):  # NumPy is slow along a short last axis
            lit = own[part] * (cloth[channel] - np.float32(WHITE)) + white[part]
            if striped is not None:
                lit += striped * (stripe[channel] - cloth[channel])
            image[part, :, channel] = srgb_bytes(lit)

    in_pieces(rows, size, PIECE)
    return image


def worn_heights(garment: Garment, body: Body, rest: RestPose) -> NDArray[np.float32]:
    """(U,) the heights of the canonical body, as much lower as lowering the arms brings the cloth down: stripes that
    are level on the chest stay level on sleeves, and do not run along them."""
    arms_out = replace(rest, turns=np.zeros_like(rest.turns))
    sunk = garment.places(body, rest)[:, 1] - garment.places(body, arms_out)[:, 1]
    result = garment.heights_of(body.look).astype(np.float32)
    of_uv = np.zeros(len(result), np.float32)
    of_uv[garment.corners.ravel()] = sunk[garment.quads.ravel()]
    return result + of_uv


def _still(garment: Garment, size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The same for everybody, (S, S) each: the light of white cloth, and how much of the person's colour less white is
    added to it. Those of pictures and those of avatars do not drive each other out."""
    return (_small_cloth if size <= SMALL else _large_cloth)(garment, size)


def _made_still(garment: Garment, size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    with Image.open(io.BytesIO(garment.shade)) as image:
        # Resized apart: pillow would weigh the light by the other channel, which is no opacity here.
        parts = [band.resize((size, size), Image.Resampling.BICUBIC) for band in image.convert("LA").split()]
    light, share = (np.asarray(np.asarray(part, np.float32) / np.float32(255), np.float32) for part in parts)
    thread = np.sin(np.arange(size) * (2 * np.pi / THREAD)).astype(np.float32)
    weave = np.float32(1) + np.float32(WEAVE) * thread[:, None] * thread
    shade = np.asarray((np.float32(0.25) + np.float32(0.75) * light) * weave, np.float32)
    return shade * np.float32(WHITE), shade * share


_small_cloth, _large_cloth = (lru_cache(maxsize=most)(_made_still) for most in (32, 8))


def _heights(garment: Garment, at: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """(S, S) metres above the eyes, from those (U,) of the places in the texture; continued beyond the charts."""
    faces, texels, nearest = _texels(garment, size)
    result = np.zeros((size, size), np.float32)
    result[texels.row, texels.column] = texels.interpolate(faces, at[:, None])[:, 0]
    return result[nearest]


@lru_cache(maxsize=4)
def _texels(garment: Garment, size: int) -> tuple[NDArray[np.int32], Texels, tuple[NDArray[np.int32], ...]]:
    """Faces (F, 3) over the texture, their texels, and the row and the column (S, S) of the nearest such texel."""
    faces, _ = triangles_of_quads(garment.corners)
    texels = cover_texels(faces, garment.uvs, size)
    return faces, texels, texels.nearest(size)


def _stripe(heights: NDArray[np.float32]) -> NDArray[np.float32]:
    """0 to 1: how much of the second colour there is at heights (metres above the eyes of the canonical body)."""
    return np.asarray(_smooth(np.sin(heights * np.float32(STRIPES)), -0.2, 0.2), np.float32)


def _smooth(x: NDArray[np.floating], low: float, high: float) -> NDArray[np.floating]:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _linear(srgb: NDArray[np.floating]) -> NDArray[np.float32]:
    return srgb_to_linear(np.clip(np.asarray(srgb, np.float32), 0, 1))
