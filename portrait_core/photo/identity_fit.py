# SPDX-License-Identifier: Apache-2.0
"""Who of a model's persons is most like somebody: the latent z by colours and by where features sit, under the prior.

Gauss and Newton's steps with differences of the person's look, which is cheap: any model whose persons have parts will
do. An encoder that is trained to tell z from a picture stands in by :class:`Encoder`: its answer and how sure it is
take the prior's place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
from scipy.spatial import cKDTree

from portrait_core.imaging.colour_space import srgb_to_linear
from portrait_core.parts.person_look import PersonLook
from portrait_core.person import PersonOfParts
from portrait_core.photo.crop import FloatArray
from portrait_core.photo.face_shape import Matched
from portrait_core.photo.head import Head
from portrait_core.photo.person_encoder import PersonGuess
from portrait_core.portrait_model import PortraitModel
from portrait_core.recipe import Recipe

COLOUR_SPREADS = {"lips": (0.5, 0.12), "hair": (0.3, 0.10), "skin": (0.45, 0.09)}
"""Standard deviations of a photograph's colours from the person's own, of the logarithms of linear light: of their
brightness, which is the light's as well, and of their shares of red and blue over green."""
STEPS = 4
NUDGE = 0.15
BOUND = 2.6
"""Standard deviations from the mean at most, of a number that a fit has moved."""


@dataclass(frozen=True)
class LandmarkErrors:
    """How far landmarks are from where the same person of the model would have them: ``spread`` (metres) of each, and
    as how many independent ones all of them count, ``worth``."""

    spread: float
    worth: float


TAKEN = LandmarkErrors(0.0025, 25.0)
"""Of photographs: somebody's face differs from all of the model's, and all over."""
DRAWN = LandmarkErrors(0.0015, 100.0)
"""Of persons of the model: both pictures are read by the same network, so what it gets wrong falls out. A glance has
read the landmarks as well; with more than this, the fit would count them twice."""


class Encoder(Protocol):
    """What tells a person from a picture at a glance."""

    def read(self, head: Head) -> PersonGuess:
        """Mean and standard deviations of z, and how likely each hair style is, for the head in a photograph."""
        ...


@runtime_checkable
class ManyLooks(Protocol):
    """A model that tells the looks of many persons at once."""

    def looks(self, latents: FloatArray) -> list[PersonLook]:
        """The looks of the persons of ``latents`` (N, z_dim)."""
        ...


@dataclass(frozen=True)
class Prior:
    """What is known of z before: ``mean`` and ``spread`` (z_dim,)."""

    mean: FloatArray
    spread: FloatArray

    @classmethod
    def of(cls, model: PortraitModel) -> Prior:
        """People as the model draws them."""
        count = model.header.latent.z_dim
        return cls(np.zeros(count), np.ones(count))


def fit_identity(
    model: PortraitModel,
    prior: Prior,
    colours: Mapping[str, tuple[float, float, float]],
    matched: tuple[Sequence[Matched], FloatArray] | None = None,
    hold: Mapping[str, float] | None = None,
    begin: FloatArray | None = None,
    worth: Sequence[float] = (1.0,),
    errors: LandmarkErrors = TAKEN,
) -> FloatArray:
    """z (z_dim,) of the person whose palette is nearest to ``colours``, and whose features sit nearest to where the
    photographs have them: ``matched`` is a person beside each photograph, and its z; ``worth`` is each one's beside a
    good one's, and ``errors`` how far the landmarks are trusted. ``hold`` keeps attributes at values.
    """
    held = {index: value for name, value in (hold or {}).items() if (index := index_of(model, name)) is not None}
    target = _colour_terms(colours)
    shapes = [] if matched is None else [_shape_terms(model, each, matched[1], errors) for each in matched[0]]

    def residuals(z: FloatArray, look: PersonLook) -> FloatArray:
        parts = [(z - prior.mean) / prior.spread]
        parts += [
            (_brightness_and_shares(look.palette[name]) - value) / spread
            for name, value, spread in target
            if name in look.palette
        ]
        parts += [np.sqrt(own) * shape(look) for shape, own in zip(shapes, worth, strict=False)]
        return np.concatenate(parts)

    z = prior.mean.copy() if begin is None else begin.copy()
    for index, value in held.items():
        z[index] = value
    free = np.array([index for index in range(len(z)) if index not in held])
    now = residuals(z, look_of(model, z))
    for _ in range(STEPS):
        jacobian = np.empty((len(now), len(free)))
        moved = np.tile(z, (len(free), 1))
        moved[np.arange(len(free)), free] += NUDGE
        for column, (each, look) in enumerate(zip(moved, looks_of(model, moved), strict=True)):
            jacobian[:, column] = (residuals(each, look) - now) / NUDGE
        step = _least_squares(np.vstack([jacobian, 0.3 * np.eye(len(free))]), np.r_[-now, np.zeros(len(free))])
        better = None
        for share in (1.0, 0.5, 0.2):
            trial = z.copy()
            trial[free] = np.clip(z[free] + share * step, -BOUND, BOUND)
            found = residuals(trial, look_of(model, trial))
            if found @ found < now @ now:
                better = trial, found
                break
        if better is None:
            break
        gained = now @ now - better[1] @ better[1]
        z, now = better
        if gained < 0.01 * (now @ now):
            break
    return z


