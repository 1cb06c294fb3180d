# SPDX-License-Identifier: Apache-2.0
"""Several photographs of one person: which tell something, how much each is worth, and what all say together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from portrait_core.imaging.colour_space import linear_to_srgb, srgb_to_linear
from portrait_core.photo.crop import FloatArray
from portrait_core.photo.estimate import PortraitEstimate
from portrait_core.photo.face_colours import FaceColours
from portrait_core.photo.face_shape import Matched
from portrait_core.photo.head import FARTHEST_TURN, Head, digest_of, head_of
from portrait_core.photo.persons import PictureReader
from portrait_core.photo.reading import Photograph, PhotographError

SHARP = 250.0
"""Pixels of a face's height from which on it is as good as any."""
STIRRED = ("mouthSmileLeft", "mouthSmileRight", "jawOpen")
"""Shapes of an expression that hide what a face is like."""
DARKEST = 0.004


@dataclass(frozen=True, eq=False)
class Sight:
    """A photograph of somebody, who it shows as far as it tells by itself, the ``head``, and what it is ``worth``
    beside a good one (0 to 1)."""

    photograph: Photograph
    estimate: PortraitEstimate
    head: Head
    worth: float

    @property
    def path(self) -> Path:
        return self.photograph.path


def sights_of(
    shown: Sequence[tuple[Photograph, PortraitEstimate]], reader: PictureReader
) -> tuple[list[Sight], list[str]]:
    """The photographs that tell something, the best first, and a line for each that is left out.

    Raises :class:`PhotographError`, that of the first, where none does.
    """
    found: list[Sight] = []
    refused: list[PhotographError] = []
    for photograph, estimate in shown:
        try:
            head = head_of(photograph, estimate, reader)
        except PhotographError as error:
            refused.append(error)
            continue
        found.append(Sight(photograph, estimate, head, worth_of(estimate, head)))
    if not found:
        raise refused[0]
    found.sort(key=lambda each: -each.worth)
    return found, [f"left out: {error}" for error in refused]


def worth_of(estimate: PortraitEstimate, head: Head) -> float:
    """How much a photograph tells of a face, 0 to 1: seen from in front, large, calm, evenly lit."""
    face = estimate.person.face
    turned = float(np.hypot(*head.camera.turn)) / FARTHEST_TURN
    stirred = max(head.expression.get(name, 0.0) for name in STIRRED)
    sharp = float(np.clip(head.height / SHARP, 0.1, 1))
    sure = 0.0 if face is None else float(face.score)
    return max(sure * sharp * (1 - 0.5 * turned**2) * (1 - 0.4 * stirred) * _evenness(head), 0.01)


def _evenness(head: Head) -> float:
    """1 where both cheeks are as light, less where one is in the shade."""
    size, skin = len(head.regions.skin), head.regions.skin
    step = len(head.picture) // size
    light = srgb_to_linear(head.picture[::step, ::step][:size, :size].astype(np.float32) / 255).mean(axis=2)
    sides = [light[skin & side] for side in (head.regions.aside < 0, head.regions.aside >= 0)]
    if min(len(each) for each in sides) < 20:
        return 0.7
    left, right = (np.log(max(float(np.median(each)), DARKEST)) for each in sides)
    return float(np.exp(-0.5 * abs(left - right)))


def colours_of(sights: Sequence[Sight]) -> FaceColours:
    """The colours of one person by all photographs: means of logarithms, once their skin is as light as each other's,
    for exposure differs."""
    if len(sights) == 1:
        return sights[0].head.colours
    told = [{name: _log(rgb) for name, rgb in each.head.colours.srgb.items()} for each in sights]
    worth = np.array([each.worth for each in sights])
    lights = [own["skin"].mean() if "skin" in own else np.nan for own in told]
    known = ~np.isnan(lights)
    middle = float(np.average(np.array(lights)[known], weights=worth[known])) if known.any() else 0.0
    found: dict[str, tuple[float, float, float]] = {}
    for name in dict.fromkeys(name for own in told for name in own):
        rows = [
            (own[name] + (0.0 if np.isnan(light) else middle - light), share)
            for own, light, share in zip(told, lights, worth, strict=True)
            if name in own
        ]
        mean = np.average([row for row, _ in rows], axis=0, weights=[share for _, share in rows])
        red, green, blue = (float(each) for each in linear_to_srgb(np.clip(np.exp(mean), 0, 1).astype(np.float32)))
        found[name] = (red, green, blue)
    thick = float(np.average([each.head.colours.brow_thickness for each in sights], weights=worth))
    return FaceColours(found, thick)


def _log(srgb: tuple[float, float, float]) -> FloatArray:
    return np.log(np.maximum(srgb_to_linear(np.asarray(srgb, np.float32)), DARKEST)).astype(np.float64)


def source_of(sights: Sequence[Sight]) -> str:
    """What tells the photographs: the SHA-256 of one, of several that of theirs, one after another."""
    digests = [digest_of(each.photograph) for each in sights]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def with_colours(sights: Sequence[Sight], colours: FaceColours) -> list[Sight]:
    """The same photographs, each with the colours that all tell."""
    return [replace(each, head=replace(each.head, colours=colours)) for each in sights]


def with_cameras(sights: Sequence[Sight], matched: Sequence[Matched]) -> list[Sight]:
    """The same photographs, each with the camera that was found with somebody beside it."""
    pairs = zip(sights, matched, strict=True)
    return [replace(each, head=replace(each.head, camera=own.camera)) for each, own in pairs]
