# SPDX-License-Identifier: Apache-2.0
"""An avatar as a glTF scene: one skeleton, one skin, a mesh for every level; nothing that an engine must guess."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Level
from portrait_core.formats.encoded_maps import ImageKind, encode_maps
from portrait_core.formats.facts import COMMENT_KEY, GENERATOR, copyright_line, facts_of
from portrait_core.formats.gltf.animation import Animated, add_animation, unit
from portrait_core.formats.gltf.binary import INDEX_DATA, VERTEX_DATA, BinaryBuilder
from portrait_core.formats.gltf.character import add_character
from portrait_core.formats.gltf.levels import name_levels
from portrait_core.formats.gltf.material import add_material
from portrait_core.formats.gltf.targets import add_targets
from portrait_core.formats.pieces import Piece, pieces_of
from portrait_core.geometry.vertex_data import VERTEX_ATTRIBUTES, Kind
from portrait_core.rig import Skin, quaternion
from portrait_core.rig.skinning import local_joints

SKIN_NAME = " skin"
"""What follows the avatar's name in that of its skin."""

ARMATURE = "Armature"
"""What talking heads on the web call the thing below which bones and meshes lie. It is the scene itself: meshes with a
skin belong at its top level, and programs find the scene by its name as they find a node."""

QUADS_KEY = "quads"
"""In the extras of a mesh, for each primitive: how many quads its first triangles are the halves of, ``a b c`` and
``a c d`` in pairs. On the mesh, because Blender keeps what is written there."""

REGIONS_KEY = "regions"
"""In the extras of a mesh of one primitive, as text: how many of its quads, and then of its other triangles, follow
each other in one region, and the region's name, ``120 face 32 lids``. A text, because every program keeps one."""

SPRING_KEY = "spring"
"""In the extras of a joint that hangs free: the numbers for an engine's spring bones."""


def build_scene(
    avatar: Avatar,
    image: ImageKind,
    beside: str | None = None,
    *,
    levels_shown: bool = False,
    name: str | None = None,
    pictures: Mapping[str, bytes] | None = None,
    humans: Sequence[str] | None = None,
) -> tuple[Any, BinaryBuilder]:
    """The records of ``avatar`` (a ``pygltflib.GLTF2``) and its binary half; ``beside`` as :class:`BinaryBuilder` says.

    Nodes: the joints under one root at the identity, each with a translation only (rest) and its pose as a rotation;
    the meshes beside them at the scene's level, ``NAME`` for one level, ``NAME_LOD0``, ``NAME_LOD1`` ... for more; of
    an avatar of parts one for each, called after the part. Only the finest of an object is in the scene, and names the
    others by MSFT_lod, so that a program without levels of detail shows one mesh; with ``levels_shown`` all are in the
    scene, for a program that takes nothing else. The scene is called ``name``, or after the avatar.
    ``pictures``, PNG files by name, become the last of its images, for extensions to point at. ``humans``, the joints'
    names inside Portraitkit in the order of the avatar's, ask for :mod:`portrait_core.formats.gltf.character`.
    Raises ``ValueError`` when recipe, provenance or report are not plain JSON data.
    """
    import pygltflib

    records: Any = pygltflib
    gltf = records.GLTF2(asset=records.Asset(version="2.0", generator=GENERATOR))
    facts = facts_of(avatar)
    gltf.asset.extras = facts
    gltf.asset.copyright = copyright_line(avatar.provenance)
    binary = BinaryBuilder(gltf, beside)
    pieces, looks = pieces_of(avatar)
    for piece in pieces:
        gltf.meshes.append(_mesh(records, binary, piece, avatar.expression))
    encoded = encode_maps([look.maps for look in looks], image, [look.suffix for look in looks], with_opacity=True)
    for each, look in zip(encoded, looks, strict=True):
        add_material(records, gltf, binary, avatar.name, each, look.name, look.kind)
    root = _skeleton(records, gltf, binary, avatar)
    shown: list[int] = []
    for _, same in groupby(enumerate(pieces), key=lambda each: each[1].part):
        nodes: list[int] = []
        of_part = list(same)
        for number, piece in of_part:
            node = records.Node(name=piece.name, mesh=number, skin=0)
            if number == 0:
                # Again, because Blender keeps what is written on an object. As text: it loses numbers above 2**31.
                node.extras = {COMMENT_KEY: json.dumps(facts, separators=(",", ":"))}
            gltf.nodes.append(node)
            nodes.append(len(gltf.nodes) - 1)
        if not levels_shown:
            nodes = name_levels(gltf, nodes, [len(piece.level.faces) for _, piece in of_part])
        shown += nodes
    gltf.scenes.append(records.Scene(name=name or avatar.name, nodes=[root, *shown]))
    gltf.scene = 0
    moving: list[Animated] = []
    for number, node in enumerate(gltf.nodes):
        if node.mesh is not None:
            moving.append((number, [morph.name for morph in pieces[int(node.mesh)].level.morphs]))
    if avatar.motion is not None or avatar.face_motion is not None:
        add_animation(records, gltf, binary, avatar, moving)
    if humans is not None:
        add_character(records, gltf, binary, avatar, humans, moving, root)
    for part, content in (pictures or {}).items():
        binary.image(avatar.name, part, content, "png")
    binary.finish()
    return gltf, binary


