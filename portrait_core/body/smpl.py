# SPDX-License-Identifier: Apache-2.0
"""Linear blend skinning of an SMPL body (docs/published/deformation.md, sections 1 and 2). No body data is shipped."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

NECK = 12
"""Index of the neck among the 24 SMPL joints; a pose's first three numbers turn it."""
HEAD = 15
"""Index of the head among the 24 SMPL joints; a pose's last three numbers turn it."""


def rodrigues(axis_angle: Tensor) -> Tensor:
    """Rotation matrices ``[..., 3, 3]`` of axis-angle vectors ``[..., 3]`` in radians.

    1e-8 is added to every component for the length only, as the published body model does, so that zero is allowed.
    """
    angle = (axis_angle + 1e-8).square().sum(dim=-1, keepdim=True).sqrt()
    x, y, z = (axis_angle / angle).unbind(dim=-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1)
    cross = cross.reshape(*axis_angle.shape[:-1], 3, 3)
    sin, cos = angle.sin()[..., None], angle.cos()[..., None]
    identity = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    return identity + sin * cross + (1 - cos) * (cross @ cross)


@dataclass(frozen=True)
class SmplModel:
    """The constants of a body model with V vertices and J joints.

    ``v_template[V, 3]``, ``shapedirs[V, 3, S]``, ``posedirs[9 (J - 1), 3 V]`` (column = 3 vertex + axis),
    ``j_regressor[J, V]``, ``parents`` (J indices, -1 for the root, parents before children), ``weights[V, J]``.
    Lengths in metres.
    """

    v_template: Tensor
    shapedirs: Tensor
    posedirs: Tensor
    j_regressor: Tensor
    parents: tuple[int, ...]
    weights: Tensor

    def shaped(self, betas: Tensor | None = None) -> Tensor:
        """Un-posed vertices ``[B, V, 3]`` of shapes ``betas[B, S]``; ``[1, V, 3]`` for None."""
        if betas is None:
            return self.v_template[None]
        return self.v_template + torch.einsum("bs,vas->bva", betas, self.shapedirs)

    def pose(self, rotations: Tensor, shaped: Tensor) -> tuple[Tensor, Tensor]:
        """Skin a shape.

        Args:
            rotations: axis-angle of all J joints, the root first, ``[B, J, 3]`` in radians.
            shaped: un-posed vertices ``[B or 1, V, 3]``, see `shaped`.

        Returns:
            Posed vertices ``[B, V, 3]`` and posed joints ``[B, J, 3]``.
        """
        batch, joints = rotations.shape[:2]
        matrices = rodrigues(rotations)
        places = self.j_regressor @ shaped
        identity = torch.eye(3, dtype=matrices.dtype, device=matrices.device)
        feature = (matrices[:, 1:] - identity).reshape(batch, -1)
        bent = shaped + (feature @ self.posedirs).reshape(batch, -1, 3)
        turn, move = _chain(matrices, places.expand(batch, joints, 3), self.parents)
        rest = move - (turn @ places[..., None]).squeeze(-1)
        blended_turn = torch.einsum("vj,bjmn->bvmn", self.weights, turn)
        blended_rest = self.weights @ rest
        return (blended_turn @ bent[..., None]).squeeze(-1) + blended_rest, move


def _chain(matrices: Tensor, places: Tensor, parents: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """World rotations ``[B, J, 3, 3]`` and places ``[B, J, 3]`` of joints turned by local ``matrices``."""
    turns: list[Tensor] = [matrices[:, 0]]
    moves: list[Tensor] = [places[:, 0]]
    for joint in range(1, len(parents)):
        parent = parents[joint]
        turns.append(turns[parent] @ matrices[:, joint])
        offset = (places[:, joint] - places[:, parent])[..., None]
        moves.append((turns[parent] @ offset).squeeze(-1) + moves[parent])
    return torch.stack(turns, dim=1), torch.stack(moves, dim=1)


def joint_rotations(pose: Tensor, joints: int = 24) -> Tensor:
    """Six-number poses ``[B, 6]`` (neck, then head) as axis-angle of all joints ``[B, joints, 3]``, the others 0."""
    parts: list[Tensor] = [torch.zeros_like(pose[:, :3])] * joints
    parts[NECK], parts[HEAD] = pose[:, :3], pose[:, 3:]
    return torch.stack(parts, dim=1)
