# SPDX-License-Identifier: Apache-2.0
"""Where along a ray something can be seen: a coarse lattice of densities, built once an identity.

A cell tells two bounds of the raw density in it: `may_show` is false where even the largest lattice value nearby lets
all but a trace of the light through, and `least` is the smallest value nearby, by which one knows when a ray has come
to an end. Both look at the nodes of the cell and of all its neighbours, so that what lies between nodes has a cell's
width of margin on every side. They are bounds of the lattice's values, not proven ones of the field: tests and the
benchmark measure what is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor

EMPTY_BELOW = -8.0
"""Raw densities below this show nothing: a metre of it takes 1.2e-4 of the light (softplus(-9))."""

CELLS = 96
"""Cells along the box: about 10 mm each in the published box, planes having pixels of 4 mm."""

FOG = 0.9
"""Where half as many cells along each edge say that this share of the box may show something, finer ones are spared."""

Axes = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Occupancy:
    """Bounds of the density over a cube of side ``box_warp`` about the origin, in ``cells`` cells along each edge.

    ``may_show`` (cells ** 3 + 1,) bool and ``least`` (cells ** 3 + 1,) have one entry more than there are cells: what
    holds everywhere outside the cube.
    """

    cells: int
    box_warp: float
    may_show: Tensor
    least: Tensor

    @staticmethod
    def of(
        on_lattice: Callable[[Axes], Callable[[Tensor], Tensor]],
        outside: float,
        *,
        box_warp: float,
        device: torch.device,
        cells: int = CELLS,
    ) -> Occupancy:
        """Build it.

        Args:
            on_lattice: lattice coordinates in units of half the box to a function of lattice indices (N, 3) to raw
                densities (N,); the published family's `FoldedTrigridDecoder` is one.
            outside: raw density outside the box.
            box_warp: side of the box, metres.
            device: where it lives.
            cells: along each edge, an even number.
        """
        coarse = Occupancy._of(on_lattice, outside, box_warp, device, cells // 2)
        return coarse if coarse.share > FOG else Occupancy._of(on_lattice, outside, box_warp, device, cells)

    @staticmethod
    def _of(
        on_lattice: Callable[[Axes], Callable[[Tensor], Tensor]],
        outside: float,
        box_warp: float,
        device: torch.device,
        cells: int,
    ) -> Occupancy:
        axis = torch.linspace(-1, 1, cells + 1, device=device, dtype=torch.float32)
        steps = torch.arange(cells + 1, device=device)
        density = on_lattice((axis, axis, axis))
        # A layer at a time stays in a processor's caches; a graphics card takes all of them.
        thick = 1 if device.type == "cpu" else cells + 1
        layers = [density(torch.cartesian_prod(part, steps, steps)) for part in torch.split(steps, thick)]
        nodes = torch.cat(layers).reshape(1, 1, cells + 1, cells + 1, cells + 1)
        # The nodes of a cell and of its neighbours: four along each axis, fewer at the walls.
        high = nnf.max_pool3d(nodes, 4, stride=1, padding=1)[0, 0]
        low = -nnf.max_pool3d(-nodes, 4, stride=1, padding=1)[0, 0]
        wall = torch.tensor([outside], device=device, dtype=torch.float32)
        return Occupancy(
            cells,
            box_warp,
            torch.cat([high.flatten(), wall]) > EMPTY_BELOW,
            torch.cat([low.flatten(), wall]),
        )

    def cell(self, points: Tensor) -> Tensor:
        """Index (...) of the cell that holds each of ``points`` (..., 3); the last one outside."""
        place = (points * (self.cells / self.box_warp) + self.cells / 2).floor()
        inside = ((place >= 0) & (place < self.cells)).all(dim=-1)
        i, j, k = place.to(torch.int64).unbind(-1)
        return torch.where(inside, (i * self.cells + j) * self.cells + k, self.cells**3)

    @property
    def share(self) -> float:
        """How much of the box may show something."""
        return float(self.may_show[:-1].float().mean())
