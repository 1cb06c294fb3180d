# SPDX-License-Identifier: GPL-3.0-or-later
"""An avatar's file in two: the surfaces of its meshes, and all else with a small stand-in for each of them.

Blender's importer takes longest over the surfaces, and cannot be interrupted. It gets the file with the stand-ins:
bones, materials, pictures and names are its work as ever. The surfaces are put in afterwards, one at a time. What is
not laid out as our engine lays it out stays in the file for the importer. Knows nothing of Blender.
"""

from __future__ import annotations

import copy
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.engine_copies import strands
from .glb_accessors import HEAD, Accessors, Tree
from .glb_facts import read_tree
from .glb_levels import show_levels

NUMBER_KEY = "portraitkit_surface"
"""Extra of a mesh, which becomes a custom property: the number of the surface that it stands in for."""
QUADS_KEY = "quads"
"""Extra of a mesh, from the engine: for each of its materials, how many quads its first triangles make."""
REGIONS_KEY = "regions"
"""Extra of a mesh, from the engine: which region of the skin its faces belong to, in their order."""
FILES_FACES = (QUADS_KEY, REGIONS_KEY)
"""Extras about the faces of the file, in their order: they hold no longer for those that somebody makes of them."""
_EXTENSIONS = ("KHR_materials_", "KHR_texture_", "EXT_texture_", "VRM", "MSFT_lod", "KHR_mesh_quantization")
"""Extensions that name no accessors and no views of their own."""
_ATTRIBUTES = {"POSITION", "NORMAL", "TANGENT", "TEXCOORD_0", "JOINTS_0", "WEIGHTS_0", strands.ATTRIBUTE}
_JSON, _BINARY = b"JSON", b"BIN\0"


@dataclass(frozen=True)
class Surface:
    """A mesh as glTF has it: a vertex for each side of a texture's seam, +y up, metres."""

    places: NDArray[np.float32]
    """(N, 3)."""
    normals: NDArray[np.float32]
    """(N, 3), of unit length."""
    uv: NDArray[np.float32]
    """(N, 2), the origin at the top."""
    joints: NDArray[np.int32]
    """(N, 4) numbers of joints in the order of the skin."""
    weights: NDArray[np.float32]
    """(N, 4)."""
    triangles: NDArray[np.int32]
    """(T, 3), of which two and two of the first make ``quads``."""
    quads: int
    shapes: dict[str, NDArray[np.float32]]
    """(N, 3) moves of each shape of the face."""
    mixed: dict[str, float]
    """How much of each shape is shown."""
    along: NDArray[np.float32] | None
    """(N,) how far along its strand hair is; None for what is no hair."""
    regions: object = None
    """What the file tells of regions, for :func:`region_masks.regions_in`."""


