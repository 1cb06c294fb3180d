# SPDX-License-Identifier: Apache-2.0
"""The MPFB base mesh cut down to a bust: neutral shape, morph targets, subdivision, joints and skin weights.

Everything is in metres in the house's frame (y up, face along +z, +x the subject's left). The *canonical* body is the
average of the six gender and ancestry targets at young age and middle weight; its neck joint is the origin.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.geometry.subdivision import Sparse, catmull_clark, quads_to_triangles
from portrait_core.world.assets import DECIMETRE, AssetFolders, find_assets, read_obj, read_target

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


DETAIL_FOLDERS = ("head", "nose", "eyes", "mouth", "chin", "cheek", "forehead", "ears", "eyebrows", "neck", "torso")
SKIP_MACRO = ("baby", "child")

JOINT_CUBES = {
    "neck": "joint-neck",
    "head": "joint-head",
    "left_eye": "joint-l-eye",
    "right_eye": "joint-r-eye",
    "jaw": "joint-jaw",
    "left_collar": "joint-l-clavicle",
    "right_collar": "joint-r-clavicle",
    "left_shoulder": "joint-l-shoulder",
    "right_shoulder": "joint-r-shoulder",
    "left_elbow": "joint-l-elbow",
    "right_elbow": "joint-r-elbow",
    "spine3": "joint-spine-2",
    "spine2": "joint-spine-3",
    "spine1": "joint-spine-4",
    "pelvis": "joint-pelvis",
}
"""Our joint names -> the base mesh's joint cubes, whose mean vertex is the joint."""

RIG_BONES = {
    "head": "head",
    "neck": "neck_01",
    "spine3": "spine_03",
    "spine2": "spine_02",
    "spine1": "spine_01",
    "pelvis": "pelvis",
    "left_collar": "clavicle_l",
    "right_collar": "clavicle_r",
    "left_shoulder": "upperarm_l",
    "right_shoulder": "upperarm_r",
    "left_elbow": "lowerarm_l",
    "right_elbow": "lowerarm_r",
}
"""SMPL joint names -> bones of MPFB's game-engine rig, the source of the skin weights."""


@dataclass(frozen=True)
class Part:
    """A piece of the base mesh after one subdivision.

    ``matrix`` (V, U) maps the bust's control vertices to the piece's vertices; ``triangles`` (F, 3); ``uvs`` (V, 2).
    """

    matrix: Sparse
    triangles: IntArray
    uvs: FloatArray


@dataclass(frozen=True)
class BaseMesh:
    """The bust's control vertices (U of them) and all that is linear in them.

    Attributes:
        rest: the unmorphed base mesh (U, 3).
        neutral: the canonical body (U, 3), neck joint at the origin.
        target_names, targets: morph targets (T,) and (T, U, 3), to be added to ``rest`` with weights.
        skin, eyes: the subdivided body surface and the two eyeballs.
        joints: joint name -> control vertices whose mean is the joint.
        weights: SMPL skin weights (U, 24).
        solid_vertices, solid_triangles: the whole closed body in the canonical shape, for inside tests.
    """

    rest: FloatArray
    neutral: FloatArray
    target_names: tuple[str, ...]
    targets: NDArray[np.float32]
    skin: Part
    eyes: Part
    joints: dict[str, IntArray]
    weights: FloatArray
    solid_vertices: FloatArray
    solid_triangles: IntArray

    def index(self, target: str) -> int:
        return self.target_names.index(target)

    def joint(self, name: str, control: FloatArray) -> FloatArray:
        """Position (3,) of a joint for control vertices (U, 3)."""
        return control[self.joints[name]].mean(axis=0)


def load_targets(folder: Path) -> dict[str, tuple[IntArray, FloatArray]]:
    """The morph targets that identities are made of, by name: vertices (K,) and displacements (K, 3), decimetres."""
    found: dict[str, tuple[IntArray, FloatArray]] = {}
    for path in sorted((folder / "macrodetails").glob("*.target.gz")):
        name = path.name.removesuffix(".target.gz")
        if not any(skip in name for skip in SKIP_MACRO):
            found[name] = read_target(path)
    for group in DETAIL_FOLDERS:
        for path in sorted((folder / group).glob("*.target.gz")):
            found[f"{group}/{path.name.removesuffix('.target.gz')}"] = read_target(path)
    return found


