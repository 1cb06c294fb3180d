# SPDX-License-Identifier: Apache-2.0
"""Points of posed space back to rest space by the skin's own motion: smooth where triangles' motions are not.

`portrait_core.body.deformation.PoseWarp`, the published rule, moves space rigidly with each triangle, so the motion
jumps from one triangle to the next where a neck turns. Here each posed point goes back by the undone skinning motion of
the closest place of the posed skin, interpolated between that triangle's corners.

Far outside the skin that is the wrong way back: beside a tilted head it leads into the shoulder that lay there before.
So every place also tells how far outside the skin it is, and what is drawn stays close to the skin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.geometry.mesh_queries import PointSearch, closest_points


@dataclass(frozen=True)
class SkinWarp:
    """The map of posed points to rest ones; call it with points (N, 3).

    ``faces`` (F, 3) are the triangles of the skin, ``posed`` and ``normals`` (V, 3) its posed vertices and which way is
    out there, ``undo`` (V, 3, 4) takes each posed vertex to rest, ``closest`` finds places of the posed skin.
    """

    faces: Tensor
    posed: Tensor
    normals: Tensor
    undo: Tensor
    closest: PointSearch

    @staticmethod
    def of(
        posed: NDArray[np.float32],
        normals: NDArray[np.float32],
        faces: NDArray[np.int32],
        motions: NDArray[np.float64],
        device: torch.device,
    ) -> SkinWarp:
        """The warp of a skin with ``posed`` vertices (V, 3), whose vertices were moved by ``motions`` (V, 4, 4).

        ``normals`` (V, 3) are those of the posed vertices.

        Raises ``ValueError`` for motions that cannot be undone.
        """
        try:
            undo: NDArray[Any] = np.linalg.inv(motions)[:, :3]
        except np.linalg.LinAlgError as error:
            raise ValueError("got skinning motions that flatten the body; turn the joints less") from error
        return SkinWarp(
            torch.as_tensor(faces.astype(np.int64)).to(device),
            torch.as_tensor(posed.astype(np.float32)).to(device),
            torch.as_tensor(normals.astype(np.float32)).to(device),
            torch.as_tensor(undo.astype(np.float32)).to(device),
            closest_points(posed, faces),
        )

    def __call__(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Posed ``points`` (N, 3) -> their rest places (N, 3), and how far outside the skin they are (N,), metres.

        Points inside the skin are at no distance outside.
        """
        face, bary, distance = self.closest(points.detach().cpu().numpy())
        corners = self.faces[torch.as_tensor(face).to(points.device).long()]
        weights = torch.as_tensor(bary).to(points)[:, None]
        motion = (weights @ self.undo[corners].flatten(2)).reshape(-1, 3, 4)
        rest = (motion[:, :, :3] @ points[:, :, None])[:, :, 0] + motion[:, :, 3]
        beside = points - (weights @ self.posed[corners])[:, 0]
        outside = (beside * (weights @ self.normals[corners])[:, 0]).sum(dim=1) > 0
        return rest, torch.as_tensor(distance).to(points) * outside
