# SPDX-License-Identifier: Apache-2.0
"""The maps of a hair style: the set's texture at any size, sharpened by strands drawn along the solved coordinates.

They are the same for everybody who wears the style: grey, with the person's colour as the material's factor.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from portrait_core.geometry.components import component_labels
from portrait_core.imaging.colour_space import linear_to_srgb, srgb_to_linear
from portrait_core.parts.hair import HairStyle
from portrait_core.parts.hair_ends import tapering
from portrait_core.parts.lattice_noise import noise
from portrait_core.parts.part_mesh import triangles_of_quads
from textures.raster import cover_texels

LIGHT = 0.55
"""Linear value of a texel of the person's own colour: blond hair is still below one after the factor."""

CONTRAST = 3.4
"""A step of one in the stored detail is so much in the logarithm of light."""

STRANDS = ((0.0032, 0.10), (0.0015, 0.09), (0.0008, 0.08))
"""Widths of drawn strands, metres, and how much they add to the detail; what is finer than two texels is left out."""

LONG = 0.09
"""Along its strand the drawn detail changes over this many metres."""

TUFTS = 100
"""Pieces of a single quad from which on a style is of tufts: frizzy hair, which has no strands to be seen."""

FRIZZ = ((0.0050, 0.14), (0.0024, 0.26), (0.0013, 0.26))
"""Widths of its curls, metres, and how much their ridges add to the detail."""

ROOT = (0.45, 0.022)
"""Share of light at the roots, and the metres over which it becomes full."""

ENDS = ((0.0026, 0.25), (0.0012, 0.55), (0.0006, 0.6))
"""Widths in metres of the strands at hairlines and free ends, and how much longer they are than others."""

BORDER, SHORT = 0.0016, (0.30, 0.45)
"""Metres about which borders of hair are softened to find how far inside a texel is, and what strands there leave
bare: a share of that on average, and how unevenly."""

TAPER_TEXELS = 256
"""So many texels along an edge are enough to find where strands taper."""

TAPERED, SMOOTH = (0.36, 0.48), 0.002
"""What strands leave bare where they come to their ends, as :data:`SHORT`, and metres over which that begins softly."""

NARROW = 0.005
"""Metres: where strands seem to end within so little of hair that goes on at both sides, none does."""

SPECK, HOLE = 2e-5, 8e-6
"""Square metres: smaller flecks of hair that hang in the air are left out, and smaller holes in hair are closed: one
sees the dark beneath."""

LEAST = 0.5
"""Cover up to which hair has a hole."""

SHARP = 2.5
"""How abruptly a strand ends across."""

RELIEF = 0.0006
"""Metres of height for a step of one in the detail, for the normal map."""


@dataclass(frozen=True, eq=False)
class HairMaps:
    """Images, row 0 at the top: ``base_colour`` (S, S, 3) sRGB, grey; ``opacity`` (S, S, 1). What not everybody asks
    for is made when it is: of the ``detail`` (S, S) and :class:`StrandTexels`."""

    base_colour: NDArray[np.uint8]
    opacity: NDArray[np.uint8]
    detail: NDArray[np.float32]
    texels: StrandTexels

    @cached_property
    def normal(self) -> NDArray[np.uint8]:
        """(S, S, 3), tangent space, +y up."""
        return _normals(self.detail, self.texels.width)

    @cached_property
    def direction(self) -> NDArray[np.uint8]:
        """(S, S, 3): the strands' direction in red and green, as glTF's anisotropy has it, and in blue how sure it
        is."""
        return _direction(self.texels.across, self.texels.along)


@dataclass(frozen=True, eq=False)
class StrandTexels:
    """The charts of a style in an image: of the N texels in them what the strands are, and of all (S, S) texels which
    of those is ``nearest``.

    Attributes:
        strands: (2, N) metres across and along.
        step: (N,) the width of a texel in metres.
        quad: (N,) of each.
        nearest: (S, S) numbers below N.
        place: (N,) number of the texel in the image, row by row.
    """

    strands: NDArray[np.float32]
    step: NDArray[np.float32]
    quad: NDArray[np.int32]
    nearest: NDArray[np.int64]
    place: NDArray[np.int64]

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """(S, S) of values (N,): beyond the charts those of the nearest texel in one."""
        return values[self.nearest]

    @cached_property
    def across(self) -> NDArray[np.float32]:
        return self.spread(self.strands[0])

    @cached_property
    def along(self) -> NDArray[np.float32]:
        return self.spread(self.strands[1])

    @cached_property
    def width(self) -> NDArray[np.float32]:
        return self.spread(self.step)


