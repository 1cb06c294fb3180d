# SPDX-License-Identifier: Apache-2.0
"""A parts template: everything about the parts of a model's persons that is the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.arrays import Arrays, below, groups, named
from portrait_core.parts.controls import Controls
from portrait_core.parts.eyes import EyesTemplate
from portrait_core.parts.fitted import Fitted
from portrait_core.parts.garment import Garment
from portrait_core.parts.hair import HairStyle
from portrait_core.parts.rest_pose import RestPose
from portrait_core.parts.shape_targets import ShapeTargets
from portrait_core.parts.skin import SkinTemplate
from portrait_core.parts.skin_places import SkinPlaces


def _none() -> dict[str, Any]:
    return {}


@dataclass(frozen=True, eq=False)
class PartsTemplate:
    """Stored as arrays named ``<room>.<what>`` or ``<room>.<style>.<what>``.

    Attributes:
        controls, rest: what all parts hang on, and the pose they are made in.
        skin, eyes: rooms of their own; skin_places: what the skin's maps are painted by.
        mouth: ``teeth``, ``gums``, ``tongue``.
        lashes, brows: meshes by the name of their style.
        hair, garments: what is worn, by name.
        traits: linear readings (K + 1,) of the coefficients by name, the last number is added: ``masculine``, 0 to 1.
        images: PNG files (N,) uint8 by name, such as ``brows.eyebrow001``.
        face: what the face's shapes do to the controls; None in files that are older than shapes.
    """

    controls: Controls
    rest: RestPose
    skin: SkinTemplate
    skin_places: SkinPlaces
    eyes: EyesTemplate
    mouth: Mapping[str, Fitted]
    lashes: Mapping[str, Fitted]
    brows: Mapping[str, Fitted]
    hair: Mapping[str, HairStyle] = field(default_factory=_none)
    garments: Mapping[str, Garment] = field(default_factory=_none)
    traits: Mapping[str, NDArray[np.float64]] = field(default_factory=_none)
    images: Mapping[str, NDArray[np.uint8]] = field(default_factory=_none)
    face: ShapeTargets | None = None

    def trait(self, name: str, coefficients: NDArray[np.floating]) -> float:
        """A linear reading of a person's coefficients."""
        reading = self.traits[name]
        return float(np.asarray(coefficients, np.float64) @ reading[:-1] + reading[-1])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        result: dict[str, NDArray[Any]] = {}
        for room in ("controls", "rest", "skin", "skin_places", "eyes"):
            result |= named(room, getattr(self, room).to_arrays())
        for room in ("mouth", "lashes", "brows", "hair", "garments"):
            for style, fitted in getattr(self, room).items():
                result |= named(f"{room}.{style}", fitted.to_arrays())
        result |= {f"traits.{name}": reading.astype(np.float32) for name, reading in self.traits.items()}
        result |= {f"images.{name}": image for name, image in self.images.items()}
        return result if self.face is None else result | named("face", self.face.to_arrays())

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> PartsTemplate:
        """Raises ``KeyError`` for an array that is missing."""

        def fitted(room: str) -> dict[str, Fitted]:
            own = below(arrays, room)
            return {style: Fitted.from_arrays(below(own, style)) for style in groups(own)}

        hair, garments, face = (below(arrays, room) for room in ("hair", "garments", "face"))
        return cls(
            controls=Controls.from_arrays(below(arrays, "controls")),
            rest=RestPose.from_arrays(below(arrays, "rest")),
            skin=SkinTemplate.from_arrays(below(arrays, "skin")),
            skin_places=SkinPlaces.from_arrays(below(arrays, "skin_places")),
            eyes=EyesTemplate.from_arrays(below(arrays, "eyes")),
            mouth=fitted("mouth"),
            lashes=fitted("lashes"),
            brows=fitted("brows"),
            hair={style: HairStyle.from_arrays(below(hair, style)) for style in groups(hair)},
            garments={name: Garment.from_arrays(below(garments, name)) for name in groups(garments)},
            traits={name: value.astype(np.float64) for name, value in below(arrays, "traits").items()},
            images=below(arrays, "images"),
            face=ShapeTargets.from_arrays(face) if face else None,
        )
