# SPDX-License-Identifier: Apache-2.0
"""A bust with all that a field may have: roughness, a flat cut at the shoulders, ripples that only normals show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.analytic import AnalyticField, Array
from tests.analytic_model import AnalyticModel, AnalyticPerson

ROUGH = 0.3
BOTTOM = 0.2
"""Lattice units below the origin at which the analytic bust's bounds cut it."""
WAVE, HEIGHT = 0.03, 0.001
"""Length and height of the ripples, lattice units: they tilt normals by about twelve degrees, and are long enough to
pass as shape when the surface is cleaned."""


class RichField(AnalyticField):
    """`AnalyticField` behind ``MaterialField`` and ``CutField``."""

    def materials(self, points: Array) -> tuple[Array, Array]:
        return self.colour(points), np.full(len(points), ROUGH, np.float32)

    def roughness(self, points: Array) -> Array:
        return self.materials(points)[1]

    def cut_planes(self) -> NDArray[np.float32]:
        return np.array([[0.0, -1.0, 0.0, BOTTOM * self._scale]], np.float32)


class RichModel(AnalyticModel):
    """`AnalyticModel` with such a field."""

    def field_of(self, person: AnalyticPerson) -> RichField:
        plain = super().field_of(person)

        def rippled(points: Array) -> Array:
            return plain.value(points) + HEIGHT * np.sin(points[:, 0] * (2 * np.pi / WAVE)).astype(np.float32)

        return RichField(rippled, plain.bounds, plain.colour, float(plain._scale))
