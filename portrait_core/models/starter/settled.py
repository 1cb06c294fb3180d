# SPDX-License-Identifier: Apache-2.0
"""A starter's network in float64, for shapes that every machine, with any number of threads, computes alike.

The last bits of a surface decide which edges a decimation collapses first. So a shape is computed in float64, and its
lengths are put on a grid (:mod:`portrait_core.geometry.settled`): two machines differ about once in ten thousand
avatars.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cached_property, partial

import torch

from portrait_core.geometry.mesh_queries import precise_closest_points
from portrait_core.models.starter.generator import CanonicalGenerator
from portrait_core.models.starter.identity_warp import FADE_TO

CODES = ("backbone.mapping.", "identity_code.", "code_refinement.", "identity_warp.landmark_")
"""Whose tensors the shapes of parts are computed from."""


class PreciseNetworks:
    """A network in float64, as much of it as is asked for: the whole takes as much memory again as two networks."""

    def __init__(self, network: CanonicalGenerator) -> None:
        self._network = network

    @cached_property
    def whole(self) -> CanonicalGenerator:
        """By :func:`precise`, for fields."""
        return precise(self._network)

    @cached_property
    def codes(self) -> CanonicalGenerator:
        """By :func:`precise_codes`, for parts."""
        return precise_codes(self._network)


def precise(network: CanonicalGenerator) -> CanonicalGenerator:
    """A copy of a network that computes in float64, on the processor where its device has no float64."""
    copy = deepcopy(network).to(_with_doubles(network)).double()
    copy.identity_warp.search_with(partial(precise_closest_points, reach=FADE_TO))
    return copy


def precise_codes(network: CanonicalGenerator) -> CanonicalGenerator:
    """A copy that computes style rows, codes and landmarks in float64 (:data:`CODES`) and shares all else with
    ``network``: no planes, no field."""
    tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    shared = {id(tensor): tensor for name, tensor in tensors.items() if not name.startswith(CODES)}
    copy = deepcopy(network, shared)
    for name, tensor in (*copy.named_parameters(), *copy.named_buffers()):
        if name.startswith(CODES):
            tensor.data = tensor.data.to(_with_doubles(network), torch.float64)
    return copy


def _with_doubles(network: CanonicalGenerator) -> torch.device:
    """The network's device, or the processor where that has no float64."""
    device = network.identity_warp.vertices.device
    return torch.device("cpu") if device.type == "mps" else device
