# SPDX-License-Identifier: Apache-2.0
"""Who of a model's persons has given colours: a model whose looks are known in full, and what is held stays held."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from portrait_core.imaging.colour_space import linear_to_srgb
from portrait_core.parts.person_look import PersonLook
from portrait_core.photo.identity_fit import DRAWN, TAKEN, Prior, exposure, fit_identity
from portrait_core.portrait_model import PortraitModel
from portrait_core.recipe import Recipe

ATTRIBUTES = {"gender": 0, "skin_tone": 1, "hair_blond": 4}


def found(name: str) -> Any:
    return SimpleNamespace(index=ATTRIBUTES[name]) if name in ATTRIBUTES else None


@dataclass
class Painted:
    """A model of six numbers: two darken and redden skin, two do so for hair, two do nothing that is seen."""

    header: Any = field(default_factory=lambda: SimpleNamespace(latent=SimpleNamespace(z_dim=6, find=found)))

    def person(self, recipe: Recipe) -> Any:
        z = np.asarray(recipe.latent)
        return SimpleNamespace(look=look(z))


def look(z: np.ndarray) -> PersonLook:
    def colour(darker: float, redder: float) -> np.ndarray:
        return linear_to_srgb(np.exp(np.array([-1.2 + 0.15 * redder, -1.5, -1.7]) - 0.4 * darker).astype(np.float32))

    palette = {"skin": colour(z[1], z[2]), "hair": colour(2 + z[3], z[4])}
    return PersonLook(np.zeros(1), {}, {name: each.astype(np.float64) for name, each in palette.items()}, {}, {})


def fitted(true: np.ndarray, **more: Any) -> np.ndarray:
    model = cast("PortraitModel", Painted())
    colours = {name: (float(r), float(g), float(b)) for name, (r, g, b) in look(true).palette.items()}
    return fit_identity(model, Prior(np.zeros(6), np.ones(6)), colours, **more)


@pytest.mark.parametrize("true", [(0, 1.5, -1.0, 0.8, 1.2, 0), (0, -1.0, 1.0, -1.5, -0.5, 0)])
def test_each_number_goes_where_the_colours_say(true: tuple[float, ...]) -> None:
    z, wanted = fitted(np.array(true)), np.array(true)
    # The prior draws towards the middle: brightness, which is the light's too, more than tints.
    assert (np.sign(z[1:5]) == np.sign(wanted[1:5])).all()
    assert (np.abs(z[1:5]) < np.abs(wanted[1:5]) + 0.05).all()
    assert np.abs(z[[2, 4]]).min() > 0.25
    assert np.allclose(z[[0, 5]], 0, atol=1e-6)  # nothing tells of these


def test_what_is_held_stays() -> None:
    z = fitted(np.array([0, 1.5, 0, 0, 0, 0]), hold={"skin_tone": -0.5, "gender": 1.0, "unknown": 3.0})
    assert (z[1], z[0]) == (-0.5, 1.0)


def test_how_much_lighter_the_person_is_than_the_photograph() -> None:
    bright, dark = look(np.zeros(6)), look(np.array([0, 1.0, 0, 0, 0, 0]))
    red, green, blue = (float(each) for each in dark.palette["skin"])
    assert exposure(bright, {"skin": (red, green, blue)}) == pytest.approx(np.exp(0.4), rel=1e-3)
    assert exposure(bright, {}) == 1.0


class Shaped:
    """A model of three numbers: two move a face's places, by 3 and 2 mm each, one does nothing."""

    header = SimpleNamespace(latent=SimpleNamespace(z_dim=3, find=found))

    def __init__(self) -> None:
        rng = np.random.default_rng(5)
        self.mean = rng.normal(size=(40, 3)) * 0.06
        self.basis = rng.normal(size=(40, 3, 2)) * (0.003, 0.002)

    def places(self, coefficients: np.ndarray) -> np.ndarray:
        return self.mean + self.basis @ coefficients

    def person(self, recipe: Recipe) -> Any:
        look = PersonLook(np.asarray(recipe.latent)[:2], {}, {}, {}, {})
        controls = SimpleNamespace(places=self.places, basis=self.basis)
        return SimpleNamespace(look=look, parts_template=SimpleNamespace(controls=controls))


def beside(model: Shaped, true: np.ndarray) -> Any:
    """The mean person beside a photograph of the one of ``true``, by a camera a metre ahead."""

    def project(points: np.ndarray) -> np.ndarray:
        return points * (1, 1, 0) + (0, 0, 1)

    camera = SimpleNamespace(axes=np.eye(3), focal=1.0, project=project)
    mean, other = (model.places(each) for each in (np.zeros(2), true))
    ones = np.ones(len(mean))
    return SimpleNamespace(
        camera=camera, places=mean, expressed=mean, seen=mean[:, :2], wanted=other[:, :2], facing=ones
    )


def test_landmarks_of_the_models_own_persons_tell_more_than_those_of_photographs() -> None:
    model, true = Shaped(), np.array([1.0, -1.2])
    shapes = ([beside(model, true)], np.zeros(3))
    prior = Prior(np.zeros(3), np.ones(3))
    taken, drawn = (
        fit_identity(cast("PortraitModel", model), prior, {}, cast("Any", shapes), errors=each)[:2]
        for each in (TAKEN, DRAWN)
    )
    assert (np.sign(taken) == np.sign(true)).all()
    off = [float(np.linalg.norm(each - true)) for each in (taken, drawn)]
    assert off[1] < 0.4 * off[0] and off[1] < 0.35
