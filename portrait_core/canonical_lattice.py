# SPDX-License-Identifier: Apache-2.0
"""An identity of the starter on a regular lattice of canonical space: the quick twin of ``CanonicalGenerator.value``.

The decoder is folded into tables (:mod:`portrait_core.networks.folded_planes`). The shoulder cut, whose planes are flat
in the identity's space and bent here, is kept as heights of the bent planes over the lattice's other two axes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as nnf
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.canonical_generator import CanonicalGenerator, Identity
from portrait_core.networks.folded_planes import FoldedCanonicalDecoder

CUT_NODES = 160
"""Nodes along each axis for the heights of the cut's planes: one every 3.4 mm."""

COARSE_STEPS = 6
EXACT_STEPS = 3
"""Fixed-point steps for the heights: with the coarse lattice of the warp everywhere, with the warp where flesh is."""

FLESH = 0.015
"""Heights are exact where the bust is no farther than this, metres."""

Axes = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


class CanonicalLattice:
    """Values of one identity at lattice points, metres, positive inside.

    Args:
        model: the generator.
        identity: what it made of a latent.
        axes: canonical coordinates of the lattice points along x, y and z, metres.
        part: ``solid`` for body and hair within the shoulder cut, ``hair`` for the hair outside the body only.
    """

    def __init__(
        self, model: CanonicalGenerator, identity: Identity, axes: Axes, *, part: str = "solid"
    ) -> None:
        if part not in ("solid", "hair"):
            raise ValueError(f"got part {part!r}; expected 'solid' or 'hair'")
        device = identity.style.device
        self._device, self._part = device, part
        with torch.inference_mode():
            x, y, z = (torch.as_tensor(a.astype(np.float32)).to(device) for a in axes)
            centre, half = model.options.box_centre, model.options.box_half
            scaled = (x - centre[0]) / half, (y - centre[1]) / half, (z - centre[2]) / half
            self._distance = FoldedCanonicalDecoder(model.decoder, identity.planes, identity.style, scaled)
            self._cuts = _cut_tables(model, identity, (x, y, z), scaled) if part == "solid" else []

    def __call__(self, index: NDArray[np.int64]) -> NDArray[np.float32]:
        """Values (N,) at lattice indices (N, 3)."""
        with torch.inference_mode():
            at = torch.as_tensor(index).to(self._device)
            body, hair = self._distance(at).unbind(1)
            if self._part == "hair":
                distance = torch.maximum(hair, -body - HAIR_DEPTH)
            else:
                distance = torch.minimum(body, hair)
                for read in self._cuts:
                    distance = torch.maximum(distance, read(at))
            return (-distance).cpu().numpy()


HAIR_DEPTH = 0.004
"""Hair deeper than this below the skin does not count as hair, metres."""


def _cut_tables(
    model: CanonicalGenerator, identity: Identity, axes: tuple[Tensor, ...], scaled: tuple[Tensor, ...]
) -> list[Callable[[Tensor], Tensor]]:
    """Signed distances beyond the planes of the shoulder cut, as functions of lattice indices (N, 3)."""
    found: list[Callable[[Tensor], Tensor]] = []
    options = model.options
    for along, sign, plane in ((1, -1.0, options.cut_y), (0, 1.0, options.cut_x), (0, -1.0, -options.cut_x)):
        heights, slope = _heights(model, identity, along, plane)
        first, second = (a for a in range(3) if a != along)
        a, b = torch.meshgrid(scaled[first], scaled[second], indexing="ij")
        grid = torch.stack([b, a], -1)[None]
        both = nnf.grid_sample(
            torch.stack([heights, slope])[None], grid, align_corners=True, padding_mode="border"
        )[0]
        found.append(_reader(both[0].contiguous(), both[1].contiguous() * sign, axes[along], along))
    return found


def _reader(height: Tensor, slope: Tensor, axis: Tensor, along: int) -> Callable[[Tensor], Tensor]:
    first, second = (a for a in range(3) if a != along)
    width = height.shape[1]

    def read(index: Tensor) -> Tensor:
        row = index[:, first] * width + index[:, second]
        return (axis[index[:, along]] - height.view(-1)[row]) * slope.view(-1)[row]

    return read


def _heights(
    model: CanonicalGenerator, identity: Identity, along: int, plane: float
) -> tuple[Tensor, Tensor]:
    """Where coordinate ``along`` of the warped point is ``plane``: canonical heights (S, S) over the other two axes,
    and how fast the warped coordinate grows there (S, S)."""
    first, second = (a for a in range(3) if a != along)
    axis = torch.linspace(-1, 1, CUT_NODES, device=identity.style.device) * model.options.box_half
    centre = model.options.box_centre
    a, b = torch.meshgrid(axis + centre[first], axis + centre[second], indexing="ij")
    x = torch.empty(CUT_NODES**2, 3, device=a.device)
    x[:, first], x[:, second], x[:, along] = a.reshape(-1), b.reshape(-1), plane
    for _ in range(COARSE_STEPS):
        x[:, along] += plane - model.coarsely_moved(identity, x)[:, along]
    planes, style = identity.planes, identity.style
    inside = model.decoder.distance(planes, model.normalised(x)[None], style)[0]
    index = torch.nonzero(inside < FLESH).squeeze(1)
    near = x[index]
    for _ in range(EXACT_STEPS if len(index) else 0):
        near[:, along] += plane - model.identity_warp(near, identity.coefficients)[:, along]
    x[index] = near
    step = torch.zeros(3, device=a.device)
    step[along] = 0.004
    rise = (model.coarsely_moved(identity, x + step) - model.coarsely_moved(identity, x - step))[
        :, along
    ] / 0.008
    return x[:, along].reshape(CUT_NODES, CUT_NODES), rise.reshape(CUT_NODES, CUT_NODES)
