# SPDX-License-Identifier: Apache-2.0
"""Cameras of persons without a face in the picture: from behind, in profile, from above.

There landmarks of bodies are missing or wrong, but the mask is right and our network of cameras has seen people from
everywhere. So it begins with several squares about the outline, and what most of its answers agree on is taken. What
is nobody shows by itself: there the answers' vectors are short (:mod:`portrait_core.photo.view_network`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from portrait_core.photo.crop import FloatArray, Picture, Square
from portrait_core.photo.person_mask import Mask
from portrait_core.photo.persons import PictureReader
from portrait_core.photo.view_network import ViewEstimate, ViewReader

LOOK = 128
"""Pixels a side of the mask in which an outline is looked for."""
SHARES = (1.0, 0.7)
"""Sides of the squares that are looked at for somebody, in the smallest that holds the picture: the mask wants a person
to fill what it sees."""
LEAST = 0.04
"""Share of such a square that a person covers at least."""
SIDES = (0.9, 1.2)
"""Sides of the squares to begin with, in the outline's width."""
TOP = 0.12
"""Share of the aligned square above a head."""
WIDER = 1.25
MASK = 256
LENGTHS = (0.85, 1.12)
"""Of answers that count: below it is not sure, and above it has seen nothing like this."""
LEAST_LENGTH = 0.8
"""Of the last answer, where nothing but an outline says that somebody is there."""
AGREE = (0.15, 0.05, 0.08)
"""Differences of yaw (radians), middle (sides) and logarithm of the side that count as much as each other."""
FAR = 6.0
"""No difference counts more."""
PASSES = 1


@dataclass(frozen=True, eq=False)
class Outline:
    """What stands out in a picture: the top of the ``head`` (2,) in pixels, its ``width`` in pixels, and how ``sure``
    the mask is of it, 0 to 1."""

    head: FloatArray
    width: float
    sure: float

    def squares(self) -> Iterator[Square]:
        """Where the aligned square may lie."""
        for share in SIDES:
            side = share * self.width
            yield Square((float(self.head[0]), float(self.head[1]) + (0.5 - TOP) * side), side)


def outlines(picture: Picture, reader: PictureReader, about: FloatArray | None = None) -> list[Outline]:
    """Who stands out, seen at several sizes; ``about`` (2,) is where in the picture, else the middle."""
    height, width = picture.shape[:2]
    middle = np.array([width / 2, height / 2]) if about is None else about
    found: list[Outline] = []
    for share in SHARES:
        square = Square((width / 2, height / 2), max(height, width) * share)
        each = _outline(reader.mask(picture, square, LOOK, middle), square)
        if each is not None:
            found.append(each)
    return found


def _outline(mask: Mask, square: Square) -> Outline | None:
    parts, count = ndimage.label(mask > 0.5)
    if not count:
        return None
    sizes = np.bincount(parts.ravel())[1:]
    part = parts == 1 + int(np.argmax(sizes))
    if part.mean() < LEAST:
        return None
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    top = int(rows[0])
    # The head is above the shoulders, wherever those lie.
    upper = part[top : top + max(3, (int(rows[-1]) - top) // 3)]
    across = float(np.median(np.nonzero(upper)[1])) + 0.5
    size = len(mask)
    head = square.to_picture(np.array([[across / size, top / size]]))[0]
    width = float(columns[-1] - columns[0] + 1) / size * square.side
    return Outline(head, width, float(mask[part].mean()))


def look_from(
    picture: Picture, reader: PictureReader, views: ViewReader, begins: Sequence[Square], head: FloatArray
) -> ViewEstimate | None:
    """What the network says of the person at ``head`` (2,), beginning with each of the squares; None for no squares."""
    answers: list[ViewEstimate] = []
    for begin in begins:
        masked = Square(begin.middle, begin.side * WIDER)
        answers.append(views.look(picture, reader.mask(picture, masked, MASK, head), masked, begin))
    if not answers:
        return None
    low, high = LENGTHS
    sure = [each for each in answers if low < each.length < high]
    found = _middle(sure or [min(answers, key=lambda each: abs(each.length - 1.0))])
    for _ in range(PASSES):  # with the mask where it is best
        masked = Square(found.square.middle, found.square.side * 1.1)
        found = views.look(picture, reader.mask(picture, masked, MASK, head), masked, found.square)
    return found


def _middle(answers: Sequence[ViewEstimate]) -> ViewEstimate:
    """The answer that is nearest to all others."""
    far = [sum(_apart(one, other) for other in answers) for one in answers]
    return answers[int(np.argmin(far))]


def _apart(one: ViewEstimate, other: ViewEstimate) -> float:
    turn = abs((one.view.yaw - other.view.yaw + np.pi) % (2 * np.pi) - np.pi)
    moved = float(np.hypot(*(np.asarray(one.square.middle) - np.asarray(other.square.middle)))) / one.square.side
    grown = abs(float(np.log(one.square.side / other.square.side)))
    return sum(min(FAR, float(each) / scale) for each, scale in zip((turn, moved, grown), AGREE, strict=True))
