# SPDX-License-Identifier: Apache-2.0
"""The finished asset: everything a file needs, and nothing of how it was made except its recipe and provenance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.morphs import Morph, morphed
from portrait_core.geometry.normals import renewed_normals
from portrait_core.geometry.vertex_data import VertexData
from portrait_core.maps import PLAIN, Maps, Material, check_image
from portrait_core.rig.motion import Motion
from portrait_core.rig.shape_motion import ShapeMotion
from portrait_core.rig.skin import Skin
from portrait_core.rig.skinning import joint_motions, skinned


def _no_pose() -> Mapping[str, tuple[float, float, float]]:
    return {}


def _no_weights() -> Mapping[str, float]:
    return {}


def _no_springs() -> Mapping[str, Mapping[str, float]]:
    return {}


def _no_facts() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Mesh:
    """Triangles over vertices: ``data`` with what each vertex has, ``faces`` (F, 3) int32 counter-clockwise from
    outside."""

    data: VertexData
    faces: NDArray[np.int32]

    @property
    def vertices(self) -> NDArray[np.float32]:
        """(V, 3) metres."""
        return self.data["vertices"]

    @property
    def normals(self) -> NDArray[np.float32]:
        """(V, 3) of length one."""
        return self.data["normals"]

    @property
    def uvs(self) -> NDArray[np.float32]:
        """(V, 2) with the origin at the bottom left."""
        return self.data["uvs"]

    @property
    def tangents(self) -> NDArray[np.float32] | None:
        """(V, 4) unit xyz and handedness in w, as MikkTSpace gives them, where there is a normal map."""
        return self.data.get("tangents")

    @property
    def skin(self) -> Skin:
        """What moves the V vertices."""
        return Skin(self.data["joints"], self.data["weights"])

    def with_(self, **arrays: NDArray[Any] | None) -> Self:
        """The same with other or further ``arrays`` of its vertices; None takes one away."""
        return replace(self, data=self.data.with_(**arrays))

    def part(self, kept: NDArray[np.int32], faces: NDArray[np.int32]) -> Self:
        """The vertices ``kept``, with all that they have, under ``faces`` that name places in ``kept``."""
        return replace(self, data=self.data.take(kept), faces=faces)


@dataclass(frozen=True)
class Section:
    """Some of a level's faces that have maps of their own: ``count`` of them, and the ``name`` of their material.

    ``part`` is the object that they belong to: sections that follow each other and name the same one are its materials,
    and parts share no vertices. The first ``2 * quads`` faces are the halves ``a b c`` and ``a c d`` of quads ``a b c
    d``, in pairs. ``regions`` are what artists may want to mask, in the order of the quads and then of the other faces:
    how many follow each other, and the name of their region; empty where none are known.
    """

    name: str
    count: int
    maps: Maps
    material: Material = PLAIN
    part: str = ""
    quads: int = 0
    regions: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Level(Mesh):
    """One level of detail at rest: a surface, its place in the maps, its skin.

    Levels that share one atlas hold the same ``maps``. Where a mesh has several materials ``sections`` part its faces,
    in their order, and ``maps`` are those of the first. ``morphs`` are ways in which its vertices move, with names of
    their own. Raises ``ValueError`` on construction when the parts do not fit each other.
    """

    maps: Maps
    sections: tuple[Section, ...] = ()
    morphs: tuple[Morph, ...] = ()

    def __post_init__(self) -> None:
        try:
            self.data.check()
        except ValueError as error:
            raise ValueError(f"avatar: {error}") from None
        count = len(self.vertices)
        if count == 0 or len(self.faces) == 0:
            raise ValueError("avatar: the surface has no vertices or no faces")
        if self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise ValueError(f"avatar: faces must have shape (F, 3), got {self.faces.shape}")
        if int(self.faces.min()) < 0 or int(self.faces.max()) >= count:
            raise ValueError(f"avatar: a face names a vertex outside 0..{count - 1}")
        if self.sections and sum(section.count for section in self.sections) != len(self.faces):
            raise ValueError(f"avatar: the sections do not part the {len(self.faces)} faces of the surface")
        for section, faces in self.section_faces():
            _check_quads(section, faces)
        weights = self.skin.weights
        if not (float(weights.min()) >= 0.0 and float(np.abs(weights.sum(axis=1) - 1.0).max()) <= 1e-4):
            raise ValueError("avatar: skin weights must be >= 0 and sum to 1 per vertex")
        if len({morph.name for morph in self.morphs}) < len(self.morphs):
            raise ValueError("avatar: two morphs have the same name")
        if any(len(morph.rows) and int(morph.rows[-1]) >= count for morph in self.morphs):
            raise ValueError(f"avatar: a morph names a vertex outside 0..{count - 1}")

    def part(self, kept: NDArray[np.int32], faces: NDArray[np.int32]) -> Self:
        """As of a mesh, with the morphs of those vertices."""
        return replace(super().part(kept, faces), morphs=tuple(morph.taken(kept) for morph in self.morphs))

    def expressed(self, weights: Mapping[str, float]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Vertices (V, 3) and unit normals (V, 3) with the morphs pulled by ``weights``, at rest; normals turn as the
        surface does, whatever the morphs say of them."""
        places = morphed(self.vertices, self.morphs, weights)
        parts = np.zeros(len(places), np.int32)
        known: dict[str, int] = {}
        for section, faces in self.section_faces():
            parts[faces] = known.setdefault(section.part, len(known))
        return places, renewed_normals(self.normals, self.vertices, places, self.faces, parts)

    def section_faces(self) -> list[tuple[Section, NDArray[np.int32]]]:
        """Each section with its faces (count, 3); one without a name for a level that has a single set of maps."""
        found: list[tuple[Section, NDArray[np.int32]]] = []
        begin = 0
        for section in self.sections or (Section("", len(self.faces), self.maps),):
            found.append((section, self.faces[begin : begin + section.count]))
            begin += section.count
        return found

    def pieces(self) -> list[tuple[str, Level]]:
        """The level's objects by their names, each a level with vertices of its own; itself without a name where it is
        one object."""
        if not any(section.part for section in self.sections):
            return [("", self)]
        found: list[tuple[str, Level]] = []
        for part, group in groupby(self.section_faces(), key=lambda each: each[0].part):
            sections, faces = zip(*group, strict=True)
            kept, own = np.unique(np.concatenate(faces), return_inverse=True)
            few = self.data.take(kept.astype(np.int32))
            faces_of = np.asarray(own, np.int32).reshape(-1, 3)
            # Where some move nothing at all, a mouth at rest, they are there for whoever asks for all by their names:
            # then the first object, the skin, has every one, that of the tongue too.
            whole = not found and any(not len(morph.rows) for morph in self.morphs)
            taken = (morph.taken(kept) for morph in self.morphs)
            own_morphs = tuple(own for own in taken if whole or len(own.rows))
            found.append((part, Level(few, faces_of, sections[0].maps, tuple(sections), own_morphs)))
        return found


