# SPDX-License-Identifier: GPL-3.0-or-later
"""A mesh of the user's goes out to be baked onto, and the maps come back as its material."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    Its shape keys are mixed as they stand, of its UV maps the active one goes out, and its materials as names alone,
    numbered by their slots. A copy goes out: neither the object nor the selection is changed.
    """
    avatar = avatar_of(thing)
    home = avatar.armature.matrix_world if avatar is not None else Matrix()
    copy = bpy.data.objects.new(thing.name, thing.data.copy())
    with kept_selection():
        try:
            _as_it_stands(copy)
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
                export_materials="EXPORT",
                export_image_format="NONE",
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


def _as_it_stands(copy: bpy.types.Object) -> None:
    """Make a copy's mesh what one sees of it: shape keys mixed, the active UV map alone, a material for each slot."""
    mesh = copy.data
    if mesh.shape_keys is not None:
        mixed = copy.shape_key_add(name="mixed", from_mix=True)
        places = [0.0] * (3 * len(mesh.vertices))
        mixed.data.foreach_get("co", places)
        copy.shape_key_clear()
        mesh.vertices.foreach_set("co", places)
        mesh.update()
    if mesh.uv_layers.active is not None:
        active = mesh.uv_layers.active.name
        for name in [layer.name for layer in mesh.uv_layers if layer.name != active]:
            mesh.uv_layers.remove(mesh.uv_layers[name])
    if len(used_slots(copy)) < 2:
        mesh.materials.clear()


def used_slots(thing: bpy.types.Object) -> list[int]:
    """The numbers of the material slots that faces of a mesh object have, in order; those without a material too."""
    return sorted({polygon.material_index for polygon in thing.data.polygons})


def apply_maps(
    thing: bpy.types.Object, maps: Mapping[str, Path], slot: int | None = None, name: str | None = None
) -> bpy.types.Material:
    """Give a mesh object a material out of baked maps, by their keys in the engine's table of maps.

    All of the mesh gets it, or what lies in the material ``slot`` by number, under ``name``. The images are packed into
    the file. A material of ours that shows the same kinds of maps keeps its other settings.
    """
    material = _material(name or thing.name, maps)
    materials = thing.data.materials
    old = materials[slot or 0] if len(materials) > (slot or 0) else None
    if old is not None and old.node_tree is not None:
        chosen = skin_shader.keep(old, material, 1)
        if chosen is not material:
            bpy.data.materials.remove(material)
            material = chosen
    if slot is not None:
        materials[slot] = material
    else:
        materials.clear()
        materials.append(material)
        for polygon in thing.data.polygons:
            polygon.material_index = 0
    if old is not None and old is not material and old.users == 0:
        bpy.data.materials.remove(old)
    return material


def apply_sets(thing: bpy.types.Object, sets: Sequence[tuple[str, Mapping[str, Path]]]) -> None:
    """Give each material slot of a mesh object the maps that were baked for the material in it, by its name."""
    names = [each.name if each is not None else "" for each in thing.data.materials]
    for name, maps in sets:
        slots = [number for number, each in enumerate(names) if each == name]
        slots = slots or [number for number, each in enumerate(names) if not each]  # empty ones have no name to go by
        if slots:
            material = apply_maps(thing, maps, slots[0], name.removesuffix(" skin"))
            for slot in slots[1:]:
                thing.data.materials[slot] = material


def _material(name: str, maps: Mapping[str, Path]) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    principled = next(each for each in nodes if each.type == "BSDF_PRINCIPLED")
    for place, (kind, path) in enumerate(maps.items()):
        image = bpy.data.images.load(str(path))
        image.pack()
        image.colorspace_settings.name = skin_shader.colour_space(kind)
        node = nodes.new("ShaderNodeTexImage")
        node.image, node.location = image, (-700, 300 - 300 * place)
        spec = skin_shader.MAPS.get(kind)
        uses = [use for use in (spec.uses if spec else ()) if use.socket and use.socket in principled.inputs]
        outputs = [node.outputs["Color"]] * 3
        if any(use.channel is not None for use in uses):
            split = nodes.new("ShaderNodeSeparateColor")
            split.location = (-300, 300 - 300 * place)
            links.new(node.outputs["Color"], split.inputs["Color"])
            outputs = [split.outputs[each] for each in ("Red", "Green", "Blue")]
        for use in uses:
            output = node.outputs["Color"] if use.channel is None else outputs[use.channel]
            if use.socket == "Normal":
                bump = nodes.new("ShaderNodeNormalMap")
                bump.location = (-300, 300 - 300 * place)
                links.new(output, bump.inputs["Color"])
                output = bump.outputs["Normal"]
            links.new(output, principled.inputs[use.socket])
    skin_shader.set_up(material, name)
    return material
