# SPDX-License-Identifier: Apache-2.0
"""A picture of finished files: front, three-quarter, side and back of each GLB, read back from the file alone.

    python -m benchmarks.contact_sheet OUT.png A.glb B.glb ... [--size 384] [--columns 2] [--focal 5.2]

Nothing of the generator is involved: what is wrong with a file shows here as it would in a viewer.
"""

from __future__ import annotations

import argparse
import io
import math
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from portrait_core.avatar import Level, Maps, Material, Section
from portrait_core.cameras import Camera
from portrait_core.geometry.vertex_data import VertexData
from portrait_core.imaging.images import write_png
from portrait_core.rendering.layered import LayeredScene
from portrait_core.rendering.preview import Preview

VIEWS = (("front", 0.0), ("three-quarter", 0.62), ("side", math.pi / 2), ("back", math.pi))
SUPERSAMPLING = 3
DISTANCE = 2.7
FOCAL = 5.2
"""Focal length in picture sides: half a metre across at ``DISTANCE``, head and shoulders of an adult."""

_TYPES: dict[int, Any] = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass(frozen=True)
class Shown:
    """What a viewer gets out of a GLB, posed: arrays as :class:`portrait_core.rendering.preview.Preview` takes them.

    Of a file of several objects ``sections`` part the faces, each with its maps and material.
    """

    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float32]
    texture: NDArray[np.uint8]
    sections: tuple[Section, ...] = ()


