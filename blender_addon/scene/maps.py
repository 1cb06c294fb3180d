# SPDX-License-Identifier: GPL-3.0-or-later
"""A mesh of the user's goes out to be baked onto, and the maps come back as its material."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import bpy
from mathutils import Matrix

from ..core.failure import Failure
from ..core.text import Text
from . import skin_shader
from .identity import avatar_of
from .selection import kept_selection, select_only


def write_mesh(thing: bpy.types.Object, path: Path) -> None:
    """Write a mesh object as it is at rest, without modifiers, in its avatar's own space, metres, as .glb.

    A copy goes out: neither the object nor the selection is changed.
    """
    avatar = avatar_of(thing)
    home = avatar.armature.matrix_world if avatar is not None else Matrix()
    copy = bpy.data.objects.new(thing.name, thing.data.copy())
    with kept_selection():
        try:
            copy.data.materials.clear()
            copy.matrix_world = home.inverted_safe() @ thing.matrix_world
            bpy.context.scene.collection.objects.link(copy)
            bpy.context.view_layer.update()
            select_only(copy)
            bpy.ops.export_scene.gltf(
                filepath=str(path),
                export_format="GLB",
                use_selection=True,
                export_yup=True,
                export_apply=False,
                export_animations=False,
                export_skins=False,
                export_morph=False,
                export_materials="NONE",
            )
        except RuntimeError as error:
            raise Failure("file", Text("{file} cannot be written: {reason}", file=thing.name, reason=error)) from error
        finally:
            mesh = copy.data
            bpy.data.objects.remove(copy)
            bpy.data.meshes.remove(mesh)
    if not path.is_file():
        message = Text("{name} cannot be written.", name=thing.name)
        raise Failure("file", message, "Look at Blender's console for the reason.")


def apply_maps(thing: bpy.types.Object, maps: Mapping[str, Path]) -> bpy.types.Material:
    """Give a mesh object a material out of baked maps: ``base_colour``, ``normal``, ``surface`` (glTF's packing).

    The images are packed into the file. A material of ours that shows the same kinds of maps keeps its other settings.
    """
    material = _material(thing.name, maps)
    old = thing.data.materials[0] if thing.data.materials else None
    if old is not None and old.node_tree is not None:
        chosen = skin_shader.keep(old, material, 1)
        if chosen is not material:
            bpy.data.materials.remove(material)
            material = chosen
    thing.data.materials.clear()
    thing.data.materials.append(material)
    for polygon in thing.data.polygons:
        polygon.material_index = 0
    if old is not None and old is not material and old.users == 0:
        bpy.data.materials.remove(old)
    return material


def _material(name: str, maps: Mapping[str, Path]) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    principled = next(each for each in nodes if each.type == "BSDF_PRINCIPLED")
    for place, (kind, path) in enumerate(maps.items()):
        image = bpy.data.images.load(str(path))
        image.pack()
        image.colorspace_settings.name = "sRGB" if kind == "base_colour" else "Non-Color"
        node = nodes.new("ShaderNodeTexImage")
        node.image, node.location = image, (-700, 300 - 300 * place)
        if kind == "base_colour":
            links.new(node.outputs["Color"], principled.inputs["Base Color"])
        elif kind == "normal":
            bump = nodes.new("ShaderNodeNormalMap")
            bump.location = (-300, 300 - 300 * place)
            links.new(node.outputs["Color"], bump.inputs["Color"])
            links.new(bump.outputs["Normal"], principled.inputs["Normal"])
        else:
            split = nodes.new("ShaderNodeSeparateColor")
            split.location = (-300, 300 - 300 * place)
            links.new(node.outputs["Color"], split.inputs["Color"])
            links.new(split.outputs["Green"], principled.inputs["Roughness"])
            links.new(split.outputs["Blue"], principled.inputs["Metallic"])
    skin_shader.set_up(material, name)
    return material
