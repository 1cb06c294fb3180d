# SPDX-License-Identifier: Apache-2.0
"""The table of maps: what images an atlas may have, and what files and programs call them. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColourSpace = Literal["srgb", "linear"]


@dataclass(frozen=True)
class MapUse:
    """What one input of a material reads of a map: all of its channels, or ``channel`` alone.

    ``gltf`` is the texture of a glTF material, ``gltf_factor`` what it is multiplied by, both as paths from the
    material. ``socket`` is the input of Blender's Principled BSDF. ``mtl`` and ``mtl_factor`` are the words of a
    Wavefront material. None where there is none. An ``optional`` channel is not read where it says nothing.
    """

    name: str
    channel: int | None = None
    gltf: str | None = None
    gltf_factor: str | None = None
    socket: str | None = None
    mtl: str | None = None
    mtl_factor: str | None = None
    optional: bool = False


@dataclass(frozen=True)
class MapSpec:
    """One row of the table: an (S, S, channels) image of uint8, row 0 at the top.

    ``name`` is the map's in code, ``key`` in the names of files and images and in the worker's answers. ``neutral``
    gives, for each channel, the value that says nothing. ``required``: every avatar has it.
    """

    name: str
    key: str
    colour_space: ColourSpace
    neutral: tuple[int, ...]
    uses: tuple[MapUse, ...]
    required: bool = False

    @property
    def channels(self) -> int:
        """How many numbers a texel has."""
        return len(self.neutral)

    def file_name(self, stem: str, use: MapUse | None = None, suffix: str = "", ending: str = "png") -> str:
        """``STEM_KEY.png``; the image of a single channel of ``use`` carries the use's own name."""
        part = self.key if use is None or use.channel is None else use.name
        return f"{stem}_{part}{suffix}.{ending}"


MAPS = {
    each.name: each
    for each in (
        MapSpec(
            "base_colour",
            key="base_colour",
            colour_space="srgb",
            neutral=(255, 255, 255),
            uses=(
                MapUse("base_colour", gltf="pbrMetallicRoughness.baseColorTexture", socket="Base Color", mtl="map_Kd"),
            ),
            required=True,
        ),
        # Coverage. glTF keeps it beside the base colour, in one image.
        MapSpec(
            "opacity",
            key="opacity",
            colour_space="linear",
            neutral=(255,),
            uses=(MapUse("opacity", socket="Alpha", mtl="map_d"),),
        ),
        # Tangent space, +y up: glTF's convention.
        MapSpec(
            "normal",
            key="normal",
            colour_space="linear",
            neutral=(128, 128, 255),
            uses=(MapUse("normal", gltf="normalTexture", socket="Normal", mtl="norm"),),
        ),
        # Occlusion, roughness and metalness packed as glTF reads them. Files call it "surface".
        MapSpec(
            "orm",
            key="surface",
            colour_space="linear",
            neutral=(255, 153, 0),
            uses=(
                MapUse("occlusion", channel=0, gltf="occlusionTexture", mtl="map_Ka", optional=True),
                MapUse(
                    "roughness",
                    channel=1,
                    gltf="pbrMetallicRoughness.metallicRoughnessTexture",
                    gltf_factor="pbrMetallicRoughness.roughnessFactor",
                    socket="Roughness",
                    mtl="map_Pr",
                    mtl_factor="Pr",
                ),
                MapUse(
                    "metallic",
                    channel=2,
                    gltf="pbrMetallicRoughness.metallicRoughnessTexture",
                    gltf_factor="pbrMetallicRoughness.metallicFactor",
                    socket="Metallic",
                    mtl="map_Pm",
                    mtl_factor="Pm",
                    optional=True,
                ),
            ),
        ),
    )
}
"""All maps by name, in the order of the files. A row is what files, materials and Blender need of a new map."""


def required_files(stem: str) -> list[str]:
    """The names of the map files that every avatar gives, whatever its recipe says."""
    return [spec.file_name(stem) for spec in MAPS.values() if spec.required]
