# SPDX-License-Identifier: GPL-3.0-or-later
"""Small pictures of an avatar as it stands, by Workbench, out of a scene of their own that is gone afterwards."""

from __future__ import annotations

import ctypes.util
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from . import pictures
from .identity import Avatar
from .pose import bones_of

EDGE = 192
"""Pixels of a picture."""
NAME = "Portraitkit studio"
_OPAQUE = 0.4
"""Workbench has no soft edges: hair, brows and lashes are there from this opacity on."""

Picture = Callable[[bpy.types.ID], None]
"""Gives a data-block a picture of the avatar as its preview."""


def can_render() -> bool:
    """Whether Workbench draws here. Without a window Linux needs EGL: its lack would end the whole process."""
    return not bpy.app.background or sys.platform != "linux" or ctypes.util.find_library("EGL") is not None


@contextmanager
def studio(avatar: Avatar) -> Iterator[Picture]:
    """What takes the pictures; it does nothing where none can be rendered."""
    if not can_render():
        yield lambda _block: None
        return
    scene, camera_data = bpy.data.scenes.new(NAME), bpy.data.cameras.new(NAME)
    camera = bpy.data.objects.new(NAME, camera_data)
    meshes = [mesh for mesh in avatar.meshes if not mesh.hide_render]
    try:
        for each in (avatar.armature, camera, *meshes):
            scene.collection.objects.link(each)
        _aim(avatar, camera)
        _set_up(scene, camera)
        with _plain_colours(meshes), tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "picture.png"
            scene.render.filepath = str(path)

            def picture(block: bpy.types.ID) -> None:
                bpy.ops.render.render(write_still=True, scene=scene.name)
                pictures.show_preview(block, path)

            yield picture
    finally:
        bpy.data.scenes.remove(scene)
        bpy.data.objects.remove(camera)
        bpy.data.cameras.remove(camera_data)


def _set_up(scene: bpy.types.Scene, camera: bpy.types.Object) -> None:
    scene.camera = camera
    render, shading = scene.render, scene.display.shading
    render.engine = "BLENDER_WORKBENCH"
    render.resolution_x = render.resolution_y = EDGE
    render.resolution_percentage = 100
    render.film_transparent = True
    render.image_settings.file_format = "PNG"
    shading.light, shading.color_type = "STUDIO", "TEXTURE"
    scene.display.render_aa = "8"
    scene.view_settings.view_transform = "Standard"


def _aim(avatar: Avatar, camera: bpy.types.Object) -> None:
    """Before face and shoulders, a little from the avatar's left."""
    armature = avatar.armature
    bones = bones_of(armature)
    bone = bones["head"] if "head" in bones else armature.pose.bones[0]
    middle = bone.bone.head_local + Vector((0, 0, 0.03))
    at = middle + Vector((0.35, -1.3, 0.05))
    world = armature.matrix_world
    camera.location = world @ at
    camera.rotation_euler = (world.to_quaternion() @ (middle - at).to_track_quat("-Z", "Y")).to_euler()
    camera.data.angle = 0.35
    camera.data.clip_start = 0.01


@contextmanager
def _plain_colours(meshes: list[bpy.types.Object]) -> Iterator[None]:
    """Workbench shows an image as it is: those that the shader tints are tinted for it."""
    before = {mesh.data: list(mesh.data.materials) for mesh in meshes}
    made: dict[bpy.types.Material, bpy.types.Material] = {}
    images: list[bpy.types.Image] = []
    try:
        for data, materials in before.items():
            for slot, material in enumerate(materials):
                tint = _tint(material)
                if tint is None:
                    continue
                if material not in made:
                    images.append(_tinted(*tint))
                    made[material] = _shown(images[-1])
                data.materials[slot] = made[material]
        yield
    finally:
        for data, materials in before.items():
            for slot, material in enumerate(materials):
                data.materials[slot] = material
        for each in made.values():
            bpy.data.materials.remove(each)
        for each in images:
            bpy.data.images.remove(each)


def _tint(material: bpy.types.Material | None) -> tuple[bpy.types.Image, NDArray[np.float32]] | None:
    """The image of a base colour and the colour (3,), linear, that it is multiplied by."""
    nodes = material.node_tree.nodes if material is not None and material.node_tree else ()
    shader = next((node for node in nodes if node.type == "BSDF_PRINCIPLED"), None)
    links: Any = shader.inputs["Base Color"].links if shader is not None else ()
    if not links or links[0].from_node.type != "MIX":
        return None
    colours = [each for each in links[0].from_node.inputs if each.type == "RGBA"]
    image = next(
        (s.links[0].from_node.image for s in colours if s.links and s.links[0].from_node.type == "TEX_IMAGE"), None
    )
    tint = next((each.default_value[:3] for each in colours if not each.links), None)
    return None if image is None or tint is None or not image.size[0] else (image, np.array(tint, np.float32))


def _tinted(image: bpy.types.Image, tint: NDArray[np.float32]) -> bpy.types.Image:
    flat = np.empty(4 * image.size[0] * image.size[1], np.float32)
    image.pixels.foreach_get(flat)
    pixels = flat.reshape(-1, 4)
    light = np.power(np.maximum(pixels[:, :3], 0.0), 2.2) * tint
    pixels[:, :3] = np.power(np.clip(light, 0.0, 1.0), 1 / 2.2)
    pixels[:, 3] = pixels[:, 3] > _OPAQUE
    shown = bpy.data.images.new(NAME, *image.size, alpha=True)
    shown.pixels.foreach_set(pixels.ravel())
    return shown


def _shown(image: bpy.types.Image) -> bpy.types.Material:
    material = bpy.data.materials.new(NAME)
    material.use_nodes = True
    nodes = material.node_tree.nodes
    texture = nodes.new("ShaderNodeTexImage")
    texture.image = image
    nodes.active = texture
    return material
