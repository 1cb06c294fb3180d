# SPDX-License-Identifier: Apache-2.0
"""The table of maps: what images an atlas may have, and what files and programs call them; the images by its names, and
what a material says beside them. Standard library only: arrays are known by what they can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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


class Maps(Mapping[str, "NDArray[np.uint8]"]):
    """The images of one atlas by the names of :data:`MAPS`; never changed, only made anew.

    Each is square, (S, S, channels) uint8, row 0 at the top; the table says what it holds. None as an argument means:
    not there. Raises ``ValueError`` on construction for a name that the table lacks, for a required map that is
    missing, and for something that is no such image.
    """

    def __init__(self, **images: NDArray[np.uint8] | None) -> None:
        unknown = sorted(images.keys() - MAPS.keys())
        if unknown:
            raise ValueError(f"avatar: there is no map {', '.join(unknown)}; there are {', '.join(MAPS)}")
        given = {name: images.get(name) for name in MAPS}
        self._images = {name: image for name, image in given.items() if image is not None}
        for spec in MAPS.values():
            image = self._images.get(spec.name)
            if image is not None:
                check_image(spec.name, image, spec.channels)
            elif spec.required:
                raise ValueError(f"avatar: the maps lack {spec.name}")

    def __getitem__(self, name: str) -> NDArray[np.uint8]:
        return self._images[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._images)

    def __len__(self) -> int:
        return len(self._images)

    @property
    def base_colour(self) -> NDArray[np.uint8]:
        """(S, S, 3), sRGB: the one map that every avatar has."""
        return self["base_colour"]

    def with_(self, **images: NDArray[np.uint8] | None) -> Maps:
        """The same with other or further ``images``; None takes one away."""
        return Maps(**{**self._images, **images})

    def says(self, spec: MapSpec, use: MapUse) -> bool:
        """Whether the map is there and its channel for ``use``, where it is a single one, says anything."""
        if spec.name not in self:
            return False
        return use.channel is None or bool((self[spec.name][:, :, use.channel] != spec.neutral[use.channel]).any())

    def factor(self, spec: MapSpec, use: MapUse) -> list[float]:
        """What a material multiplies each channel of ``use`` by; where there is no map, the neutral values alone."""
        channels = range(spec.channels) if use.channel is None else [use.channel]
        if spec.name not in self:
            return [spec.neutral[channel] / 255 for channel in channels]
        return [1.0 if bool(self[spec.name][:, :, channel].any()) else 0.0 for channel in channels]


def check_image(label: str, image: NDArray[np.uint8], channels: int = 3) -> None:
    """Raise ``ValueError`` for an ``image`` that is not (H, W, ``channels``) uint8; ``label`` says which it is."""
    if image.ndim != 3 or image.shape[2] != channels or str(image.dtype) != "uint8" or image.size == 0:
        raise ValueError(f"avatar: {label} must be an (H, W, {channels}) uint8 image, got {image.shape} {image.dtype}")


@dataclass(frozen=True)
class Material:
    """How a surface meets light, beside what its maps say.

    ``alpha``: ``mask`` shows what is opaque by ``cutoff`` or more, ``blend`` mixes. ``factors`` are what a glTF
    material multiplies its maps by, or their values where it has none, by glTF's paths
    (``pbrMetallicRoughness.roughnessFactor``); what is not named is as the maps say. ``extensions`` are further layers
    by glTF's names (``KHR_materials_clearcoat``), each with its plain values; programs that do not know one leave it
    out.
    """

    alpha: Literal["opaque", "mask", "blend"] = "opaque"
    cutoff: float = 0.5
    double_sided: bool = False
    factors: Mapping[str, Any] = field(default_factory=dict[str, Any])
    extensions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])


PLAIN = Material()
