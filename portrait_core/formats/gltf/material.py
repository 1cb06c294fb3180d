# SPDX-License-Identifier: Apache-2.0
"""Maps as glTF materials: images encoded side by side, one material for levels that share their maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portrait_core.avatar import Level, Maps
from portrait_core.formats.gltf.binary import BinaryBuilder, ImageKind
from portrait_core.imaging.images import encode_jpeg
from portrait_core.imaging.png import encode_map
from portrait_core.maps import MAPS
from portrait_core.runtime.threads import side_by_side

_LINEAR, _LINEAR_MIPMAP_LINEAR, _CLAMP_TO_EDGE = 9729, 9987, 33071
_THREADS = 2
_TEXTURE_RECORDS = {"normalTexture": "NormalMaterialTexture", "occlusionTexture": "OcclusionTextureInfo"}
"""The textures of a glTF material that are more than a place in the list of textures."""


@dataclass(frozen=True)
class EncodedMaps:
    """The images of one :class:`Maps` as file contents, by the maps' names; absent maps have no entry."""

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

    def encode(job: tuple[int, str]) -> tuple[bytes, ImageKind]:
        number, name = job
        how: ImageKind = kind if MAPS[name].colour_space == "srgb" else "png"
        image = maps[number][name]
        return (encode_map(image) if how == "png" else encode_jpeg(image)), how

    jobs = [(number, name) for number, each in enumerate(maps) for name in each]
    with side_by_side(_THREADS) as threads:
        contents = list(threads.map(encode, jobs))
    results = [EncodedMaps(f"_LOD{n}" if len(maps) > 1 else "", {}, each) for n, each in enumerate(maps)]
    for (number, name), content in zip(jobs, contents, strict=True):
        results[number].images[name] = content
    return results


def add_material(records: Any, gltf: Any, binary: BinaryBuilder, prefix: str, encoded: EncodedMaps) -> int:
    """Append the material of ``encoded`` with its textures, named after ``prefix``; returns its number."""
    textures = {
        name: _texture(records, gltf, binary.image(prefix, MAPS[name].key + encoded.suffix, *image))
        for name, image in encoded.images.items()
    }
    material = records.Material(
        name=f"{prefix}_skin{encoded.suffix}",
        pbrMetallicRoughness=records.PbrMetallicRoughness(),
        alphaMode=None,  # opaque is the default; pygltflib would add an alpha cut-off that belongs to masks
        alphaCutoff=None,
    )
    for spec in MAPS.values():
        for use in spec.uses:
            if use.gltf_factor is not None:
                factor = encoded.maps.factor(spec, use)
                _set(material, use.gltf_factor, factor if use.channel is None else factor[0])
            if use.gltf is not None and spec.name in textures and (encoded.maps.says(spec, use) or not use.optional):
                record = getattr(records, _TEXTURE_RECORDS.get(use.gltf, "TextureInfo"))
                _set(material, use.gltf, record(index=textures[spec.name]))
    gltf.materials.append(material)
    return len(gltf.materials) - 1


def _set(material: Any, path: str, value: object) -> None:
    *above, name = path.split(".")
    for each in above:
        material = getattr(material, each)
    setattr(material, name, value)


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
