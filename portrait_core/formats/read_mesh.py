# SPDX-License-Identifier: Apache-2.0
"""A mesh that somebody edited, read for baking onto it: places, faces, texture places; normals and skin if any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError, remedy
from portrait_core.formats.gltf import GltfFile, read_gltf
from portrait_core.formats.read_loose import LOOSE_ENDINGS, read_loose
from portrait_core.formats.read_wavefront import read_obj

MESH_ENDINGS = (".glb", ".gltf", ".obj", *LOOSE_ENDINGS)
MAX_FACES = 2_000_000
_TRIANGLES = 4
_MAX_SETS = 4
"""Sets of four influences that are read of each vertex."""

_Influences = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Joints and weights (V, K) of one part of a mesh."""

_OUTSIDE = 1e-4
"""How far a texture place may lie outside the unit square and still count as on its edge."""


@dataclass(frozen=True)
class EditedMesh:
    """``vertices`` (V, 3) float32 metres in the avatar's world, ``faces`` (F, 3) int32, ``uvs`` (V, 2) float32.

    The origin of ``uvs`` is the bottom left; where the file has none they are (0, 2). Vertices are cut apart where the
    file's texture places are. ``normals``
    (V, 3) of length one, and ``skin``, are the file's own where it has them for every vertex.
    """

    name: str
    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float32]
    normals: NDArray[np.float32] | None = None
    skin: MeshSkin | None = None


@dataclass(frozen=True)
class MeshSkin:
    """A file's own skin: ``bones`` by name; ``joints`` (V, K) name them by number, ``weights`` (V, K) float32 sum to
    one in each row."""

    bones: tuple[str, ...]
    joints: NDArray[np.int64]
    weights: NDArray[np.float32]


def read_mesh(path: Path, name: str | None = None, *, bare: bool = False) -> EditedMesh:
    """The mesh in ``path`` (one of ``MESH_ENDINGS``); ``name`` chooses one of several, ``bare`` needs no UV map.

    A skinned mesh comes at rest, as the file holds it. Raises :class:`UsageError` with what to do when the file is
    missing or damaged, holds several meshes and none is chosen, or a mesh has no texture places or has them outside
    the unit square.
    """
    ending = path.suffix.lower()
    if ending not in MESH_ENDINGS:
        raise UsageError(f"{path}: meshes are read from {', '.join(MESH_ENDINGS)}; got the ending {ending!r}.")
    if ending in LOOSE_ENDINGS:
        found = [EditedMesh(path.stem, *read_loose(path))]
    else:
        found = list(_obj_meshes(path)) if ending == ".obj" else list(_gltf_meshes(read_gltf(path)))
    if not found:
        raise UsageError(f"{path}: there is no mesh of triangles in it.")
    named = [mesh for mesh in found if mesh.name == name] if name is not None else found
    names = ", ".join(mesh.name for mesh in found)
    if not named:
        raise UsageError(f"{path}: no mesh is called {name!r}; there are {names}.")
    if len(named) > 1:
        told = remedy("choose_mesh", names=[mesh.name for mesh in found])
        raise UsageError(f"{path}: there are several meshes, {names}; choose one of them.", remedy=told)
    return _checked(path, named[0], bare=bare)


def _checked(path: Path, mesh: EditedMesh, *, bare: bool) -> EditedMesh:
    count = len(mesh.vertices)
    if len(mesh.faces) == 0 or count == 0:
        raise UsageError(f"{path}: mesh {mesh.name} has no faces.")
    if len(mesh.faces) > MAX_FACES:
        raise UsageError(f"{path}: mesh {mesh.name} has {len(mesh.faces)} faces; at most {MAX_FACES} are baked.")
    if int(mesh.faces.min()) < 0 or int(mesh.faces.max()) >= count:
        raise UsageError(f"{path}: a face of mesh {mesh.name} names a vertex outside 0 to {count - 1}.")
    if not bool(np.isfinite(mesh.vertices).all()):
        raise UsageError(f"{path}: mesh {mesh.name} has vertices that are not finite numbers.")
    if bare and len(mesh.uvs) == 0:
        return mesh
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
        raise UsageError(f"{path}: the UV map of mesh {mesh.name} has no area; unwrap it before you export it.")
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
        parts = list(_primitives(gltf, meshes[number]))
        if not parts:
            continue
        name = str(node.get("name") or meshes[number].get("name") or f"mesh {number}")
        mesh = _joined(name, [mesh for mesh, _ in parts])
        if "skin" in node:  # the places of a skinned mesh do not depend on its node
            yield replace(mesh, skin=_skin(gltf, node["skin"], [weights for _, weights in parts]))
            continue
        matrix = world.get(index, np.eye(4))
        places = mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]
        ups = mesh.normals if np.array_equal(matrix[:3, :3], np.eye(3)) else None
        yield replace(mesh, vertices=places.astype(np.float32), normals=ups)


