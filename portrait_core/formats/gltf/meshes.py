# SPDX-License-Identifier: Apache-2.0
"""The meshes of a glTF file as its scene shows them: triangles of every kind, shape keys as they stand, at rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.formats.edited_mesh import EditedMesh, MeshSkin, Notice, joined, unit, with_materials
from portrait_core.formats.gltf.bind import at_rest, read_bind
from portrait_core.formats.gltf.nodes import Graph, read_graph
from portrait_core.formats.gltf.places import Look, read_look, several_maps, taken_map, uv_number
from portrait_core.formats.gltf.reader import COMPRESSION, GltfFile

_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_MAX_SETS = 4
"""Sets of four influences that are read of each vertex."""
_MAX_MAPS = 8
"""UV maps that are looked for."""

_HARMLESS = ("KHR_materials_", "EXT_texture_", "KHR_texture_", "KHR_lights_", "MSFT_", "VRM", "KHR_animation_")
_READ = {"KHR_mesh_quantization", "KHR_node_visibility", "KHR_xmp_json_ld", "KHR_xmp", *COMPRESSION}

Reader = Callable[[], EditedMesh]


def gltf_meshes(gltf: GltfFile, uv_map: str | None = None) -> list[tuple[str, Reader]]:
    """Every mesh of triangles that the file's scene shows, by name, and how to read it.

    ``uv_map`` names the UV map to take, else the materials say. Raises :class:`UsageError` for a file that needs what
    is not read here; the readers do for a mesh that is compressed or damaged.
    """
    _check_needs(gltf)
    wanted = None if uv_map is None else uv_number(uv_map)
    graph = read_graph(gltf)
    nodes, meshes = gltf.entries("nodes"), gltf.entries("meshes")
    found: list[tuple[str, Reader]] = []
    for number in graph.shown:
        index: object = nodes[number].get("mesh")
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(meshes):
            continue
        if not any(True for _ in _primitives(meshes[index])):
            continue
        name = str(nodes[number].get("name") or meshes[index].get("name") or f"mesh {index}")
        found.append((name, _reader(gltf, graph, name, nodes[number], number, meshes[index], wanted)))
    return found


def _check_needs(gltf: GltfFile) -> None:
    """Refuse an extension that a file needs and that nothing here knows, by its name."""
    listed: object = gltf.tree.get("extensionsRequired")
    for name in cast("list[object]", listed) if isinstance(listed, list) else []:
        if isinstance(name, str) and name not in _READ and not name.startswith(_HARMLESS):
            raise UsageError(f"{gltf.path}: the file needs {name[:60]}, which is not read. Export the mesh without it.")


def _reader(
    gltf: GltfFile,
    graph: Graph,
    name: str,
    node: dict[str, Any],
    number: int,
    mesh: dict[str, Any],
    wanted: int | None,
) -> Reader:
    def read() -> EditedMesh:
        bind = read_bind(gltf, node["skin"], graph) if "skin" in node else None
        shape = _shape_keys(node, mesh)
        bones = () if bind is None else bind.bones
        parts = [_part(gltf, name, facts, shape, bones, wanted) for facts in _primitives(mesh)]
        pieces = [part.mesh for part in parts]
        whole = joined(name, [_used(piece) for piece in pieces] if len(pieces) > 1 else pieces)
        whole = _with_looks(whole, parts)
        notices = (*_map_notices(name, parts, wanted), *_shape_notice(name, mesh, shape))
        whole = replace(whole, notices=notices)
        if "skin" in node:  # the places of a skinned mesh do not depend on its node
            return whole if bind is None else at_rest(whole, bind)
        return whole.moved(graph.world.get(number, np.eye(4)))

    return read


@dataclass(frozen=True)
class _Part:
    """One part of a mesh, the look it has, which UV map was ``taken`` and how much of the square each of them fills."""

    mesh: EditedMesh
    look: Look
    taken: int | None
    areas: dict[int, float]


def _with_looks(mesh: EditedMesh, parts: list[_Part]) -> EditedMesh:
    """The mesh with one set of maps for each image, and for each material that has none."""
    names: list[str] = []
    keys: dict[object, int] = {}
    numbers: list[NDArray[np.int32]] = []
    for part in parts:
        look = part.look
        key: object = ("image", look.image) if look.image is not None else ("material", look.name)
        if key not in keys:
            keys[key] = len(names)
            names.append(look.name)
        numbers.append(np.full(len(part.mesh.faces), keys[key], np.int32))
    return with_materials(mesh, np.concatenate(numbers), names)


def _primitives(mesh: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of a mesh that are triangles."""
    primitives: object = mesh.get("primitives")
    for primitive in cast("list[Any]", primitives) if isinstance(primitives, list) else []:
        if isinstance(primitive, dict):
            facts = cast("dict[str, Any]", primitive)
            mode: object = facts.get("mode", _TRIANGLES)
            if mode in (_TRIANGLES, _STRIP, _FAN) and isinstance(facts.get("attributes"), dict):
                yield facts


