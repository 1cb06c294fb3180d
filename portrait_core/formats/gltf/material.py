# SPDX-License-Identifier: Apache-2.0
"""Maps as glTF materials: images encoded side by side, one material for levels that share their maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Level, Maps
from portrait_core.formats.gltf.binary import BinaryBuilder, ImageKind
from portrait_core.imaging.images import encode_jpeg
from portrait_core.imaging.png import encode_map
from portrait_core.runtime.threads import side_by_side

ROUGHNESS = 0.6
"""Of the whole surface, where no map says more."""

PARTS = ("base_colour", "normal", "surface")
_LINEAR, _LINEAR_MIPMAP_LINEAR, _CLAMP_TO_EDGE = 9729, 9987, 33071
_THREADS = 2


@dataclass(frozen=True)
class EncodedMaps:
    """The images of one :class:`Maps` as file contents, by the names of ``PARTS``; absent maps have no entry."""

    suffix: str
    images: dict[str, tuple[bytes, ImageKind]]
    maps: Maps


def distinct_maps(levels: Sequence[Level]) -> tuple[list[Maps], list[int]]:
    """The maps without repetitions, and for each level the number of its own. Shared means: the same object."""
    found: list[Maps] = []
    numbers: list[int] = []
    for level in levels:
        for number, maps in enumerate(found):
            if maps is level.maps:
                numbers.append(number)
                break
        else:
            numbers.append(len(found))
            found.append(level.maps)
    return found, numbers


def encode_maps(maps: Sequence[Maps], kind: ImageKind = "png") -> list[EncodedMaps]:
    """All images as files, in threads. ``kind`` is that of colours; directions and roughness are always PNG."""

    def encode(job: tuple[NDArray[np.uint8], ImageKind]) -> bytes:
        image, how = job
        return encode_map(image) if how == "png" else encode_jpeg(image)

    jobs: list[tuple[int, str, NDArray[np.uint8], ImageKind]] = []
    for number, each in enumerate(maps):
        images = zip(PARTS, (each.base_colour, each.normal, each.surface), strict=True)
        for part, image in images:
            if image is not None:
                jobs.append((number, part, image, kind if part == "base_colour" else "png"))
    with side_by_side(_THREADS) as threads:
        contents = list(threads.map(encode, [(image, how) for _, _, image, how in jobs]))
    results = [EncodedMaps(f"_LOD{n}" if len(maps) > 1 else "", {}, each) for n, each in enumerate(maps)]
    for (number, part, _, how), content in zip(jobs, contents, strict=True):
        results[number].images[part] = (content, how)
    return results


def add_material(records: Any, gltf: Any, binary: BinaryBuilder, prefix: str, encoded: EncodedMaps) -> int:
    """Append the material of ``encoded`` with its textures, named after ``prefix``; returns its number."""
    textures = {
        part: _texture(records, gltf, binary.image(prefix, part + encoded.suffix, *image))
        for part, image in encoded.images.items()
    }
    surface = records.PbrMetallicRoughness(
        baseColorTexture=records.TextureInfo(index=textures["base_colour"]),
        metallicFactor=0.0,
        roughnessFactor=ROUGHNESS,
    )
    material = records.Material(
        name=f"{prefix}_skin{encoded.suffix}",
        pbrMetallicRoughness=surface,
        alphaMode=None,  # opaque is the default; pygltflib would add an alpha cut-off that belongs to masks
        alphaCutoff=None,
    )
    if "normal" in textures:
        material.normalTexture = records.NormalMaterialTexture(index=textures["normal"])
    packed = encoded.maps.surface
    if packed is not None:
        surface.metallicRoughnessTexture = records.TextureInfo(index=textures["surface"])
        surface.roughnessFactor = 1.0
        surface.metallicFactor = 1.0 if bool(packed[:, :, 2].any()) else 0.0
        if encoded.maps.has_occlusion:
            material.occlusionTexture = records.OcclusionTextureInfo(index=textures["surface"])
    gltf.materials.append(material)
    return len(gltf.materials) - 1


def _texture(records: Any, gltf: Any, image: int) -> int:
    if not gltf.samplers:
        # A chart at the border must not take colours from the opposite border, hence no repeat.
        gltf.samplers.append(
            records.Sampler(
                magFilter=_LINEAR, minFilter=_LINEAR_MIPMAP_LINEAR, wrapS=_CLAMP_TO_EDGE, wrapT=_CLAMP_TO_EDGE
            )
        )
    gltf.textures.append(records.Texture(sampler=0, source=image))
    return len(gltf.textures) - 1
