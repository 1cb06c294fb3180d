# SPDX-License-Identifier: Apache-2.0
"""What the materials of a level of detail say about places on it: colour, cover, gloss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Section
from portrait_core.rendering.preview import bilinear

COAT, SPECULAR = "KHR_materials_clearcoat", "KHR_materials_specular"

IN_THE_MOUTH = {"teeth": 0.4, "gums": 0.25, "tongue": 0.2}
"""The share of any light that reaches these parts at least: lips and cheeks let it through, and enamel passes it on
within itself, of which rays between surfaces know nothing."""


@dataclass(frozen=True)
class Coat:
    """The maps and the kind of some faces: ``texture`` (H, W, 3) uint8 sRGB, ``opacity`` (H, W, 1) or None."""

    section: Section
    faces: NDArray[np.int32]

    @property
    def gloss(self) -> float:
        """Strength of a clear coat's highlight, 0 to 1."""
        return float(self.section.material.extensions.get(COAT, {}).get("clearcoatFactor", 0.0))

    @property
    def shine(self) -> float:
        """Strength of the highlights that a surface without a coat has, 0 to 1."""
        return float(self.section.material.extensions.get(SPECULAR, {}).get("specularFactor", 1.0))

    @property
    def seeps(self) -> float:
        """The share of any light that reaches all places of it."""
        return IN_THE_MOUTH.get(self.section.part, 0.0)

    @property
    def shadows(self) -> bool:
        """Whether it keeps light from others."""
        return self.section.material.alpha != "blend"

    def colours(self, uvs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Linear colours (N, 3) at ``uvs`` (N, 2)."""
        factor = self.section.material.factors.get("pbrMetallicRoughness.baseColorFactor", (1.0, 1.0, 1.0, 1.0))
        return bilinear(self.section.maps.base_colour, uvs) * np.asarray(factor[:3], np.float32)

    def alphas(self, uvs: NDArray[np.float32]) -> NDArray[np.float32]:
        """The share (N,) of what lies behind that is covered, as the material's kind says."""
        material = self.section.material
        if material.alpha == "opaque":
            return np.ones(len(uvs), np.float32)
        factor = material.factors.get("pbrMetallicRoughness.baseColorFactor", (1.0, 1.0, 1.0, 1.0))
        alpha = np.full(len(uvs), factor[3], np.float32)
        opacity = self.section.maps.get("opacity")
        if opacity is not None:
            alpha *= bilinear(opacity.astype(np.float32) / np.float32(255), uvs)[:, 0]
        return (alpha >= material.cutoff).astype(np.float32) if material.alpha == "mask" else alpha
