# SPDX-License-Identifier: Apache-2.0
"""Where skin, lips, brows, eyes, hair and clothes are in the picture of a head, by landmarks and colours.

There is no network for parts of faces that comes with a package; landmarks know the face, the person's mask knows what
is no background, and colours tell hair from skin. Colours are compared in CIE L*a*b*, where light counts less.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from portrait_core.imaging.cielab import cielab
from portrait_core.photo.crop import FloatArray
from portrait_core.photo.overlay import LEFT_EYE, LIPS, OVAL, RIGHT_EYE

BoolImage = NDArray[np.bool_]

# fmt: off
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
RIGHT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
LEFT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
CHEEKS = ((50, 187, 205, 36, 101), (280, 411, 425, 266, 330))
SMILE_FOLDS = ((129, 203, 206, 216, 212), (358, 423, 426, 436, 432))
# fmt: on
FOREHEAD, CHIN = 10, 152

LIGHTNESS = 0.6
"""What a step of lightness counts beside one of colour."""
HAIRLESS = 9.0
"""Distance of colours above a forehead from the cheeks' under which there is no hair."""
CLOTHES = -0.5
"""Heights of the face below the chin from which on somebody wears something."""
FOLDS = (0.05, 0.12)
"""Heights of the face from the line of a smile's folds, from the nose's wings past the mouth's corners: so near its
folds are, and farther there are none."""
FRINGE = 0.7
"""How much nearer to hair than to skin a pixel within the face's oval is that counts as hair."""


@dataclass(frozen=True, eq=False)
class FaceRegions:
    """Masks (S, S) of the picture of a head. ``up`` and ``aside`` are places in heights of the face, from the chin up
    and from its middle to the right; ``skin`` are cheeks; ``brows`` and ``eyes`` are bands about them; ``folds`` says
    from 0 to 1 where a smile has its folds; ``bald`` says that above the forehead is skin."""

    oval: BoolImage
    skin: BoolImage
    lips: BoolImage
    mouth: BoolImage
    brows: BoolImage
    eyes: BoolImage
    hair: BoolImage
    cloth: BoolImage
    folds: FloatArray
    up: FloatArray
    aside: FloatArray
    bald: bool

    @cached_property
    def height(self) -> float:
        """The face's height in pixels."""
        return 1.0 / max(float(np.abs(np.gradient(self.up)[0]).max()), 1e-6)


def face_regions(picture: NDArray[np.uint8], mask: NDArray[np.floating], points: FloatArray) -> FaceRegions:
    """The regions of a picture (S, S, 3) sRGB with the person's ``mask`` (S, S) and the face's landmarks (468 or more,
    2), 0 to 1 across the picture."""
    size = len(picture)
    at = points[:, :2] * size
    person = mask > 0.5
    oval, mouth = polygon(at[list(OVAL)], size), polygon(at[list(INNER_LIPS)], size)
    lips = polygon(at[list(LIPS)], size) & ~mouth
    brows = polygon(at[list(RIGHT_BROW)], size) | polygon(at[list(LEFT_BROW)], size)
    eyes = polygon(at[list(RIGHT_EYE)], size) | polygon(at[list(LEFT_EYE)], size)
    upwards = at[FOREHEAD] - at[CHIN]
    height = float(np.linalg.norm(upwards))
    upwards /= height
    right = np.array([-upwards[1], upwards[0]])
    rows, columns = np.mgrid[:size, :size]
    place = np.stack([columns, rows], axis=-1) - at[CHIN]
    up = place @ upwards / height
    aside = (place + at[CHIN] - at.mean(axis=0)) @ right / height
    skin = np.zeros_like(oval)
    for numbers in CHEEKS:
        skin |= polygon(at[list(numbers)], size)
    lab = cielab(np.asarray(picture, np.float32) / 255)
    hair, bald = _hair(lab, person, oval, skin, up, aside, height)
    cloth = person & (up < CLOTHES) & (np.abs(aside) < 1.3)
    if skin.any():
        off = (lab - np.median(lab[skin], axis=0)) * (LIGHTNESS, 1, 1)
        cloth &= np.linalg.norm(off, axis=-1) > HAIRLESS
    folds = smile_folds(at, height, size)
    return FaceRegions(oval, skin & ~hair, lips, mouth, brows, eyes, hair, cloth, folds, up, aside, bald)


def smile_folds(at: FloatArray, height: float, size: int) -> FloatArray:
    """(``size``, ``size``), 0 to 1: where a smile folds the cheeks of a face of ``height`` pixels, of landmarks in
    pixels (468 or more, 2)."""
    image = Image.new("L", (size, size))
    for numbers in SMILE_FOLDS:
        ImageDraw.Draw(image).line([(float(x), float(y)) for x, y in at[list(numbers)]], fill=1)
    far = np.asarray(ndimage.distance_transform_edt(np.asarray(image) == 0), np.float64) / height
    share = np.clip((FOLDS[1] - far) / (FOLDS[1] - FOLDS[0]), 0, 1)
    return share * share * (3 - 2 * share)


def _hair(
    lab: FloatArray, person: BoolImage, oval: BoolImage, skin: BoolImage, up: FloatArray, aside: FloatArray, high: float
) -> tuple[BoolImage, bool]:
    none = np.zeros_like(oval)
    grown = ndimage.binary_dilation(oval, iterations=max(round(high * 0.01), 1))
    seed = person & ~grown & (up > 1.06) & (up < 1.5) & (np.abs(aside) < 0.35)
    if seed.sum() < 30 or not skin.any():
        return none, True
    of_skin, of_hair = np.median(lab[skin], axis=0), np.median(lab[seed], axis=0)
    if float(np.linalg.norm((of_hair - of_skin) * (LIGHTNESS, 1, 1))) < HAIRLESS:
        return none, True
    from_skin = np.linalg.norm((lab - of_skin) * (LIGHTNESS, 1, 1), axis=-1)
    from_hair = np.linalg.norm((lab - of_hair) * (LIGHTNESS, 1, 1), axis=-1)
    around = person & ~grown & (up > -0.6) & (np.abs(aside) < 1.1)
    hair = around & (from_hair < from_skin)
    # A fringe over the forehead; brows lie lower.
    hair |= oval & (up > 0.8) & (from_hair < FRINGE * from_skin)
    hair = ndimage.binary_opening(hair, iterations=max(round(high * 0.006), 1))
    parts, count = ndimage.label(hair)
    if count:
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        above = np.bincount(parts.ravel(), weights=((up > 0.9) & hair).ravel())
        hair = np.isin(parts, np.flatnonzero((sizes > 0.05 * sizes.max()) & (above > 0)))
    return hair, False


def polygon(points: FloatArray, size: int) -> BoolImage:
    """(``size``, ``size``): the inside of a polygon of pixels (N, 2)."""
    image = Image.new("L", (size, size))
    ImageDraw.Draw(image).polygon([(float(x), float(y)) for x, y in points], fill=1)
    return np.asarray(image) > 0
