# SPDX-License-Identifier: Apache-2.0
"""Photographs of one person with the same person of a model beside each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from portrait_core.avatar import Maps
from portrait_core.person import PersonOfParts
from portrait_core.photo.crop import FloatArray
from portrait_core.photo.face_shape import COUNT, Matched, match
from portrait_core.photo.hair_choice import HairChoice, rank_hair
from portrait_core.photo.reading import PhotographError
from portrait_core.photo.together import Sight, with_cameras
from portrait_core.pipeline.characters import figure_of
from portrait_core.recipe import Recipe

APART = 0.0022
"""Metres (median of the landmarks) between two faces from which on they may be two persons'. Photographs of one person
are up to 1.7 mm apart, and so are those of many two: landmarks tell no more than that."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Photographs, the best first, and somebody beside each."""

    sights: tuple[Sight, ...]
    matched: tuple[Matched, ...]

    @classmethod
    def of(cls, recipe: Recipe, person: PersonOfParts, sights: Sequence[Sight], skin: Maps | None = None) -> Seen:
        """The person of ``recipe`` beside photographs; ``skin`` are the person's maps, where they are known. Raises
        :class:`PhotographError` for one that is like nobody."""
        found: list[Matched] = []
        for sight in sights:
            head = sight.head
            own = match(recipe, person, head.expression, head.camera, head.points[:COUNT], skin)
            if own is None:
                raise PhotographError("no face", f"{sight.path}: no person of the model comes near this face.")
            skin = own.skin
            found.append(own)
        return cls(tuple(sights), tuple(found))

    def again(self, recipe: Recipe, person: PersonOfParts, *, same: bool) -> Seen:
        """The person of another recipe there, by the cameras that were found; ``same`` says that it is the same person,
        but for a move."""
        skin = self.matched[0].skin if same else None
        return Seen.of(recipe, person, with_cameras(self.sights, self.matched), skin)

    @property
    def worth(self) -> list[float]:
        """What each photograph is worth beside the best."""
        return [each.worth / self.sights[0].worth for each in self.sights]

    def ranked(
        self, recipe: Recipe, person: PersonOfParts, before: Sequence[Sequence[HairChoice]] = ()
    ) -> list[list[HairChoice]]:
        """The hair of each photograph, as :func:`rank_hair` has it."""
        figure, known = figure_of(recipe, person), before or [()] * len(self.sights)
        return [
            rank_hair(figure, own.camera, sight.head.regions, own.surface, first)
            for sight, own, first in zip(self.sights, self.matched, known, strict=True)
        ]

    def strangers(self) -> list[str]:
        """A line for each photograph whose face is so far from the best one's that it may be somebody else's."""
        first = self.sights[0].path.name
        pairs = zip(self.sights[1:], self.matched[1:], strict=True)
        far = [sight.path.name for sight, own in pairs if apart(self.matched[0], own) > APART]
        return [f"{name} may show somebody else than {first}; take photographs of one person" for name in far]


def apart(one: Matched, other: Matched) -> float:
    """Metres (median) between the faces of two photographs, as far as both tell, beside the same person of a model."""
    (first, sure), (second, too) = one.lifted, other.lifted
    weight = np.minimum(sure, too)
    return float(np.median(np.linalg.norm(_left(one.places, first - second, weight), axis=1)[weight > 0.3]))


def _left(places: FloatArray, moves: FloatArray, weight: FloatArray) -> FloatArray:
    """What of moves (N, 3) is not the camera's: no shift, turn or scale of all, and nothing in depth."""
    middle = places - np.average(places, axis=0, weights=weight)
    ways = [np.tile(axis, (len(places), 1)) for axis in np.eye(3)] + [np.cross(axis, middle) for axis in np.eye(3)]
    columns = np.stack([each.ravel() for each in (*ways, middle)], axis=1)
    strength = np.repeat(weight, 3)
    solve: Any = np.linalg.lstsq  # its types are partly unknown
    found = solve(columns * strength[:, None], moves.ravel() * strength, rcond=None)[0]
    return (moves.ravel() - columns @ found).reshape(-1, 3) * (1.0, 1.0, 0.0)
