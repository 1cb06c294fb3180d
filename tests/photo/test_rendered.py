# SPDX-License-Identifier: Apache-2.0
"""Persons of the model in rendered pictures are found again by a glance and by where features sit; other models' are
not."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from benchmarks.photo_persons import Known, drawn, taken
from cli.likeness import wish_of
from cli.options import Wanted
from portrait_core.errors import ModelFileError
from portrait_core.models.load import load_model
from portrait_core.photo.estimate import estimate_portraits
from portrait_core.photo.identity_fit import index_of
from portrait_core.photo.likeness import Wish, resemble

PERSONS = (8, 16)
"""An old man, and a woman with tied hair: neither was the encoder trained on."""


@pytest.mark.slow
@pytest.mark.usefixtures("networks")
def test_rendered_persons_are_found_again() -> None:
    model = load_model("starter", "cpu")
    gender, age = (cast("int", index_of(model, name)) for name in ("gender", "age"))
    off: list[tuple[float, float]] = []
    for number in PERSONS:
        z = drawn(number)
        photograph = taken(model, z, number)
        estimate = estimate_portraits(photograph, only=1)[0]
        wish = Wish(texture=False, move=False, rendered=True)
        truth = Known.of(model, z)
        faces: list[float] = []
        for asked in (wish, replace(wish, rendered=False)):
            recipe = resemble(photograph, estimate, model, asked).recipe
            told = np.asarray(recipe.latent)
            faces.append(Known.of(model, told, recipe).face_off(truth))
            off.append((float(abs(told[gender] - z[gender])), float(abs(told[age] - z[age]))))
            if asked.rendered:
                assert np.sign(told[gender]) == np.sign(z[gender])
        assert faces[0] < min(faces[1], 2.2)
    # A glance tells what colours and landmarks do not.
    assert np.sum(off[::2]) < 0.8 * np.sum(off[1::2])


def test_a_rendered_person_lends_nothing_of_the_picture() -> None:
    wanted = cast("Wanted", SimpleNamespace(values={}, given=()))
    assert wish_of("photo", wanted, rendered=True) == Wish(texture=False, move=False, rendered=True)
    assert wish_of("photo", wanted) == Wish()


def test_models_without_an_encoder_say_so() -> None:
    latent = SimpleNamespace(z_dim=7)
    model: Any = SimpleNamespace(capabilities=("parts",), header=SimpleNamespace(name="other", latent=latent))
    nothing: Any = None
    with pytest.raises(ModelFileError, match=r"model other has no encoder .* Take the picture as a photograph"):
        resemble(nothing, nothing, model, Wish(rendered=True))
