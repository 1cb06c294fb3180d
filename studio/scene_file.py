# SPDX-License-Identifier: Apache-2.0
"""An avatar as the page shows it: a .glb without rig, whose maps are fetched by address, and whose vertices can be
replaced at once while a slider moves."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Level
from portrait_core.formats.gltf.scene import build_scene
from portrait_core.formats.gltf.writer import json_tree, packed
from studio.scene_looks import (
    ABOVE,
    CLAY,
    COLOUR,
    DARK,
    GREY,
    LINE,
    LINES,
    NORMALS,
    WIREFRAME,
    Addition,
    Outlines,
    edges_of,
    normal_colours,
)

Floats = NDArray[np.float32]

KEPT = ("TEXCOORD_0", "TANGENT", "COLOR_0")
FLOATS, ARRAY = 5126, 34962


@dataclass(frozen=True)
class _Part:
    """One mesh: its ``rows`` of the level's vertices, its ``faces`` among them, its accessors of places and normals."""

    rows: NDArray[np.int64]
    faces: NDArray[np.int32]
    places: int
    normals: int


class SceneFile:
    """The file of one avatar, made once; :meth:`shaped` gives it with other places of its vertices."""

    def __init__(self, avatar: Avatar, keep: Callable[[bytes, str], str]) -> None:
        """``keep`` gives an image (content, media type) an address."""
        level = avatar.main
        self.level = replace(level, morphs=())
        bare = replace(
            avatar, levels=(self.level,), pose={}, expression={}, motion=None, face_motion=None, recipe={}, report={}
        )
        gltf, _ = build_scene(bare, "jpeg")
        tree, blob = json_tree(gltf), bytes(gltf.binary_blob())
        contents = _send_images(tree, blob, keep)
        self._outlines = Outlines(tree, contents, keep)
        self._tree, self._fixed, self._parts = _without_rig(tree, blob, self.level)

    def shaped(self, vertices: Floats, normals: Floats, look: str = COLOUR) -> bytes:
        """The .glb with these vertices and unit normals (V, 3) of the avatar's finest level, world metres, seen in one
        of `studio.scene_looks.LOOKS`.

        The page's loader makes normals of its own of every file, with a crease along each seam of the UV map. A morph
        target that is always there turns them back to ours.
        """
        blob = bytearray(self._fixed)
        tree = {**self._tree, "accessors": list(self._tree["accessors"])}
        views = tree["bufferViews"]
        for part in self._parts:
            places = np.ascontiguousarray(vertices[part.rows], np.float32)
            turned = normals[part.rows] - loader_normals(places, part.faces)
            for number, array in ((part.places, places), (part.normals, turned.astype(np.float32))):
                accessor = dict(tree["accessors"][number])
                begin = views[accessor["bufferView"]]["byteOffset"]
                blob[begin : begin + array.nbytes] = array.tobytes()
                if number == part.places:
                    accessor |= {"min": places.min(axis=0).tolist(), "max": places.max(axis=0).tolist()}
                    tree["accessors"][number] = accessor
        if look == COLOUR:
            return packed(tree, bytes(blob))
        return packed(*self._looked(Addition(tree, blob), vertices, normals, look))

    def _looked(self, added: Addition, vertices: Floats, normals: Floats, look: str) -> tuple[dict[str, Any], bytes]:
        shade = {CLAY: GREY, NORMALS: 1.0, WIREFRAME: DARK}[look]
        self._outlines.put(added.tree, shade, lit=look != NORMALS)
        primitives = [each for mesh in added.tree["meshes"] for each in mesh["primitives"]]
        for primitive, part in zip(primitives, self._parts, strict=True):
            primitive["attributes"].pop("COLOR_0", None)
            if look == NORMALS:
                colours = normal_colours(normals[part.rows])
                primitive["attributes"]["COLOR_0"] = added.room(colours, "VEC3")
            if look == WIREFRAME:
                _draw_lines(added, part, vertices, normals)
        return added.finished()


def loader_normals(places: Floats, faces: NDArray[np.int32]) -> Floats:
    """Normals (V, 3) of vertices (V, 3) as three.js makes them of an indexed geometry: the sum of the faces' normals by
    area, to length one; zero where no face is."""
    corners = places[faces]
    crossed = np.cross(corners[:, 2] - corners[:, 1], corners[:, 0] - corners[:, 1])
    sums = np.stack(
        [np.bincount(faces.ravel(), np.repeat(crossed[:, axis], 3), len(places)) for axis in range(3)], axis=1
    )
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.where(length > 0, length, 1.0), np.float32)


