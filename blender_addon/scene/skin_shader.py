# SPDX-License-Identifier: GPL-3.0-or-later
"""The avatar's materials: light on each part, colour spaces, and what stays of them when the avatar is made anew."""

from __future__ import annotations

import bpy

from ..core.engine_copies import maps
from . import part_shaders
from .datablocks import images_of
from .identity import PART_KEY
from .mean_colour import keep_display_colour

MAPS = {spec.key: spec for spec in maps.MAPS.values()}
"""The engine's table of maps, by the names that files and images have."""
ROLE = "portraitkit_map"
"""Custom property of an image: a map's key in the table, or other."""
_SPACES = {"srgb": "sRGB", "linear": "Non-Color"}


def set_up(material: bpy.types.Material, name: str, part: str = "") -> None:
    """Scattering, colour spaces, names; raises nothing where the user's importer made another tree. ``part`` is what
    the material covers where an avatar has several: what light does on it follows, and its images' names."""
    material.name = f"{name} {part or 'skin'}"
    if part:
        material[PART_KEY] = part
    principled = next((each for each in material.node_tree.nodes if each.type == "BSDF_PRINCIPLED"), None)
    if principled is None:
        return
    part_shaders.dress(principled, part)
    roles: dict[bpy.types.Image, str] = {}
    for key, spec in MAPS.items():
        for use in spec.uses:
            if use.socket and use.socket in principled.inputs:
                roles = {node.image: key for node in _upstream(principled.inputs[use.socket])} | roles
    for image in images_of(material):
        role = roles.get(image, "other")
        space = colour_space(role)
        if image.colorspace_settings.name != space:
            image.colorspace_settings.name = space
        image[ROLE] = role
        image.name = image_name(name, part, role)


def image_name(name: str, part: str, role: str) -> str:
    """What an image of an avatar is called."""
    return " ".join(filter(None, (name, part, role.replace("_", " "))))


def colour_space(key: str) -> str:
    """What Blender calls the colour space of a map; numbers that are no colours where the table has no such map."""
    return _SPACES[MAPS[key].colour_space] if key in MAPS else "Non-Color"


def keep(old: bpy.types.Material, new: bpy.types.Material, uses: int) -> bpy.types.Material:
    """The material for the avatar made anew: the old one, with all that the user did to it, showing the new maps.

    The new one is taken where the maps are not of the same kinds. ``uses`` says how often this avatar uses the old
    one; one that others use as well is copied first.
    """
    maps = {image.get(ROLE): image for image in images_of(new)}
    if maps.keys() != {image[ROLE] for image in images_of(old) if ROLE in image}:
        return new
    kept = old.copy() if old.users - old.use_fake_user > uses else old
    for node in kept.node_tree.nodes:
        if node.type == "TEX_IMAGE" and node.image and node.image.get(ROLE) in maps:
            node.image = maps[node.image[ROLE]]
    keep_display_colour(kept, new)
    return kept


def _upstream(socket: bpy.types.NodeSocket) -> list[bpy.types.Node]:
    """The image nodes that a socket gets its values from."""
    found: list[bpy.types.Node] = []
    waiting, seen = [each.from_node for each in socket.links], set()
    while waiting:
        node = waiting.pop()
        if node.name in seen:
            continue
        seen.add(node.name)
        if node.type == "TEX_IMAGE":
            found.append(node)
        waiting += [link.from_node for each in node.inputs for link in each.links]
    return found
