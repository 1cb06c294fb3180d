# SPDX-License-Identifier: Apache-2.0
"""The same mesh in the many ways in which a glTF file may hold it: whatever a reader sees in it must be the mesh."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from portrait_core.formats.edited_mesh import EditedMesh
from tests.field.gltf_builder import Builder

Array = NDArray[Any]


@dataclass
class Variant:
    """A file and what is in it; ``refused`` holds the word that a refusal must name, where it cannot be read.

    ``held`` is the mesh that the file's numbers say, which whole numbers have moved a little: computed here from the
    rounded arrays, without any file.
    """

    path: Path
    held: EditedMesh
    traits: list[str] = field(default_factory=list[str])
    refused: str = ""


@dataclass
class _Made:
    """A mesh on its way into a file."""

    vertices: Array
    normals: Array
    uvs: Array  # the origin at the top left
    faces: Array


def make_variant(mesh: EditedMesh, folder: Path, seed: int) -> Variant:
    """Variant ``seed`` of ``mesh``, which needs normals and UVs; the same seed makes the same file."""
    dice = np.random.default_rng(seed)
    assert mesh.normals is not None
    made = _Made(
        mesh.vertices.astype(np.float64),
        mesh.normals.astype(np.float64),
        mesh.uvs.astype(np.float64) * (1, -1) + (0, 1),
        mesh.faces.astype(np.int64),
    )
    traits: list[str] = []
    out = Builder()
    # Where the mesh stands: the world's matrix of its vertices as the file holds them.
    stand = _matrix(dice, traits)
    if np.linalg.det(stand[:3, :3]) < 0:
        made.faces = made.faces[:, [0, 2, 1]]
        traits.append("mirrored")
    whole = bool(dice.random() < 0.25)
    if whole:
        made = _unindexed(made)
        traits.append("no indices")
    info, maps, held_uvs = _texture(out, made, dice, traits)
    skinned = bool(dice.random() < 0.4)
    vertices = _moved(made.vertices, np.linalg.inv(stand))
    keyed = bool(dice.random() < 0.3)
    stored, normalized, fine = _quantised(dice, traits, vertices, floats=keyed)
    stand = stand @ fine
    # A normal is turned by the inverse transpose on its way to the world, so by the transpose on its way back.
    normals = made.normals @ stand[:3, :3]
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    weights, targets = list[float](), list[tuple[Array, Array]]()
    if keyed:
        weights, targets, vertices, normals = _shape_keys(dice, traits, vertices, normals)
        stored = vertices.astype(np.float32)
    up = _direction(dice, traits, normals, has_targets=bool(targets))
    numbers = (None, None) if targets else (_number(stored, normalized), _number(*up))
    held = _held(mesh, made, held_uvs, *numbers, stand)
    attributes: dict[str, tuple[Array, bool]] = {"POSITION": (stored, normalized), "NORMAL": up, **maps}
    if stored.dtype != np.float32 or up[0].dtype != np.float32:
        out.needs("KHR_mesh_quantization")
    if skinned:
        attributes |= _influences(dice, len(vertices))
        traits.append("skinned")
    material = out.add("materials", name="skin", pbrMetallicRoughness={"baseColorTexture": info})
    primitives = _primitives(out, attributes, made.faces, targets, dice, traits, whole=whole)
    for primitive in primitives:
        primitive["material"] = material
    number = out.add("meshes", name="bust", primitives=primitives)
    node: dict[str, Any] = {"mesh": number, "name": "bust"}
    if targets:
        holder = node if dice.random() < 0.5 else out.tree["meshes"][number]
        holder["weights"] = weights
        if holder is node:
            out.tree["meshes"][number]["weights"] = [0.7] * len(weights)
    roots = _skin(out, dice, node, stand) if skinned else _nested(out, dice, node, stand, traits)
    _scenes(out, dice, roots, traits)
    ending = ".gltf" if dice.random() < 0.3 else ".glb"
    path = folder / f"variant {seed} é{ending}"
    variant = Variant(path, held, traits)
    if dice.random() < 0.04:
        _compress(out, dice, variant)
    out.write(path, inside=bool(dice.random() < 0.5))
    return variant


def _held(
    mesh: EditedMesh, made: _Made, uvs: Array, places: Array | None, ups: Array | None, stand: Array
) -> EditedMesh:
    """What the arrays of a file say in the world: ``places`` and ``ups`` as numbers of the file, under the matrix
    ``stand``; None for those that hold the mesh as closely as floats do."""
    vertices, normals, faces = made.vertices, made.normals, made.faces
    if places is not None:
        vertices = _moved(places, stand)
    if ups is not None:
        normals = ups @ np.linalg.inv(stand[:3, :3])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    if np.linalg.det(stand[:3, :3]) < 0:
        faces = faces[:, [0, 2, 1]]
    return EditedMesh(
        mesh.name,
        vertices.astype(np.float32),
        faces.astype(np.int32),
        (uvs * (1, -1) + (0, 1)).astype(np.float32),
        normals.astype(np.float32),
    )


def _number(array: Array, normalized: bool) -> Array:
    """What an array of an accessor says."""
    return array.astype(np.float64) / (np.iinfo(array.dtype).max if normalized else 1)


def _unindexed(made: _Made) -> _Made:
    flat = made.faces.ravel()
    faces = np.arange(len(flat)).reshape(-1, 3)
    return _Made(made.vertices[flat], made.normals[flat], made.uvs[flat], faces)


def _moved(points: Array, matrix: Array) -> Array:
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def _turn(dice: np.random.Generator) -> Array:
    """A random rotation."""
    quaternion = dice.normal(size=4)
    return quaternion / np.linalg.norm(quaternion)


def _turned(quaternion: Array) -> Array:
    x, y, z, w = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def _matrix(dice: np.random.Generator, traits: list[str]) -> Array:
    """Where a mesh may stand: nowhere else, lying, in centimetres, mirrored, stretched."""
    matrix = np.eye(4)
    kind = dice.choice(["identity", "lying", "centimetres", "turned", "stretched", "mirror"])
    traits.append(f"stands {kind}")
    if kind == "lying":
        matrix[:3, :3] = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    elif kind == "centimetres":
        matrix[:3, :3] *= 0.01
    elif kind == "turned":
        matrix[:3, :3] = _turned(_turn(dice)) * dice.uniform(0.2, 5)
        matrix[:3, 3] = dice.normal(size=3)
    elif kind == "stretched":
        matrix[:3, :3] = _turned(_turn(dice)) * dice.uniform(0.4, 2.5, 3)
        matrix[:3, 3] = dice.normal(size=3)
    elif kind == "mirror":
        matrix[:3, :3] = _turned(_turn(dice)) * ([-1, 1, 1] if dice.random() < 0.5 else [-1, -1, -1])
    return matrix


def _texture(
    out: Builder, made: _Made, dice: np.random.Generator, traits: list[str]
) -> tuple[dict[str, Any], dict[str, tuple[Array, bool]], Array]:
    """The texture of a material, the UV maps that it makes of the mesh's, and what they say of the mesh's."""
    out.add("images", uri="picture.png")
    out.add("textures", source=0)
    info: dict[str, Any] = {"index": 0}
    uvs = made.uvs
    way, shift = np.eye(2), np.zeros(2)  # from a map as it is stored
    if dice.random() < 0.45:
        scale = dice.uniform(0.05, 4, 2) * dice.choice([-1, 1], 2)
        turn, shift = dice.uniform(-3, 3), dice.normal(size=2)
        cosine, sine = math.cos(turn), math.sin(turn)
        way = np.array([[cosine, sine], [-sine, cosine]]) * scale
        uvs = (uvs - shift) @ np.linalg.inv(way).T
        moved = {"offset": shift.tolist(), "rotation": turn, "scale": scale.tolist()}
        info["extensions"] = {"KHR_texture_transform": moved}
        out.needs("KHR_texture_transform")
        traits.append("texture transform")
    stored, normalized = uvs.astype(np.float32), False
    low, high = uvs.min(axis=0), uvs.max(axis=0)
    if dice.random() < 0.4:
        moved = dict(info.get("extensions", {}).get("KHR_texture_transform", {}))
        if not moved and dice.random() < 0.5 and low.min() >= 0 and high.max() <= 1:
            stored, normalized = np.rint(uvs * 65535).astype(np.uint16), True
            traits.append("UVs u16")
        elif not moved:
            # Integers as they are, made small by the texture's transform: what gltfpack writes.
            stored = np.rint((uvs - low) / (high - low) * 32767).astype(np.int16)
            way, shift = np.diag((high - low) / 32767), low
            moved = {"offset": low.tolist(), "scale": ((high - low) / 32767).tolist()}
            info["extensions"] = {"KHR_texture_transform": moved}
            out.needs("KHR_texture_transform")
            out.needs("KHR_mesh_quantization")
            traits.append("UVs i16 by transform")
    maps = {"TEXCOORD_0": (stored, normalized)}
    if dice.random() < 0.3:
        other = (np.abs(dice.normal(size=uvs.shape)) % 1).astype(np.float32)
        maps = {"TEXCOORD_0": (other, False), "TEXCOORD_1": (stored, normalized)}
        moved = info.get("extensions", {}).get("KHR_texture_transform")
        if moved is not None and dice.random() < 0.5:
            moved["texCoord"] = 1
        else:
            info["texCoord"] = 1
        traits.append("second UV map")
    return info, maps, _number(stored, normalized) @ way.T + shift


def _shape_keys(
    dice: np.random.Generator, traits: list[str], vertices: Array, normals: Array
) -> tuple[list[float], list[tuple[Array, Array]], Array, Array]:
    """Weights, deltas of places and normals, and the basis that they make of the mesh."""
    size = float(np.ptp(vertices, axis=0).max())
    weights = [float(dice.choice([0.0, 1.0, -0.5])) for _ in range(int(dice.integers(1, 4)))]
    targets: list[tuple[Array, Array]] = []
    for weight in weights:
        push = 0.05 * size * np.sin(dice.normal(size=3) * 9 * vertices / size + dice.normal(size=3))
        bend = 0.2 * np.cos(dice.normal(size=3) * 9 * vertices / size)
        targets.append((push, bend))
        vertices, normals = vertices - weight * push, normals - weight * bend
    traits.append("shape keys " + ", ".join(f"{weight:g}" for weight in weights))
    return weights, targets, vertices, normals


def _quantised(
    dice: np.random.Generator, traits: list[str], vertices: Array, *, floats: bool
) -> tuple[Array, bool, Array]:
    """Places as a file may hold them, whether as fractions, and the matrix that makes places of them."""
    way = "float" if floats else str(dice.choice(["float", "float", "i16", "u16", "i16 whole"]))
    matrix = np.eye(4)
    if way == "float":
        return vertices.astype(np.float32), False, matrix
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    traits.append(f"places {way}")
    if way == "u16":
        matrix[:3, :3], matrix[:3, 3] = np.diag(high - low), low
        return np.rint((vertices - low) / (high - low) * 65535).astype(np.uint16), True, matrix
    half = np.full(3, float((high - low).max()) / 2)
    middle = (low + high) / 2
    ints = np.rint((vertices - middle) / half * 32767).astype(np.int16)
    scale = half if way == "i16" else half / 32767
    matrix[:3, :3], matrix[:3, 3] = np.diag(scale), middle
    return ints, way == "i16", matrix


def _direction(
    dice: np.random.Generator, traits: list[str], normals: Array, *, has_targets: bool
) -> tuple[Array, bool]:
    if has_targets or dice.random() < 0.6:
        return normals.astype(np.float32), False
    traits.append("normals i16")
    return np.rint(normals * 32767).astype(np.int16), True


def _influences(dice: np.random.Generator, count: int) -> dict[str, tuple[Array, bool]]:
    """Four of five joints for each vertex; the weights sum to one."""
    joints = np.stack([dice.permutation(5)[:4] for _ in range(count)])
    weights = dice.dirichlet(np.ones(4), count)
    wide = np.uint8 if dice.random() < 0.5 else np.uint16
    if dice.random() < 0.5:
        whole = np.floor(weights * 255).astype(np.int64)
        whole[:, 0] += 255 - whole.sum(axis=1)
        return {"JOINTS_0": (joints.astype(wide), False), "WEIGHTS_0": (whole.astype(np.uint8), True)}
    return {"JOINTS_0": (joints.astype(wide), False), "WEIGHTS_0": (weights.astype(np.float32), False)}


def _primitives(
    out: Builder,
    attributes: dict[str, tuple[Array, bool]],
    faces: Array,
    targets: list[tuple[Array, Array]],
    dice: np.random.Generator,
    traits: list[str],
    *,
    whole: bool,
) -> list[dict[str, Any]]:
    """The mesh as one part or some, of triangles, strips or fans."""
    way = "list" if whole else str(dice.choice(["list", "list", "u8", "strip", "fan", "shared"]))
    if way == "u8":
        pieces = _pieces(faces, 250)[:40]
        done = sum(len(piece) for piece in pieces)
        pieces += [faces[done:]] if done < len(faces) else []
        traits.append("u8 indices")
        parts: list[dict[str, Any]] = []
        for piece in pieces:
            kept, local = np.unique(piece, return_inverse=True)
            some = {name: (array[kept], flag) for name, (array, flag) in attributes.items()}
            near = [(places[kept], ups[kept]) for places, ups in targets]
            small = np.asarray(local).reshape(-1, 3)
            kind = np.uint8 if len(kept) < 255 else np.uint16 if len(kept) < 65535 else np.uint32
            indices = out.array(small.reshape(-1, 1).astype(kind))
            parts.append(_with_targets(out, {**_attributes(out, some, dice, []), "indices": indices}, near, dice))
        return parts
    common = _attributes(out, attributes, dice, traits)
    _with_targets(out, common, targets, dice)
    if whole:
        return [common]
    kind = np.uint32 if dice.random() < 0.4 or len(attributes["POSITION"][0]) > 65534 else np.uint16
    traits.append("u32 indices" if kind is np.uint32 else "u16 indices")

    def corners(array: Array) -> int:
        return out.array(array.reshape(-1, 1).astype(kind))

    if way == "strip":
        traits.append("strip")
        a, b, c = faces.T
        return [{**common, "mode": 5, "indices": corners(np.stack([a, a, c, b, b, b], axis=1))}]
    if way == "fan":
        hub, ring, rest = _fan(faces)
        if len(ring) > 2:
            traits.append("fan")
            fan = {**common, "mode": 6, "indices": corners(np.array([hub, *ring]))}
            return [fan, {**common, "indices": corners(rest)}]
    if way == "shared":  # parts over the same vertices, as our own copies of several materials are
        traits.append("shared vertices")
        return [{**common, "indices": corners(piece)} for piece in np.array_split(faces, 3)]
    return [{**common, "indices": corners(faces)}]


def _pieces(faces: Array, most: int) -> list[Array]:
    """Runs of faces of at most so many vertices."""
    pieces: list[Array] = []
    begin, seen = 0, set[int]()
    for number, face in enumerate(faces.tolist()):
        if len(seen | set(face)) > most:
            pieces.append(faces[begin:number])
            begin, seen = number, set()
        seen |= set(face)
    return [*pieces, faces[begin:]]


def _fan(faces: Array) -> tuple[int, list[int], Array]:
    """The faces around one vertex in order, that vertex, and all other faces."""
    hub = int(faces[len(faces) // 2, 0])
    around = np.flatnonzero((faces == hub).any(axis=1))
    after = {}
    for face in faces[around].tolist():
        at = face.index(hub)
        after[face[(at + 1) % 3]] = face[(at + 2) % 3]
    starts = set(after) - set(after.values()) or set(after)
    ring = [min(starts)]
    while ring[-1] in after:
        ring.append(after.pop(ring[-1]))
    used = {frozenset((hub, one, two)) for one, two in itertools.pairwise(ring)}
    rest = [face for face in faces.tolist() if frozenset(face) not in used]
    return hub, ring, np.array(rest)


def _attributes(
    out: Builder, attributes: dict[str, tuple[Array, bool]], dice: np.random.Generator, traits: list[str]
) -> dict[str, Any]:
    names = list(attributes)
    if dice.random() < 0.4:
        traits.append("interleaved")
        return {"attributes": dict(zip(names, out.interleaved(list(attributes.values())), strict=True))}
    numbers: dict[str, int] = {}
    for name, (array, normalized) in attributes.items():
        if name == "POSITION" and array.dtype == np.float32 and dice.random() < 0.25:
            base = bool(dice.random() < 0.6)
            some = np.flatnonzero(dice.random(len(array)) < 0.2) if base else np.arange(len(array))
            numbers[name] = out.sparse(array, some, base=base)
            traits.append("sparse" if base else "sparse alone")
        else:
            numbers[name] = out.array(array, normalized=normalized)
    return {"attributes": numbers}


def _with_targets(
    out: Builder, primitive: dict[str, Any], targets: list[tuple[Array, Array]], dice: np.random.Generator
) -> dict[str, Any]:
    made: list[dict[str, int]] = []
    for places, ups in targets:
        moved = np.flatnonzero(np.abs(places).max(axis=1) > 0)
        few = dice.random() < 0.3
        stored = places.astype(np.float32)
        position = out.sparse(stored, moved, base=False) if few else out.array(stored)
        made.append({"POSITION": position, "NORMAL": out.array(ups.astype(np.float32))})
    if made:
        primitive["targets"] = made
    return primitive


def _skin(out: Builder, dice: np.random.Generator, node: dict[str, Any], stand: Array) -> list[int]:
    """Five joints under an armature that lies or is scaled; bound so that the mesh stands where ``stand`` says."""
    world = np.eye(4)
    armature: dict[str, Any] = {"name": "armature", "children": []}
    if dice.random() < 0.7:
        turn, scale, shift = _turn(dice), float(dice.choice([1, 0.01, 100, 0.5])), dice.normal(size=3)
        world[:3, :3], world[:3, 3] = _turned(turn) * scale, shift
        armature |= {"rotation": turn.tolist(), "scale": [scale] * 3, "translation": shift.tolist()}
    root = out.add("nodes", **armature)
    above, joints, inverse = root, [], []
    for number in range(5):
        turn, shift = _turn(dice), dice.normal(size=3) * 0.3
        local = np.eye(4)
        local[:3, :3], local[:3, 3] = _turned(turn), shift
        world = world @ local
        joint = out.add("nodes", name=f"bone {number}", rotation=turn.tolist(), translation=shift.tolist())
        out.tree["nodes"][above].setdefault("children", []).append(joint)
        joints.append(joint)
        inverse.append((np.linalg.inv(world) @ stand).T.ravel())
        above = joint
    node["skin"] = out.add("skins", joints=joints, inverseBindMatrices=out.array(np.array(inverse, np.float32)))
    node["translation"] = [5.0, 6.0, 7.0]  # the node of a skinned mesh does not move it
    number = out.add("nodes", **node)
    if dice.random() < 0.5:
        out.tree["nodes"][root]["children"].append(number)
        return [root]
    return [root, number]


def _nested(
    out: Builder, dice: np.random.Generator, node: dict[str, Any], stand: Array, traits: list[str]
) -> list[int]:
    """The node under none to three others, whose transforms together are ``stand``."""
    depth = int(dice.integers(0, 4))
    rest = stand
    chain: list[int] = []
    for number in range(depth):
        turn, shift, scale = _turn(dice), dice.normal(size=3), dice.uniform(0.3, 3, 3) * dice.choice([-1, 1], 3)
        local = np.eye(4)
        local[:3, :3], local[:3, 3] = _turned(turn) * scale, shift
        place = {"rotation": turn.tolist(), "translation": shift.tolist(), "scale": scale.tolist()}
        if dice.random() < 0.3:
            place = {"matrix": local.T.ravel().tolist()}
        chain.append(out.add("nodes", name=f"above {number}", **place))
        rest = np.linalg.inv(local) @ rest
    if not np.array_equal(rest, np.eye(4)) or dice.random() < 0.3:
        node["matrix"] = rest.T.ravel().tolist()
    chain.append(out.add("nodes", **node))
    for above, below in itertools.pairwise(chain):
        out.tree["nodes"][above]["children"] = [below]
    if depth:
        traits.append(f"{depth} nodes above")
    return chain[:1]


def _scenes(out: Builder, dice: np.random.Generator, roots: list[int], traits: list[str]) -> None:
    """The scene with the mesh, perhaps beside others, and meshes that are not meant."""
    way = str(dice.choice(["one", "second", "no scene", "helper", "unused", "hidden"]))
    out.tree["scenes"][0]["nodes"] = roots
    if way == "one":
        return
    traits.append(f"scenes: {way}")
    if way == "no scene":
        del out.tree["scenes"], out.tree["scene"]
        return
    far = np.array([[3, 0, 0], [4, 0, 0], [3, 1, 0]], np.float32)
    uv = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    other = {"attributes": {"POSITION": out.array(far), "TEXCOORD_0": out.array(uv)}}
    helper = out.add("meshes", name="bust", primitives=[other])
    if way == "unused":
        return
    number = out.add("nodes", name="bust", mesh=helper)
    if way == "second":
        out.tree["scenes"] = [{"nodes": [number]}, {"nodes": roots}]
        out.tree["scene"] = 1
    else:
        out.tree["scenes"][0]["nodes"] = [number, *roots]
    if way == "hidden":
        out.tree["nodes"][number]["extensions"] = {"KHR_node_visibility": {"visible": False}}


def _compress(out: Builder, dice: np.random.Generator, variant: Variant) -> None:
    """What a compressed file says of itself; the data is not really so, which nobody gets to see."""
    variant.refused = str(
        dice.choice(["KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression"])
    )
    out.needs(variant.refused)
    if variant.refused == "KHR_draco_mesh_compression":
        for mesh in out.tree["meshes"]:
            for primitive in mesh["primitives"]:
                primitive["extensions"] = {variant.refused: {"bufferView": 0, "attributes": {}}}
        for accessor in out.tree["accessors"]:
            accessor.pop("bufferView", None)
        return
    for view in out.tree["bufferViews"]:
        view["extensions"] = {variant.refused: {"buffer": 0, "mode": "ATTRIBUTES"}}


def differences(found: EditedMesh, truth: EditedMesh) -> dict[str, float]:
    """The largest difference of places (metres), UVs, normals (degrees) between the corners of two meshes, whose faces
    may come in another order."""
    assert found.normals is not None and truth.normals is not None
    assert len(found.faces) == len(truth.faces), (len(found.faces), len(truth.faces))
    _, match = cKDTree(found.uvs[found.faces].mean(axis=1)).query(truth.uvs[truth.faces].mean(axis=1))
    assert len(np.unique(match)) == len(match), "two faces of the truth are one"
    worst = {"places": 0.0, "uvs": 0.0, "normals": 0.0}
    faces = found.faces[match]
    # A face may begin at any of its corners, but must turn the same way.
    away = [np.abs(found.uvs[np.roll(faces, k, axis=1)] - truth.uvs[truth.faces]).max(axis=(1, 2)) for k in range(3)]
    turn = np.argmin(away, axis=0)
    faces = np.stack([faces[np.arange(len(faces)), (k - turn) % 3] for k in range(3)], axis=1)
    worst["places"] = float(np.abs(found.vertices[faces] - truth.vertices[truth.faces]).max())
    worst["uvs"] = float(np.abs(found.uvs[faces] - truth.uvs[truth.faces]).max())
    along = (found.normals[faces].astype(np.float64) * truth.normals[truth.faces]).sum(axis=2)
    worst["normals"] = float(np.degrees(np.arccos(np.clip(along, -1, 1))).max())
    return worst
