# SPDX-License-Identifier: Apache-2.0
"""Maps as glTF materials, as the rows of the table of maps say."""

from __future__ import annotations

from typing import Any, cast

from portrait_core.avatar import PLAIN, Material
from portrait_core.formats.encoded_maps import EncodedMaps
from portrait_core.formats.gltf.binary import BinaryBuilder
from portrait_core.maps import MAPS

_LINEAR, _LINEAR_MIPMAP_LINEAR, _CLAMP_TO_EDGE = 9729, 9987, 33071
_TEXTURE_RECORDS = {"normalTexture": "NormalMaterialTexture", "occlusionTexture": "OcclusionTextureInfo"}
"""The textures of a glTF material that are more than a place in the list of textures."""


def add_material(
    records: Any,
    gltf: Any,
    binary: BinaryBuilder,
    prefix: str,
    encoded: EncodedMaps,
    name: str = "",
    kind: Material = PLAIN,
) -> int:
    """Append the material of ``encoded`` with its textures, called ``name`` or after ``prefix``; returns its number."""
    textures = {
        name: _texture(records, gltf, binary.image(prefix, MAPS[name].key + encoded.suffix, *image))
        for name, image in encoded.images.items()
    }
    material = records.Material(
        name=name or f"{prefix}_skin{encoded.suffix}",
        pbrMetallicRoughness=records.PbrMetallicRoughness(),
        # Opaque is the default; pygltflib would add an alpha cut-off that belongs to masks.
        alphaMode=None if kind.alpha == "opaque" else kind.alpha.upper(),
        alphaCutoff=kind.cutoff if kind.alpha == "mask" else None,
        doubleSided=kind.double_sided,
    )
    for spec in MAPS.values():
        for use in spec.uses:
            if use.gltf_factor is not None:
                factor = encoded.maps.factor(spec, use)
                _set(material, use.gltf_factor, factor if use.channel is None else factor[0])
            if use.gltf is not None and spec.name in textures and (encoded.maps.says(spec, use) or not use.optional):
                record = getattr(records, _TEXTURE_RECORDS.get(use.gltf, "TextureInfo"))
                _set(material, use.gltf, record(index=textures[spec.name]))
    for path, value in kind.factors.items():
        _set(material, path, list(cast("tuple[float, ...]", value)) if isinstance(value, tuple) else value)
    if kind.extensions:
        material.extensions = {extension: dict[str, Any](values) for extension, values in kind.extensions.items()}
        known: list[str] = list(gltf.extensionsUsed or ())
        gltf.extensionsUsed = [*known, *(extension for extension in kind.extensions if extension not in known)]
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
