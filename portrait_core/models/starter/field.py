# SPDX-License-Identifier: Apache-2.0
"""The starter's busts as fields: the whole, and only the hair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.imaging.colour_space import srgb_to_linear
from portrait_core.models.starter.generator import CanonicalGenerator, Identity
from portrait_core.models.starter.lattice import HAIR_DEPTH, Axes, CanonicalLattice
from portrait_core.runtime.devices import chunk_size

CHUNK = 120_000
"""Points evaluated at once, for the sake of memory."""


@dataclass(frozen=True)
class CanonicalField:
    """The bust of one identity as a :class:`portrait_core.field.Field`; lattice space is the canonical head."""

    model: CanonicalGenerator
    identity: Identity

    @property
    def bounds(self) -> NDArray[np.float32]:
        """(2, 3) lattice box, metres."""
        centre = np.asarray(self.model.options.box_centre, np.float32)
        half = np.float32(self.model.options.box_half)
        return np.stack([centre - half, centre + half])

    def value(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth below the surface (N,), metres, positive inside."""
        return -self._chunked(points, self.model.value)

    def colour(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Linear RGB albedo (N, 3)."""
        return self.materials(points)[0]

    def materials(self, points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Linear RGB albedo (N, 3) and roughness (N,) of one evaluation."""

        def both(identity: Identity, p: Tensor) -> Tensor:
            colour, roughness = self.model.materials(identity, p)
            return torch.cat([colour, roughness[:, None]], 1)

        found = self._chunked(points, both)
        return srgb_to_linear(found[:, :3]), found[:, 3]

    def roughness(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """glTF roughness (N,)."""
        return self.materials(points)[1]

    def place(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Canonical points to the identity's un-posed world, metres."""
        return self._chunked(points, lambda one, p: self.model.identity_warp(p, one.coefficients))

    def unplace(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """The identity's un-posed world to canonical points."""
        return self._chunked(points, lambda one, p: self.model.identity_warp.inverse(p, one.coefficients))

    def cut_planes(self) -> NDArray[np.float32]:
        """(3, 4): the cut below the chest and through both arms."""
        low, side = self.identity.shoulders.y, self.identity.shoulders.x
        return np.array([[0, -1, 0, -low], [1, 0, 0, side], [-1, 0, 0, side]], np.float32)

    def _chunked(
        self, points: NDArray[np.float32], function: Callable[[Identity, Tensor], Tensor]
    ) -> NDArray[np.float32]:
        device = self.identity.style.device
        with torch.no_grad():
            parts = [
                function(self.identity, torch.as_tensor(np.ascontiguousarray(p, np.float32)).to(device)).cpu().numpy()
                for p in np.array_split(points, max(1, -(-len(points) // chunk_size(CHUNK))))
            ]
        return np.concatenate(parts)


@dataclass(frozen=True)
class BustField(CanonicalField):
    """The whole bust, with its quick form for lattices."""

    def on_lattice(self, axes: Axes) -> CanonicalLattice:
        """Values at the points of a lattice; see :class:`portrait_core.field.StructuredField`."""
        return CanonicalLattice(self.model, self.identity, axes)


@dataclass(frozen=True)
class HairField(CanonicalField):
    """Only the hair of an identity, for its coarse surface."""

    def value(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth below the hair's surface (N,), metres; hair inside the body does not count."""

        def depth(identity: Identity, p: Tensor) -> Tensor:
            sample = self.model.canonical_sample(identity, p)
            return torch.maximum(sample.hair, -sample.body - HAIR_DEPTH)[0]

        return -self._chunked(points, depth)

    def on_lattice(self, axes: Axes) -> CanonicalLattice:
        """The same at the points of a lattice."""
        return CanonicalLattice(self.model, self.identity, axes, part="hair")
