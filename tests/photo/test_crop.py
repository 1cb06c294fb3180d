# SPDX-License-Identifier: Apache-2.0
"""Turned squares of pictures, against one pixel after the other."""

from __future__ import annotations

import math

import numpy as np
import pytest

from portrait_core.photo.crop import Square, around, around_points, cut


def bilinear(picture: np.ndarray, x: float, y: float, beyond: str) -> np.ndarray:
    """The picture at a place, between the middles of its pixels."""
    height, width = picture.shape[:2]
    left, up = math.floor(x - 0.5), math.floor(y - 0.5)
    total = np.zeros(3)
    for column in (left, left + 1):
        for row in (up, up + 1):
            share = (1 - abs(x - 0.5 - column)) * (1 - abs(y - 0.5 - row))
            if 0 <= column < width and 0 <= row < height:
                total += share * picture[row, column]
            elif beyond == "edge":
                total += share * picture[min(max(row, 0), height - 1), min(max(column, 0), width - 1)]
    return total


@pytest.mark.parametrize("beyond", ["edge", "black"])
def test_a_cut_is_the_picture_at_each_place(beyond: str) -> None:
    picture = np.random.default_rng(2).integers(0, 256, (13, 17, 3), np.uint8)
    square = Square((11.0, 5.0), 14.0, 0.4)
    found = cut(picture, square, 9, beyond=beyond)
    cos, sin = math.cos(0.4), math.sin(0.4)
    for row in range(9):
        for column in range(9):
            right, down = ((column + 0.5) / 9 - 0.5) * 14, ((row + 0.5) / 9 - 0.5) * 14
            expected = bilinear(picture, 11 + cos * right - sin * down, 5 + sin * right + cos * down, beyond)
            assert np.allclose(found[row, column], expected, atol=0.05)


def test_beyond_the_picture_its_edge_goes_on() -> None:
    picture = np.full((6, 6, 3), 200, np.uint8)
    assert np.allclose(cut(picture, Square((3.0, 3.0), 30.0), 10), 200)
    black = cut(picture, Square((3.0, 3.0), 30.0), 10, beyond="black")
    assert np.allclose(black[0], 0)
    assert black[5, 5].min() > 60


def test_a_picture_that_shrinks_is_averaged() -> None:
    """A chequerboard of single pixels becomes even grey, not one of its colours."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[::2, ::2] = picture[1::2, 1::2] = 255
    assert np.allclose(cut(picture, around(picture), 16), 127.5, atol=0.6)


def test_places_of_a_square_are_those_of_its_cut() -> None:
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[41, 23] = 255
    square = Square((25.0, 40.0), 24.0, -0.7)
    found = cut(picture, square, 96)[:, :, 0]
    row, column = np.unravel_index(found.argmax(), found.shape)
    place = square.to_picture(np.array([[(column + 0.5) / 96, (row + 0.5) / 96]]))
    assert np.allclose(place, [[23.5, 41.5]], atol=0.25)


def test_squares_around_things() -> None:
    assert around(np.zeros((60, 80, 3), np.uint8)) == Square((40.0, 30.0), 80.0)
    angle = 0.3
    corners = Square((50.0, 20.0), 8.0, angle).to_picture(
        np.array([[0.0, 0.25], [1.0, 0.25], [1.0, 0.75], [0.0, 0.75]])
    )
    square = around_points(corners, angle, 1.5)
    assert np.allclose(square.middle, (50.0, 20.0))
    assert np.isclose(square.side, 12.0)


def test_an_upright_cut_is_that_of_a_square_that_is_hardly_turned() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (41, 57, 3), np.uint8)
    upright, turned = (cut(picture, Square((30.3, 11.2), 63.1, angle), 33) for angle in (0.0, 1e-300))
    assert np.array_equal(upright, turned)
