# SPDX-License-Identifier: Apache-2.0
"""What is odd about a face, on painted ones: each oddity is told, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from portrait_core.photo.bust_geometry import View
from portrait_core.photo.crop import Square
from portrait_core.photo.face_checks import face_warnings
from portrait_core.photo.face_landmarks import FaceLandmarks
from tests.photo.busts import SKIN, WALL, points_of

SQUARE = Square((300.0, 260.0), 520.0)
POINTS, _ = points_of(View(), SQUARE)
FACE = FaceLandmarks(np.c_[POINTS, np.zeros(len(POINTS))], 1.0, "face_mesh")


def painted(change: Callable[[ImageDraw.ImageDraw], None] = lambda _draw: None) -> np.ndarray:
    """A plain face with eyes, brows, a mouth and some grain."""
    picture = Image.new("RGB", (600, 600), WALL)
    draw = ImageDraw.Draw(picture)
    x, y = POINTS.mean(axis=0)
    draw.ellipse((x - 120, y - 160, x + 120, y + 140), fill=SKIN)
    for corners in ((33, 133), (362, 263)):
        a, b = POINTS[list(corners)]
        middle = (a + b) / 2
        draw.ellipse((*(middle - np.array([12, 5])), *(middle + np.array([12, 5]))), fill=(235, 235, 235))
        draw.ellipse((*(middle - 4), *(middle + 4)), fill=(50, 40, 35))
        draw.line([tuple(a - [0, 22]), tuple(b - [0, 22])], fill=(70, 50, 40), width=7)
    mouth = POINTS[[61, 291]]
    draw.line([tuple(mouth[0]), tuple(mouth[1])], fill=(170, 95, 90), width=9)
    change(draw)
    grain = np.random.default_rng(0).normal(scale=6, size=(600, 600, 1))
    return (np.asarray(picture) + grain).clip(0, 255).astype(np.uint8)


def sunglasses(draw: ImageDraw.ImageDraw) -> None:
    for corners in ((33, 133), (362, 263)):
        middle = POINTS[list(corners)].mean(axis=0)
        draw.ellipse((*(middle - np.array([38, 28])), *(middle + np.array([38, 38]))), fill=(15, 15, 18))


def mask(draw: ImageDraw.ImageDraw) -> None:
    draw.polygon([tuple(POINTS[each]) for each in (123, 195, 352, 365, 152, 136)], fill=(120, 180, 220))


def told(picture: np.ndarray, scale: float = 1.0) -> list[str]:
    return face_warnings(picture, FACE, scale)


def test_a_plain_face_has_nothing_odd() -> None:
    assert told(painted()) == []


@pytest.mark.parametrize(
    ("change", "words"), [(sunglasses, "eyes seem to be covered"), (mask, "mouth and chin seem to be covered")]
)
def test_what_covers_a_face_is_told(change: Callable[[ImageDraw.ImageDraw], None], words: str) -> None:
    (warning,) = told(painted(change))
    assert words in warning


LOWER = (123, 195, 352, 365, 152, 136)


@pytest.mark.parametrize("colour", [(240, 240, 242), (20, 20, 22), (60, 110, 70), (190, 25, 30), (150, 60, 160)])
def test_cloth_of_any_colour_over_the_mouth_is_told(colour: tuple[int, int, int]) -> None:
    cloth = painted(lambda draw: draw.polygon([tuple(POINTS[each]) for each in LOWER], fill=colour))
    assert any("mouth and chin" in each for each in told(cloth))


def test_a_chin_in_the_shade_of_its_own_face_is_not_covered() -> None:
    """Shade on skin is redder: light that went through skin fills it."""
    shade = Image.new("L", (600, 600), 0)
    ImageDraw.Draw(shade).rectangle((0, POINTS[[61, 291], 1].mean() - 25, 600, 600), fill=255)
    amount = np.asarray(shade.filter(ImageFilter.GaussianBlur(8)))[..., None] / 255.0
    shaded = painted() * (1 - amount * (1 - np.array([0.70, 0.62, 0.58])))
    assert told(shaded.astype(np.uint8)) == []


@pytest.mark.parametrize("side", ["right", "left"])
def test_light_from_a_side(side: str) -> None:
    """The person's right is the picture's left."""
    ramp = np.clip((np.arange(600) - POINTS[:, 0].mean()) / 90 * (1 if side == "left" else -1), -1, 1)
    lit = painted() * (0.55 + 0.45 * ramp)[None, :, None]
    warnings = told(lit.astype(np.uint8))
    assert f"strong light from the person's {side}" in warnings


def test_dark_bright_blurred_and_small_ones() -> None:
    assert "the face is dark" in told((painted() * 0.12).astype(np.uint8))
    assert "the face is overexposed" in told((painted().astype(float) * 1.3 + 40).clip(0, 255).astype(np.uint8))
    soft = np.asarray(Image.fromarray(painted()).filter(ImageFilter.GaussianBlur(9)))
    assert told(soft) == ["the face is blurred"]
    (small,) = told(painted(), scale=4.0)
    assert small.startswith("the face is small: ")


def test_children_of_all_skins_are_no_oddity() -> None:
    """Colours are compared with those of the same face."""
    for colour in ((90, 60, 45), (245, 215, 200)):

        def paint(draw: ImageDraw.ImageDraw, colour: tuple[int, int, int] = colour) -> None:
            x, y = POINTS.mean(axis=0)
            draw.ellipse((x - 120, y - 160, x + 120, y + 140), fill=colour)

        assert told(painted(paint)) == []
