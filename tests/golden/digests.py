# SPDX-License-Identifier: Apache-2.0
"""A ``.glb`` taken apart into what can change for itself: geometry, UVs, images, JSON; each with its digest."""

from __future__ import annotations

import hashlib
import io
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PLACES = ("byteOffset", "byteLength", "bufferView")
"""Where things lie in the file: they move with the size of what stands before them, so they are no part of the JSON."""

_TYPES = {5120: "i1", 5121: "u1", 5122: "i2", 5123: "u2", 5125: "u4", 5126: "f4"}
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass(frozen=True)
class Glb:
    """The JSON and the binary chunk of a ``.glb``."""

    content: bytes
    json: dict[str, Any]
    binary: bytes

    @staticmethod
    def read(path: Path) -> Glb:
        """Take a file apart by the container's rules (glTF 2.0, section 4.4)."""
        content = path.read_bytes()
        (length,) = struct.unpack_from("<I", content, 12)
        start = 20 + length
        (size,) = struct.unpack_from("<I", content, start)
        return Glb(content, json.loads(content[20:start]), content[start + 8 : start + 8 + size])

    def array(self, number: int) -> NDArray[Any]:
        """The numbers (N, width) of an accessor."""
        accessor = self.json["accessors"][number]
        kind = np.dtype("<" + _TYPES[accessor["componentType"]])
        width = _WIDTH[accessor["type"]]
        view = self.json["bufferViews"][accessor["bufferView"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        return np.frombuffer(self.binary, kind, accessor["count"] * width, start).reshape(-1, width)

    def image(self, number: int) -> bytes:
        """The bytes of an image."""
        view = self.json["bufferViews"][self.json["images"][number]["bufferView"]]
        return self.binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]

    def pixels(self, number: int) -> NDArray[np.uint8]:
        """An image as rows of bytes."""
        return np.asarray(Image.open(io.BytesIO(self.image(number))))

    def primitives(self) -> list[dict[str, Any]]:
        """Every primitive of every mesh, in the file's order."""
        return [each for mesh in self.json["meshes"] for each in mesh["primitives"]]

    def digests(self) -> dict[str, str]:
        """SHA-256 of the whole file, and of what it is made of."""
        coordinates = {a for each in self.primitives() for n, a in each["attributes"].items() if n.startswith("TEX")}
        rest = [number for number in range(len(self.json["accessors"])) if number not in coordinates]
        return {
            "whole": _digest(self.content),
            "geometry": _digest(*(self.array(number).tobytes() for number in rest)),
            "uvs": _digest(*(self.array(number).tobytes() for number in sorted(coordinates))),
            "images": _digest(*(self.image(number) for number in range(len(self.json.get("images", []))))),
            "json": _digest(json.dumps(without_places(self.json), sort_keys=True).encode()),
        }


def without_places(facts: Any) -> Any:
    """JSON data without the places in the binary chunk, and without the engine's version."""
    if isinstance(facts, dict):
        return {
            key: without_places(value)
            for key, value in facts.items()
            if key not in PLACES and not (key == "version" and facts.get("engine"))
        }
    if isinstance(facts, list):
        return [without_places(each) for each in facts]
    return facts


def key_paths(facts: Any, trail: str = "") -> set[str]:
    """The paths of all keys, lists counted as one: the structure without its numbers."""
    if isinstance(facts, dict):
        return {trail} | {path for key, value in facts.items() for path in key_paths(value, f"{trail}/{key}")}
    if isinstance(facts, list):
        return {trail} | {path for value in facts for path in key_paths(value, f"{trail}[]")}
    return {trail}


def picture_digest(path: Path) -> str:
    """SHA-256 of a picture's pixels, not of how they are packed."""
    with Image.open(path) as image:
        return _digest(str(image.mode).encode(), np.asarray(image).tobytes())


def _digest(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
    return whole.hexdigest()
