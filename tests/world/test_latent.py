# SPDX-License-Identifier: Apache-2.0
"""What latents mean: shapes, smoothness, the code's layout."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from portrait_core.world.latent import (
    CODE_COLOURS,
    CODE_SCALARS,
    DETAIL,
    NAMED,
    NAMES,
    STYLE,
    STYLE_ANCHORS,
    STYLE_FLOOR,
    STYLES,
    Z_DIM,
    attributes,
    code,
    style_weights,
)

Z = np.random.default_rng(42).normal(size=(64, Z_DIM))


def test_names_and_places():
    assert len(NAMES) == len(set(NAMES)) == len(NAMED) == 38
    assert (STYLE.start, STYLE.stop, DETAIL.stop) == (38, 44, 66) and Z_DIM == 66
    assert len(STYLES) == 11 and STYLES[0] == "bald"
    assert all(text and not text.endswith(".") for _, text in NAMED)


def test_a_batch_equals_one_by_one():
    together = attributes(Z)
    for field in dataclasses.fields(together):
        values = getattr(together, field.name)
        assert len(values) == len(Z)
        single = np.concatenate([getattr(attributes(z), field.name) for z in Z])
        np.testing.assert_allclose(values, single, rtol=1e-12, atol=1e-12, err_msg=field.name)


def test_ranges():
    a = attributes(Z * 2)
    for colour in (a.skin, a.lip, a.hair, a.cloth, a.cloth_stripe, a.iris):
        assert colour.shape == (64, 3) and colour.min() >= 0 and colour.max() <= 1
    for share in (a.gender, a.weight, a.muscle, a.tone, a.freckles, a.stubble, a.grey, a.curl, a.stripes, a.wrinkles):
        assert share.min() >= 0 and share.max() <= 1
    np.testing.assert_allclose(a.ancestry.sum(axis=1), 1)
    np.testing.assert_allclose(a.style.sum(axis=1), 1)
    assert a.style.min() >= 0
    assert ((a.style == 0) | (a.style > 0)).all() and ((a.style > 0).sum(axis=1) <= int(1 / STYLE_FLOOR)).all()


def test_attributes_do_what_their_names_say():
    def at(**values: float):
        z = np.zeros(Z_DIM)
        for name, value in values.items():
            z[NAMES.index(name)] = value
        return attributes(z)

    assert at(gender=2).gender[0] > 0.9 > 0.1 > at(gender=-2).gender[0]
    assert at(age=2).age[0] > at(age=0).age[0] > at(age=-2).age[0] and at(age=2).wrinkles[0] > 0.5
    assert at(skin_tone=2).skin.sum() < at(skin_tone=-2).skin.sum()
    assert at(hair_blond=2.5).hair.sum() > at(hair_blond=-2).hair.sum() + 0.3
    assert at(hair_length=2).cut[0] < at(hair_length=-2).cut[0]
    assert at(ancestry_african=2).ancestry[0].argmax() == 0 and at(ancestry_asian=2).ancestry[0].argmax() == 1
    blue = at(eye_blue=2, eye_lightness=-1, skin_tone=-2, ancestry_asian=-2).iris[0]
    assert blue[2] > blue[0] and at(eye_blue=-2).iris[0, 0] > at(eye_blue=-2).iris[0, 2]


def test_a_small_step_in_z_is_a_small_step_of_the_code():
    step = 1e-4 * np.random.default_rng(1).normal(size=Z.shape)
    before, after = code(attributes(Z)), code(attributes(Z + step))
    assert np.abs(after - before).max() < 0.02
    back = code(attributes(Z - step))
    curvature = np.abs(after + back - 2 * before).max(axis=1)
    # Colour ramps and the circle of hues have kinks; apart from those all is smooth.
    assert np.median(curvature) < 1e-6


def test_the_code_s_layout():
    a = attributes(Z)
    known = code(a)
    assert known.shape == (64, 3 * CODE_COLOURS + len(CODE_SCALARS) + len(STYLES)) == (64, 43)
    for i, colour in enumerate((a.skin, a.lip, a.hair, a.cloth, a.cloth_stripe, a.iris)):
        np.testing.assert_array_equal(known[:, 3 * i : 3 * i + 3], colour)
    units = {"volume": 250, "cut": 10, "neck_depth": 15}
    for i, name in enumerate(CODE_SCALARS):
        np.testing.assert_allclose(known[:, 18 + i], getattr(a, name) * units.get(name, 1))
    np.testing.assert_array_equal(known[:, -11:], a.style_logits)
    np.testing.assert_allclose(a.style, style_weights(known[:, -11:]))
    # Weights files depend on these numbers.
    pinned = [0.893568611, 0.461688449, 0.0404971468, 0.236253125, 0.311641167, 0.216078472, 0.684456502, 0, 1.58191785]
    np.testing.assert_allclose(known_row()[[0, 4, 8, 12, 17, 18, 25, 30, 32]], pinned, rtol=1e-6)


def known_row() -> np.ndarray:
    return code(attributes(np.random.default_rng(42).normal(size=(3, Z_DIM))))[0]


@pytest.mark.parametrize("style", range(len(STYLES)))
def test_style_directions_choose_their_style(style: int):
    z = np.zeros(Z_DIM)
    z[NAMES.index("gender")] = 1.0 if style < 6 else -1.0
    z[STYLE] = 3 * STYLE_ANCHORS[style]
    assert attributes(z).style[0].argmax() == style
    np.testing.assert_allclose(np.linalg.norm(STYLE_ANCHORS[style]), 1)