def colour_factor(hair: NDArray[np.floating]) -> tuple[float, float, float]:
    """What a hair material multiplies its grey map by, linear, for the person's sRGB colour (3,)."""
    linear = np.clip(srgb_to_linear(np.asarray(hair, np.float32)).astype(np.float64) / LIGHT, 0, 1)
    return float(linear[0]), float(linear[1]), float(linear[2])


def hair_maps(style: HairStyle, size: int) -> HairMaps:
    """The maps of a style, ``size`` texels wide."""
    with Image.open(io.BytesIO(style.detail)) as image:
        # Resized apart, so that the detail beside hair is not weighed by the opacity.
        parts = [band.resize((size, size), Image.Resampling.BICUBIC) for band in image.convert("LA").split()]
    detail, opacity = (np.asarray(part, np.float32) / 255 for part in parts)
    texels = _strand_texels(style, size)
    detail = np.asarray(detail + texels.spread(_drawn(style, texels)), np.float32)
    # Where the cover fades out, some strands are longer than others.
    (across, along), width = texels.strands, float(np.median(texels.width))
    longer = sum(share * noise(across / period, along / LONG, 7 + k) for k, (period, share) in enumerate(ENDS))
    ends = texels.spread(np.asarray(longer, np.float32))
    opacity = np.clip((opacity - 0.5) * 1.6 + 0.5, 0, 1)
    fading = np.clip(4 * opacity * (1 - opacity), 0, 1)
    cover = np.clip((opacity + 0.22 * fading * ends - 0.5) * SHARP + 0.5, 0, 1)
    # A seam of charts is no border: opacity is continued beyond it.
    continued = texels.spread(opacity.ravel()[texels.place])
    inside = np.clip(2 * ndimage.gaussian_filter(continued, BORDER / width) - 1, 0, 1)
    bare = inside - SHORT[0] + SHORT[1] * (1 - inside) * ends
    cover = np.minimum(cover, np.clip(bare * SHARP + 0.5, 0, 1))
    within = _tapering(style, continued, texels.across, texels.along, width)
    tapered = within - TAPERED[0] + TAPERED[1] * (1 - within) * ends
    cover = np.where(within < 1, np.minimum(cover, np.clip(tapered * SHARP + 0.5, 0, 1)), cover)
    cover = _without_specks(cover, SPECK / width**2)
    cover = np.where(_small(cover <= LEAST, HOLE / width**2), 1.0, cover)
    root = texels.spread(ROOT[0] + (1 - ROOT[0]) * np.clip(along / ROOT[1], 0, 1))
    light = _within_one(LIGHT * np.exp(CONTRAST * (detail - 0.5)) * root)
    grey = _bytes(linear_to_srgb(light.astype(np.float32)))
    return HairMaps(np.repeat(grey[..., None], 3, -1), _bytes(cover[..., None]), detail, texels)


def _within_one(light: NDArray[np.floating]) -> NDArray[np.floating]:
    """Linear values with what is over :data:`LIGHT` drawn in below 1 without a step: clipped, the strands of white hair
    would run together to blots."""
    room = 1 - LIGHT
    return np.where(light > LIGHT, LIGHT + room * (1 - np.exp(-(light - LIGHT) / room)), light)


def _drawn(style: HairStyle, texels: StrandTexels) -> NDArray[np.float32]:
    """(N,) what strands add to the detail."""
    (across, along), width = texels.strands, texels.step
    drawn = np.zeros_like(width)
    for seed, (period, amount) in enumerate(STRANDS):
        fine = np.clip(period / np.maximum(width, 1e-6) / 2 - 0.5, 0, 1)
        drawn += amount * fine * noise(across / period, along / LONG, seed)
    lone = _tufts(style)
    if int(lone.sum()) >= TUFTS:
        drawn = np.where(lone[texels.quad], drawn, _frizz(across, along, width))
    return drawn


def _tufts(style: HairStyle) -> NDArray[np.bool_]:
    """(Q,) whether a quad hangs together with no other."""
    piece = component_labels(int(style.quads.max()) + 1, style.quads[:, :3].ravel(), style.quads[:, 1:].ravel())
    own = piece[style.quads[:, 0]]
    return np.bincount(own)[own] == 1