def _part(
    gltf: GltfFile,
    name: str,
    facts: dict[str, Any],
    shape: list[float],
    bones: tuple[str, ...],
    wanted: int | None,
) -> _Part:
    data, look = cast("dict[str, Any]", facts["attributes"]), read_look(gltf, facts.get("material"))
    draco: object = facts.get("extensions")
    if isinstance(draco, dict) and "KHR_draco_mesh_compression" in draco and _is_empty(gltf, data.get("POSITION")):
        gltf.refuse_compressed("KHR_draco_mesh_compression")
    places = _shaped(gltf, data.get("POSITION"), 3).astype(np.float32)
    count = len(places)
    corners = _shaped(gltf, facts["indices"], 1).reshape(-1) if "indices" in facts else np.arange(count)
    faces = _triangles(corners.astype(np.int64), facts.get("mode", _TRIANGLES))
    ups = _shaped(gltf, data["NORMAL"], 3).astype(np.float32) if "NORMAL" in data else None
    maps = {
        number: _shaped(gltf, data[f"TEXCOORD_{number}"], 2).astype(np.float64)
        for number in range(_MAX_MAPS)
        if f"TEXCOORD_{number}" in data
    }
    places, ups = _with_shape_keys(gltf, facts, shape, places, ups, maps)
    shown = {number: look.apply(number, uvs) for number, uvs in maps.items()}
    taken = taken_map(look, list(shown), wanted)
    if taken is None and wanted is not None:
        known = ", ".join(f"TEXCOORD_{number}" for number in shown) or "none"
        raise UsageError(f"{gltf.path}: mesh {name} has no UV map TEXCOORD_{wanted}; there are: {known}.")
    uvs = np.zeros((0, 2), np.float32)
    if taken is not None:
        # glTF's origin is the top left
        uvs = (shown[taken] * (1.0, -1.0) + (0.0, 1.0)).astype(np.float32)
    normals = unit(ups, count) if ups is not None else None
    influences = _influences(gltf, data, count)
    skin = None
    if influences is not None and bones and int(influences[0].max(initial=0)) < len(bones):
        skin = MeshSkin(bones, *influences)
    areas = {number: _area(each, faces) for number, each in shown.items()}
    return _Part(EditedMesh("", places, faces, uvs, normals, skin), look, taken, areas)


def _is_empty(gltf: GltfFile, index: object) -> bool:
    """Whether an accessor has no data of its own, as those have that a compressed part stands for."""
    accessors = gltf.entries("accessors")
    known = isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(accessors)
    return not known or "bufferView" not in accessors[cast("int", index)]


def _triangles(corners: NDArray[np.int64], mode: object) -> NDArray[np.int32]:
    """Triangles (F, 3), counter-clockwise from outside, out of the corners of a list, a strip or a fan."""
    if mode == _TRIANGLES:
        faces = corners[: len(corners) // 3 * 3].reshape(-1, 3)
    else:
        count = max(len(corners) - 2, 0)
        first = np.arange(count)
        odd = first % 2
        if mode == _STRIP:
            faces = np.stack([corners[first], corners[first + 1 + odd], corners[first + 2 - odd]], axis=1)
        else:
            hub = np.broadcast_to(corners[:1], (count,)) if count else corners[:0]
            faces = np.stack([corners[first + 1], corners[first + 2], hub], axis=1)
        # Strips turn corners by faces that repeat one.
        faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])]
    return np.clip(faces, -1, np.iinfo(np.int32).max).astype(np.int32)


def _map_notices(name: str, parts: list[_Part], wanted: int | None) -> Iterator[Notice]:
    """What to say of the UV maps: of several, which was taken; of textures that lie apart, which counts."""
    areas: dict[int, float] = {}
    for part in parts:
        for number, area in part.areas.items():
            areas[number] = areas.get(number, 0.0) + area
    taken = sorted({part.taken for part in parts if part.taken is not None})
    if len(areas) > 1 and taken:
        told = any(part.look.uv_map is not None for part in parts)
        why = "as asked" if wanted is not None else "as its material says" if told else "the first"
        yield several_maps(name, areas, taken, why)
    for look in {part.look.name: part.look for part in parts if part.look.parted}.values():
        yield Notice(f"the textures of material {look.name} lie in different places; where its first lies is taken")


