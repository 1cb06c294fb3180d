# SPDX-License-Identifier: Apache-2.0
"""What was understood of a portrait, drawn over it: the bust as it is thought to stand, the mask's border, what was
read, and the numbers. Right pictures are seen at a glance, wrong ones too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from portrait_core.photo.bust_geometry import HEAD_JOINT, View, camera_axes, posed, seen
from portrait_core.photo.bust_places import bust_places
from portrait_core.photo.crop import FloatArray, Picture, Square
from portrait_core.photo.estimate import PortraitEstimate, aligned_picture
from portrait_core.photo.person_mask import Mask, cut_mask

# Lines of the face mesh, by its numbers.
# fmt: off
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109, 10,
)
RIGHT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 33)
LEFT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, 263)
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, 61)
NOSE = (168, 6, 197, 195, 5, 4, 1)
# fmt: on
FACE_LINES = (OVAL, RIGHT_EYE, LEFT_EYE, LIPS, NOSE)

HEAD_MIDDLE, HEAD_RADII = np.array([0.0, 0.118, 0.022]), np.array([0.076, 0.118, 0.094])
"""An ellipsoid about the mean head, metres at rest."""
SHOULDER_DEPTH, CHEST = 0.055, -0.16

FACE, SKULL, TORSO, MASK, READ = (255, 221, 51), (80, 220, 255), (255, 140, 60), (255, 255, 255), (120, 255, 120)
AXES = ((255, 70, 70), (90, 230, 90), (90, 130, 255))
AXIS = 0.09
SIZE = 512
BAR = 34


def overlay(picture: Picture, estimate: PortraitEstimate, size: int = SIZE) -> NDArray[np.uint8]:
    """(``size`` + a bar of text, ``size``, 3): the aligned crop of a photograph with what was understood over it."""
    shown = aligned_picture(picture, estimate.square, size)
    drawn = _with_border(shown, cut_mask(estimate.mask, estimate.masked, estimate.square, size))
    canvas = Image.new("RGB", (size, size + BAR), (20, 20, 20))
    canvas.paste(Image.fromarray(drawn), (0, 0))
    draw = ImageDraw.Draw(canvas)
    for line, colour, hidden in bust_lines(estimate.view):
        dim = tuple(int(0.45 * each) for each in colour) if hidden else colour
        draw.line([(float(x), float(y)) for x, y in line * size], fill=dim, width=1 if hidden else 2)
    for x, y in _read_points(estimate, estimate.square) * size:
        draw.ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), fill=READ)
    draw.text((6, size + 4), _numbers(estimate), fill=(235, 235, 235))
    words = "; ".join(estimate.warnings)
    draw.text((6, size + 18), words if len(words) < size // 6 else words[: size // 6 - 3] + "...", fill=(255, 200, 120))
    return np.array(canvas)


def bust_lines(view: View) -> Iterator[tuple[FloatArray, tuple[int, int, int], bool]]:
    """Lines of the bust in a view: their points (N, 2) as shares of the aligned picture, a colour, and whether the line
    is on the far side."""
    away = _head_turned_away(view)
    for places, colour, on_head, hidden in (
        *((bust_places().face[list(line)], FACE, True, away) for line in FACE_LINES),
        *((ring, SKULL, True, False) for ring in _rings()),
        *((line, TORSO, False, False) for line in _torso()),
    ):
        yield seen(posed(places, np.full(len(places), on_head), np.asarray(view.head)), view), colour, hidden
    for axis, colour in enumerate(AXES):
        end = HEAD_JOINT + AXIS * np.eye(3)[axis]
        places = posed(np.stack([HEAD_JOINT, end]), np.ones(2, bool), np.asarray(view.head))
        yield seen(places, view), colour, False


def _head_turned_away(view: View) -> bool:
    places = posed(
        np.stack([HEAD_JOINT, HEAD_JOINT + np.array([0.0, 0.0, 1.0])]), np.ones(2, bool), np.asarray(view.head)
    )
    _, axes = camera_axes(view.yaw, view.pitch, view.roll)
    return bool((places[1] - places[0]) @ axes[:, 2] > 0.15)


def _rings() -> list[FloatArray]:
    turn = np.linspace(0, 2 * np.pi, 49)
    cos, sin, none = np.cos(turn), np.sin(turn), np.zeros(49)
    circles = [np.stack(each, axis=1) for each in ((cos, none, sin), (cos, sin, none), (none, cos, sin))]
    return [HEAD_MIDDLE + circle * HEAD_RADII for circle in circles]


def _torso() -> list[FloatArray]:
    """The line of the shoulders, an oval about them, and the neck."""
    right, left = bust_places().body[[12, 11]]
    turn = np.linspace(0, 2 * np.pi, 49)
    width = abs(left[0] - right[0]) / 2
    oval = np.stack(
        [width * np.cos(turn), np.full(49, (left[1] + right[1]) / 2), SHOULDER_DEPTH * np.sin(turn)], axis=1
    )
    return [np.stack([right, left]), oval, np.array([[0.0, CHEST, 0.0], [0.0, 0.0, 0.0]])]


def _with_border(picture: NDArray[np.uint8], mask: Mask) -> NDArray[np.uint8]:
    """The background darker, and a line along the mask's border."""
    inside = mask > 0.5
    border = np.zeros_like(inside)
    border[1:, :] |= inside[1:, :] != inside[:-1, :]
    border[:, 1:] |= inside[:, 1:] != inside[:, :-1]
    result = (picture * (0.55 + 0.45 * mask[..., None])).astype(np.uint8)
    result[border] = MASK
    return result


def _read_points(estimate: PortraitEstimate, square: Square) -> FloatArray:
    """(N, 2): landmarks as shares of the aligned square: every eighth of a face, of a body head and shoulders."""
    person = estimate.person
    points = [np.zeros((0, 2))]
    if person.face is not None:
        points.append(person.face.points[::8, :2])
    if person.body is not None:
        points.append(person.body.shoulders if person.face is not None else person.body.points[:13])
    return square.to_square(np.concatenate(points))


def _numbers(estimate: PortraitEstimate) -> str:
    yaw, pitch, roll, nod, turn, tilt = np.degrees(estimate.view.numbers)
    sure = estimate.confidence.whole
    return (
        f"yaw {yaw:+.0f} +- {np.degrees(estimate.spreads[0]):.0f}  pitch {pitch:+.0f}  roll {roll:+.0f}   "
        f"head {nod:+.0f},{turn:+.0f},{tilt:+.0f}   confidence {sure:.2f}"
    )
