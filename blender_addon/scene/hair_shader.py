# SPDX-License-Identifier: GPL-3.0-or-later
"""The material of hair made of curves: its colour is that of the hair mesh's picture times the person's own."""

from __future__ import annotations

import bpy
import numpy as np

from .identity import PART_KEY

COARSEST = 256
"""Pixels along the picture that the colour is read from, at most."""
ROUGHNESS = 0.35


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


def fibre_material(name: str, hair: bpy.types.Object, picture: np.ndarray | None) -> bpy.types.Material:
    """A new material for fibres in the colour of the hair mesh: Principled Hair in Cycles, a plain one in EEVEE."""
    material = bpy.data.materials.new(f"{name} hair curves")
    material[PART_KEY] = "hair_curves"
    colour = _colour(hair.data.materials[0] if hair.data.materials else None, picture)
    material.diffuse_color = (*colour, 1.0)
    material.roughness = 0.6
    if material.node_tree is None:  # from 5.0 on there always is one
        material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    fibre = tree.nodes.new("ShaderNodeBsdfHairPrincipled")
    fibre.parametrization = "COLOR"
    for socket, value in (("Color", (*colour, 1.0)), ("Roughness", ROUGHNESS), ("Random Roughness", 0.2)):
        if socket in fibre.inputs:
            fibre.inputs[socket].default_value = value
    plain = tree.nodes.new("ShaderNodeBsdfPrincipled")
    plain.inputs["Base Color"].default_value = (*colour, 1.0)
    plain.inputs["Roughness"].default_value = 0.5
    for row, (shader, target) in enumerate(((fibre, "CYCLES"), (plain, "EEVEE"))):
        output = tree.nodes.new("ShaderNodeOutputMaterial")
        output.target = target
        shader.location, output.location = (0, -700 * row), (320, -700 * row)
        tree.links.new(shader.outputs[0], output.inputs["Surface"])
    return material


def _colour(material: bpy.types.Material | None, picture: np.ndarray | None) -> tuple[float, float, float]:
    """The mean of the opaque pixels, linear, times what the material multiplies them by."""
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
    """What the glTF importer multiplies the picture by: the other colour of its node."""
    for node in material.node_tree.nodes if material and material.node_tree else ():
        if node.type == "MIX" and node.data_type == "RGBA" and node.blend_type == "MULTIPLY":
            own = next((each for each in node.inputs if each.type == "RGBA" and not each.is_linked), None)
            if own is not None:
                return tuple(own.default_value[:3])
    return 1.0, 1.0, 1.0


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
