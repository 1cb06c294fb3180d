# SPDX-License-Identifier: Apache-2.0
"""The finished asset: everything a file needs, and nothing of how it was made except its recipe and provenance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.rig.motion import Motion
from portrait_core.rig.skin import Skin
from portrait_core.rig.skinning import joint_motions, skinned


def _no_pose() -> Mapping[str, tuple[float, float, float]]:
    return {}


def _no_facts() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Maps:
    """The images of one atlas, square, uint8, row 0 at the top.

    ``base_colour`` (S, S, 3) is sRGB. ``normal`` (S, S, 3) is linear, tangent space, +y up (glTF's convention), or
    None. ``surface`` (S, S, 3) is linear and packed as glTF reads it: occlusion in red, roughness in green, metalness
    in blue; None for an even roughness without occlusion. ``has_occlusion`` says whether red holds anything.
    """

    base_colour: NDArray[np.uint8]
    normal: NDArray[np.uint8] | None = None
    surface: NDArray[np.uint8] | None = None
    has_occlusion: bool = False

    def __post_init__(self) -> None:
        for label in ("base_colour", "normal", "surface"):
            _check_image(label, getattr(self, label))


@dataclass(frozen=True)
class Level:
    """One level of detail at rest: a surface, its place in the maps, its skin.

    ``vertices`` (V, 3) and unit ``normals`` (V, 3) float32, ``faces`` (F, 3) int32 counter-clockwise from outside,
    ``uvs`` (V, 2) float32 with the origin at the bottom left, ``skin`` for the V vertices. ``tangents`` (V, 4) float32:
    unit xyz and handedness in w, as MikkTSpace gives them, or None. Levels that share one atlas hold the same ``maps``.

    Raises ``ValueError`` on construction when the parts do not fit each other.
    """

    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float32]
    skin: Skin
    maps: Maps
    tangents: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        count = len(self.vertices)
        if count == 0 or len(self.faces) == 0:
            raise ValueError("avatar: the surface has no vertices or no faces")
        for label, array, width in (
            ("vertices", self.vertices, 3),
            ("normals", self.normals, 3),
            ("uvs", self.uvs, 2),
            ("tangents", self.tangents, 4),
        ):
            if array is None:
                continue
            if array.shape != (count, width):
                raise ValueError(f"avatar: {label} must have shape ({count}, {width}), got {array.shape}")
            if not bool(np.isfinite(array).all()):
                raise ValueError(f"avatar: {label} holds values that are not finite")
        for label, array in (("normals", self.normals), ("tangents", self.tangents)):
            if array is not None and float(np.abs(np.linalg.norm(array[:, :3], axis=1) - 1.0).max()) > 1e-3:
                raise ValueError(f"avatar: {label} must have length 1")
        if self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise ValueError(f"avatar: faces must have shape (F, 3), got {self.faces.shape}")
        if int(self.faces.min()) < 0 or int(self.faces.max()) >= count:
            raise ValueError(f"avatar: a face names a vertex outside 0..{count - 1}")
        if len(self.skin.joints) != count:
            raise ValueError(f"avatar: the skin has {len(self.skin.joints)} vertices, the surface {count}")
        sums = self.skin.weights.sum(axis=1)
        # written so that a NaN fails as well
        if not (float(self.skin.weights.min()) >= 0.0 and float(np.abs(sums - 1.0).max()) <= 1e-4):
            raise ValueError("avatar: skin weights must be >= 0 and sum to 1 per vertex")


@dataclass(frozen=True)
class Avatar:
    """A rigged, textured bust at rest, in world metres (+y up, face along +z, origin at the neck joint).

    ``levels`` holds the levels of detail, finest first, at least one. The rig, common to all: ``joint_names`` with J
    names, ``parents`` (J,) int32 (-1 for the one root, parents before children) and ``joints`` (J, 3) float32 rest
    places; every joint's rest rotation is the identity. ``pose`` gives axis-angle rotations in radians by joint name,
    relative to the parent; joints without an entry rest. ``motion`` is an animation of the same joints, or None.
    ``recipe``, ``provenance`` and ``report`` (what was measured while it was made) are plain JSON data. ``thumbnail``
    is an (H, W, 3) uint8 sRGB image.

    Raises ``ValueError`` on construction when the parts do not fit each other.
    """

    name: str
    levels: tuple[Level, ...]
    joint_names: tuple[str, ...]
    parents: NDArray[np.int32]
    joints: NDArray[np.float32]
    pose: Mapping[str, tuple[float, float, float]] = field(default_factory=_no_pose)
    motion: Motion | None = None
    recipe: Mapping[str, Any] = field(default_factory=_no_facts)
    provenance: Mapping[str, Any] = field(default_factory=_no_facts)
    report: Mapping[str, Any] = field(default_factory=_no_facts)
    thumbnail: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("avatar: the name must not be empty")
        if not self.levels:
            raise ValueError("avatar: it needs at least one level of detail")
        _check_image("thumbnail", self.thumbnail)
        self._check_rig()

    @property
    def main(self) -> Level:
        """The finest level of detail."""
        return self.levels[0]

    def posed(self, level: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Vertices (V, 3) and unit normals (V, 3) of a level as a viewer shows them, in the avatar's pose."""
        motions = joint_motions(self.joint_names, self.parents, self.joints, self.pose)
        chosen = self.levels[level]
        return skinned(chosen.vertices, chosen.normals, chosen.skin, motions)

    def _check_rig(self) -> None:
        names, count = self.joint_names, len(self.joint_names)
        if count == 0 or len(set(names)) != count:
            raise ValueError(f"avatar: joint names must be unique and not empty, got {names}")
        if self.parents.shape != (count,) or self.joints.shape != (count, 3):
            raise ValueError(
                f"avatar: {count} joints need parents of shape ({count},) and joints of shape ({count}, 3), "
                f"got {self.parents.shape} and {self.joints.shape}"
            )
        parents = self.parents.tolist()
        if [index for index, parent in enumerate(parents) if parent < 0] != [0]:
            raise ValueError(f"avatar: exactly the first joint must be the root (parent -1), got parents {parents}")
        if any(parent >= child for child, parent in enumerate(parents)):
            raise ValueError(f"avatar: every parent must come before its children, got parents {parents}")
        if not bool(np.isfinite(self.joints).all()):
            raise ValueError("avatar: joints hold values that are not finite")
        named = max(int(level.skin.joints.max()) for level in self.levels)
        if named >= count:
            raise ValueError(f"avatar: the skin names joint {named}, the rig has {count}")
        if self.motion is not None:
            for joint in self.motion.rotations:
                if joint not in names:
                    raise ValueError(f"avatar: the motion names joint {joint!r}, the rig has {', '.join(names)}")
        for joint, rotation in self.pose.items():
            if joint not in names:
                raise ValueError(f"avatar: the pose names joint {joint!r}, the rig has {', '.join(names)}")
            if len(rotation) != 3 or not all(math.isfinite(angle) for angle in rotation):
                raise ValueError(f"avatar: the pose of {joint!r} must be three finite radians, got {rotation}")


def _check_image(label: str, image: NDArray[np.uint8] | None) -> None:
    if image is None:
        return
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"avatar: {label} must be an (H, W, 3) uint8 image, got {image.shape} {image.dtype}")
