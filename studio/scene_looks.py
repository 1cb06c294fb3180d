# SPDX-License-Identifier: Apache-2.0
"""Other ways to see an avatar's file than in its colours: as clay, by its normals, with the edges of its faces."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]

COLOUR, CLAY, NORMALS, WIREFRAME = "Colour", "Clay", "Normals", "Wireframe"
LOOKS = (COLOUR, CLAY, NORMALS, WIREFRAME)

GREY = 0.46
"""Clay, linear."""
DARK = 0.11
"""What lies behind the lines, linear."""
LINE = (0.72, 0.62, 0.5)
"""The lines, linear."""
ABOVE = 0.0004
"""Metres by which lines stand before their faces."""
FLOAT, UNSIGNED, LINES = 5126, 5125, 1


class Addition:
    """A copy of a file's tree and binary half that grows."""

    def __init__(self, tree: Mapping[str, Any], blob: bytes | bytearray) -> None:
        self.tree: dict[str, Any] = copy.deepcopy(dict(tree))
        self.blob = bytearray(blob)

    def room(self, array: NDArray[Any], kind: str) -> int:
        """The number of a new accessor of ``array``, whose elements are of glTF's ``kind``."""
        self.blob.extend(b"\0" * (-len(self.blob) % 4))
        content = np.ascontiguousarray(array).tobytes()
        self.tree["bufferViews"].append({"buffer": 0, "byteOffset": len(self.blob), "byteLength": len(content)})
        self.blob.extend(content)
        component = UNSIGNED if array.dtype == np.uint32 else FLOAT
        made = {"bufferView": len(self.tree["bufferViews"]) - 1, "componentType": component}
        made |= {"count": len(array), "type": kind}
        if kind == "VEC3":
            made |= {"min": array.min(axis=0).tolist(), "max": array.max(axis=0).tolist()}
        self.tree["accessors"].append(made)
        return len(self.tree["accessors"]) - 1

    def finished(self) -> tuple[dict[str, Any], bytes]:
        """The tree and the binary half."""
        self.tree["buffers"] = [{"byteLength": len(self.blob)}]
        return self.tree, bytes(self.blob)


class Outlines:
    """What is seen of a file's materials where colours do not count: their holes, as white maps."""

    def __init__(
        self, tree: Mapping[str, Any], contents: Mapping[int, bytes], keep: Callable[[bytes, str], str]
    ) -> None:
        """``contents`` are the images by their numbers, ``keep`` gives one an address."""
        self._materials = tree.get("materials", ())
        self._textures = tree.get("textures", ())
        self._contents, self._keep = contents, keep
        self._made: list[dict[str, Any]] = []
        self._images: list[dict[str, Any]] = []

    def put(self, tree: dict[str, Any], shade: float, *, lit: bool) -> None:
        """The materials of ``tree`` as one of ``shade`` (linear), in the light or without any, holes and sides as they
        are."""
        if not self._made:
            self._make()
        images = len(tree.get("images", ()))
        tree["images"] = [*tree.get("images", ()), *self._images]
        textures = len(tree.get("textures", ()))
        samplers = {"sampler": 0} if tree.get("samplers") else {}
        tree["textures"] = [
            *tree.get("textures", ()),
            *({"source": images + number, **samplers} for number in range(len(self._images))),
        ]
        materials: list[dict[str, Any]] = []
        for each in copy.deepcopy(self._made):
            solid = 0.0 if each.pop("clear") else 1.0
            surface: dict[str, Any] = {"baseColorFactor": [shade, shade, shade, solid]}
            surface |= {"metallicFactor": 0.0, "roughnessFactor": 0.8}
            hole = each.pop("hole")
            if hole is not None:
                surface["baseColorTexture"] = {"index": textures + hole}
            more: dict[str, Any] = {} if lit else {"extensions": {"KHR_materials_unlit": {}}}
            materials.append({**each, "pbrMetallicRoughness": surface, **more})
        tree["materials"] = materials
        tree["extensionsUsed"] = [] if lit else ["KHR_materials_unlit"]
        if lit:
            del tree["extensionsUsed"]

    def _make(self) -> None:
        finished: list[dict[str, Any]] = []
        for material in self._materials:
            made = {key: material[key] for key in ("name", "doubleSided") if key in material}
            made |= {"hole": None, "clear": False}
            texture = material.get("pbrMetallicRoughness", {}).get("baseColorTexture")
            if material.get("alphaMode", "OPAQUE") != "OPAQUE" and texture is not None:
                made |= {key: material[key] for key in ("alphaMode", "alphaCutoff") if key in material}
                content = self._contents.get(self._textures[texture["index"]]["source"])
                made["clear"] = content is None  # corneas and tears, which are seen through everywhere
                if content is not None:
                    made["hole"] = len(self._images)
                    self._images.append({"uri": self._keep(white(content), "image/png")})
            finished.append(made)
        self._made = finished


def white(content: bytes) -> bytes:
    """A picture that is white where it is, as a PNG."""
    alpha = Image.open(io.BytesIO(content)).convert("RGBA").getchannel("A")
    full = Image.new("L", alpha.size, 255)
    written = io.BytesIO()
    Image.merge("LA", (full, alpha)).save(written, "PNG", compress_level=1)
    return written.getvalue()


def normal_colours(normals: Floats) -> Floats:
    """Unit normals (V, 3) as the usual colours, x, y, z from -1 to 1 as sRGB from 0 to 1, linear as in files."""
    shown = normals * 0.5 + 0.5
    return np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4).astype(np.float32)


def edges_of(faces: NDArray[np.int32]) -> NDArray[np.uint32]:
    """Both ends of every edge of ``faces`` (F, 3), each once, one behind the other."""
    pairs = np.concatenate([faces[:, (0, 1)], faces[:, (1, 2)], faces[:, (2, 0)]])
    return np.unique(np.sort(pairs, axis=1), axis=0).astype(np.uint32).ravel()
