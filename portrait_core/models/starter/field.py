# SPDX-License-Identifier: Apache-2.0
"""The starter's busts as fields: the whole, and only the hair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.geometry.settled import settled
from portrait_core.imaging.colour_space import srgb_to_linear
from portrait_core.models.starter.generator import CanonicalGenerator, Identity
from portrait_core.models.starter.lattice import HAIR_DEPTH, Axes, CanonicalLattice
from portrait_core.runtime.devices import chunk_size
from portrait_core.runtime.torch_threads import over_rows

CHUNK = 120_000
"""Points evaluated at once, for the sake of memory."""

PIECE = 1 << 14
"""Points that one of several threads evaluates at once."""


@dataclass(frozen=True)
class CanonicalField:
    """The bust of one identity as a :class:`portrait_core.field.Field`; lattice space is the canonical head.

    ``model`` and ``identity`` give the shape; ``painted`` are those of the colours, where they differ: shapes are made
    in float64 (see :mod:`portrait_core.models.starter.settled`), of which colours have no use.
    """

    model: CanonicalGenerator
    identity: Identity
    painted: tuple[CanonicalGenerator, Identity] | None = None

    @property
    def bounds(self) -> NDArray[np.float32]:
        """(2, 3) lattice box, metres."""
        centre = np.asarray(self.model.options.box_centre, np.float32)
        half = np.float32(self.model.options.box_half)
        return np.stack([centre - half, centre + half])

    def value(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth below the surface (N,), metres, positive inside."""
        return settled(-chunked(self.identity, points, self.model.value))

    def colour(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Linear RGB albedo (N, 3)."""
        return self.materials(points)[0]

    def materials(self, points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Linear RGB albedo (N, 3) and roughness (N,) of one evaluation."""

        model, identity = self.painted or (self.model, self.identity)

        def both(one: Identity, p: Tensor) -> Tensor:
            colour, roughness = model.materials(one, p)
            return torch.cat([colour, roughness[:, None]], 1)

        found = chunked(identity, points, both).astype(np.float32)
        return srgb_to_linear(found[:, :3]), found[:, 3]

    def roughness(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """glTF roughness (N,)."""
        return self.materials(points)[1]

    def place(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Canonical points to the identity's un-posed world, metres."""
        warp = self.model.warp_of(self.identity)
        return settled(chunked(self.identity, points, lambda _one, p: warp(p)))

    def unplace(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """The identity's un-posed world to canonical points."""
        warp = self.model.identity_warp
        return settled(chunked(self.identity, points, lambda one, p: warp.inverse(p, one.coefficients)))

    def cut_planes(self) -> NDArray[np.float32]:
        """(3, 4): the cut below the chest and through both arms."""
        low, side = self.identity.shoulders.y, self.identity.shoulders.x
        return settled(np.array([[0, -1, 0, -low], [1, 0, 0, side], [-1, 0, 0, side]]))


@dataclass(frozen=True)
class BustField(CanonicalField):
    """The whole bust, with its quick form for lattices."""

    def on_lattice(self, axes: Axes) -> CanonicalLattice:
        """Values at the points of a lattice; see :class:`portrait_core.field.StructuredField`."""
        return CanonicalLattice(self.model, self.identity, axes)


@dataclass(frozen=True)
class HairField(CanonicalField):
    """Only the hair of an identity: its coarse surface tells the rig where hair is, its fine one is a part."""

    def value(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth below the hair's surface (N,), metres; hair inside the body does not count."""

        def depth(identity: Identity, p: Tensor) -> Tensor:
            sample = self.model.canonical_sample(identity, p)
            return torch.maximum(sample.hair, -sample.body - HAIR_DEPTH)[0]

        return settled(-chunked(self.identity, points, depth))

    def beneath(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Depth below the skin (N,), metres, negative outside the body."""
        return settled(-chunked(self.identity, points, lambda one, p: self.model.canonical_sample(one, p).body[0]))

    def on_lattice(self, axes: Axes) -> CanonicalLattice:
        """The same at the points of a lattice."""
        return CanonicalLattice(self.model, self.identity, axes, part="hair")


def chunked(
    identity: Identity, points: NDArray[np.float32], function: Callable[[Identity, Tensor], Tensor]
) -> NDArray[np.floating]:
    """``function`` (identity, (N, 3)) -> (N, ...) at ``points`` (N, 3), in the precision of the identity; a limited
    number at a time, shared out to threads."""

    def part(rows: NDArray[np.float32]) -> NDArray[np.floating]:
        with torch.no_grad():
            return function(identity, torch.as_tensor(rows).to(identity.style)).cpu().numpy()

    device = identity.style.device
    size = PIECE if device.type == "cpu" else CHUNK
    parts = [
        over_rows(part, np.ascontiguousarray(some), chunk_size(size), device)
        for some in np.array_split(points, max(1, -(-len(points) // chunk_size(CHUNK))))
    ]
    return np.concatenate(parts)
