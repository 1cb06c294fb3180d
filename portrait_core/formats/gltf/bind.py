# SPDX-License-Identifier: Apache-2.0
"""Where a skinned mesh stands at rest: by the world of its joints and the matrices that it was bound with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.formats.edited_mesh import EditedMesh, Notice
from portrait_core.formats.gltf.nodes import Graph, Matrix, indices
from portrait_core.formats.gltf.reader import GltfFile
from portrait_core.formats.read_carefully import BrokenFile

SAME = 2e-4
"""Share of the mesh's size by which two joints may place it differently and still mean the same."""

MOST_PLACES = 64
"""Different places of the mesh that the joints of a posed file are asked for."""


@dataclass(frozen=True)
class Bind:
    """The joints of a skin by name, and for each the (4, 4) matrix that brings the mesh to the world: the joint's world
    times its inverse bind matrix."""

    bones: tuple[str, ...]
    matrices: NDArray[np.float64]
    top: int
    """The joint with the fewest others above it."""


def read_bind(gltf: GltfFile, number: object, graph: Graph) -> Bind | None:
    """The skin ``number`` of the file, or None where there is no such skin or no joints in it."""
    skins, nodes = gltf.entries("skins"), gltf.entries("nodes")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(skins):
        return None
    listed: object = skins[number].get("joints")
    joints = indices(listed, len(nodes))
    if not joints or not isinstance(listed, list) or len(joints) != len(listed):  # pyright: ignore[reportUnknownArgumentType]
        return None
    inverse = np.tile(np.eye(4), (len(joints), 1, 1))
    if "inverseBindMatrices" in skins[number]:
        stored = gltf.array(skins[number]["inverseBindMatrices"]).astype(np.float64)
        if stored.shape[1] != 16 or len(stored) < len(joints):
            raise BrokenFile(f"{gltf.path}: skin {number} lacks matrices for its joints; the file is damaged.")
        inverse = stored[: len(joints)].reshape(-1, 4, 4).transpose(0, 2, 1)  # glTF stores matrices by columns
    world = np.stack([graph.world.get(joint, np.eye(4)) for joint in joints])
    with np.errstate(all="ignore"):
        matrices = world @ inverse
    children = [indices(node.get("children"), len(nodes)) for node in nodes]
    parents = {child: parent for parent, below in enumerate(children) for child in below}
    depth = [_depth(joint, parents) for joint in joints]
    names = tuple(str(nodes[joint].get("name", "")) for joint in joints)
    return Bind(names, matrices, int(np.argmin(depth)))


def _depth(joint: int, parents: dict[int, int]) -> int:
    depth, here = 0, joint
    while here in parents and depth <= len(parents):
        here, depth = parents[here], depth + 1
    return depth


def at_rest(mesh: EditedMesh, bind: Bind) -> EditedMesh:
    """``mesh``, whose vertices are as the file holds them, where it stands un-posed.

    All joints that move it place it alike unless the file is posed. The sum of weight times joint world times inverse
    bind is then one matrix for every vertex, whatever the weights are. In a posed file some joint was left where it
    was: the identity if any gives that, else the topmost joint's matrix; the rest are ``elsewhere``.
    """
    share = np.ones(len(bind.bones), np.float64)
    if mesh.skin is not None:
        joints, weights = mesh.skin.joints.ravel(), mesh.skin.weights.ravel()
        share = np.bincount(joints, weights, minlength=len(bind.bones)).astype(np.float64)
    used = [int(number) for number in np.flatnonzero(share > 0.0)]
    finite = [number for number in used if bool(np.isfinite(bind.matrices[number]).all())]
    if not finite:
        return mesh
    corners = _box(mesh.vertices)
    groups: list[list[int]] = []
    for number in finite:
        near = (group for group in groups if _alike(bind.matrices[group[0]], bind.matrices[number], corners))
        group = next(near, None)
        if group is None:
            if len(groups) == MOST_PLACES:
                break
            groups.append(group := [])
        group.append(number)
    ranked = sorted(groups, key=lambda group: -float(share[group].sum()))
    still = [group for group in groups if _alike(np.eye(4), bind.matrices[group[0]], corners)]
    topmost = [group for group in groups if bind.top in group] or [min(groups, key=lambda group: group[0])]
    order = [_matrix(bind, group, share, identity=group in still) for group in (*still, *topmost, *ranked)]
    places = [*_distinct([*order, np.eye(4)])]
    notices = mesh.notices
    if len(groups) > 1:
        text = f"mesh {mesh.name} is posed in its file; it is taken at rest, as its skin was bound"
        notices = (*notices, Notice(text))
    placed = mesh.moved(places[0])
    back = np.linalg.pinv(places[0])
    # EditedMesh speaks of where it stands now.
    elsewhere = tuple(other @ back for other in places[1:])
    return EditedMesh(
        placed.name, placed.vertices, placed.faces, placed.uvs, placed.normals, placed.skin, placed.material,
        placed.materials, elsewhere, notices,
    )  # fmt: skip


def _matrix(bind: Bind, group: list[int], share: NDArray[np.float64], *, identity: bool) -> Matrix:
    """What the joints of a group mean: the one that moves most of the mesh, or exactly nothing."""
    return np.eye(4) if identity else bind.matrices[max(group, key=lambda number: float(share[number]))]


def _box(vertices: NDArray[np.float32]) -> NDArray[np.float64]:
    """The eight corners (8, 4) around the vertices, and 1 beside each."""
    if len(vertices) == 0:
        return np.ones((8, 4))
    low, high = vertices.min(axis=0).astype(np.float64), vertices.max(axis=0).astype(np.float64)
    corners = np.ones((8, 4))
    for number in range(8):
        corners[number, :3] = [high[k] if number >> k & 1 else low[k] for k in range(3)]
    return corners


def _alike(one: Matrix, other: Matrix, corners: NDArray[np.float64]) -> bool:
    with np.errstate(all="ignore"):
        first, second = (corners @ matrix[:3].T for matrix in (one, other))
        size = float(np.ptp(first, axis=0).max())
        return bool(np.abs(first - second).max() <= SAME * size)


def _distinct(matrices: list[Matrix]) -> list[Matrix]:
    kept: list[Matrix] = []
    for matrix in matrices:
        if not any(np.array_equal(matrix, other) for other in kept):
            kept.append(matrix)
    return kept
