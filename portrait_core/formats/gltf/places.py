# SPDX-License-Identifier: Apache-2.0
"""Where a glTF file lays a mesh in its images: which UV map, moved by which transform, in whose image."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError, remedy
from portrait_core.formats.edited_mesh import Notice
from portrait_core.formats.gltf.nodes import extension
from portrait_core.formats.gltf.reader import GltfFile

_TEXTURES: tuple[tuple[str, ...], ...] = (
    ("pbrMetallicRoughness", "baseColorTexture"),
    ("extensions", "KHR_materials_pbrSpecularGlossiness", "diffuseTexture"),
    ("normalTexture",),
    ("pbrMetallicRoughness", "metallicRoughnessTexture"),
    ("emissiveTexture",),
    ("occlusionTexture",),
)
"""The textures of a material: the first that is there says where the mesh lies."""

_LIGHT = ("emissiveTexture", "occlusionTexture")

_NAME = re.compile(r"(?:TEXCOORD_)?(\d{1,3})", re.IGNORECASE)


@dataclass(frozen=True)
class Look:
    """What a material says of where its mesh lies: the ``name``, its base colour's ``image`` or None, the UV map by
    number, and a (2, 3) transform with glTF's origin for each UV map that has one."""

    name: str
    image: int | None = None
    uv_map: int | None = None
    transforms: tuple[tuple[int, NDArray[np.float64]], ...] = ()
    parted: bool = False
    """Whether its base colour and its other maps of the surface lie in different places."""

    def apply(self, number: int, uvs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Texture places (V, 2) of a UV map where the images show them; origin at the top left before and after."""
        for which, matrix in self.transforms:
            if which == number:
                return uvs @ matrix[:, :2].T + matrix[:, 2]
        return uvs


def read_look(gltf: GltfFile, number: object) -> Look:
    """The material ``number`` of the file; nothing is said where there is none."""
    materials = gltf.entries("materials")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(materials):
        return Look("material")
    material = materials[number]
    name = str(material.get("name") or f"material {number}")
    found = [(path, info) for path, info in _texture_infos(material)]
    if not found:
        return Look(name)
    placed = [_placed(gltf, info) for _, info in found]
    transforms: dict[int, NDArray[np.float64]] = {}
    for uv_map, matrix in placed:
        transforms.setdefault(uv_map, matrix)
    first = placed[0]
    # Light maps (occlusion, emission) have a UV map of their own in many files, and are none of ours.
    ours = [path[-1] not in _LIGHT for path, _ in found]
    surface = [each for each, counts in zip(placed, ours, strict=True) if counts]
    parted = any(each[0] != first[0] or not np.allclose(each[1], first[1], atol=1e-5) for each in surface)
    return Look(name, _image(gltf, found[0]), first[0], tuple(transforms.items()), parted)


def _texture_infos(material: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    for path in _TEXTURES:
        here: object = cast("object", material)
        for key in path:
            here = cast("dict[str, object]", here).get(key) if isinstance(here, dict) else None
        if isinstance(here, dict):
            yield path, here


def _placed(gltf: GltfFile, info: dict[str, Any]) -> tuple[int, NDArray[np.float64]]:
    """UV map and (2, 3) transform of one texture (KHR_texture_transform)."""
    moved = extension(info, "KHR_texture_transform")
    number: object = moved.get("texCoord", info.get("texCoord", 0))
    try:
        shift = np.array(moved.get("offset", (0, 0)), np.float64).reshape(2)
        scale = np.array(moved.get("scale", (1, 1)), np.float64).reshape(2)
        turn = float(moved.get("rotation", 0.0))
        # Counter-clockwise as one sees it, in coordinates whose second axis points down.
        cosine, sine = math.cos(turn), math.sin(turn)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{gltf.path}: a KHR_texture_transform is not made of numbers; the file is damaged.") from None
    turned = np.array([[cosine, sine], [-sine, cosine]]) * scale
    whole = number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else 0
    return whole, np.column_stack([turned, shift])


def _image(gltf: GltfFile, found: tuple[tuple[str, ...], dict[str, Any]]) -> int | None:
    """The number of the image that a base colour shows: materials of one image share their maps."""
    path, info = found
    number, textures = info.get("index"), gltf.entries("textures")
    if path not in _TEXTURES[:2] or not isinstance(number, int) or not 0 <= number < len(textures):
        return None
    source: object = textures[number].get("source")
    for name in ("EXT_texture_webp", "KHR_texture_basisu", "EXT_texture_avif", "MSFT_texture_dds"):
        source = extension(textures[number], name).get("source", source)
    return source if isinstance(source, int) else None


def uv_number(wanted: str) -> int:
    """The number of the UV map called ``wanted``: ``1`` or ``TEXCOORD_1``; raises :class:`UsageError` otherwise."""
    found = _NAME.fullmatch(wanted.strip())
    if found is None:
        raise UsageError(f"no UV map is called {wanted!r}; glTF files number them: TEXCOORD_0, TEXCOORD_1 and so on.")
    return int(found.group(1))


def taken_map(look: Look, there: list[int], wanted: int | None) -> int | None:
    """Which of the UV maps that are ``there`` is taken; None where there is none, or not the one ``wanted``."""
    if wanted is not None:
        return wanted if wanted in there else None
    if look.uv_map in there:
        return look.uv_map
    return there[0] if there else None


def several_maps(name: str, areas: dict[int, float], taken: list[int], why: str) -> Notice:
    """The line for a mesh with several UV maps: all of them, with their share of the square, and which was taken."""
    all_of_them = ", ".join(f"TEXCOORD_{number} ({share:.1%} of the square)" for number, share in sorted(areas.items()))
    which = " and ".join(f"TEXCOORD_{number}" for number in taken)
    text = f"mesh {name} has {len(areas)} UV maps, {all_of_them}; {which} is taken, {why}"
    advice = remedy("choose_uv_map", maps=[f"TEXCOORD_{number}" for number in sorted(areas)])
    return Notice(text, None if why == "as asked" else advice)
