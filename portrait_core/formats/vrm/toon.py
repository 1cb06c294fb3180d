# SPDX-License-Identifier: Apache-2.0
"""Materials in two flat shades, as drawn figures have them: MToon beside the plain materials, for who asks for it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

NAME = "VRMC_materials_mtoon"
SHADE = (0.78, 0.66, 0.66)
"""What a colour is multiplied by where the light does not reach."""


def toon_materials(tree: MutableMapping[str, Any]) -> str:
    """Give every material of a glTF ``tree`` the extension, and return its name."""
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
        material.setdefault("extensions", {})[NAME] = own
    return NAME
