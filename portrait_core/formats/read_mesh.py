# SPDX-License-Identifier: Apache-2.0
"""A mesh that somebody edited, read for baking onto it: places, faces, texture places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.formats.gltf_read import GltfFile, read_gltf
from portrait_core.formats.read_obj import read_obj

MESH_ENDINGS = (".glb", ".gltf", ".obj")
MAX_FACES = 2_000_000
_TRIANGLES = 4
_OUTSIDE = 1e-4
"""How far a texture place may lie outside the unit square and still count as on its edge."""


@dataclass(frozen=True)
class EditedMesh:
    """``vertices`` (V, 3) float32 metres in the avatar's world, ``faces`` (F, 3) int32, ``uvs`` (V, 2) float32.

    The origin of ``uvs`` is the bottom left. Vertices are cut apart where the file's texture places are.
    """

    name: str
    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float32]


def read_mesh(path: Path, name: str | None = None) -> EditedMesh:
    """The mesh in ``path`` (.glb, .gltf or .obj); ``name`` chooses one of several.

    A skinned mesh comes at rest, as the file holds it. Raises :class:`UsageError` with what to do when the file is
    missing or damaged, holds several meshes and none is chosen, or a mesh has no texture places or has them outside
    the unit square.
    """
    ending = path.suffix.lower()
    if ending not in MESH_ENDINGS:
        raise UsageError(
            f"{path}: meshes are read from {', '.join(MESH_ENDINGS)}; got the ending {ending!r}."
        )
    found = list(_obj_meshes(path)) if ending == ".obj" else list(_gltf_meshes(read_gltf(path)))
    if not found:
        raise UsageError(f"{path}: there is no mesh of triangles in it.")
    named = [mesh for mesh in found if mesh.name == name] if name is not None else found
    names = ", ".join(mesh.name for mesh in found)
    if not named:
        raise UsageError(f"{path}: no mesh is called {name!r}; there are {names}.")
    if len(named) > 1:
        raise UsageError(f"{path}: there are several meshes, {names}; choose one by --mesh-name.")
    return _checked(path, named[0])


def _checked(path: Path, mesh: EditedMesh) -> EditedMesh:
    count = len(mesh.vertices)
    if len(mesh.faces) == 0 or count == 0:
        raise UsageError(f"{path}: mesh {mesh.name} has no faces.")
    if len(mesh.faces) > MAX_FACES:
        raise UsageError(
            f"{path}: mesh {mesh.name} has {len(mesh.faces)} faces; at most {MAX_FACES} are baked."
        )
    if int(mesh.faces.min()) < 0 or int(mesh.faces.max()) >= count:
        raise UsageError(f"{path}: a face of mesh {mesh.name} names a vertex outside 0 to {count - 1}.")
    if not bool(np.isfinite(mesh.vertices).all()):
        raise UsageError(f"{path}: mesh {mesh.name} has vertices that are not finite numbers.")
    if len(mesh.uvs) != count:
        raise UsageError(f"{path}: mesh {mesh.name} has no UV map; unwrap it before you export it.")
    used = mesh.uvs[mesh.faces]
    if not bool(np.isfinite(used).all()):
        raise UsageError(f"{path}: the UV map of mesh {mesh.name} holds numbers that are not finite.")
    low, high = float(used.min()), float(used.max())
    if low < -_OUTSIDE or high > 1.0 + _OUTSIDE:
        raise UsageError(
            f"{path}: the UV map of mesh {mesh.name} goes from {low:.3g} to {high:.3g}; one image holds 0 to 1 only. "
            "Pack the islands into one square."
        )
    if float(np.ptp(used.reshape(-1, 2), axis=0).min()) <= 0.0:
        raise UsageError(
            f"{path}: the UV map of mesh {mesh.name} has no area; unwrap it before you export it."
        )
    return mesh


def _obj_meshes(path: Path) -> Iterator[EditedMesh]:
    for each in read_obj(path):
        yield EditedMesh(each.name, each.vertices, each.faces, each.uvs)


def _gltf_meshes(gltf: GltfFile) -> Iterator[EditedMesh]:
    world = _world_matrices(gltf)
    meshes = gltf.entries("meshes")
    for index, node in enumerate(gltf.entries("nodes")):
        number = node.get("mesh")
        if not isinstance(number, int) or not 0 <= number < len(meshes):
            continue
        parts = [part for part in _primitives(gltf, meshes[number]) if part is not None]
        if not parts:
            continue
        name = str(node.get("name") or meshes[number].get("name") or f"mesh {number}")
        mesh = _joined(name, parts)
        if "skin" not in node:  # the places of a skinned mesh do not depend on its node
            matrix = world.get(index, np.eye(4))
            places = mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]
            mesh = EditedMesh(name, places.astype(np.float32), mesh.faces, mesh.uvs)
        yield mesh


def _primitives(gltf: GltfFile, mesh: dict[str, Any]) -> Iterator[EditedMesh | None]:
    primitives: object = mesh.get("primitives")
    for primitive in cast("list[Any]", primitives) if isinstance(primitives, list) else []:
        if not isinstance(primitive, dict):
            continue
        facts = cast("dict[str, Any]", primitive)
        attributes: object = facts.get("attributes")
        if facts.get("mode", _TRIANGLES) != _TRIANGLES or not isinstance(attributes, dict):
            continue
        if "KHR_draco_mesh_compression" in str(facts.get("extensions", "")):
            raise UsageError(f"{gltf.path}: the mesh is compressed; export it without mesh compression.")
        data = cast("dict[str, Any]", attributes)
        places = _shaped(gltf, data.get("POSITION"), 3)
        if "indices" in facts:
            corners = _shaped(gltf, facts["indices"], 1).reshape(-1)
        else:
            corners = np.arange(len(places))
        faces = corners[: len(corners) // 3 * 3].reshape(-1, 3).astype(np.int32)
        uvs = np.zeros((0, 2), np.float32)
        if "TEXCOORD_0" in data:
            uvs = _shaped(gltf, data["TEXCOORD_0"], 2).astype(np.float32)
            uvs = np.stack([uvs[:, 0], np.float32(1.0) - uvs[:, 1]], axis=1)  # glTF's origin is the top left
        yield EditedMesh("", places.astype(np.float32), faces, uvs)


def _shaped(gltf: GltfFile, index: object, width: int) -> NDArray[Any]:
    array = gltf.array(index)
    if array.shape[1] != width:
        raise UsageError(
            f"{gltf.path}: accessor {index} has {array.shape[1]} columns, not {width}; it is damaged."
        )
    return array


def _joined(name: str, parts: Sequence[EditedMesh]) -> EditedMesh:
    offsets = np.cumsum([0, *(len(part.vertices) for part in parts)])
    return EditedMesh(
        name,
        np.concatenate([part.vertices for part in parts]),
        np.concatenate(
            [part.faces + np.int32(offset) for part, offset in zip(parts, offsets[:-1], strict=True)]
        ),
        np.concatenate([part.uvs for part in parts]),
    )


def _world_matrices(gltf: GltfFile) -> dict[int, NDArray[np.float64]]:
    """Node number -> (4, 4) matrix to the world."""
    nodes = gltf.entries("nodes")
    children: list[list[int]] = []
    for node in nodes:
        listed: object = node.get("children", [])
        below = cast("list[object]", listed) if isinstance(listed, list) else []
        children.append([child for child in below if isinstance(child, int) and 0 <= child < len(nodes)])
    below_all = {child for group in children for child in group}
    waiting = [(index, np.eye(4)) for index in range(len(nodes)) if index not in below_all]
    world: dict[int, NDArray[np.float64]] = {}
    while waiting:
        index, above = waiting.pop()
        if index in world:
            raise UsageError(f"{gltf.path}: node {index} has two parents; the file is damaged.")
        world[index] = above @ _local(gltf.path, nodes[index])
        waiting += [(child, world[index]) for child in children[index]]
    return world


def _local(path: Path, node: dict[str, Any]) -> NDArray[np.float64]:
    try:
        if "matrix" in node:
            return np.array(node["matrix"], np.float64).reshape(4, 4).T
        x, y, z, w = np.array(node.get("rotation", (0, 0, 0, 1)), np.float64)
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        matrix = np.eye(4)
        matrix[:3, :3] = (np.eye(3) + 2 * w * cross + 2 * cross @ cross) * np.array(
            node.get("scale", (1, 1, 1)), np.float64
        ).reshape(3)
        matrix[:3, 3] = np.array(node.get("translation", (0, 0, 0)), np.float64).reshape(3)
        return matrix
    except (TypeError, ValueError):
        raise UsageError(f"{path}: a node's transform is not made of numbers; the file is damaged.") from None
