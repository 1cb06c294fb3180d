# SPDX-License-Identifier: Apache-2.0
"""An avatar as a glTF scene: one skeleton, one skin, a mesh for every level; nothing that an engine must guess."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Level, Section
from portrait_core.files.names import level_stems
from portrait_core.formats.encoded_maps import ImageKind, distinct, encode_maps
from portrait_core.formats.facts import COMMENT_KEY, GENERATOR, copyright_line, facts_of
from portrait_core.formats.gltf.animation import add_animation, unit
from portrait_core.formats.gltf.binary import INDEX_DATA, VERTEX_DATA, BinaryBuilder
from portrait_core.formats.gltf.levels import name_levels
from portrait_core.formats.gltf.material import add_material
from portrait_core.geometry.vertex_data import VERTEX_ATTRIBUTES, Kind
from portrait_core.rig import Skin, quaternion


def build_scene(
    avatar: Avatar, image: ImageKind, beside: str | None = None, *, levels_shown: bool = False
) -> tuple[Any, BinaryBuilder]:
    """The records of ``avatar`` (a ``pygltflib.GLTF2``) and its binary half; ``beside`` as :class:`BinaryBuilder` says.

    Nodes: the joints under one root at the identity, each with a translation only (rest) and its pose as a rotation;
    the meshes beside them at the scene's level, ``NAME`` for one level, ``NAME_LOD0``, ``NAME_LOD1`` ... for more.
    Only the first of them is in the scene, and names the others by MSFT_lod, so that a program without levels of detail
    shows one mesh; with ``levels_shown`` all are in the scene, for a program that takes nothing else.
    Raises ``ValueError`` when recipe, provenance or report are not plain JSON data.
    """
    import pygltflib

    records: Any = pygltflib
    gltf = records.GLTF2(asset=records.Asset(version="2.0", generator=GENERATOR))
    facts = facts_of(avatar)
    gltf.asset.extras = facts
    gltf.asset.copyright = copyright_line(avatar.provenance)
    binary = BinaryBuilder(gltf, beside)
    sections = [_sections(level) for level in avatar.levels]
    every = [section for level in sections for section in level]
    maps, materials = distinct([section.maps for section in every])
    names = level_stems(avatar.name, len(avatar.levels))
    numbers = iter(materials)
    for name, level, parts in zip(names, avatar.levels, sections, strict=True):
        wanted = [(part.count, next(numbers)) for part in parts]
        gltf.meshes.append(records.Mesh(name=name, primitives=_primitives(records, binary, level, wanted)))
    named = [every[materials.index(number)].name for number in range(len(maps))]
    suffixes = [f"_{name}" for name in named] if all(named) else None
    for encoded, name in zip(encode_maps(maps, image, suffixes), named, strict=True):
        add_material(records, gltf, binary, avatar.name, encoded, name)
    root = _skeleton(records, gltf, binary, avatar)
    meshes: list[int] = []
    for number, name in enumerate(names):
        node = records.Node(name=name, mesh=number, skin=0)
        if number == 0:
            # Again, because Blender keeps what is written on an object. As text: numbers above 2**31 are lost there.
            node.extras = {COMMENT_KEY: json.dumps(facts, separators=(",", ":"))}
        gltf.nodes.append(node)
        meshes.append(len(gltf.nodes) - 1)
    if not levels_shown:
        meshes = name_levels(gltf, meshes, [len(level.faces) for level in avatar.levels])
    gltf.scenes.append(records.Scene(name=avatar.name, nodes=[root, *meshes]))
    gltf.scene = 0
    if avatar.motion is not None:
        joints: list[int] = gltf.skins[0].joints
        nodes = dict(zip(avatar.joint_names, joints, strict=True))
        add_animation(records, gltf, binary, avatar.motion, nodes, joints[0], avatar.joints[0])
    binary.finish()
    return gltf, binary


def _sections(level: Level) -> tuple[Section, ...]:
    """The level's parts with maps of their own; one without a name where it has one set for all."""
    return level.sections or (Section("", len(level.faces), level.maps),)


def _primitives(records: Any, binary: BinaryBuilder, level: Level, wanted: list[tuple[int, int]]) -> list[Any]:
    """A primitive for each count of faces and its material, over the same vertices."""
    # The highest number is reserved, so 65535 vertices still fit into 16 bits.
    wide = np.uint16 if len(level.vertices) <= 0xFFFF else np.uint32
    indices: list[int] = []
    materials: list[int] = []
    begin = 0
    for count, material in wanted:
        faces = proper_faces(level.vertices, level.faces[begin : begin + count])
        begin += count
        if len(faces) or len(wanted) == 1:  # glTF knows no empty list of corners
            indices.append(binary.accessor(faces.reshape(-1, 1).astype(wide), INDEX_DATA))
            materials.append(material)
    attributes = {
        name: binary.accessor(array, VERTEX_DATA, limits=name == "POSITION") for name, array in file_arrays(level)
    }
    return [
        records.Primitive(
            mode=records.TRIANGLES, material=material, indices=index, attributes=records.Attributes(**attributes)
        )
        for index, material in zip(indices, materials, strict=True)
    ]


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
    for index, (name, parent) in enumerate(zip(avatar.joint_names, parents, strict=True)):
        offset = avatar.joints[index] - (avatar.joints[parent] if parent >= 0 else np.float32(0.0))
        children = [first + child for child, above in enumerate(parents) if above == index]
        node = records.Node(name=name, translation=offset.tolist(), children=children)
        if name in avatar.pose:
            node.rotation = list(quaternion(avatar.pose[name]))
        gltf.nodes.append(node)
    gltf.nodes.append(records.Node(name=f"{avatar.name} rig", children=[first]))
    # Rest rotations are the identity, so a joint's inverse bind matrix only moves the joint to the origin.
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(parents), 1, 1))
    inverse[:, :3, 3] = -avatar.joints
    # glTF stores matrices by columns
    columns = np.ascontiguousarray(inverse.transpose(0, 2, 1)).reshape(-1, 16)
    gltf.skins.append(
        records.Skin(
            name=f"{avatar.name} skin",
            joints=list(range(first, first + len(parents))),
            skeleton=first,
            inverseBindMatrices=binary.accessor(columns),
        )
    )
    return len(gltf.nodes) - 1
