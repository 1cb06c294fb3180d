# SPDX-License-Identifier: Apache-2.0
"""What a part's vertices hang on: the rows over the template's controls that carry displacements to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.character import Figure
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
        if self.room in ("hair", "garments"):
            return template.rest.turned(np.asarray(part.fitting.rows @ controls), part.fitting.weights)
        return part.moves(controls)

    def shares(self, template: PartsTemplate, controls: NDArray[np.float64]) -> NDArray[np.float64]:
        """(W,) of values (C,) of the controls."""
        if self.room == "skin":
            return template.skin.moves(controls[:, None])[:, 0]
        part = getattr(template, self.room)[self.style]
        rows = part.fitting.rows if self.room in ("hair", "garments") else part.rows
        return np.asarray(rows @ controls)


SKIN = Source("skin")


def source_of(figure: Figure, mesh: PartMesh) -> Source | None:
    """That of a mesh of a figure; None for one that no part of the template is."""
    if mesh.name == "skin":
        return SKIN
    if mesh.name in FITTED:
        return Source(FITTED[mesh.name], mesh.style or mesh.name)
    worn = {"hair": ("hair", figure.hair), "garment": ("garments", figure.garment)}
    if mesh.material not in worn:
        return None
    room, part = worn[mesh.material]
    styles = getattr(figure.template, room)
    return next((Source(room, style) for style, each in styles.items() if each is part), None)
