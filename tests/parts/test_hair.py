# SPDX-License-Identifier: Apache-2.0
"""Hair is chosen and shaped by a person's numbers, and its maps by the style alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from portrait_core.parts.hair import CUTS, HairStyle, Shape, shape_of, style_of
from portrait_core.parts.hair_maps import LIGHT, TUFTS, colour_factor, hair_maps
from portrait_core.parts.lattice_noise import hashed, noise
from portrait_core.parts.rest_pose import RestPose
from portrait_core.training.parts_template.hair_sheets import APART
from portrait_core.training.parts_template.hair_texture import png_bytes
from tests.parts.worn_meshes import body, hair_style, look, sheet

REST = RestPose(np.zeros((24, 3)))


def test_the_style_is_that_of_most_weight_among_those_offered() -> None:
    style = hair_style()
    weights = {"bald": 0.2, "bob": 0.5, "long": 0.3}
    assert style_of(weights, {"bob": style, "long": style}) == "bob"
    assert style_of(weights, {"long": style}) == "long"
    assert style_of({"bald": 0.6, "long": 0.4}, {"long": style}) == "bald"
    assert style_of({"unknown": 1.0}, {"long": style}) == "bald"
    # Nobody is bald for want of a style.
    assert style_of({"unknown": 0.6, "bald": 0.3, "long": 0.1}, {"long": style}) == "long"
    offered = {"ponytail01": style, "short01": style}
    assert style_of({"long01": 0.6, "short01": 0.3, "ponytail01": 0.1}, offered) == "ponytail01"


def test_numbers_of_the_code_are_read_in_metres() -> None:
    asked = shape_of(look(cut=10 * CUTS[1], volume=250 * 0.004, curl=0.3))
    assert asked == Shape(pytest.approx(1.0), pytest.approx(0.004), pytest.approx(0.3))
    assert shape_of(look(cut=10 * CUTS[0], volume=99.0, curl=-1.0)) == Shape(0.0, 0.008, 0.0)


def test_length_volume_and_curl_add_up() -> None:
    style, person, places = hair_style(), body(), sheet()[0]
    plain = style.places(person, REST, Shape(1.0, 0.0, 0.0))
    assert plain == pytest.approx(places)
    short = style.places(person, REST, Shape(0.0, 0.0, 0.0))
    assert short[:, 1].min() == pytest.approx(places[:, 1].min() + 0.05)
    full = style.places(person, REST, Shape(0.5, 0.006, 1.0))
    assert full - plain == pytest.approx(0.5 * (short - plain) + [0.0, 0.0, 0.010])


def test_levels_have_the_same_vertices_for_everybody_and_coarser_ones_fewer() -> None:
    style = hair_style()
    one = style.meshes(body(), REST, Shape(1.0, 0.0, 0.0))
    two = style.meshes(body(), REST, Shape(0.2, 0.005, 0.7))
    for detail in (0, -1):
        assert (one[detail].faces == two[detail].faces).all() and (one[detail].uvs == two[detail].uvs).all()
        assert np.abs(np.linalg.norm(one[detail].normals, axis=1) - 1).max() < 1e-4
    assert len(one[-1].faces) == 2 and len(one[-1].vertices) == 4


def test_arrays_give_the_same_style() -> None:
    style = hair_style()
    again = HairStyle.from_arrays(style.to_arrays())
    shape = Shape(0.3, 0.004, 0.6)
    assert again.places(body(), REST, shape) == pytest.approx(style.places(body(), REST, shape), abs=1e-4)
    assert (again.quads == style.quads).all() and again.detail == style.detail
    assert again.roots == pytest.approx(style.roots, abs=1 / 255)


def test_strands_of_the_last_chart_are_stored_to_a_hundredth_of_a_millimetre() -> None:
    """Charts lie up to 64 m apart across; half precision would move them in steps of centimetres."""
    style = hair_style()
    far = replace(style, strands=style.strands + np.array([APART - 1, 0.0], np.float32))
    again = HairStyle.from_arrays(far.to_arrays())
    assert again.strands - [APART - 1, 0.0] == pytest.approx(style.strands, abs=1e-5)
    assert hair_maps(again, 128).direction == pytest.approx(hair_maps(style, 128).direction, abs=1)


def test_maps_are_grey_sharper_than_what_is_stored_and_always_the_same() -> None:
    maps = hair_maps(hair_style(), 128)
    assert maps.base_colour.shape == (128, 128, 3) and maps.opacity.shape == (128, 128, 1)
    assert (maps.base_colour[..., 0] == maps.base_colour[..., 2]).all()
    assert maps.opacity[:100].min() > 200 and maps.opacity[-4:].max() < 60
    again = hair_maps(hair_style(), 128)
    for name in ("base_colour", "opacity", "normal", "direction"):
        assert (getattr(maps, name) == getattr(again, name)).all()
    # Strands run down the sheet and the texture.
    red, green = (maps.direction[64, 64, k] / 255 * 2 - 1 for k in (0, 1))
    assert (red, green) == pytest.approx((0.0, -1.0), abs=0.05)


def test_frizzy_hair_has_curls_in_all_directions() -> None:
    """The sheet among tufts: before, its strands change little along them; now both ways alike."""
    plain = png_bytes(np.tile(np.array([128, 255], np.uint8), (64, 64, 1)))
    style = replace(hair_style(), detail=plain)
    lone = np.arange(4 * TUFTS).reshape(-1, 4) + style.quads.max() + 1
    corners = np.concatenate([style.corners, np.zeros_like(lone)])  # nowhere in the texture
    frizzy = replace(style, quads=np.concatenate([style.quads, lone]), corners=corners)

    def steps(each: HairStyle) -> tuple[float, float]:
        grey = hair_maps(each, 256).base_colour[80:200, 40:200, 0].astype(float)
        return float(np.abs(np.diff(grey, axis=0)).mean()), float(np.abs(np.diff(grey, axis=1)).mean())

    down, right = steps(style)
    assert down < 0.4 * right
    down, right = steps(frizzy)
    assert 0.5 * right < down / 4 < 2 * right  # a texel is four times as long as it is wide


def test_roots_are_darker_than_the_rest() -> None:
    rows = hair_maps(hair_style(), 128).base_colour[..., 0].astype(float).mean(axis=1)
    assert rows[:6].mean() < 0.85 * rows[40:100].mean()


def test_the_colour_is_a_factor_below_one_even_for_blond_hair() -> None:
    assert max(colour_factor(np.array([0.80, 0.66, 0.45]))) <= 1.0
    grey = colour_factor(np.array([0.5, 0.5, 0.5]))
    assert grey[0] * LIGHT == pytest.approx(0.2140, abs=1e-3)


def test_noise_lies_between_the_values_of_the_four_whole_numbers_around() -> None:
    x, y = (scale * np.random.default_rng(scale).normal(size=(7, 30)) for scale in (90, 7))
    column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    s, t = ((each - whole) ** 2 * (3 - 2 * (each - whole)) for each, whole in ((x, column), (y, row)))
    low, high = (hashed(column, row + k, 5) * (1 - s) + hashed(column + 1, row + k, 5) * s for k in (0, 1))
    np.testing.assert_allclose(noise(x, y, 5), low * (1 - t) + high * t, atol=1e-5)
    assert noise(np.zeros((0, 2)), np.zeros((0, 2)), 1).shape == (0, 2)


def test_light_texels_stay_below_one_and_keep_their_order() -> None:
    """Clipped, the strands of white hair run together to blots."""
    bright = np.tile(np.linspace(60, 220, 64).astype(np.uint8)[:, None], (64, 1, 1))
    detail = png_bytes(np.concatenate([bright, np.full_like(bright, 255)], -1).reshape(64, 64, 2))
    grey = hair_maps(replace(hair_style(), detail=detail), 64).base_colour[8:56, :, 0].astype(float).mean(axis=0)
    assert grey.max() < 252
    assert (np.diff(grey[4:60:8]) > 0).all() and grey[59] > grey[43] + 4


def test_a_narrow_hole_in_hair_is_closed_and_a_wide_one_is_not() -> None:
    plain = np.tile(np.array([128, 255], np.uint8), (256, 256, 1))
    holed = plain.copy()
    holed[100:104, 60:63, 1] = 0
    holed[90:140, 150:200, 1] = 0
    cover = hair_maps(replace(hair_style(), detail=png_bytes(holed)), 256).opacity[..., 0]
    assert cover[100:104, 60:63].min() > 128
    assert cover[110:120, 170:180].max() < 60