def _mesh(records: Any, binary: BinaryBuilder, piece: Piece, expression: Mapping[str, float]) -> Any:
    """A primitive for each section of an object, over the same vertices, with its morphs as ``expression`` says."""
    level = piece.level
    # The highest number is reserved, so 65535 vertices still fit into 16 bits.
    wide = np.uint16 if len(level.vertices) <= 0xFFFF else np.uint32
    wanted = list(zip(level.section_faces(), piece.materials, strict=True))
    primitives: list[tuple[int, int, int]] = []
    for (section, faces), material in wanted:
        # Parts have the same faces for everybody, thin ones too: what is swapped or morphed needs that.
        kept = faces if section.part else proper_faces(level.vertices, faces)
        if len(kept) or len(wanted) == 1:  # glTF knows no empty list of corners
            index = binary.accessor(kept.reshape(-1, 1).astype(wide), INDEX_DATA)
            primitives.append((index, material, section.quads if section.part else 0))
    attributes = {
        name: binary.accessor(array, VERTEX_DATA, limits=name == "POSITION") for name, array in file_arrays(level)
    }
    mesh = records.Mesh(name=piece.name, primitives=[])
    for index, material, _ in primitives:
        own = records.Attributes(**attributes)
        mesh.primitives.append(
            records.Primitive(mode=records.TRIANGLES, material=material, indices=index, attributes=own)
        )
    extras: dict[str, Any] = {}
    if any(quads for _, _, quads in primitives):
        extras[QUADS_KEY] = [quads for _, _, quads in primitives]
    if len(wanted) == 1:
        (((section, _), _),) = wanted
        if section.regions:
            extras[REGIONS_KEY] = " ".join(f"{count} {name}" for count, name in section.regions)
    add_targets(records, binary, mesh, level, expression, extras)
    if extras:
        mesh.extras = extras
    return mesh


def file_arrays(level: Level) -> Iterator[tuple[str, NDArray[Any]]]:
    """The vertices' arrays as a .glb holds them, by glTF's names, in the order of the table of attributes."""
    joints, weights = file_weights(level.skin)
    data = level.data.finished(level.maps).with_(joints=joints, weights=weights)
    for name, array in data.items():
        row = VERTEX_ATTRIBUTES[name]
        if row.gltf is not None:
            yield row.gltf, _AS_IN_FILES.get(row.kind, _plain)(array)


def _plain(array: NDArray[Any]) -> NDArray[np.float32]:
    return array.reshape(len(array), -1).astype(np.float32)


def _from_the_top(uvs: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([uvs[:, 0], 1.0 - uvs[:, 1]], axis=1).astype(np.float32)


def _unit_tangents(tangents: NDArray[np.float32]) -> NDArray[np.float32]:
    sign = np.where(tangents[:, 3:] < 0, np.float32(-1.0), np.float32(1.0))
    return np.concatenate([unit(tangents[:, :3]), sign], axis=1)


_AS_IN_FILES: dict[Kind, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "direction": unit,
    "texture_place": _from_the_top,
    "joints": np.asarray,
    "weights": np.asarray,
    "tangent": _unit_tangents,
}
"""What becomes of an array in a file; of kinds that are not named here, float32."""


def proper_faces(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> NDArray[np.int32]:
    """``faces`` without those that repeat a vertex or have no area at all."""
    corners = vertices.astype(np.float64)[faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    return faces[area > 0.0]


def file_weights(skin: Skin) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Joints (V, 4), uint8 where possible, and weights (V, 4) whose float32 sums are one to the last digit."""
    weights = skin.weights.astype(np.float64)
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    largest = weights.argmax(axis=1)
    rest = np.float32(1.0) - weights.sum(axis=1, dtype=np.float32)
    weights[np.arange(len(weights)), largest] += rest
    joints = np.where(weights > 0.0, skin.joints, 0)
    return joints.astype(np.uint8 if int(joints.max(initial=0)) < 256 else np.uint16), weights


def _skeleton(records: Any, gltf: Any, binary: BinaryBuilder, avatar: Avatar) -> int:
    """Append the joints and the root above them; returns the root's number."""
    first = len(gltf.nodes)
    parents = avatar.parents.tolist()
    places, frames = local_joints(avatar.joint_names, avatar.parents, avatar.joints, avatar.rest)
    turns = {**avatar.rest, **avatar.pose}
    for index, name in enumerate(avatar.joint_names):
        children = [first + child for child, above in enumerate(parents) if above == index]
        node = records.Node(name=name, translation=places[index].tolist(), children=children)
        if name in turns:
            node.rotation = list(quaternion(turns[name]))
        if name in avatar.springs:
            node.extras = {SPRING_KEY: dict(avatar.springs[name])}
        gltf.nodes.append(node)
    gltf.nodes.append(records.Node(name=f"{avatar.name} rig", children=[first]))
    # A joint's inverse bind matrix takes it to the origin and, where it rests turned, its axes to the world's.
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(parents), 1, 1))
    inverse[:, :3, 3] = -avatar.joints
    if avatar.rest:
        inverse[:, :3, :3] = frames.transpose(0, 2, 1)
        inverse[:, :3, 3] = -np.einsum("jba,jb->ja", frames, avatar.joints.astype(np.float64))
    # glTF stores matrices by columns
    columns = np.ascontiguousarray(inverse.transpose(0, 2, 1)).reshape(-1, 16)
    gltf.skins.append(
        records.Skin(
            name=f"{avatar.name}{SKIN_NAME}",
            joints=list(range(first, first + len(parents))),
            skeleton=first,
            inverseBindMatrices=binary.accessor(columns),
        )
    )
    return len(gltf.nodes) - 1
