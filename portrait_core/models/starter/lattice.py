# SPDX-License-Identifier: Apache-2.0
"""An identity of the starter on a regular lattice of canonical space: the quick twin of ``CanonicalGenerator.value``.

The decoder is folded into tables (`folded_decoder`). The shoulder cut is asked where it can
matter only: its planes are flat in the identity's space, and the warp there is dear.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.geometry.settled import settled
from portrait_core.models.starter.folded_decoder import FoldedCanonicalDecoder
from portrait_core.models.starter.generator import CanonicalGenerator, Identity
from portrait_core.runtime.torch_threads import one_torch_thread, over_rows

CUT_ZONE = 0.03
"""Farther from the planes of the shoulder cut than this it is not asked: only depths beyond this come out too deep."""

CUT_DOUBT = 0.002
"""How far the coarse lattice of the warp may be wrong about the cut's planes, metres."""

PIECE = 1 << 15
"""Points that one of several threads evaluates at once."""

HAIR_DEPTH = 0.004
"""Hair deeper than this below the skin does not count as hair, metres."""

Axes = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


class CanonicalLattice:
    """Values of one identity at lattice points, metres, positive inside.

    Args:
        model: the generator.
        identity: what it made of a latent.
        axes: canonical coordinates of the lattice points along x, y and z, metres.
        part: ``solid`` for body and hair within the shoulder cut, ``hair`` for the hair outside the body only.
    """

    def __init__(self, model: CanonicalGenerator, identity: Identity, axes: Axes, *, part: str = "solid") -> None:
        if part not in ("solid", "hair"):
            raise ValueError(f"got part {part!r}; expected 'solid' or 'hair'")
        device = identity.style.device
        self._device, self._part = device, part
        self._model, self._identity = model, identity
        # Both ends of an edge across the cut must be exact.
        self._exact = CUT_DOUBT + 1.2 * max(float(np.diff(a).max(initial=0.0)) for a in axes)
        with torch.inference_mode(), one_torch_thread():
            x, y, z = (torch.as_tensor(a.astype(np.float32)).to(identity.style) for a in axes)
            centre, half = model.options.box_centre, model.options.box_half
            scaled = (x - centre[0]) / half, (y - centre[1]) / half, (z - centre[2]) / half
            self._distance = FoldedCanonicalDecoder(model.decoder, identity.planes, identity.style, scaled)
            self._axes = x, y, z
            moved = identity.moved[0].flatten(1)
            sideways = float(moved[0].abs().max())
            self._low = y + moved[1].min() < identity.shoulders.y + CUT_ZONE
            self._wide = x.abs() + sideways > identity.shoulders.x - CUT_ZONE

    def __call__(self, index: NDArray[np.int64]) -> NDArray[np.float32]:
        """Values (N,) at lattice indices (N, 3)."""
        return over_rows(self._values, index, PIECE, self._device)

    def _values(self, index: NDArray[np.int64]) -> NDArray[np.float32]:
        with torch.inference_mode():
            at = torch.as_tensor(index).to(self._device)
            body, hair = self._distance(at).unbind(1)
            if self._part == "hair":
                distance = torch.maximum(hair, -body - HAIR_DEPTH)
            else:
                distance = torch.minimum(body, hair)
                self._cut(at, distance)
            return settled(-distance.cpu().numpy())

    def _cut(self, index: Tensor, distance: Tensor) -> None:
        """Cut the solid with signed distances (N,) at lattice indices (N, 3), in place."""
        near = torch.nonzero(self._low[index[:, 1]] | self._wide[index[:, 0]]).squeeze(1)
        if len(near) == 0:
            return
        points = torch.stack([axis[index[near, a]] for a, axis in enumerate(self._axes)], 1)
        inside = distance[near]
        cut = self._model.cut(self._identity, points, inside, exact=self._exact, margin=2 * self._exact)
        distance[near] = torch.maximum(inside, cut)