def _primitives(gltf: GltfFile, mesh: dict[str, Any]) -> Iterator[tuple[EditedMesh, _Influences | None]]:
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
        ups = _unit(_shaped(gltf, data["NORMAL"], 3), len(places)) if "NORMAL" in data else None
        yield EditedMesh("", places.astype(np.float32), faces, uvs, ups), _influences(gltf, data, len(places))


def _influences(gltf: GltfFile, data: dict[str, Any], count: int) -> _Influences | None:
    """All sets of four joints and weights; None where there are none or a vertex has no weight at all."""
    sets = [number for number in range(_MAX_SETS) if f"JOINTS_{number}" in data and f"WEIGHTS_{number}" in data]
    if not sets:
        return None
    joints = np.hstack([_shaped(gltf, data[f"JOINTS_{number}"], 4) for number in sets]).astype(np.int64)
    weights = np.hstack([_shaped(gltf, data[f"WEIGHTS_{number}"], 4) for number in sets]).astype(np.float64)
    total = weights.sum(axis=1, keepdims=True)
    # written so that NaN fails as well
    if len(joints) != count or not bool((weights >= 0.0).all()) or not bool((total > 1e-3).all()):
        return None
    return joints, (weights / total).astype(np.float32)


def _skin(gltf: GltfFile, number: object, parts: Sequence[_Influences | None]) -> MeshSkin | None:
    """The skin of a mesh of several parts, where every part has its share of it."""
    skins, nodes = gltf.entries("skins"), gltf.entries("nodes")
    found = [part for part in parts if part is not None]
    if not isinstance(number, int) or not 0 <= number < len(skins) or len(found) != len(parts):
        return None
    listed: object = skins[number].get("joints", [])
    bones: list[str] = []
    for node in cast("list[object]", listed) if isinstance(listed, list) else []:
        if not isinstance(node, int) or not 0 <= node < len(nodes):
            return None
        bones.append(str(nodes[node].get("name", "")))
    wide = max(joints.shape[1] for joints, _ in found)
    joints = np.vstack([np.pad(each, ((0, 0), (0, wide - each.shape[1]))) for each, _ in found])
    weights = np.vstack([np.pad(each, ((0, 0), (0, wide - each.shape[1]))) for _, each in found])
    if int(joints.max()) >= len(bones):
        return None
    return MeshSkin(tuple(bones), joints, weights)


def _unit(normals: NDArray[Any], count: int) -> NDArray[np.float32] | None:
    """``normals`` at length one, or None where that cannot be."""
    length = np.linalg.norm(normals.astype(np.float64), axis=1, keepdims=True)
    # written so that NaN fails as well
    if len(normals) != count or not bool((length > 1e-6).all()) or not bool(np.isfinite(length).all()):
        return None
    return (normals / length).astype(np.float32)


def _shaped(gltf: GltfFile, index: object, width: int) -> NDArray[Any]:
    array = gltf.array(index)
    if array.shape[1] != width:
        raise UsageError(f"{gltf.path}: accessor {index} has {array.shape[1]} columns, not {width}; it is damaged.")
    return array


def _joined(name: str, parts: Sequence[EditedMesh]) -> EditedMesh:
    offsets = np.cumsum([0, *(len(part.vertices) for part in parts)])
    ups = [part.normals for part in parts if part.normals is not None]
    return EditedMesh(
        name,
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.faces + np.int32(offset) for part, offset in zip(parts, offsets[:-1], strict=True)]),
        np.concatenate([part.uvs for part in parts]),
        np.concatenate(ups) if len(ups) == len(parts) else None,
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