def skin_weights(folder: Path, count: int) -> FloatArray:
    """SMPL skin weights (``count``, 24) of the base mesh; rows of vertices that no bone of the bust moves are zero."""
    table = json.loads((folder / "rigs" / "standard" / "weights.game_engine.json").read_text(encoding="utf-8"))
    weights = np.zeros((count, len(SMPL_JOINT_NAMES)))
    for joint, bone in RIG_BONES.items():
        pairs = np.asarray(table["weights"][bone])
        if len(pairs):
            weights[pairs[:, 0].astype(np.int64), SMPL_JOINT_NAMES.index(joint)] = pairs[:, 1]
    total = weights.sum(axis=1, keepdims=True)
    return weights / np.where(total > 0, total, 1)


def neutral_weights(names: tuple[str, ...]) -> FloatArray:
    """Target weights (T,) of the canonical body: both genders and the three ancestries in equal parts."""
    weights = np.zeros(len(names))
    for gender in ("female", "male"):
        for ancestry in ("african", "asian", "caucasian"):
            weights[names.index(f"{ancestry}-{gender}-young")] += 1 / 6
        weights[names.index(f"universal-{gender}-young-averagemuscle-averageweight")] += 1 / 2
    return weights


def load_base_mesh(assets: AssetFolders | None = None) -> BaseMesh:
    """Read and prepare the base mesh (about two seconds; the result is kept for the process).

    Raises:
        UsageError: the CC0 data is not found.
    """
    folders = assets or find_assets()
    return _load(folders)


@lru_cache(maxsize=2)
def _load(folders: AssetFolders) -> BaseMesh:
    obj = read_obj(folders.mpfb / "3dobjs" / "base.obj")
    table = load_targets(folders.mpfb / "targets")
    names = tuple(table)
    count = len(obj.vertices)
    vertices = obj.vertices * DECIMETRE
    dense = np.zeros((len(names), count, 3), np.float32)
    for row, (index, delta) in enumerate(table.values()):
        dense[row, index] = delta * DECIMETRE
    canonical = vertices + np.tensordot(neutral_weights(names), dense, 1)

    groups = np.asarray(obj.groups)
    quads = np.asarray(obj.faces)
    uvs = obj.texcoords[np.asarray(obj.face_texcoords)]
    joints = {ours: np.unique(quads[groups == cube].ravel()) for ours, cube in JOINT_CUBES.items()}
    origin = canonical[joints["neck"]].mean(axis=0)
    canonical = canonical - origin

    body = groups == "body"
    near = (canonical[quads][:, :, 1].max(1) > -0.36) & (np.abs(canonical[quads][:, :, 0]).max(1) < 0.42)
    eyes = (groups == "helper-l-eye") | (groups == "helper-r-eye")
    skin_part = _subdivide(quads[body & near], uvs[body & near], count)
    eye_part = _subdivide(quads[eyes], uvs[eyes], count)
    used = np.unique(
        np.concatenate([skin_part.matrix.indices, eye_part.matrix.indices, *joints.values()]).astype(np.int64)
    )
    place = np.full(count, -1)
    place[used] = np.arange(len(used))
    weights = skin_weights(folders.mpfb, count)[used]
    return BaseMesh(
        rest=vertices[used],
        neutral=canonical[used],
        target_names=names,
        targets=dense[:, used],
        skin=Part(sparse.csr_matrix(skin_part.matrix[:, used]), skin_part.triangles, skin_part.uvs),
        eyes=Part(sparse.csr_matrix(eye_part.matrix[:, used]), eye_part.triangles, eye_part.uvs),
        joints={name: place[index] for name, index in joints.items()},
        weights=weights,
        solid_vertices=canonical,
        solid_triangles=quads_to_triangles(quads[body]),
    )


def _subdivide(quads: IntArray, uvs: FloatArray, count: int) -> Part:
    """One Catmull-Clark step, keeping only the new vertices in use."""
    fine = catmull_clark(quads, count, uvs)
    kept = np.unique(fine.quads)
    place = np.full(fine.matrix.shape[0], -1)
    place[kept] = np.arange(len(kept))
    vertex_uv = np.zeros((len(kept), 2))
    # Seams lie outside the face: any corner's coordinate serves.
    vertex_uv[place[fine.quads].ravel()] = fine.corner_uvs.reshape(-1, 2)
    return Part(sparse.csr_matrix(fine.matrix[kept]), quads_to_triangles(place[fine.quads]), vertex_uv)
