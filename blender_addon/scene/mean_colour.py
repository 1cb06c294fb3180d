# SPDX-License-Identifier: GPL-3.0-or-later
"""The mean colour of what a material shows, and the colour that stands for it where pictures are not shown."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

COARSEST = 256
"""Pixels along the picture that the colour is read from, at most."""
LARGEST = 2048
"""Pixels along a picture beyond which reading it would hold up the main thread."""
SHOWN_KEY = "portraitkit_display_colour"
"""Custom property of a material: the colour for *Solid* that it was given, which the user may have changed since."""
CLEAR = {"cornea": 0.12, "tear": 0.2, "lashes": 0.35, "brows": 0.25}
"""How much of a part *Solid* shows, whose picture is see-through for the most part."""
DARKEST = 0.012
"""Darker hair would show no shape."""
UNREAD = {"skin": (0.55, 0.33, 0.24), "eye": (0.5, 0.45, 0.42)}
"""Linear colours for pictures that are too large to be read."""


def give_display_colour(material: bpy.types.Material, part: str) -> None:
    """Give a material the person's own colour for *Solid*, where Blender shows no pictures."""
    node = _colour_image(material)
    if node is not None and node.image is not None and max(node.image.size) > LARGEST:
        if part not in UNREAD:
            return
        colour = UNREAD[part]
    elif part in CLEAR:  # whose pictures are white
        colour = _factor(material)
    else:
        colour = mean_colour(material, picture_of(material))
    red, green, blue = (max(each, DARKEST) for each in colour)
    material.diffuse_color = (red, green, blue, CLEAR.get(part, 1.0))
    material[SHOWN_KEY] = list(material.diffuse_color)


def recolour(material: bpy.types.Material, part: str, factor: Sequence[float]) -> None:
    """Multiply the picture of a material by another linear ``factor``; its colour for *Solid* follows, unless the user
    has given it another."""
    own = _factor_of(material)
    if own is not None:
        own.default_value[:3] = factor[:3]
    if SHOWN_KEY in material and list(material[SHOWN_KEY]) == list(material.diffuse_color):
        give_display_colour(material, part)


def keep_display_colour(old: bpy.types.Material, new: bpy.types.Material) -> None:
    """A material that goes on with the pictures of ``new`` gets its colour, unless the user has given it another."""
    if SHOWN_KEY in old and SHOWN_KEY in new and list(old[SHOWN_KEY]) == list(old.diffuse_color):
        old.diffuse_color = new.diffuse_color
        old[SHOWN_KEY] = list(old.diffuse_color)


def picture_of(material: bpy.types.Material | None) -> np.ndarray | None:
    """(H, W, 4) the pixels of a material's colour, the lowest row first, in the image's own numbers; None where it has
    none with opacity."""
    node = _colour_image(material)
    if node is None or node.image is None or node.image.size[0] == 0:
        return None
    wide, high = node.image.size
    pixels = np.empty(wide * high * 4, np.float32)
    node.image.pixels.foreach_get(pixels)
    return pixels.reshape(high, wide, 4)


def mean_colour(material: bpy.types.Material | None, picture: np.ndarray | None) -> tuple[float, float, float]:
    """The mean of the opaque pixels of :func:`picture_of`, linear, times what the material multiplies them by."""
    mean = np.full(3, 0.5)
    if picture is not None:
        step = max(1, picture.shape[0] // COARSEST)
        few = picture[::step, ::step].astype(np.float64)
        srgb = few[few[..., 3] > 0.5][:, :3]
        if len(srgb):
            mean = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).mean(axis=0)
    found = np.clip(mean * np.array(_factor(material)), 0.0, 1.0)
    return float(found[0]), float(found[1]), float(found[2])


def _factor(material: bpy.types.Material | None) -> tuple[float, float, float]:
    """What the picture is multiplied by."""
    own = _factor_of(material)
    return tuple(own.default_value[:3]) if own is not None else (1.0, 1.0, 1.0)


def _factor_of(material: bpy.types.Material | None) -> bpy.types.NodeSocketColor | None:
    """Where the glTF importer puts that: the other colour of its node."""
    for node in material.node_tree.nodes if material and material.node_tree else ():
        if node.type == "MIX" and node.data_type == "RGBA" and node.blend_type == "MULTIPLY":
            own = next((each for each in node.inputs if each.type == "RGBA" and not each.is_linked), None)
            if own is not None:
                return own
    return None


def _colour_image(material: bpy.types.Material | None) -> bpy.types.ShaderNodeTexImage | None:
    """The image node that the base colour comes from."""
    nodes = material.node_tree.nodes if material and material.node_tree else ()
    waiting = [each.inputs["Base Color"] for each in nodes if each.type == "BSDF_PRINCIPLED"]
    while waiting:
        for link in waiting.pop().links:
            if link.from_node.type == "TEX_IMAGE":
                return link.from_node
            waiting += list(link.from_node.inputs)
    return None
