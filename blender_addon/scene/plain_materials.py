# SPDX-License-Identifier: GPL-3.0-or-later
"""Materials as exporters of FBX and USD understand them: an image straight on each input, and factors inside it.

Those exporters see no node between an image and an input: hair would go out white, as its picture is, and packed
roughness not at all. FBX tells images apart by their paths, which packed ones have not: every part would wear one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import bpy
import numpy as np

from . import skin_shader
from .datablocks import new_since, snapshot

Block = TypeVar("Block", bound=bpy.types.ID)
_STARTS = {".png": b"\x89PNG", ".jpg": b"\xff\xd8\xff"}


@contextmanager
def plain_materials(things: Sequence[bpy.types.Object], folder: Path, *, split: bool) -> Iterator[None]:
    """Meshes show plain copies of their materials, under the same names, while this lasts.

    Images of the copies are files in ``folder``. With ``split`` each channel of a packed map is an image of its own.
    """
    seen = snapshot()
    copies: dict[bpy.types.Material, bpy.types.Material] = {}
    names: dict[bpy.types.ID, str] = {}
    slots = [slot for each in things for slot in each.material_slots if slot.material is not None]
    worn = [(slot, slot.material) for slot in slots]
    try:
        for slot, material in worn:
            if material not in copies:
                copies[material] = _copy_under_its_name(material, names)
                _plain(copies[material], names, split)
            slot.material = copies[material]
        for image in new_since(seen, "images"):
            _save(image, folder)
        yield
    finally:
        for slot, material in worn:
            slot.material = material
        for kind in ("materials", "images"):
            bpy.data.batch_remove(new_since(seen, kind))
        for block, name in names.items():
            block.name = name


def _copy_under_its_name(block: Block, names: dict[bpy.types.ID, str]) -> Block:
    """A copy that is called as its original, which gives up its name until it is given back from ``names``."""
    name = block.name
    if block.library is None:
        names[block] = name
        block.name = f"{name[:50]}.kept"
    copy = block.copy()
    copy.name = name
    return copy


def _plain(material: bpy.types.Material, names: dict[bpy.types.ID, str], split: bool) -> None:
    """Change a copy of a material that no other one uses."""
    nodes = material.node_tree.nodes if material.node_tree else ()
    images: dict[bpy.types.Image, bpy.types.Image] = {}
    for node in nodes:
        if node.type == "TEX_IMAGE" and node.image and _lies_nowhere(node.image):
            if node.image not in images:
                images[node.image] = _copy_under_its_name(node.image, names)
            node.image = images[node.image]
    for shader in [node for node in nodes if node.type == "BSDF_PRINCIPLED"]:
        _tint(material.node_tree, shader)
        if split:
            _split(material.node_tree, shader)


def _tint(tree: bpy.types.NodeTree, shader: bpy.types.ShaderNode) -> None:
    """Colour and opacity straight from one image, times their factors."""
    links, colour, alpha = tree.links, shader.inputs["Base Color"], shader.inputs["Alpha"]
    above = colour.links[0].from_node if colour.is_linked else None
    mix = above if above is not None and above.type == "MIX" else None
    picture = above if mix is None else next((link.from_node for link in links if link.to_node == mix), None)
    sums = alpha.links[0].from_node if alpha.is_linked and alpha.links[0].from_node.type == "MATH" else None
    if picture is None or picture.type != "TEX_IMAGE" or not picture.image or (mix is None and sums is None):
        return
    factor = np.ones(4, np.float32)
    if mix is not None:  # the input without a link is the factor, in linear light as the node multiplies
        own = next((each for each in mix.inputs if each.type == "RGBA" and not each.is_linked), None)
        factor[:3] = own.default_value[:3] if own is not None else 1.0
    if sums is not None and sums.operation == "MULTIPLY":
        own = next((each for each in sums.inputs if not each.is_linked), None)
        factor[3] = own.default_value if own is not None else 1.0
    rows = _pixels(picture.image)
    rows[:, :3] = _encoded(_decoded(rows[:, :3]) * factor[:3])
    rows[:, 3] *= factor[3]
    tinted = bpy.data.images.new("tinted", *picture.image.size, alpha=True)
    _rename(tinted, picture.image)
    tinted.pixels.foreach_set(rows.reshape(-1))
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = tinted
    links.new(node.outputs["Color"], colour)
    if alpha.is_linked:
        links.new(node.outputs["Alpha"], alpha)


def _split(tree: bpy.types.NodeTree, shader: bpy.types.ShaderNode) -> None:
    """A grey image for each packed channel that is read."""
    for spec in skin_shader.MAPS.values():
        for use in spec.uses:
            socket = shader.inputs.get(use.socket or "")
            if use.channel is None or socket is None or not socket.is_linked:
                continue
            parting = socket.links[0].from_node
            source = parting.inputs[0].links[0].from_node if parting.type == "SEPARATE_COLOR" else None
            packed = source.image if source is not None and source.type == "TEX_IMAGE" else None
            if packed is None:
                continue
            rows = _pixels(packed)
            rows[:, :3], rows[:, 3] = rows[:, use.channel : use.channel + 1].copy(), 1.0
            if rows[:, :3].max() <= 0.0:  # says nothing
                tree.links.remove(socket.links[0])
                socket.default_value = 0.0
                continue
            grey = bpy.data.images.new(f"{packed.name} {use.name}", *packed.size, is_data=True)
            grey.pixels.foreach_set(rows.reshape(-1))
            node = tree.nodes.new("ShaderNodeTexImage")
            node.image = grey
            tree.links.new(node.outputs["Color"], socket)


def _rename(image: bpy.types.Image, like: bpy.types.Image) -> None:
    """Take over another one's name."""
    name = like.name
    like.name = f"{name[:50]}.plain"
    image.name = name