def _area(uvs: NDArray[np.float64], faces: NDArray[np.int32]) -> float:
    """How much of the unit square the faces fill, those that lie on others counted again."""
    if len(faces) == 0 or int(faces.min()) < 0 or int(faces.max()) >= len(uvs):
        return 0.0
    a, b, c = (uvs[faces[:, k]] for k in range(3))
    one, two = b - a, c - a
    return float(np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]).sum() / 2)


def _shape_keys(node: dict[str, Any], mesh: dict[str, Any]) -> list[float]:
    """How far each shape key is pulled: as the node says, else as the mesh does."""
    for holder in (node, mesh):
        values: object = holder.get("weights")
        if isinstance(values, list):
            numbers = cast("list[object]", values)
            return [float(each) if isinstance(each, int | float) else 0.0 for each in numbers[:10_000]]
    return []


def _shape_notice(name: str, mesh: dict[str, Any], shape: list[float]) -> Iterator[Notice]:
    extras: object = mesh.get("extras")
    listed: object = cast("dict[str, Any]", extras).get("targetNames") if isinstance(extras, dict) else None
    names = cast("list[object]", listed) if isinstance(listed, list) else []
    pulled = [(str(names[k]) if k < len(names) else f"key {k}", value) for k, value in enumerate(shape) if value]
    if pulled:
        told = ", ".join(f"{key} at {value:g}" for key, value in pulled[:5]) + (" ..." if len(pulled) > 5 else "")
        yield Notice(f"mesh {name} is taken with its shape keys as they stand: {told}")


def _with_shape_keys(
    gltf: GltfFile,
    facts: dict[str, Any],
    shape: list[float],
    places: NDArray[np.float32],
    ups: NDArray[np.float32] | None,
    maps: dict[int, NDArray[np.float64]],
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Places and normals with the shape keys that are pulled; texture places in ``maps`` are changed too.

    Without normals in the keys those of the mesh are of another shape, and are dropped.
    """
    listed: object = facts.get("targets")
    targets = cast("list[object]", listed) if isinstance(listed, list) else []
    for value, target in zip(shape, targets, strict=False):
        if not value or not isinstance(target, dict):
            continue
        deltas = cast("dict[str, Any]", target)
        if "POSITION" in deltas:
            places = places + np.float32(value) * _fitting(gltf, deltas["POSITION"], len(places), 3)
            ups = ups if "NORMAL" in deltas else None
        if "NORMAL" in deltas and ups is not None:
            ups = ups + np.float32(value) * _fitting(gltf, deltas["NORMAL"], len(places), 3)
        for number, uvs in maps.items():
            if f"TEXCOORD_{number}" in deltas:
                maps[number] = uvs + value * _fitting(gltf, deltas[f"TEXCOORD_{number}"], len(uvs), 2)
    return places.astype(np.float32), ups


def _influences(
    gltf: GltfFile, data: dict[str, Any], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]] | None:
    """All sets of four joints and weights; None where there are none or a vertex has no weight at all."""
    sets = [number for number in range(_MAX_SETS) if f"JOINTS_{number}" in data and f"WEIGHTS_{number}" in data]
    if not sets:
        return None
    joints = np.hstack([_fitting(gltf, data[f"JOINTS_{number}"], count, 4) for number in sets]).astype(np.int64)
    weights = np.hstack([_fitting(gltf, data[f"WEIGHTS_{number}"], count, 4) for number in sets]).astype(np.float64)
    total = weights.sum(axis=1, keepdims=True)
    # written so that NaN fails as well
    if not bool((weights >= 0.0).all()) or not bool((total > 1e-3).all()) or int(joints.min(initial=0)) < 0:
        return None
    return joints, (weights / total).astype(np.float32)


def _used(part: EditedMesh) -> EditedMesh:
    """The part with the vertices that its faces name: parts of one mesh often share all of theirs."""
    if len(part.faces) == 0 or int(part.faces.min()) < 0 or int(part.faces.max()) >= len(part.vertices):
        return part
    kept, faces = np.unique(part.faces, return_inverse=True)
    return part.part(kept, np.asarray(faces, np.int32).reshape(-1, 3))


def _shaped(gltf: GltfFile, index: object, width: int) -> NDArray[Any]:
    array = gltf.array(index)
    if array.shape[1] != width:
        raise UsageError(f"{gltf.path}: accessor {index} has {array.shape[1]} columns, not {width}; it is damaged.")
    return array


def _fitting(gltf: GltfFile, index: object, count: int, width: int) -> NDArray[Any]:
    """An array of one row for each vertex."""
    array = _shaped(gltf, index, width)
    if len(array) != count:
        raise UsageError(f"{gltf.path}: accessor {index} has {len(array)} rows for {count} vertices; it is damaged.")
    return array