def unpacked(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The two halves of a .glb."""
    length = struct.unpack_from("<I", content, 12)[0]
    return json.loads(content[20 : 20 + length]), content[28 + length :]


def _draw_lines(added: Addition, part: _Part, vertices: Floats, normals: Floats) -> None:
    """The edges of a part's faces, a little before it."""
    tree = added.tree
    material = {"name": "lines", "pbrMetallicRoughness": {"baseColorFactor": [*LINE, 1.0], "metallicFactor": 0.0}}
    if tree["materials"][-1].get("name") != "lines":
        tree["materials"].append({**material, "extensions": {"KHR_materials_unlit": {}}})
        tree["extensionsUsed"] = ["KHR_materials_unlit"]
    places = added.room((vertices[part.rows] + ABOVE * normals[part.rows]).astype(np.float32), "VEC3")
    lines = {"attributes": {"POSITION": places}, "indices": added.room(edges_of(part.faces), "SCALAR"), "mode": LINES}
    tree["meshes"].append({"primitives": [{**lines, "material": len(tree["materials"]) - 1}]})
    tree["nodes"].append({"mesh": len(tree["meshes"]) - 1})
    tree["scenes"][0]["nodes"].append(len(tree["nodes"]) - 1)


def _send_images(tree: dict[str, Any], blob: bytes, keep: Callable[[bytes, str], str]) -> dict[int, bytes]:
    """Give images addresses; those in PNG, which may have holes, come back by their numbers."""
    contents: dict[int, bytes] = {}
    for number, image in enumerate(tree.get("images", ())):
        view = tree["bufferViews"][image.pop("bufferView")]
        begin = view.get("byteOffset", 0)
        content, kind = blob[begin : begin + view["byteLength"]], image.pop("mimeType")
        image["uri"] = keep(content, kind)
        if kind == "image/png":
            contents[number] = content
    return contents


def _without_rig(tree: dict[str, Any], blob: bytes, level: Level) -> tuple[dict[str, Any], bytes, list[_Part]]:
    """The tree with meshes alone, and its binary half with room for places and normals."""
    source, views = tree["accessors"], tree["bufferViews"]
    content = bytearray()
    accessors: list[dict[str, Any]] = []
    slices: list[dict[str, Any]] = []

    def room(count: int, kind: str, component: int, data: bytes, target: int | None) -> int:
        content.extend(b"\0" * (-len(content) % 4))
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(content), "byteLength": len(data)}
        slices.append(view if target is None else {**view, "target": target})
        content.extend(data)
        accessors.append({"bufferView": len(slices) - 1, "componentType": component, "count": count, "type": kind})
        return len(accessors) - 1

    def copied(number: int) -> int:
        old = source[number]
        view = views[old["bufferView"]]
        begin = view.get("byteOffset", 0) + old.get("byteOffset", 0)
        size = old["count"] * _WIDTH[old["type"]] * _BYTES[old["componentType"]]
        made = room(old["count"], old["type"], old["componentType"], blob[begin : begin + size], view.get("target"))
        accessors[made] |= {key: old[key] for key in ("normalized",) if key in old}
        return made

    parts: list[_Part] = []
    kept_rows = _rows_of_pieces(level)
    meshes: list[dict[str, Any]] = []
    for mesh, (rows, faces) in zip(tree["meshes"], kept_rows, strict=True):
        primitives: list[dict[str, Any]] = []
        empty = bytes(12 * len(rows))
        for primitive, own in zip(mesh["primitives"], faces, strict=True):
            # Each has arrays of its own: the loader makes normals geometry by geometry, in place.
            places = room(len(rows), "VEC3", FLOATS, empty, ARRAY)
            normals = room(len(rows), "VEC3", FLOATS, empty, ARRAY)
            # Zeros take no room. three.js wants places of a target wherever it has normals.
            # And it shades files without normals flat, so that there have to be some that it can throw away.
            zeros = {"componentType": FLOATS, "count": len(rows), "type": "VEC3"}
            accessors += [{**zeros, **_NOWHERE}, dict(zeros)]
            still = len(accessors) - 2
            attributes = {"POSITION": places, "NORMAL": still + 1}
            attributes |= {name: copied(at) for name, at in primitive["attributes"].items() if name in KEPT}
            made: dict[str, Any] = {"attributes": attributes, "indices": copied(primitive["indices"])}
            made |= {"material": primitive["material"], "targets": [{"POSITION": still, "NORMAL": normals}], "mode": 4}
            primitives.append(made)
            parts.append(_Part(rows, own, places, normals))
        meshes.append({"name": mesh["name"], "primitives": primitives, "weights": [1.0]})
    names = ("asset", "materials", "textures", "images", "samplers", "extensionsUsed")
    shown = {name: tree[name] for name in names if name in tree}
    shown["asset"] = {"version": "2.0"}
    shown |= {
        "meshes": meshes,
        "nodes": [{"mesh": number, "name": mesh["name"]} for number, mesh in enumerate(meshes)],
        "scenes": [{"nodes": list(range(len(meshes)))}],
        "scene": 0,
        "accessors": accessors,
        "bufferViews": slices,
        "buffers": [{"byteLength": len(content)}],
    }
    return shown, bytes(content), parts


def _rows_of_pieces(level: Level) -> list[tuple[NDArray[np.int64], list[NDArray[np.int32]]]]:
    """For each mesh of the file: its rows of the level's vertices, and the faces of each primitive among those."""
    found: list[tuple[NDArray[np.int64], list[NDArray[np.int32]]]] = []
    groups: dict[str, list[NDArray[np.int32]]] = {}
    for section, faces in level.section_faces():
        groups.setdefault(section.part, []).append(faces)
    for own in groups.values():
        rows, within = np.unique(np.concatenate(own), return_inverse=True)
        local = np.asarray(within, np.int32).reshape(-1, 3)
        ends = np.cumsum([len(each) for each in own])[:-1]
        found.append((rows.astype(np.int64), list(np.split(local, ends))))
    return found


_NOWHERE = {"min": [0.0, 0.0, 0.0], "max": [0.0, 0.0, 0.0]}
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
