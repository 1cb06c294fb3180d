# SPDX-License-Identifier: Apache-2.0
"""Materials in two flat shades, as drawn figures have them: MToon beside the plain materials, for who asks for it."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any

from portrait_core.avatar import Avatar, Maps

NAME = "VRMC_materials_mtoon"
SHADE = (0.78, 0.66, 0.66)
"""What a colour is multiplied by where the light does not reach."""


def flat(avatar: Avatar) -> Avatar:
    """``avatar`` with colours and opacity alone: flat shades have no relief and no gloss, and some readers' shaders
    fail on tangents."""
    made: dict[int, Maps] = {}

    def plain(maps: Maps) -> Maps:
        return made.setdefault(id(maps), Maps(base_colour=maps.base_colour, opacity=maps.get("opacity")))

    levels = tuple(
        replace(
            level.with_(tangents=None),
            maps=plain(level.maps),
            sections=tuple(replace(section, maps=plain(section.maps)) for section in level.sections),
        )
        for level in avatar.levels
    )
    return replace(avatar, levels=levels)


def toon_materials(tree: MutableMapping[str, Any]) -> str:
    """Give every material of a glTF ``tree`` the extension in place of the layers that it has, and return its name.

    A drawn figure has no clear coat, and readers take a material with both for one that is not drawn.
    """
    for material in tree.get("materials", ()):
        plain = material.get("pbrMetallicRoughness", {})
        colour = plain.get("baseColorFactor", [1.0, 1.0, 1.0, 1.0])
        own: dict[str, Any] = {
            "specVersion": "1.0",
            "transparentWithZWrite": False,
            "shadeColorFactor": [round(part * share, 4) for part, share in zip(colour, SHADE, strict=False)],
            "shadingShiftFactor": -0.1,
            "shadingToonyFactor": 0.85,
            "giEqualizationFactor": 0.9,
        }
        if "baseColorTexture" in plain:
            own["shadeMultiplyTexture"] = {"index": plain["baseColorTexture"]["index"]}
        material["extensions"] = {NAME: own}
    tree["extensionsUsed"] = [name for name in tree.get("extensionsUsed", ()) if not name.startswith("KHR_materials_")]
    return NAME
