# SPDX-License-Identifier: GPL-3.0-or-later
"""The body's skin in the colour of the avatar's, as a material of its own; the avatar's texture fades into it."""

from __future__ import annotations

import bpy
import numpy as np

from ..core.failure import Failure
from ..core.seam_blend import taper
from ..core.seam_loop import distances
from .body_arrays import Places, Rows, edges_of, places_of
from .body_seam import Joined
from .skin_shader import ROLE

FADE = "portraitkit_seam"
"""Attribute of the joined mesh's vertices: 1 at the seam, 0 where the avatar's texture is all there is."""
FADED = 0.045
"""Metres of the avatar within which the texture fades into the one colour."""
NEAR = 0.02
"""Metres from the seam within which the colour is looked up."""


def match(joined: Joined, size: float) -> None:
    """Give the body's faces around the neck's material a new one in the mean colour of the avatar's skin at the seam,
    and the avatar's faces a copy of theirs that fades into it. ``size``: what a metre of the avatar is in the mesh.

    The materials that there were stay. Raises :class:`Failure` where its material has no picture of colours.
    """
    mesh = joined.thing.data
    away, _ = distances(places_of(mesh), edges_of(mesh), joined.upper, FADED * size)
    material = _material_at(mesh, joined.upper, joined.band)
    image = _colours(mesh.materials[material])
    if image is None:
        raise Failure(
            "scene",
            "The avatar's skin has no picture of its colours.",
            "Switch Match Skin off, or bake its maps first.",
        )
    colour = _mean_colour(mesh, image, material, away < NEAR * size)
    fade = mesh.attributes.new(FADE, "FLOAT", "POINT")
    fade.data.foreach_set("value", taper(away, FADED * size).astype(np.float32))
    faded, plain = mesh.materials[material].copy(), mesh.materials[material].copy()
    faded.name, plain.name = f"{mesh.materials[material].name} fading", f"{mesh.materials[material].name} of body"
    _fade(faded, colour)
    _plain(plain, colour)
    body = mesh.polygons[int(joined.band[0])].material_index
    while len(mesh.materials) <= body:
        mesh.materials.append(None)
    mesh.materials[material], mesh.materials[body] = faded, plain


def _material_at(mesh: bpy.types.Mesh, ring: Rows, band: Rows) -> int:
    """Which material the avatar's faces at the seam have."""
    near, own = set(ring.tolist()), set(band.tolist())
    face = next(each for each in mesh.polygons if each.index not in own and len(near.intersection(each.vertices)) > 1)
    return int(face.material_index)


def _colours(material: bpy.types.Material) -> bpy.types.Image | None:
    """The picture of a skin material's colours."""
    nodes = material.node_tree.nodes if material.node_tree else ()
    images = [each.image for each in nodes if each.type == "TEX_IMAGE" and each.image]
    marked = [each for each in images if each.get(ROLE) == "base_color"]
    shader = _shader(material)
    if not marked and shader is not None:
        links = shader.inputs["Base Color"].links
        marked = [links[0].from_node.image] if links and links[0].from_node.type == "TEX_IMAGE" else []
    return next(iter(marked), None)


def _mean_colour(mesh: bpy.types.Mesh, image: bpy.types.Image, material: int, near: np.ndarray) -> Places:
    """(3,) the mean of the picture, in linear light, at the corners near the seam."""
    width, height = image.size
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    grid = pixels.reshape(height, width, image.channels)[:, :, :3]
    layer = next((each for each in mesh.uv_layers if each.active_render), mesh.uv_layers[0])
    found = [
        layer.uv[loop].vector[:]
        for face in mesh.polygons
        if face.material_index == material
        for vertex, loop in zip(face.vertices, face.loop_indices, strict=True)
        if near[vertex]
    ]
    uv = np.array(found)
    rows = np.clip((uv[:, 1] * height).astype(int), 0, height - 1)
    columns = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
    colours = grid[rows, columns].astype(np.float64)
    if image.colorspace_settings.name == "sRGB" and not image.is_float:
        colours = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return colours.mean(axis=0)


def _shader(material: bpy.types.Material) -> bpy.types.Node | None:
    nodes = material.node_tree.nodes if material.node_tree else ()
    return next((each for each in nodes if each.type == "BSDF_PRINCIPLED"), None)


def _fade(material: bpy.types.Material, colour: Places) -> None:
    """What the shader gets of a picture becomes the one colour at the seam."""
    tree, shader = material.node_tree, _shader(material)
    mix = tree.nodes.new("ShaderNodeMix")
    mix.data_type = "RGBA"
    mix.location = (shader.location.x - 220, shader.location.y + 120)
    factor = tree.nodes.new("ShaderNodeAttribute")
    factor.attribute_name = FADE
    factor.location = (mix.location.x - 220, mix.location.y + 120)
    tree.links.new(factor.outputs["Fac"], mix.inputs["Factor"])
    socket = shader.inputs["Base Color"]
    a, b = (each for each in mix.inputs if each.type == "RGBA")
    if socket.links:
        tree.links.new(socket.links[0].from_socket, a)
    b.default_value = (*colour, 1.0)
    tree.links.new(next(each for each in mix.outputs if each.type == "RGBA"), socket)


def _plain(material: bpy.types.Material, colour: Places) -> None:
    """The shader without its pictures, in the one colour."""
    tree, shader = material.node_tree, _shader(material)
    for socket in shader.inputs:
        for link in list(socket.links):
            tree.links.remove(link)
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    material.diffuse_color = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = 0.5
    for node in [each for each in tree.nodes if each.type not in ("BSDF_PRINCIPLED", "OUTPUT_MATERIAL")]:
        tree.nodes.remove(node)
