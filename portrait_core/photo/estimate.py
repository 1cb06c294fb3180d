# SPDX-License-Identifier: Apache-2.0
"""A photograph in: for each person the published camera, the rotation of the head, the aligned square and the mask.

The camera is the torso's, as published (docs/published/data-processing.md 2): our small network sees it, landmarks of
face and body make it finer where there is a face. Whoever has better models hands on a :class:`PictureReader` of their
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.photo.bust_fit import Fit, Known, Landmarks, fit_bust, landmarks_for
from portrait_core.photo.bust_geometry import View, seen
from portrait_core.photo.bust_places import bust_places
from portrait_core.photo.crop import FloatArray, Picture, Square, cut
from portrait_core.photo.face_checks import face_warnings
from portrait_core.photo.networks.store import networks_path
from portrait_core.photo.outline_view import LEAST_LENGTH, look_from, outlines
from portrait_core.photo.person_mask import Mask, cut_mask
from portrait_core.photo.persons import NetworkReader, PictureReader, SeenPerson
from portrait_core.photo.reading import Photograph, PhotographError
from portrait_core.photo.view_network import FILE, ViewEstimate, ViewReader, load_view_network

SMALLEST_CROP = 50.0
"""Pixels of the file: smaller crops are refused, as published."""
AROUND = 1.25
"""The first mask is made for so much more than the first guess of the aligned square, so that a better one lies in it.
The last one is made for the aligned square itself, where the network is at its best."""
MASK_SIZE = 512
LEAST_COVER = 0.05
"""Share of an aligned square that a person fills at least."""

FRONT_STARTS = (0.0, 0.8, -0.8)
ALL_STARTS = (0.0, 1.57, 3.14, -1.57)
SURE_YAW = np.radians(12.0)
"""An expected error of the yaw of this much halves the confidence, and a bit more."""
CUT = 0.06
"""Share of the aligned square's height by which shoulders may be cut off without a word."""
UNSURE = 0.5
"""A confidence below it goes with a warning."""
PROFILE = np.radians(60.0)


@dataclass(frozen=True)
class Confidence:
    """How sure each part is, 0 to 1: that there is a ``person``, the ``camera``, the ``head`` and the ``crop``.
    ``whole`` is the least of them."""

    person: float
    camera: float
    head: float
    crop: float

    @property
    def whole(self) -> float:
        """The least of all."""
        return min(self.person, self.camera, self.head, self.crop)


@dataclass(frozen=True, eq=False)
class PortraitEstimate:
    """What is known of one person: ``view`` (camera and head), the aligned ``square`` in the photograph's pixels, the
    ``mask`` (512, 512) of the square ``masked``, expected errors ``spreads`` (9,) in the order of the fit's numbers,
    and what is odd, in ``warnings``. ``number`` counts persons from 1, the largest first."""

    number: int
    person: SeenPerson
    view: View
    square: Square
    mask: Mask
    masked: Square
    spreads: FloatArray
    confidence: Confidence
    warnings: tuple[str, ...] = ()


def estimate_portraits(
    photograph: Photograph,
    reader: PictureReader | None = None,
    views: ViewReader | None = None,
    *,
    only: int | None = None,
) -> list[PortraitEstimate]:
    """The persons of a photograph, the largest first, or the one of number ``only`` alone.

    Raises :class:`PhotographError` where nobody is, or not so many; :class:`portrait_core.errors.ModelFileError` where
    the networks are not set up.
    """
    reader = reader or NetworkReader()
    if views is None:
        views = network_of_cameras()
    path, picture = photograph.path, photograph.pixels
    people = reader.persons(picture) or _outlined(picture, reader, views)
    if not people:
        raise PhotographError("nobody", f"{path}: no face and no body is found in it.")
    if only is not None and not 1 <= only <= len(people):
        there = "one person is" if len(people) == 1 else f"{len(people)} persons are"
        raise PhotographError("person", f"{path}: {there} found in it; there is no number {only}.")
    chosen = [(number, person) for number, person in enumerate(people, start=1) if only in (None, number)]
    found: list[PortraitEstimate] = []
    refused: list[PhotographError] = []
    for number, person in chosen:
        try:
            found.append(_estimated(photograph, reader, views, number, person))
        except PhotographError as error:
            refused.append(error)
    if not found:
        raise refused[0]
    return found


def _outlined(picture: Picture, reader: PictureReader, views: ViewReader | None) -> list[SeenPerson]:
    """Somebody of whom nothing but the outline is found, as from behind. The network tells whether it is a person."""
    found = [] if views is None else outlines(picture, reader)
    if not found:
        return []
    best = max(found, key=lambda each: each.sure)
    return [SeenPerson(head=best.head, outline_score=best.sure)]


def network_of_cameras() -> ViewReader | None:
    """The small network: the user's own beside the published ones, else the one that comes with Portraitkit, if any."""
    for path in (networks_path().with_name(FILE.name), FILE):
        if path.is_file():
            return load_view_network(path)
    return None


