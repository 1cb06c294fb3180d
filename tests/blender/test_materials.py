# SPDX-License-Identifier: Apache-2.0
"""Materials of an avatar of parts: light as it is on skin, eyes and hair, images as Blender needs them, all its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

Part = Callable[[str], ModuleType]


def materials_of(avatar: Any) -> dict[str, bpy.types.Material]:
    """By the part that each says it is for."""
    return {each["portraitkit_part"]: each for mesh in avatar.meshes for each in mesh.data.materials}


def shader(material: bpy.types.Material) -> bpy.types.ShaderNode:
    return next(each for each in material.node_tree.nodes if each.type == "BSDF_PRINCIPLED")


def value(material: bpy.types.Material, socket: str) -> float:
    return float(shader(material).inputs[socket].default_value)


def images_of(material: bpy.types.Material) -> list[bpy.types.Image]:
    return [each.image for each in material.node_tree.nodes if each.type == "TEX_IMAGE" and each.image]


@pytest.fixture
def avatar(scene: Any, part: Part, parts_avatar_file: Path) -> Any:
    return part("scene.bring_in").bring_in(parts_avatar_file, "Ada")


def test_skin_teeth_and_tongue_scatter_and_nothing_else(avatar: Any) -> None:
    found = materials_of(avatar)
    scattering = {name for name, each in found.items() if value(each, "Subsurface Weight") > 0}
    assert scattering == {"skin", "teeth", "tongue"}
    skin = shader(found["skin"])
    scale = value(found["skin"], "Subsurface Scale")
    red, green, blue = (1000 * scale * each for each in skin.inputs["Subsurface Radius"].default_value)
    assert (red, green, blue) == pytest.approx((3.7, 1.3, 0.7), abs=0.1), "millimetres"
    assert skin.inputs["Roughness"].is_linked and found["skin"].surface_render_method == "DITHERED"


def test_eyes_are_clear_and_shine(avatar: Any) -> None:
    """A cornea reflects about 2.5 % of what comes straight on, and lets the iris through."""
    found = materials_of(avatar)
    cornea = shader(found["cornea"])
    factor = cornea.inputs["Alpha"].links[0].from_node
    opacity = next(each.default_value for each in factor.inputs if not each.is_linked)
    index = value(found["cornea"], "Coat IOR")
    reflected = opacity * value(found["cornea"], "Coat Weight") * ((index - 1) / (index + 1)) ** 2
    assert opacity < 0.2 and 0.02 < reflected < 0.03
    assert value(found["cornea"], "Coat Roughness") < 0.05 and value(found["eye"], "Coat Weight") > 0.5
    assert {name for name, each in found.items() if each.surface_render_method == "BLENDED"} == {
        *("cornea", "tear", "lashes", "brows")
    }


def test_cloth_has_sheen_and_hair_a_relief(avatar: Any) -> None:
    found = materials_of(avatar)
    assert value(found["garment"], "Sheen Weight") == 1.0
    assert all(shader(found[name]).inputs["Normal"].is_linked for name in ("hair", "garment"))
    assert value(found["hair"], "Roughness") < value(found["garment"], "Roughness")


def test_colours_are_colours_and_numbers_are_none(avatar: Any) -> None:
    for name, material in materials_of(avatar).items():
        for image in images_of(material):
            wanted = "sRGB" if image["portraitkit_map"] == "base_colour" else "Non-Color"
            assert image.colorspace_settings.name == wanted, (name, image.name)
            assert image.packed_file is not None and not image.is_float, image.name


def test_two_of_one_file_share_no_data(avatar: Any, part: Part, parts_avatar_file: Path) -> None:
    """Who paints on one of them does not paint on the other."""
    other = part("scene.bring_in").bring_in(parts_avatar_file, "Eve")

    def blocks(who: Any) -> set[bpy.types.ID]:
        own = set(materials_of(who).values())
        return own | {image for each in own for image in images_of(each)} | {each.data for each in who.meshes}

    assert not blocks(avatar) & blocks(other)
    assert len(blocks(avatar)) == len(blocks(other))
    assert not [each.name for each in bpy.data.images if each.name[-4:-3] == "."]


def test_a_saved_scene_is_about_as_large_as_the_file(avatar: Any, tmp_path: Path, parts_avatar_file: Path) -> None:
    """Packed once, as the file has them: no image is written as raw pixels."""
    path = tmp_path / "ada.blend"
    bpy.data.orphans_purge(do_recursive=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True)
    assert path.stat().st_size < 2 * parts_avatar_file.stat().st_size + 1_000_000
    bpy.ops.wm.open_mainfile(filepath=str(path))
    assert all(each.packed_file and each.size[0] for each in bpy.data.images if each.users and each.source == "FILE")