class PartedFile:
    """A file without its surfaces, and the surfaces."""

    def __init__(self, content: bytes, tree: Tree) -> None:
        """Of the content of a .glb and what its JSON says of it, which is changed."""
        length = int.from_bytes(content[HEAD : HEAD + 4], "little")
        begin = HEAD + 8 + length
        body = memoryview(content)[begin + 8 :] if content[begin + 4 : begin + 8] == _BINARY else memoryview(b"")
        self._accessors = Accessors(tree, body)
        self._meshes: list[Tree] = []
        self._counts: list[int] = []
        used = tree.get("extensionsUsed") or []
        plain = all(str(each).startswith(_EXTENSIONS) for each in used) and len(tree.get("buffers") or ()) == 1
        for number, mesh in enumerate(tree.get("meshes") or () if plain else ()):
            if self._is_plain(tree, number):
                self._meshes.append(copy.deepcopy(mesh))
                self._counts.append(tree["accessors"][mesh["primitives"][0]["indices"]]["count"] // 3)
                _stand_in(mesh, len(self._meshes) - 1)
        self.rest = _written(tree, body) if self._meshes else b""
        """The file for the importer; empty where no surface is laid out plainly."""

    def __len__(self) -> int:
        return len(self._meshes)

    def faces(self, number: int) -> int:
        """How many triangles a surface has."""
        return self._counts[number]

    def _is_plain(self, tree: Tree, number: int) -> bool:
        """Whether a mesh is one that :meth:`surface` can read: skinned, one primitive, used once, not animated."""
        mesh, nodes = tree["meshes"][number], tree.get("nodes") or []
        users = [place for place, each in enumerate(nodes) if each.get("mesh") == number]
        parts = mesh.get("primitives") or []
        moved = {
            each["target"].get("node")
            for animation in tree.get("animations") or ()
            for each in animation["channels"]
            if each["target"].get("path") == "weights"
        }
        if len(users) != 1 or len(parts) != 1 or "skin" not in nodes[users[0]] or moved & set(users):
            return False
        part, names = parts[0], (mesh.get("extras") or {}).get("targetNames") or []
        there, targets = part.get("attributes") or {}, part.get("targets") or []
        if not {"POSITION", "NORMAL", "TEXCOORD_0", "JOINTS_0", "WEIGHTS_0"} <= there.keys() <= _ATTRIBUTES:
            return False
        if part.get("mode", 4) != 4 or part.get("extensions") or nodes[users[0]].get("weights"):
            return False
        if len(set(names)) != len(targets) or len(mesh.get("extras", {}).get(QUADS_KEY) or ()) > 1:
            return False
        has = self._accessors.are
        count = {tree["accessors"][each]["count"] for each in there.values()} if has(there["POSITION"], "VEC3") else ()
        return (
            len(count) == 1
            and has(there["NORMAL"], "VEC3")
            and has(there["TEXCOORD_0"], "VEC2")
            and has(there["JOINTS_0"], "VEC4", (5121, 5123))
            and has(there["WEIGHTS_0"], "VEC4")
            and has(part.get("indices"), "SCALAR", (5121, 5123, 5125))
            and tree["accessors"][part["indices"]]["count"] % 3 == 0
            and (strands.ATTRIBUTE not in there or has(there[strands.ATTRIBUTE], "SCALAR"))
            and all(has(each.get("POSITION"), "VEC3") for each in targets)
            and {tree["accessors"][each["POSITION"]]["count"] for each in targets} <= count
        )

    def surface(self, number: int) -> Surface:
        """The surface that a stand-in names; ValueError where its triangles name vertices that are not there."""
        mesh = self._meshes[number]
        (part,) = mesh["primitives"]
        there, extras, read = part["attributes"], mesh.get("extras") or {}, self._accessors.read
        places, triangles = read(there["POSITION"]), read(part["indices"]).reshape(-1, 3).astype(np.int32)
        if len(triangles) and int(triangles.max()) >= len(places):
            raise ValueError("triangles name vertices that are not there")
        names = extras.get("targetNames") or []
        shapes = {
            str(name): read(target["POSITION"]) for name, target in zip(names, part.get("targets") or (), strict=True)
        }
        mixed = {str(name): float(value) for name, value in zip(names, mesh.get("weights") or (), strict=False)}
        counts = [int(each) for each in extras.get(QUADS_KEY) or ()]
        return Surface(
            places=places,
            normals=read(there["NORMAL"]),
            uv=read(there["TEXCOORD_0"]),
            joints=read(there["JOINTS_0"]).astype(np.int32),
            weights=read(there["WEIGHTS_0"]),
            triangles=triangles,
            quads=min(counts[0], len(triangles) // 2) if counts else 0,
            shapes=shapes,
            mixed={name: value for name, value in mixed.items() if value},
            along=read(there[strands.ATTRIBUTE])[:, 0] if strands.ATTRIBUTE in there else None,
            regions=extras.get(REGIONS_KEY),
        )


def part_file(path: Path) -> PartedFile | None:
    """The two parts of a file; None where the importer must have it whole. Raises as :func:`read_tree`."""
    tree = read_tree(path)
    content = path.read_bytes()
    if content[:4] != b"glTF":
        return None
    show_levels(tree)
    try:
        parted = PartedFile(content, tree)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError):
        return None  # nothing of ours: the importer says what is wrong with it
    return parted if len(parted) else None


def _stand_in(mesh: Tree, number: int) -> None:
    """Make one triangle of a mesh. Its accessors are those that :func:`_written` puts first."""
    (part,) = mesh["primitives"]
    part.pop("targets", None)
    mesh.pop("weights", None)
    part["indices"] = "STAND_IN_SCALAR"
    part["attributes"] = {name: f"STAND_IN_{name}" for name in ("POSITION", "TEXCOORD_0", "JOINTS_0", "WEIGHTS_0")}
    extras = {name: value for name, value in (mesh.get("extras") or {}).items() if name != "targetNames"}
    mesh["extras"] = {**extras, NUMBER_KEY: number}


_TRIANGLE: dict[str, tuple[Tree, bytes]] = {
    "SCALAR": ({"componentType": 5123, "type": "SCALAR"}, np.arange(3, dtype="<u2").tobytes()),
    "POSITION": (
        {"componentType": 5126, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]},
        np.array([0, 0, 0, 1, 0, 0, 0, 1, 0], "<f4").tobytes(),
    ),
    "TEXCOORD_0": ({"componentType": 5126, "type": "VEC2"}, np.array([0, 0, 1, 0, 0, 1], "<f4").tobytes()),
    "JOINTS_0": ({"componentType": 5121, "type": "VEC4"}, bytes(12)),
    "WEIGHTS_0": ({"componentType": 5126, "type": "VEC4"}, np.array([1, 0, 0, 0] * 3, "<f4").tobytes()),
}


