# SPDX-License-Identifier: Apache-2.0
"""What is known of a mesh that somebody edited, whatever file it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import Remedy

MAX_SETS = 32
"""Materials of one mesh that get maps of their own."""


@dataclass(frozen=True)
class Notice:
    """One plain sentence about a choice that was made, with what a user may do about it."""

    text: str
    remedy: Remedy | None = None


@dataclass(frozen=True)
class MeshSkin:
    """A file's own skin: ``bones`` by name; ``joints`` (V, K) name them by number, ``weights`` (V, K) float32 sum to
    one in each row."""

    bones: tuple[str, ...]
    joints: NDArray[np.int64]
    weights: NDArray[np.float32]


@dataclass(frozen=True)
class EditedMesh:
    """``vertices`` (V, 3) float32 metres in the avatar's world, ``faces`` (F, 3) int32, ``uvs`` (V, 2) float32.

    The origin of ``uvs`` is the bottom left; where the file has none they are (0, 2). Vertices are cut apart where the
    file's texture places or normals are. ``normals`` (V, 3) of length one, and ``skin``, are the file's own where it
    has them for every vertex.

    ``materials`` names what gets an image of its own, and ``material`` (F,) int32 says whose each face is; None and
    empty where one set of maps is enough. ``elsewhere`` holds (4, 4) matrices of other places where the mesh may have
    been meant to stand, should it not be near the avatar as it is. ``notices`` tell what was chosen while it was read.
    """

    name: str
    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float32]
    normals: NDArray[np.float32] | None = None
    skin: MeshSkin | None = None
    material: NDArray[np.int32] | None = None
    materials: tuple[str, ...] = ()
    elsewhere: tuple[NDArray[np.float64], ...] = ()
    notices: tuple[Notice, ...] = ()

    def moved(self, matrix: NDArray[np.float64]) -> EditedMesh:
        """The mesh under a (4, 4) matrix: normals stay at right angles, and a mirror keeps the outside out."""
        if np.array_equal(matrix, np.eye(4)):
            return self
        with np.errstate(all="ignore"):
            places = self.vertices @ matrix[:3, :3].T + matrix[:3, 3]
            faces, normals = self.faces, None
            determinant = float(np.linalg.det(matrix[:3, :3]))
            if determinant < 0.0:
                faces = np.ascontiguousarray(faces[:, [0, 2, 1]])
            if self.normals is not None and np.isfinite(determinant) and determinant != 0.0:
                # The cofactors are the inverse transpose but for a factor, and do not overflow with small scales.
                cofactors = np.stack([np.cross(matrix[(i + 1) % 3, :3], matrix[(i + 2) % 3, :3]) for i in range(3)])
                normals = unit(np.sign(determinant) * (self.normals @ cofactors.T), len(places))
        return replace(self, vertices=places.astype(np.float32), faces=faces, normals=normals)

    def part(
        self, kept: NDArray[np.integer], faces: NDArray[np.int32], uvs: NDArray[np.float32] | None = None
    ) -> EditedMesh:
        """The vertices ``kept``, with all that they have, under ``faces`` that name places in it; ``uvs`` replace."""
        if uvs is None:
            uvs = self.uvs[kept] if len(self.uvs) == len(self.vertices) else self.uvs
        skin = self.skin
        return replace(
            self,
            vertices=self.vertices[kept],
            faces=faces,
            uvs=uvs,
            normals=None if self.normals is None else self.normals[kept],
            skin=None if skin is None else replace(skin, joints=skin.joints[kept], weights=skin.weights[kept]),
        )


def unit(normals: NDArray[np.floating], count: int) -> NDArray[np.float32] | None:
    """``normals`` at length one, or None where that cannot be."""
    length = np.linalg.norm(normals.astype(np.float64), axis=1, keepdims=True)
    # written so that NaN fails as well
    if len(normals) != count or not bool((length > 1e-30).all()) or not bool(np.isfinite(length).all()):
        return None
    return (normals / length).astype(np.float32)


def joined(name: str, parts: Sequence[EditedMesh]) -> EditedMesh:
    """Several pieces as one mesh; normals, texture places and skins where all of them have them."""
    if len(parts) == 1:
        return replace(parts[0], name=name)
    offsets = np.cumsum([0, *(len(part.vertices) for part in parts)])
    ups = [part.normals for part in parts if part.normals is not None]
    skins = [part.skin for part in parts if part.skin is not None]
    with_uvs = all(len(part.uvs) == len(part.vertices) for part in parts)
    return EditedMesh(
        name,
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.faces + np.int32(offset) for part, offset in zip(parts, offsets[:-1], strict=True)]),
        np.concatenate([part.uvs for part in parts]) if with_uvs else np.zeros((0, 2), np.float32),
        np.concatenate(ups) if len(ups) == len(parts) else None,
        _joined_skins(skins) if len(skins) == len(parts) else None,
    )


def _joined_skins(skins: Sequence[MeshSkin]) -> MeshSkin:
    """The skins of several pieces that are moved by the same bones."""
    wide = max(skin.joints.shape[1] for skin in skins)
    joints = np.vstack([np.pad(skin.joints, ((0, 0), (0, wide - skin.joints.shape[1]))) for skin in skins])
    weights = np.vstack([np.pad(skin.weights, ((0, 0), (0, wide - skin.weights.shape[1]))) for skin in skins])
    return MeshSkin(skins[0].bones, joints, weights)


def with_materials(mesh: EditedMesh, material: NDArray[np.int32], names: Sequence[str]) -> EditedMesh:
    """The mesh with what each face's image is (F,); those without faces are left out, and one alone needs no name."""
    kept, numbers = np.unique(material, return_inverse=True)
    if len(kept) < 2:
        return mesh
    taken: list[str] = []
    for number in kept.tolist():
        name = str(names[number])
        again = 1
        while name in taken:
            again += 1
            name = f"{names[number]}_{again}"
        taken.append(name)
    return replace(mesh, material=np.asarray(numbers, np.int32).ravel(), materials=tuple(taken))
