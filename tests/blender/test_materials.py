# SPDX-License-Identifier: Apache-2.0
"""Materials of an avatar of parts: light as it is on skin, eyes and hair, images as Blender needs them, all its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest
from mathutils import Quaternion, Vector

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


def test_solid_shows_the_colours_of_the_person(avatar: Any, part: Part, parts_avatar_file: Path) -> None:
    """Where Blender shows no pictures; what the user chose stays when the avatar is made anew."""
    found = materials_of(avatar)
    skin, cloth, hair = (tuple(found[each].diffuse_color) for each in ("skin", "garment", "hair"))
    assert 0.05 < skin[2] < skin[1] < skin[0] < 0.95 and skin[3] == 1, "skin, not the grey of a new material"
    assert len({each[:3] for each in (skin, cloth, hair)}) == 3
    assert all(found[each].diffuse_color[3] < 0.5 for each in ("cornea", "lashes", "brows"))
    found["skin"].diffuse_color = (0, 1, 0, 1)
    part("scene.replace").replace_in_place(avatar, parts_avatar_file)
    found = materials_of(avatar)
    assert tuple(found["skin"].diffuse_color) == (0, 1, 0, 1) and tuple(found["hair"].diffuse_color) == hair


def test_a_picture_too_large_to_read_has_a_colour_of_its_part(
    avatar: Any, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    mean = part("scene.mean_colour")
    found = materials_of(avatar)
    before = tuple(found["garment"].diffuse_color)
    monkeypatch.setattr(mean, "LARGEST", 4)
    for name in ("skin", "garment"):
        mean.give_display_colour(found[name], name)
    assert tuple(found["skin"].diffuse_color)[:3] == pytest.approx(mean.UNREAD["skin"])
    assert tuple(found["garment"].diffuse_color) == before


def test_a_material_goes_on_with_the_colour_of_its_new_pictures(scene: Any, part: Part) -> None:
    mean = part("scene.mean_colour")
    old, new = (bpy.data.materials.new(each) for each in ("old", "new"))
    for each, colour in ((old, (0.1, 0.2, 0.3, 1)), (new, (0.4, 0.5, 0.6, 1))):
        each.diffuse_color = colour
        each[mean.SHOWN_KEY] = list(each.diffuse_color)
    mean.keep_display_colour(old, new)
    assert tuple(old.diffuse_color) == tuple(new.diffuse_color) == tuple(old[mean.SHOWN_KEY])
    old.diffuse_color = (1, 0, 0, 1)
    mean.keep_display_colour(old, new)
    assert tuple(old.diffuse_color) == (1, 0, 0, 1), "the user's"


def test_a_view_that_nobody_turned_looks_at_the_face(avatar: Any, part: Part) -> None:
    framing = part("scene.framing")
    window = bpy.context.window_manager.windows[0]
    area = max((each for each in window.screen.areas if each.type == "VIEW_3D"), key=lambda each: each.width)
    view = area.spaces.active.region_3d
    own = view.view_rotation.copy()
    assert framing.is_blenders_own(own), "Blender's own view is another one than it was"
    assert framing.frame(avatar, window) and view.view_rotation == own, "only the first is turned to"
    assert framing.frame(avatar, window, from_front=True)
    towards = view.view_rotation @ Vector((0, 0, 1))
    assert towards.y < -0.9 and 0 < towards.z < 0.3, "from the front, a little from above"
    turned = view.view_rotation.copy()
    view.view_rotation = Quaternion((0.6, 0.5, 0.3, 0.5)).normalized()
    kept = view.view_rotation.copy()
    assert framing.frame(avatar, window, from_front=True) and view.view_rotation == kept != turned, "the user's"
