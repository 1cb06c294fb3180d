# SPDX-License-Identifier: Apache-2.0
"""What a part's vertices hang on: the rows over the template's controls that carry displacements to it.

Hair hangs on the head and does not follow the face's skin: it is lifted where the skin would come through. Garments
stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.character import Figure
from portrait_core.parts.hair import HairStyle
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.template import PartsTemplate

FITTED = {"teeth": "mouth", "gums": "mouth", "tongue": "mouth", "lashes": "lashes", "brows": "brows"}
"""Rooms of the template by the names of meshes that are fitted."""


@dataclass(frozen=True)
class Source:
    """A part of a template: its ``room``, and its name ``style`` there."""

    room: str
    style: str = ""

    def moves(self, template: PartsTemplate, controls: NDArray[np.float64]) -> NDArray[np.float64]:
        """(W, 3) displacements of the part's welded vertices for displacements (C, 3) of the controls; of the skin
        those of its finest level."""
        if self.room == "skin":
            return template.skin.moves(controls)
        part = getattr(template, self.room)[self.style]
        if self.room == "hair":
            return lifted(part, template.controls.mean.astype(np.float64), controls)
        return part.moves(controls)

    def shares(self, template: PartsTemplate, controls: NDArray[np.float64]) -> NDArray[np.float64]:
        """(W,) of values (C,) of the controls."""
        if self.room == "skin":
            return template.skin.moves(controls[:, None])[:, 0]
        if self.room == "hair":
            return np.zeros(template.hair[self.style].fitting.count)
        return np.asarray(getattr(template, self.room)[self.style].rows @ controls)


SKIN = Source("skin")


def source_of(figure: Figure, mesh: PartMesh) -> Source | None:
    """That of a mesh of a figure; None for one that no part of the template is."""
    if mesh.name == "skin":
        return SKIN
    if mesh.name in FITTED:
        return Source(FITTED[mesh.name], mesh.style or mesh.name)
    if mesh.material != "hair":
        return None
    return next((Source("hair", style) for style, each in figure.template.hair.items() if each is figure.hair), None)


def lifted(style: HairStyle, mean: NDArray[np.float64], moves: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, 3) how far hair is lifted over skin whose controls, those of the mean person ``mean`` (C, 3), move by
    ``moves`` (C, 3): hair does not follow a face, it lies on it."""
    if not bool(moves[style.footing.corners].any()):
        return np.zeros((style.fitting.count, 3))
    places = style.footing.kept(style.fitting.modelled(mean), mean)
    return style.footing.kept(places, mean + moves) - places