def look_of(model: PortraitModel, z: FloatArray) -> PersonLook:
    """What makes the parts of the person of z its own."""
    return person_of(model, z).look


def looks_of(model: PortraitModel, latents: FloatArray) -> list[PersonLook]:
    """:func:`look_of` of several z (N, z_dim), at once where the model can."""
    if isinstance(model, ManyLooks):
        return model.looks(latents)
    return [look_of(model, z) for z in latents]


def person_of(model: PortraitModel, z: FloatArray) -> PersonOfParts:
    """The person of z."""
    numbers = tuple(float(each) for each in z)
    return cast("PersonOfParts", model.person(Recipe(latent=numbers, topology="parts")))


def index_of(model: PortraitModel, name: str) -> int | None:
    """Which number of z an attribute is; None where the model has none of that name, or it is no single number."""
    attribute = model.header.latent.find(name)
    return None if attribute is None else attribute.index


def _colour_terms(colours: Mapping[str, tuple[float, float, float]]) -> list[tuple[str, FloatArray, FloatArray]]:
    return [
        (name, _brightness_and_shares(np.asarray(colours[name])), np.array([bright, share, share]))
        for name, (bright, share) in COLOUR_SPREADS.items()
        if name in colours
    ]


def _brightness_and_shares(srgb: FloatArray) -> FloatArray:
    """(3,): the logarithm of light, and of red and blue over green, of an sRGB colour (3,)."""
    red, green, blue = np.log(np.maximum(srgb_to_linear(np.clip(srgb, 0, 1)), 0.004))
    return np.array([0.2126 * red + 0.7152 * green + 0.0722 * blue, red - green, blue - green])


def exposure(look: PersonLook, colours: Mapping[str, tuple[float, float, float]]) -> float:
    """How much lighter the person's skin is than the photograph has it."""
    if "skin" not in colours:
        return 1.0
    own, seen = (_brightness_and_shares(np.asarray(each))[0] for each in (look.palette["skin"], colours["skin"]))
    return float(np.exp(np.clip(own - seen, -0.7, 0.9)))


def _shape_terms(
    model: PortraitModel, matched: Matched, z: FloatArray, errors: LandmarkErrors
) -> Callable[[PersonLook], FloatArray]:
    """How far the landmarks are off (2 N,) in the picture's plane, in standard deviations, for a look."""
    person = person_of(model, z)
    controls = person.parts_template.controls
    begin = controls.places(person.look.coefficients)
    # The three nearest controls of each landmark move as the skin there does.
    far, rows = cKDTree(begin).query(matched.places, k=3)
    share = 1 / np.maximum(far, 1e-4)
    share /= share.sum(axis=1, keepdims=True)
    basis = np.einsum("nk,nkic->nic", share, controls.basis.astype(np.float64)[rows])
    across = matched.camera.axes[:, :2]
    ahead = matched.camera.project(matched.expressed)[:, 2]
    wanted = (matched.wanted - matched.seen) * (ahead / matched.camera.focal)[:, None]
    weight = np.clip(matched.facing, 0, 1) * np.sqrt(errors.worth / len(matched.places)) / errors.spread
    coefficients = person.look.coefficients

    def off(look: PersonLook) -> FloatArray:
        moved = basis @ (look.coefficients - coefficients)
        seen = moved @ across
        # How large, where and how rolled a face is, is the camera's.
        left = wanted - seen
        return ((left - _similar(matched.seen, left)) * weight[:, None]).ravel()

    return off


def _similar(places: FloatArray, shifts: FloatArray) -> FloatArray:
    """The part (N, 2) of shifts that moves, turns and scales all places (N, 2) alike."""
    x, y = (places - places.mean(axis=0)).T
    one, none = np.ones_like(x), np.zeros_like(x)
    rows = np.concatenate([np.stack([one, none, x, -y], axis=1), np.stack([none, one, y, x], axis=1)])
    numbers = _least_squares(rows, shifts.T.ravel())
    return np.asarray(rows @ numbers, np.float64).reshape(2, -1).T


def _least_squares(rows: FloatArray, wanted: FloatArray) -> FloatArray:
    solve: Any = np.linalg.lstsq  # its types are partly unknown
    return np.asarray(solve(rows, wanted)[0], np.float64)
