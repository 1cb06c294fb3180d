# SPDX-License-Identifier: Apache-2.0
"""The .glb of an avatar: one scene, one skin, one mesh, one material; nothing that an engine must guess."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from portrait_core import __version__
from portrait_core.avatar import Avatar
from portrait_core.errors import OutputError, UsageError
from portrait_core.formats.binary import INDEX_DATA, VERTEX_DATA, BinaryBuilder
from portrait_core.formats.images import encode_jpeg, encode_png
from portrait_core.rig import Skin, quaternion
from portrait_core.whole_file import whole_file

ImageKind = Literal["png", "jpeg"]

ROUGHNESS = 0.6
_LINEAR, _LINEAR_MIPMAP_LINEAR, _CLAMP_TO_EDGE = 9729, 9987, 33071


def write_glb(avatar: Avatar, path: Path, *, overwrite: bool = False, image: ImageKind = "png") -> Path:
    """Write ``avatar`` to ``path`` (ending in .glb) and, if it has one, its thumbnail beside it as .png.

    Raises :class:`UsageError` for another file ending and :class:`OutputError` when a file exists and ``overwrite`` is
    false, or the folder is read-only or full; nothing partial stays behind. Returns ``path``.
    """
    path = Path(path)
    if path.suffix.lower() != ".glb":
        raise UsageError(f"an avatar is written as .glb, got {path.name!r}; change the file's ending.")
    picture = path.with_suffix(".png")
    for target in (path, picture) if avatar.thumbnail is not None else (path,):
        if target.exists() and not overwrite:
            raise OutputError(
                f"{target} exists already. Pass --overwrite to replace it or choose another name."
            )
    content = glb_bytes(avatar, image=image)
    with whole_file(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(content)
        if avatar.thumbnail is not None:
            with whole_file(picture, overwrite=overwrite) as beside:
                beside.write_bytes(encode_png(avatar.thumbnail))
    return path


def glb_bytes(avatar: Avatar, *, image: ImageKind = "png") -> bytes:
    """The content of the .glb of ``avatar``; the same avatar gives the same bytes.

    Nodes: the joints under one root at the identity, each with a translation only (rest) and its pose as a rotation;
    the mesh beside them at the scene's level. Raises ``ValueError`` when recipe or provenance are not plain JSON data.
    """
    import pygltflib

    records: Any = pygltflib
    gltf = records.GLTF2(asset=records.Asset(version="2.0", generator=f"Portraitkit {__version__}"))
    facts = _facts(avatar)
    gltf.asset.extras = facts
    gltf.asset.copyright = _copyright(avatar.provenance)
    binary = BinaryBuilder(gltf)
    primitive = _primitive(records, binary, avatar)
    gltf.meshes.append(records.Mesh(name=avatar.name, primitives=[primitive]))
    _material(records, gltf, binary, avatar, image)
    root = _skeleton(records, gltf, binary, avatar)
    gltf.nodes.append(records.Node(name=avatar.name, mesh=0, skin=0, extras=facts))
    gltf.scenes.append(records.Scene(name=avatar.name, nodes=[root, len(gltf.nodes) - 1]))
    gltf.scene = 0
    binary.finish()
    return b"".join(gltf.save_to_bytes())


def _facts(avatar: Avatar) -> dict[str, Any]:
    facts = {"recipe": dict(avatar.recipe), "provenance": dict(avatar.provenance)}
    try:
        return json.loads(json.dumps(facts, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ValueError(f"recipe and provenance must be plain JSON data: {error}") from error


def _copyright(provenance: Mapping[str, Any]) -> str | None:
    model = provenance.get("model")
    if not isinstance(model, Mapping):
        return None
    name, licence = (str(model.get(key, "unknown")) for key in ("name", "licence"))  # pyright: ignore
    return f"Made with the model {name} ({licence})"


def _primitive(records: Any, binary: BinaryBuilder, avatar: Avatar) -> Any:
    count = len(avatar.main.vertices)
    wide = (
        np.uint16 if count <= 0xFFFF else np.uint32
    )  # the highest number is reserved, so 65535 vertices still fit
    faces = proper_faces(avatar.main.vertices, avatar.main.faces)
    joints, weights = file_weights(avatar.main.skin)
    uvs = np.stack([avatar.main.uvs[:, 0], 1.0 - avatar.main.uvs[:, 1]], axis=1).astype(
        np.float32
    )  # glTF's origin is the top
    lengths = np.linalg.norm(avatar.main.normals.astype(np.float64), axis=1, keepdims=True)
    return records.Primitive(
        mode=records.TRIANGLES,
        material=0,
        indices=binary.accessor(faces.reshape(-1, 1).astype(wide), INDEX_DATA),
        attributes=records.Attributes(
            POSITION=binary.accessor(avatar.main.vertices.astype(np.float32), VERTEX_DATA, limits=True),
            NORMAL=binary.accessor((avatar.main.normals / lengths).astype(np.float32), VERTEX_DATA),
            TEXCOORD_0=binary.accessor(uvs, VERTEX_DATA),
            JOINTS_0=binary.accessor(joints, VERTEX_DATA),
            WEIGHTS_0=binary.accessor(weights, VERTEX_DATA),
        ),
    )


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


def _material(records: Any, gltf: Any, binary: BinaryBuilder, avatar: Avatar, kind: ImageKind) -> None:
    content = encode_png(avatar.main.maps.base_colour) if kind == "png" else encode_jpeg(avatar.main.maps.base_colour)
    gltf.images.append(
        records.Image(name="base_colour", mimeType=f"image/{kind}", bufferView=binary.view(content))
    )
    # A chart at the border must not take colours from the opposite border, hence no repeat.
    gltf.samplers.append(
        records.Sampler(
            magFilter=_LINEAR, minFilter=_LINEAR_MIPMAP_LINEAR, wrapS=_CLAMP_TO_EDGE, wrapT=_CLAMP_TO_EDGE
        )
    )
    gltf.textures.append(records.Texture(sampler=0, source=0))
    gltf.materials.append(
        records.Material(
            name="portrait",
            pbrMetallicRoughness=records.PbrMetallicRoughness(
                baseColorTexture=records.TextureInfo(index=0), metallicFactor=0.0, roughnessFactor=ROUGHNESS
            ),
            alphaMode=None,  # opaque is the default; pygltflib would add an alpha cut-off that belongs to masks
            alphaCutoff=None,
        )
    )


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
    columns = np.ascontiguousarray(inverse.transpose(0, 2, 1)).reshape(
        -1, 16
    )  # glTF stores matrices by columns
    gltf.skins.append(
        records.Skin(
            name=f"{avatar.name} skin",
            joints=list(range(first, first + len(parents))),
            skeleton=first,
            inverseBindMatrices=binary.accessor(columns),
        )
    )
    return len(gltf.nodes) - 1
