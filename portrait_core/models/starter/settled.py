# SPDX-License-Identifier: Apache-2.0
"""A starter's shape computed so that every machine, with any number of threads, gets the same numbers.

Sums of floats depend on their order, and libraries choose the order by processor and thread count; the last bits of a
surface then decide which edges a decimation collapses first. So a shape is computed in float64, where orders differ by
parts in 10^15, and its lengths are rounded to a grid of a micrometre: two machines differ only where a value happens to
lie within rounding errors of the middle between two steps, about once in ten thousand avatars.
"""

from __future__ import annotations

from copy import deepcopy
from functools import partial

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.mesh_queries import precise_closest_points
from portrait_core.models.starter.generator import CanonicalGenerator
from portrait_core.models.starter.identity_warp import FADE_TO

STEPS = float(1 << 20)
"""Steps of the grid in a metre: a power of two, so that every place on it below eight metres is a float32."""


def settled(metres: NDArray[np.floating]) -> NDArray[np.float32]:
    """Lengths, any shape, rounded to the grid."""
    return (np.round(np.asarray(metres, np.float64) * STEPS) / STEPS).astype(np.float32)


def precise(network: CanonicalGenerator) -> CanonicalGenerator:
    """A copy of a network that computes in float64, on the processor where its device has no float64."""
    device = network.identity_warp.vertices.device
    copy = deepcopy(network).to("cpu" if device.type == "mps" else device).double()
    copy.identity_warp.search_with(partial(precise_closest_points, reach=FADE_TO))
    return copy