@dataclass(frozen=True)
class Avatar:
    """A rigged, textured bust at rest, in world metres (+y up, face along +z, origin at the neck joint).

    ``levels`` holds the levels of detail, finest first, at least one. The rig, common to all: ``joint_names`` with J
    names, ``parents`` (J,) int32 (-1 for the one root, parents before children) and ``joints`` (J, 3) float32 rest
    places. ``rest`` gives the axis-angle rotations in radians by joint name, relative to the parent, in which the
    joints are at rest, for those that are not at the identity: lowered arms. ``pose`` gives rotations of the same kind;
    joints without an entry rest. ``motion`` is an animation of the same joints, or None.
    ``expression`` has weights of the levels' morphs by their names, 0 for those that are not there; ``face_motion`` is
    an animation of them, or None.
    ``springs`` has, by the names of joints that hang free, the numbers for an engine's spring bones, as
    :data:`portrait_core.parts.hair_joints.SPRING` says.
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
    rest: Mapping[str, tuple[float, float, float]] = field(default_factory=_no_pose)
    springs: Mapping[str, Mapping[str, float]] = field(default_factory=_no_springs)
    expression: Mapping[str, float] = field(default_factory=_no_weights)
    face_motion: ShapeMotion | None = None
    recipe: Mapping[str, Any] = field(default_factory=_no_facts)
    provenance: Mapping[str, Any] = field(default_factory=_no_facts)
    report: Mapping[str, Any] = field(default_factory=_no_facts)
    thumbnail: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("avatar: the name must not be empty")
        if not self.levels:
            raise ValueError("avatar: it needs at least one level of detail")
        if self.thumbnail is not None:
            check_image("thumbnail", self.thumbnail)
        self._check_rig()

    @property
    def main(self) -> Level:
        """The finest level of detail."""
        return self.levels[0]

    def posed(self, level: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Vertices (V, 3) and unit normals (V, 3) of a level as a viewer shows them, in the avatar's pose."""
        return self.moved(self.levels[level])

    def moved(self, mesh: Mesh) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The same of a mesh that has the avatar's rig, such as a piece of a level."""
        motions = joint_motions(self.joint_names, self.parents, self.joints, self.pose, self.rest)
        places, normals = mesh.vertices, mesh.normals
        if isinstance(mesh, Level) and self.expression:
            places, normals = mesh.expressed(self.expression)
        return skinned(places, normals, mesh.skin, motions)

    def at(self, seconds: float) -> Avatar:
        """A still of it: as its motions have it at one time, without them. How they move the root is left out."""
        pose = dict(self.pose) if self.motion is None else {**self.pose, **self.motion.at(seconds)}
        face = {} if self.face_motion is None else self.face_motion.at(seconds)
        return replace(self, pose=pose, expression={**self.expression, **face}, motion=None, face_motion=None)

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
        self._check_face()
        for what, turns in (("pose", self.pose), ("rest pose", self.rest)):
            for joint, rotation in turns.items():
                if joint not in names:
                    raise ValueError(f"avatar: the {what} names joint {joint!r}, the rig has {', '.join(names)}")
                if len(rotation) != 3 or not all(math.isfinite(angle) for angle in rotation):
                    raise ValueError(f"avatar: the {what} of {joint!r} must be three finite radians, got {rotation}")

    def _check_face(self) -> None:
        there = {morph.name for level in self.levels for morph in level.morphs}
        asked = {
            "expression": set(self.expression),
            "face motion": set(self.face_motion.weights if self.face_motion else ()),
        }
        for what, names in asked.items():
            if names - there:
                raise ValueError(f"avatar: the {what} names shape {min(names - there)!r}, which no level has")
        if not all(math.isfinite(weight) for weight in self.expression.values()):
            raise ValueError("avatar: the expression holds weights that are not finite")


def _check_quads(section: Section, faces: NDArray[np.int32]) -> None:
    halves = faces[: 2 * section.quads].reshape(-1, 2, 3)
    if len(halves) != section.quads or bool((halves[:, 0, [0, 2]] != halves[:, 1, [0, 1]]).any()):
        raise ValueError(f"avatar: the first {2 * section.quads} faces of {section.name or 'a section'} are no quads")
