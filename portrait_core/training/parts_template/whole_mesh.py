# SPDX-License-Identifier: Apache-2.0
"""The whole CC0 base mesh with its helpers, as the build of parts needs it: places, quads by group, joints, weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.world.assets import DECIMETRE, AssetFolders, read_obj
from portrait_core.world.base_mesh import JOINT_CUBES, load_targets, neutral_weights, skin_weights

BODY = "body"
ON_THE_HEAD = ("helper-l-eye", "helper-r-eye", "helper-upper-teeth", "helper-lower-teeth", "helper-tongue")
"""Groups besides lashes that no bone of the rig's bust moves: they hang on the head."""


@dataclass(frozen=True, eq=False)
class WholeMesh:
    """All N vertices of hm08, metres.

    Attributes:
        rest: (N, 3) the unmorphed mesh.
        neutral: (N, 3) the canonical body, its neck joint at the origin.
        quads: (Q, 4); corner_uvs: (Q, 4, 2); groups: (Q,) names.
        joints: joint name -> vertices whose mean is the joint.
        names, targets: morph targets (T,) and (T, N, 3) float32, to be added to ``rest`` with weights.
        weights: (N, 24) skin weights over the SMPL joints, rows sum to one.
    """

    rest: NDArray[np.float64]
    neutral: NDArray[np.float64]
    quads: NDArray[np.int64]
    corner_uvs: NDArray[np.float64]
    groups: NDArray[np.str_]
    joints: dict[str, NDArray[np.int64]]
    names: tuple[str, ...]
    targets: NDArray[np.float32]
    weights: Any

    def quads_of(self, *groups: str) -> NDArray[np.int64]:
        """(F, 4) the quads of some groups."""
        return self.quads[np.isin(self.groups, groups)]

    def vertices_of(self, *groups: str) -> NDArray[np.int64]:
        """The vertices of some groups, growing."""
        return np.unique(self.quads_of(*groups))


def load_whole_mesh(folders: AssetFolders) -> WholeMesh:
    """Read the base mesh and its targets (about two seconds)."""
    obj = read_obj(folders.mpfb / "3dobjs" / "base.obj")
    table = load_targets(folders.mpfb / "targets")
    names, rest = tuple(table), obj.vertices * DECIMETRE
    targets = np.zeros((len(names), len(rest), 3), np.float32)
    for row, (index, delta) in enumerate(table.values()):
        targets[row, index] = delta * DECIMETRE
    quads, groups = np.asarray(obj.faces), np.asarray(obj.groups)
    joints = {ours: np.unique(quads[groups == cube]) for ours, cube in JOINT_CUBES.items()}
    neutral = rest + np.tensordot(neutral_weights(names), targets, 1)
    neutral -= neutral[joints["neck"]].mean(axis=0)
    return WholeMesh(
        rest=rest,
        neutral=neutral,
        quads=quads,
        corner_uvs=obj.texcoords[np.asarray(obj.face_texcoords)],
        groups=groups,
        joints=joints,
        names=names,
        targets=targets,
        weights=_weights(folders, quads, groups, len(rest)),
    )


def _weights(folders: AssetFolders, quads: NDArray[np.int64], groups: NDArray[np.str_], count: int) -> Any:
    weights = skin_weights(folders.mpfb, count)
    lashes = tuple(name for name in np.unique(groups) if "eyelashes" in name)
    head = np.unique(quads[np.isin(groups, (*ON_THE_HEAD, *lashes))])
    weights[head] = 0
    weights[head, SMPL_JOINT_NAMES.index("head")] = 1
    # What no bone of the bust moves is never shown; it hangs on the root so that rows have a sum.
    weights[weights.sum(axis=1) <= 0, 0] = 1
    return sparse.csr_matrix(weights)