def _estimated(
    photograph: Photograph, reader: PictureReader, views: ViewReader | None, number: int, person: SeenPerson
) -> PortraitEstimate:
    path, picture = photograph.path, photograph.pixels
    looked: ViewEstimate | None
    if person.face is None and views is not None:
        # Landmarks of a body alone are too coarse, and left and right are mixed up behind.
        looked = _looked_behind(photograph, reader, views, person)
        view, square, spreads = looked.view, looked.square, looked.spreads
    else:
        landmarks = landmarks_for(person.face, person.body)
        if landmarks is None:
            raise PhotographError("nobody", f"{path}: person {number} has neither a face nor a body.")
        first = fit_bust(landmarks, Known.nothing(), FRONT_STARTS if person.face is not None else ALL_STARTS)
        looked = None
        if views is not None:
            masked = Square(first.square.middle, first.square.side * AROUND)
            looked = views.look(picture, reader.mask(picture, masked, MASK_SIZE, person.middle), masked, first.square)
        view, square, spreads = _combined(landmarks, first, looked)
    if square.side / photograph.scale < SMALLEST_CROP:
        text = (
            f"{path}: person {number} is too small: {square.side / photograph.scale:.0f} pixels for head and shoulders."
        )
        raise PhotographError("too small", text)
    masked = square
    mask = reader.mask(picture, masked, MASK_SIZE, person.middle)
    cover = float(cut_mask(mask, masked, square, 64).mean())
    if cover < LEAST_COVER:
        raise PhotographError(
            "nobody", f"{path}: what is found as person {number} is not one: nobody stands out there."
        )
    confidence = _confidence(person, spreads, square, looked)
    warnings = _warnings(photograph, person, view, square, confidence)
    return PortraitEstimate(number, person, view, square, mask, masked, spreads, confidence, tuple(warnings))


def _looked_behind(
    photograph: Photograph, reader: PictureReader, views: ViewReader, person: SeenPerson
) -> ViewEstimate:
    """Camera and square of a person without a face."""
    picture = photograph.pixels
    begins = [square for each in outlines(picture, reader, person.middle) for square in each.squares()]
    if person.body is not None:
        begins.append(_square_of_body(person))
    looked = look_from(picture, reader, views, begins, person.middle)
    if looked is None or (person.body is None and looked.length < LEAST_LENGTH):
        raise PhotographError("nobody", f"{photograph.path}: no face and no body is found in it.")
    return looked


def _combined(landmarks: Landmarks, first: Fit, looked: ViewEstimate | None) -> tuple[View, Square, FloatArray]:
    """What landmarks and the network say together."""
    if looked is None:
        return first.view, first.square, first.spreads
    middle = looked.square.middle
    means = np.array([*looked.view.numbers, *middle, np.log(looked.square.side)])
    fit = fit_bust(landmarks, Known(means, looked.spreads), (looked.view.yaw, first.view.yaw))
    return fit.view, fit.square, fit.spreads


def _square_of_body(person: SeenPerson) -> Square:
    """About where the aligned square of a person lies whose head and shoulders alone are known."""
    assert person.body is not None
    head, shoulders = person.body.head, person.body.shoulders.mean(axis=0)
    bust = bust_places()
    share = seen(np.stack([bust.body[:11].mean(axis=0), bust.body[11:].mean(axis=0)]), View())
    side = float(np.hypot(*(head - shoulders))) / float(np.hypot(*(share[0] - share[1])))
    middle = head + (np.array([0.5, 0.5]) - share[0]) * side
    return Square((float(middle[0]), float(middle[1])), max(side, 1.0))


def aligned_picture(picture: Picture, square: Square, size: int) -> NDArray[np.uint8]:
    """(``size``, ``size``, 3): the aligned crop; beyond the photograph its edge goes on."""
    return np.round(cut(picture, square, size)).clip(0, 255).astype(np.uint8)


def _confidence(person: SeenPerson, spreads: FloatArray, square: Square, looked: ViewEstimate | None) -> Confidence:
    there = max(
        person.face.score if person.face is not None else 0.0,
        person.body.score if person.body is not None else 0.0,
        person.outline_score,
    )
    camera = float(np.exp(-0.5 * (spreads[0] / SURE_YAW) ** 2)) * (1.0 if looked is not None else 0.5)
    head = float(np.exp(-0.5 * (np.linalg.norm(spreads[3:6]) / (3 * SURE_YAW)) ** 2))
    crop = float(
        np.exp(-0.5 * ((np.hypot(spreads[6], spreads[7]) / square.side / 0.08) ** 2 + (spreads[8] / 0.2) ** 2))
    )
    return Confidence(round(there, 3), round(camera, 3), round(head, 3), round(crop, 3))


def _warnings(
    photograph: Photograph, person: SeenPerson, view: View, square: Square, confidence: Confidence
) -> Sequence[str]:
    warnings = list(photograph.notes)
    height, width = photograph.pixels.shape[:2]
    below = (square.middle[1] + square.side / 2 - height) / square.side
    if below > CUT:
        warnings.append(f"the picture ends above the shoulders: {below:.0%} of the crop's height is beyond it")
    above = (square.side / 2 - square.middle[1]) / square.side
    if above > CUT:
        warnings.append("the picture ends at the head: there is less room above it than in the crop")
    if min(square.middle[0], width - square.middle[0]) < square.side * 0.25:
        warnings.append("the head is at the picture's side, and cut off there")
    if person.face is None:
        warnings.append("no face is seen: in profile or from behind")
    else:
        warnings += face_warnings(photograph.pixels, person.face, photograph.scale)
        if abs(view.yaw) > PROFILE:
            warnings.append("seen from the side")
    if confidence.whole < UNSURE:
        warnings.append(f"not sure of it (confidence {confidence.whole:.2f}): look at the overlay")
    return warnings
