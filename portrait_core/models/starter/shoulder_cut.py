# SPDX-License-Identifier: Apache-2.0
"""The shoulder cut of one identity: planes that its solid reaches, flat in its own space.

The planes of a model's options are those of everyone. The solid is only known within a box around the canonical head,
and wide shoulders leave that box before they reach the planes: the walls of the box, bent by the identity's warp, would
end the arms. For such identities the planes move inwards until the whole end is flat again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

WALL_NODES = 41
"""Points along each side of a wall of the box at which the solid is looked for."""

NEAR = 0.006
"""Metres: points of a wall this near to the solid count as in it; the solid lies between the nodes as well."""

SPARE = 0.003
"""Metres from the walls to the planes: a surface has to turn from the one to the other within the box."""

LEAST = 0.6
"""The cut never moves farther in than this share of where the options put it."""


@dataclass(frozen=True)
class ShoulderCut:
    """What lies below ``y`` or farther to a side than ``x`` is cut off; metres in the identity's space."""

    y: float
    x: float

    def beyond(self, place: Tensor) -> Tensor:
        """Signed distance (N,) of places (N, 3) to the kept side, positive beyond."""
        return torch.maximum(self.y - place[:, 1], place[:, 0].abs() - self.x)


def cut_within_walls(
    wanted: ShoulderCut,
    centre: Tensor,
    half: float,
    *,
    roughly: Callable[[Tensor], Tensor],
    warp: Callable[[Tensor], Tensor],
    distance: Callable[[Tensor], Tensor],
) -> ShoulderCut:
    """``wanted``, moved inwards as far as it takes for the solid to end at its planes and not at the box's walls.

    ``centre`` (3,) and ``half`` give the box; ``distance`` maps canonical points (N, 3) to signed distances (N,) of the
    uncut solid, negative inside; ``warp`` carries canonical points to the identity, ``roughly`` does so quickly.
    """
    axis = torch.linspace(-half, half, WALL_NODES, device=centre.device, dtype=centre.dtype)
    one, two = (each.reshape(-1) for each in torch.meshgrid(axis, axis, indexing="ij"))
    edge = torch.full_like(one, half)
    floor = torch.stack([one, -edge, two], 1) + centre
    sides = torch.cat([torch.stack([edge, one, two], 1), torch.stack([-edge, one, two], 1)]) + centre

    def kept(points: Tensor, cut: ShoulderCut) -> Tensor:
        """The identity's places (K, 3) of those points of a wall that are in the solid."""
        points = points[cut.beyond(roughly(points)) < NEAR]
        points = points[distance(points) < NEAR] if len(points) else points
        place = warp(points) if len(points) else points
        return place[cut.beyond(place) < SPARE]

    low = kept(floor, wanted)
    y = max(wanted.y, float(low[:, 1].max()) + SPARE) if len(low) else wanted.y
    wide = kept(sides, ShoulderCut(min(y, LEAST * wanted.y), wanted.x))
    x = min(wanted.x, float(wide[:, 0].abs().min()) - SPARE) if len(wide) else wanted.x
    return ShoulderCut(min(y, LEAST * wanted.y), max(x, LEAST * wanted.x))
