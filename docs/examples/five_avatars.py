# SPDX-License-Identifier: Apache-2.0
"""Makes five avatars and renders each: `blender -b --online-mode -P five_avatars.py -- FOLDER`.

The add-on must be installed and its engine set up; PORTRAITKIT_ENGINE_PYTHON may name another engine's Python.
In the background every operator has finished its work when it returns, and a failure is a RuntimeError.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import addon_utils
import bpy
from mathutils import Vector

ADDON = "bl_ext.user_default.portraitkit"
COUNT = 5
SIZE = 512


def main(folder: Path, faces: int = 20_000, texture_size: int = 1024, lattice: int = 256) -> list[Path]:
    """Make and render; returns the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    if addon_utils.check(ADDON) != (True, True):
        addon_utils.enable(ADDON)
    pictures = []
    for seed in range(COUNT):
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        bpy.ops.portraitkit.generate(
            seed=seed,
            faces=faces,
            texture_size=texture_size,
            lattice=lattice,
            attributes='{"age": 1.0}' if seed % 2 else "",
            filepath=str(folder / f"avatar-{seed}.glb"),
            overwrite=True,
        )
        pictures.append(render(folder / f"avatar-{seed}.png"))
        bpy.ops.wm.save_as_mainfile(filepath=str(folder / f"avatar-{seed}.blend"), copy=True)
    return pictures


def render(path: Path) -> Path:
    """A picture from the front with Cycles on the processor: works without a screen."""
    scene = bpy.context.scene
    meshes = [each for each in scene.objects if each.type == "MESH" and not each.hide_render]
    corners = [each.matrix_world @ Vector(corner) for each in meshes for corner in each.bound_box]
    low = Vector(min(corner[axis] for corner in corners) for axis in range(3))
    high = Vector(max(corner[axis] for corner in corners) for axis in range(3))
    middle, size = (low + high) / 2, max(high - low)

    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.lens = 85
    camera.location = middle + Vector((0.0, -3.2 * size, 0.0))  # avatars look along -Y
    camera.rotation_euler = (math.pi / 2, 0.0, 0.0)
    light = bpy.data.objects.new("Light", bpy.data.lights.new("Light", "SUN"))
    light.data.energy = 3.0
    light.rotation_euler = (0.9, 0.0, -0.6)
    for each in (camera, light):
        scene.collection.objects.link(each)
    world = bpy.data.worlds.new("World")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.5
    scene.world, scene.camera = world, camera

    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", 32, False
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return path


if __name__ == "__main__":
    given = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    for picture in main(Path(given[0] if given else "avatars").absolute()):
        print(picture)