class Glb:
    """A GLB with one skinned mesh a level, read through the records of pygltflib."""

    def __init__(self, path: Path) -> None:
        import pygltflib

        self._gltf: Any = pygltflib.GLTF2.load_binary(str(path))
        self._blob: bytes = self._gltf.binary_blob()

    @property
    def levels(self) -> int:
        """How many levels of detail there are."""
        return len(self._gltf.meshes)

    def show(self, level: int = 0) -> Shown:
        """A level's mesh with its base colour, moved by its skin as the file's nodes say; of an avatar of parts, whose
        objects are in the scene together, all of the finest level."""
        scene = self._gltf.scenes[self._gltf.scene or 0].nodes
        shown = [node for node in (self._gltf.nodes[each] for each in scene) if node.mesh is not None]
        if len(shown) < 2:
            return self._mesh(level)
        parts = [(node.name, self._mesh(node.mesh)) for node in shown]
        offsets = np.cumsum([0, *(len(part.vertices) for _, part in parts)])
        sections = tuple(
            Section(name, len(part.faces), self._maps(node.mesh), self._kind(node.mesh), name)
            for node, (name, part) in zip(shown, parts, strict=True)
        )
        return Shown(
            np.concatenate([part.vertices for _, part in parts]),
            np.concatenate([part.normals for _, part in parts]),
            np.concatenate([part.faces + np.int32(n) for n, (_, part) in zip(offsets[:-1], parts, strict=True)]),
            np.concatenate([part.uvs for _, part in parts]),
            parts[0][1].texture,
            sections,
        )

    def _mesh(self, number: int) -> Shown:
        primitive = self._gltf.meshes[number].primitives[0]
        names = primitive.attributes
        uvs = self.array(names.TEXCOORD_0).astype(np.float32)
        uvs[:, 1] = 1.0 - uvs[:, 1]
        vertices, normals = self._skinned(
            self.array(names.POSITION),
            self.array(names.NORMAL),
            self.array(names.JOINTS_0),
            self.array(names.WEIGHTS_0),
        )
        faces = self.array(primitive.indices).reshape(-1, 3).astype(np.int32)
        return Shown(vertices, normals, faces, uvs, self._texture(primitive.material))

    def _maps(self, number: int) -> Maps:
        image = self._picture(self._gltf.meshes[number].primitives[0].material).convert("RGBA")
        pixels = np.asarray(image)
        opacity = np.ascontiguousarray(pixels[..., 3:])
        return Maps(base_colour=np.ascontiguousarray(pixels[..., :3]), opacity=opacity)

    def _kind(self, number: int) -> Material:
        record: Any = self._gltf.materials[self._gltf.meshes[number].primitives[0].material]
        kinds: dict[str, Any] = {"MASK": "mask", "BLEND": "blend"}
        factor = record.pbrMetallicRoughness.baseColorFactor or (1.0, 1.0, 1.0, 1.0)
        return Material(
            alpha=kinds.get(record.alphaMode, "opaque"),
            cutoff=0.5 if record.alphaCutoff is None else record.alphaCutoff,
            factors={"pbrMetallicRoughness.baseColorFactor": tuple(factor)},
            extensions=cast("dict[str, dict[str, Any]]", record.extensions or {}),
        )

    def array(self, index: int) -> NDArray[Any]:
        """Accessor ``index`` as (N, width)."""
        accessor = self._gltf.accessors[index]
        view = self._gltf.bufferViews[accessor.bufferView]
        kind, width = np.dtype(_TYPES[accessor.componentType]), _WIDTHS[accessor.type]
        start = (view.byteOffset or 0) + (accessor.byteOffset or 0)
        return np.frombuffer(self._blob, kind, accessor.count * width, start).reshape(-1, width)

    def _texture(self, material: int) -> NDArray[np.uint8]:
        return np.asarray(self._picture(material).convert("RGB"))

    def _picture(self, material: int) -> Image.Image:
        slot = self._gltf.materials[material].pbrMetallicRoughness.baseColorTexture
        view = self._gltf.bufferViews[self._gltf.images[self._gltf.textures[slot.index].source].bufferView]
        start = view.byteOffset or 0
        with Image.open(io.BytesIO(self._blob[start : start + view.byteLength])) as image:
            image.load()
            return image

    def _skinned(
        self, points: NDArray[Any], normals: NDArray[Any], joints: NDArray[Any], weights: NDArray[Any]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        skin = self._gltf.skins[0]
        world = self._world_matrices()
        inverse = self.array(skin.inverseBindMatrices).reshape(-1, 4, 4).transpose(0, 2, 1).astype(np.float64)
        motion = np.stack([world[joint] for joint in skin.joints]) @ inverse
        blend = np.einsum("vk,vkij->vij", weights.astype(np.float64), motion[joints.astype(np.int64)])
        moved = np.einsum("vij,vj->vi", blend[:, :3, :3], points) + blend[:, :3, 3]
        turned = np.einsum("vij,vj->vi", blend[:, :3, :3], normals)
        turned /= np.linalg.norm(turned, axis=1, keepdims=True)
        return moved.astype(np.float32), turned.astype(np.float32)

    def _world_matrices(self) -> dict[int, NDArray[np.float64]]:
        nodes = self._gltf.nodes
        world: dict[int, NDArray[np.float64]] = {}
        waiting = [(index, np.eye(4)) for index in self._gltf.scenes[self._gltf.scene or 0].nodes]
        while waiting:
            index, above = waiting.pop()
            world[index] = above @ _local(nodes[index])
            waiting.extend((child, world[index]) for child in nodes[index].children or [])
        return world


def _local(node: Any) -> NDArray[np.float64]:
    if node.matrix:
        return np.array(node.matrix, np.float64).reshape(4, 4).T
    x, y, z, w = node.rotation or (0.0, 0.0, 0.0, 1.0)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    matrix = np.eye(4)
    matrix[:3, :3] = (np.eye(3) + 2 * w * cross + 2 * cross @ cross) * np.array(node.scale or (1.0, 1.0, 1.0))
    matrix[:3, 3] = node.translation or (0.0, 0.0, 0.0)
    return matrix


def scene_of(shown: Shown) -> Preview | LayeredScene:
    """What is shown, ready to be seen from any side."""
    if not shown.sections:
        return Preview(shown.vertices, shown.normals, shown.faces, shown.uvs, shown.texture)
    none = np.zeros((len(shown.vertices), 4), np.float32)
    none[:, 0] = 1.0
    data = VertexData(
        vertices=shown.vertices, normals=shown.normals, uvs=shown.uvs, joints=none.astype(np.uint8) * 0, weights=none
    )
    level = Level(data, shown.faces, shown.sections[0].maps, shown.sections)
    return LayeredScene(level, shown.vertices, shown.normals)


def views(shown: Shown, size: int, focal: float = FOCAL) -> list[NDArray[np.uint8]]:
    """The four (size, size, 3) pictures of ``VIEWS``; all share one camera height, so that people compare."""
    scene = scene_of(shown)
    pivot = (0.0, 0.04, 0.0)
    pictures: list[NDArray[np.uint8]] = []
    for _, yaw in VIEWS:
        camera = Camera.orbit(yaw=yaw, radius=DISTANCE, pivot=pivot, focal=focal)
        pictures.append(scene.render(camera.cam2world, camera.intrinsics, size, supersampling=SUPERSAMPLING).image)
    return pictures


def sheet(rows: Sequence[tuple[str, Sequence[NDArray[np.uint8]]]], columns: int) -> NDArray[np.uint8]:
    """One grid of labelled rows of pictures, ``columns`` rows side by side, as an sRGB image."""
    size, count = rows[0][1][0].shape[0], len(rows[0][1])
    gap, title = max(4, size // 48), max(18, size // 14)
    block = (count * size + (count - 1) * gap, size + title)
    down = math.ceil(len(rows) / columns)
    page = Image.new(
        "RGB",
        (columns * block[0] + (columns + 1) * 3 * gap, down * (block[1] + gap) + 2 * gap),
        (247, 247, 248),
    )
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size=title * 0.62)
    for number, (name, pictures) in enumerate(rows):
        left = 3 * gap + (number % columns) * (block[0] + 3 * gap)
        top = gap + (number // columns) * (block[1] + gap)
        pen.text((left, top + title * 0.12), name, fill=(70, 72, 76), font=font)
        for view, picture in enumerate(pictures):
            page.paste(Image.fromarray(picture), (left + view * (size + gap), top + title))
    return np.asarray(page)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contact_sheet", description=__doc__)
    parser.add_argument("out", type=Path, help="the PNG to write")
    parser.add_argument("glb", type=Path, nargs="+", help="files to picture")
    parser.add_argument("--size", type=int, default=384, help="pixels of one picture's side")
    parser.add_argument("--columns", type=int, default=0, help="avatars side by side (default: 2 from 5 files on)")
    parser.add_argument("--focal", type=float, default=FOCAL, help="focal length in picture sides; larger is closer")
    options = parser.parse_args(arguments)
    rows: list[tuple[str, list[NDArray[np.uint8]]]] = []
    for path in options.glb:
        try:
            shown = Glb(path).show()
        except (OSError, struct.error, AttributeError, TypeError, KeyError, IndexError, ValueError) as error:
            print(f"{path} is not a GLB with one textured, skinned mesh: {error!r}", file=sys.stderr)
            return 1
        rows.append((path.stem, views(shown, options.size, options.focal)))
        print(path.name)
    columns = options.columns or (2 if len(rows) > 4 else 1)
    print(write_png(sheet(rows, columns), options.out, overwrite=True))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
