# SPDX-License-Identifier: Apache-2.0
"""A starter's network in float64, for shapes that every machine, with any number of threads, computes alike.

The last bits of a surface decide which edges a decimation collapses first. So a shape is computed in float64, and its
lengths are put on a grid (:mod:`portrait_core.geometry.settled`): two machines differ about once in ten thousand
avatars.
"""

from __future__ import annotations

from copy import deepcopy
from functools import partial

from portrait_core.geometry.mesh_queries import precise_closest_points
from portrait_core.models.starter.generator import CanonicalGenerator
from portrait_core.models.starter.identity_warp import FADE_TO


def precise(network: CanonicalGenerator) -> CanonicalGenerator:
    """A copy of a network that computes in float64, on the processor where its device has no float64."""
    device = network.identity_warp.vertices.device
    copy = deepcopy(network).to("cpu" if device.type == "mps" else device).double()
    copy.identity_warp.search_with(partial(precise_closest_points, reach=FADE_TO))
    return copy
