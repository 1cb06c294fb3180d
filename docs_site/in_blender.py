# SPDX-License-Identifier: Apache-2.0
"""A picture of a .glb in Blender: import, three lamps, Cycles. Run by a Python with bpy: NAME FILE OUT."""

from __future__ import annotations

import sys

import bpy
from mathutils import Vector

SIZE = 720


def lamp(place: tuple[float, float, float], size: float, power: float) -> None:
    light = bpy.data.lights.new("lamp", "AREA")
    light.energy, light.size = power, size
    thing = bpy.data.objects.new("lamp", light)
    thing.location = place
    thing.rotation_euler = (Vector((0, 0, 0.05)) - Vector(place)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(thing)


def main() -> None:
    _, source, target = sys.argv[1:]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=source)
    scene = bpy.context.scene
    for thing in list(bpy.data.objects):  # coarser levels and the shapes that stand for bones
        if thing.type == "MESH" and ("LOD" in thing.name.upper() or thing.name.startswith("Icosphere")):
            thing.hide_render = True
    for orphan in bpy.data.collections:
        if orphan.name.startswith(("Orphan", "glTF_not_exported")):
            for thing in orphan.objects:
                thing.hide_render = True
    lamp((-1.1, -1.6, 1.1), 0.9, 42)
    lamp((1.7, -1.0, 0.4), 1.4, 14)
    lamp((0.6, 1.4, 1.0), 0.7, 40)
    world = bpy.data.worlds.new("world")
    scene.world = world
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs[0].default_value = (0.62, 0.66, 0.70, 1)
    world.node_tree.nodes["Background"].inputs[1].default_value = 0.8
    eye = bpy.data.cameras.new("camera")
    eye.lens, eye.sensor_width = 128, 36
    camera = bpy.data.objects.new("camera", eye)
    camera.location = (0.72, -1.68, 0.17)
    camera.rotation_euler = (Vector((0, 0, 0.085)) - camera.location).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(camera)
    scene.camera = camera
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 48
    scene.cycles.use_denoising = True
    scene.cycles.device = "CPU"
    scene.view_settings.view_transform = "Standard"
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = target
    bpy.ops.render.render(write_still=True)


main()