def _pixels(image: bpy.types.Image) -> np.ndarray:
    """(N, 4) in the image's own numbers."""
    found = np.empty(4 * image.size[0] * image.size[1], np.float32)
    image.pixels.foreach_get(found)
    return found.reshape(-1, 4)


def _lies_nowhere(image: bpy.types.Image) -> bool:
    """Whether exporters find no file of an image, or one that is out of date."""
    unsaved = image.packed_file is not None or image.is_dirty or image.source == "GENERATED"
    return unsaved and image.source in ("FILE", "GENERATED") and image.size[0] > 0


def _save(image: bpy.types.Image, folder: Path) -> None:
    """Make an image a file under its own name: as it is packed, else as it is shown."""
    packed = image.packed_file.data if image.packed_file is not None and not image.is_dirty else b""
    ending = next((ending for ending, start in _STARTS.items() if packed.startswith(start)), None)
    path = folder / f"{bpy.path.clean_name(image.name)}{ending or '.png'}"
    if ending is not None:
        path.write_bytes(packed)
        image.unpack(method="REMOVE")
        image.filepath_raw = str(path)
    else:
        image.filepath_raw, image.file_format = str(path), "PNG"
        image.save()


def _decoded(values: np.ndarray) -> np.ndarray:
    """Linear light of sRGB."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _encoded(values: np.ndarray) -> np.ndarray:
    """sRGB of linear light."""
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055).astype(np.float32)


def cutoffs(things: Sequence[bpy.types.Object]) -> dict[str, float]:
    """By their names, materials that are clear where their opacity is below a number, and the number."""
    found: dict[str, float] = {}
    for material in {slot.material for each in things for slot in each.material_slots if slot.material}:
        for node in material.node_tree.nodes if material.node_tree else ():
            if node.type == "MATH" and node.operation == "LESS_THAN" and node.inputs[0].is_linked:
                found[material.name] = float(node.inputs[1].default_value)
    return found
