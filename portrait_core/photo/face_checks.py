# SPDX-License-Identifier: Apache-2.0
"""What is odd about a face in a photograph: too small, covered, in side light, dark, blurred, turned away.

The network of landmarks never says that it guesses: it is quite sure of a face behind sunglasses or a mask. So colours
are compared here: eyes, mouth and chin with cheeks, nose and forehead of the same person. All of them are warnings:
an unusual face is no fault.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.imaging.colour_space import srgb_to_linear
from portrait_core.photo.crop import FloatArray, Picture, around_points, cut
from portrait_core.photo.face_landmarks import LEFT_EYE_OUTER, RIGHT_EYE_OUTER, FaceLandmarks, tilt

SMALL = 100.0
"""Pixels of a face's longer edge under which its details are guesses."""
SIZE = 160
"""Pixels to which a face is brought before its colours are compared."""

# Points of the mesh, of the person's right and left side in turn.
FOREHEAD = (108, 337, 151, 9)
CHEEKS = (50, 280, 101, 330, 36, 266)
NOSE = (6, 197, 195, 5)
EYES = (159, 386, 145, 374, 158, 385, 153, 380, 144, 373)
BELOW_EYES = (119, 348, 118, 347)
MOUTH_AND_CHIN = (164, 200, 199, 83, 313, 169, 394, 43, 273)
RIGHT_HALF = (50, 101, 36, 205, 108, 117, 123)
LEFT_HALF = (280, 330, 266, 425, 337, 346, 352)

DARK, BRIGHT = 0.02, 0.85
"""Linear light of a face under which, and over which, it has lost its details."""
ONE_SIDED = 2.5
"""How much more light one half of a face may have than the other."""
EYES_DARK = 0.30
"""Light of eyes and what is below them, as a share of the cheeks', under which glasses are dark."""
OTHER_COLOUR = 0.16
"""Distance of colours (shares of red, green and blue) from which on mouth and chin are no skin."""
REDDER, WARM = 0.30, 0.08
"""The same where they are redder than the rest: so is a chin in the face's own shade, and so are lips. But those stay
warm, by more green than blue, as no red or purple cloth is."""
PALER, MORE_LIGHT = 0.06, 1.3
"""The same where they are less red and as much lighter: white cloth on fair skin."""
CLIPPED = 0.99
"""Linear light from which on a channel says no more how bright it was, and shares of colours mean nothing."""
BLURRED = 0.012
"""Mean difference of neighbouring pixels from what surrounds them, as a share of the face's spread."""


def face_warnings(picture: Picture, face: FaceLandmarks, scale: float = 1.0) -> list[str]:
    """What is odd about a face, in short sentences; ``scale`` is of the picture's pixels to those of its file."""
    warnings: list[str] = []
    points = face.points[:, :2]
    size = float((points.max(axis=0) - points.min(axis=0)).max()) / scale
    if size < SMALL:
        warnings.append(f"the face is small: {size:.0f} pixels; {SMALL:.0f} or more say what it looks like")
    square = around_points(points, tilt(points[RIGHT_EYE_OUTER], points[LEFT_EYE_OUTER]), 1.1)
    light = srgb_to_linear((cut(picture, square, SIZE) / 255.0).astype(np.float32))
    places = square.to_square(points) * SIZE

    def seen(numbers: tuple[int, ...]) -> FloatArray:
        return _colours(light, places[list(numbers)])

    skin = np.median(np.concatenate([seen(FOREHEAD), seen(CHEEKS), seen(NOSE)]), axis=0)
    brightness = float(skin.mean())
    if brightness < DARK:
        warnings.append("the face is dark")
    elif brightness > BRIGHT:
        warnings.append("the face is overexposed")
    warnings += _of_light(seen(RIGHT_HALF), seen(LEFT_HALF))
    cheeks = max(float(np.median(seen(CHEEKS).mean(axis=1))), 1e-4)
    below = float(np.median(seen(BELOW_EYES).mean(axis=1)))
    eyes = float(np.percentile(seen(EYES).mean(axis=1), 75))
    if max(below, eyes) < EYES_DARK * cheeks:
        warnings.append("the eyes seem to be covered, as by sunglasses")
    if brightness >= DARK and _of_another(np.median(seen(MOUTH_AND_CHIN), axis=0), skin):
        warnings.append("mouth and chin seem to be covered, as by a mask, a hand or a dark beard")
    if _sharpness(light) < BLURRED:
        warnings.append("the face is blurred")
    return warnings


def _of_another(chin: FloatArray, skin: FloatArray) -> bool:
    """Whether mouth and chin have another colour than the skin of the same face, both (3,) linear."""
    if skin.max() >= CLIPPED:
        return False
    shares = _shares(chin)
    more = shares - _shares(skin)
    apart = float(np.abs(more).sum())
    if more[0] > 0:
        _, green, blue = shares
        return apart > REDDER and green - blue <= WARM
    lighter = float(chin.mean()) > MORE_LIGHT * float(skin.mean())
    return apart > (PALER if lighter else OTHER_COLOUR)


def _of_light(right: FloatArray, left: FloatArray) -> list[str]:
    one, other = (max(float(np.median(half.mean(axis=1))), 1e-4) for half in (right, left))
    if max(one, other) < ONE_SIDED * min(one, other):
        return []
    return [f"strong light from the person's {'right' if one > other else 'left'}"]


def _colours(light: NDArray[np.float32], places: FloatArray) -> FloatArray:
    """(N, 3): the median colour of a few pixels about each place that is in the picture."""
    found: list[FloatArray] = []
    for x, y in np.clip(places, 2, len(light) - 3).astype(int):
        found.append(np.median(light[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3), axis=0).astype(np.float64))
    return np.stack(found)


def _shares(colour: FloatArray) -> FloatArray:
    """(3,): what each of red, green and blue is of their sum: a colour without its brightness."""
    return colour / max(float(colour.sum()), 1e-6)


def _sharpness(light: NDArray[np.float32]) -> float:
    grey = np.sqrt(light.mean(axis=2))
    middle = grey[1:-1, 1:-1]
    around = (grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]) / 4
    return float(np.abs(middle - around).mean() / max(float(grey.std()), 1e-3))