def _written(tree: Tree, body: memoryview) -> bytes:
    """A .glb of ``tree`` with what it still names of ``body``."""
    accessors, views = tree.get("accessors") or [], tree.get("bufferViews") or []
    new_accessors: list[Tree] = []
    new_views: list[Tree] = []
    pieces: list[bytes | memoryview] = []
    renamed: dict[str | int, int] = {}
    moved: dict[int, int] = {}

    def add(content: bytes | memoryview, told: Tree) -> int:
        begin = sum(map(len, pieces))
        new_views.append({**told, "buffer": 0, "byteOffset": begin, "byteLength": len(content)})
        pieces.append(content)
        pieces.append(bytes(-len(content) % 4))
        return len(new_views) - 1

    def view(number: int) -> int:
        if number not in moved:
            told = views[number]
            begin = int(told.get("byteOffset", 0))
            moved[number] = add(body[begin : begin + int(told["byteLength"])], told)
        return moved[number]

    def accessor(name: str | int) -> int:
        if name not in renamed:
            if isinstance(name, str):
                told, content = _TRIANGLE[name.removeprefix("STAND_IN_")]
                told = {**told, "count": 3, "bufferView": add(content, {})}
            else:
                told = copy.deepcopy(accessors[name])
                for place in (told, *(told["sparse"][each] for each in ("indices", "values") if "sparse" in told)):
                    if "bufferView" in place:
                        place["bufferView"] = view(place["bufferView"])
            new_accessors.append(told)
            renamed[name] = len(new_accessors) - 1
        return renamed[name]

    for mesh in tree.get("meshes") or ():
        for part in mesh["primitives"]:
            if "indices" in part:
                part["indices"] = accessor(part["indices"])
            for named in (part["attributes"], *(part.get("targets") or ())):
                named.update({name: accessor(each) for name, each in named.items()})
    for skin in tree.get("skins") or ():
        if "inverseBindMatrices" in skin:
            skin["inverseBindMatrices"] = accessor(skin["inverseBindMatrices"])
    for animation in tree.get("animations") or ():
        for sampler in animation["samplers"]:
            sampler["input"], sampler["output"] = accessor(sampler["input"]), accessor(sampler["output"])
    for image in tree.get("images") or ():
        if "bufferView" in image:
            image["bufferView"] = view(image["bufferView"])
    binary = b"".join(pieces)
    tree["accessors"], tree["bufferViews"] = new_accessors, new_views
    tree["buffers"] = [{"byteLength": len(binary)}]
    text = json.dumps(tree, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    whole = HEAD + 8 + len(text) + 8 + len(binary)
    return b"".join(
        (
            struct.pack("<4sII", b"glTF", 2, whole),
            struct.pack("<I4s", len(text), _JSON),
            text,
            struct.pack("<I4s", len(binary), _BINARY),
            binary,
        )
    )
