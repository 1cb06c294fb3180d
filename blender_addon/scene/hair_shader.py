# SPDX-License-Identifier: GPL-3.0-or-later
"""The material of hair made of curves: its colour is that of the hair mesh's picture times the person's own."""

from __future__ import annotations

import bpy
import numpy as np

from .identity import PART_KEY
from .mean_colour import mean_colour

ROUGHNESS = 0.35


def fibre_material(name: str, hair: bpy.types.Object, picture: np.ndarray | None) -> bpy.types.Material:
    """A new material for fibres in the colour of the hair mesh: Principled Hair in Cycles, a plain one in EEVEE."""
    material = bpy.data.materials.new(f"{name} hair curves")
    material[PART_KEY] = "hair_curves"
    colour = mean_colour(hair.data.materials[0] if hair.data.materials else None, picture)
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
