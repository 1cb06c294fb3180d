# SPDX-License-Identifier: Apache-2.0
"""Planes on a regular lattice: what depends on two coordinates only is looked up and multiplied once.

A lattice point needs a plane at places that it shares with a whole row of points. So each plane is resampled once onto
its two axes of the lattice, and everything linear that follows is applied to the resampled plane. A point then costs a
few gathered rows, their sum and the rest of the decoder, which each family folds for itself (`folded_decoder`).
"""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor

CHUNK = 4096
"""Points worked on at once by a processor: their hidden rows fit into a core's cache."""

Axes = tuple[Tensor, Tensor, Tensor]
"""Coordinates (nx,), (ny,), (nz,) of the lattice points along each axis."""


def resampled(plane: Tensor, first: Tensor, second: Tensor, turned: bool, padding: str) -> Tensor:
    """A plane (C, H, W) at all pairs of ``first`` (n,) and ``second`` (m,): (n * m, C).

    ``first`` runs along the plane's width and ``second`` along its height, the other way round when ``turned``.
    """
    a, b = torch.meshgrid(first, second, indexing="ij")
    grid = torch.stack([b, a] if turned else [a, b], -1)
    found = nnf.grid_sample(plane[None], grid[None], mode="bilinear", padding_mode=padding, align_corners=False)
    return found[0].flatten(1).t()