def _frizz(across: NDArray[np.float32], along: NDArray[np.float32], width: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,) detail of curls that lie in all directions: bright ridges of noise, bent by coarser noise."""
    drawn = np.zeros_like(along)
    for seed, (period, amount) in enumerate(FRIZZ):
        fine = np.clip(period / np.maximum(width, 1e-6) / 2 - 0.5, 0, 1)
        x, y = across / period, along / period
        bent = [0.9 * noise(x / 2, y / 2, 11 + 2 * seed + k) for k in (0, 1)]
        drawn += amount * fine * (0.66 - 2 * np.abs(noise(x + bent[0], y + bent[1], 31 + seed)))
    return drawn


def _strand_texels(style: HairStyle, size: int) -> StrandTexels:
    faces, of_quad = triangles_of_quads(style.corners)
    texels = cover_texels(faces, style.uvs, size)
    table, uvs = style.strands[faces].astype(np.float64), style.uvs[faces].astype(np.float64) * size
    steps = np.sqrt(_double_area(table) / np.maximum(_double_area(uvs), 1e-9)).astype(np.float32)
    place, number = texels.row * size + texels.column, np.zeros(size * size, np.int64)
    number[place] = np.arange(len(place))
    row, column = texels.nearest(size)
    return StrandTexels(
        np.ascontiguousarray(texels.interpolate(faces, style.strands).T),
        steps[texels.face],
        of_quad[texels.face],
        number[row.astype(np.int64) * size + column],
        place,
    )


def _tapering(
    style: HairStyle,
    opacity: NDArray[np.floating],
    across: NDArray[np.float32],
    along: NDArray[np.float32],
    width: float,
) -> NDArray[np.float32]:
    """(S, S) :func:`tapering` of texels ``width`` metres wide, found for a few of them and without steps."""
    step = max(1, len(along) // TAPER_TEXELS)
    few = (slice(None, None, step),) * 2
    within = tapering(style, opacity[few], across[few], along[few]).astype(np.float32)
    # The nearest end of a texel is not that of its neighbour; without the step nothing is cut out inside.
    within = np.maximum(within, ndimage.gaussian_filter(within, SMOOTH / width / step))
    # Beyond the image nothing goes on: reflected there, the ends at its border would lie amid hair.
    reach = round(NARROW / width / step / 2)
    around = np.pad(within, 2 * reach, mode="edge")
    within = ndimage.grey_closing(around, (1 + 2 * reach,) * 2)[(slice(2 * reach, 2 * reach + len(within)),) * 2]
    size = (len(along), len(along))
    return within if step == 1 else np.asarray(Image.fromarray(within).resize(size, Image.Resampling.BILINEAR))


def _without_specks(cover: NDArray[np.floating], smallest: float) -> NDArray[np.floating]:
    """Cover (S, S) without what hangs together in fewer texels than ``smallest``."""
    return np.where(_small(cover > 0.3, smallest), 0, cover)


def _small(there: NDArray[np.bool_], smallest: float) -> NDArray[np.bool_]:
    """(S, S) what of ``there`` hangs together in fewer texels than ``smallest``."""
    labels = ndimage.label(there, np.ones((3, 3)))[0]
    return there & (np.bincount(labels.ravel())[labels] < smallest)


def _double_area(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])


def _normals(detail: NDArray[np.floating], width: NDArray[np.floating]) -> NDArray[np.uint8]:
    smooth = ndimage.gaussian_filter(detail, 0.7)
    down, right = np.gradient(smooth * RELIEF)
    step = np.maximum(width, 1e-5)
    vector = np.stack([-right / step, down / step, np.ones_like(detail)], -1)
    vector /= np.linalg.norm(vector, axis=-1, keepdims=True)
    return _bytes(vector * 0.5 + 0.5)


def _direction(across: NDArray[np.float32], along: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Where ``along`` grows in the texture."""
    down, right = np.gradient(along)
    length = np.hypot(right, down)
    # At the borders of charts neighbours belong to different strands.
    sure = (length > 1e-7) & (length < 0.01) & (np.hypot(*(np.asarray(each) for each in np.gradient(across))) < 0.01)
    unit = np.stack([right, -down], -1) / np.maximum(length, 1e-9)[..., None]
    unit = np.where(sure[..., None], unit, np.array([1.0, 0.0]))
    return _bytes(np.concatenate([unit * 0.5 + 0.5, sure[..., None]], -1))


def _bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
