# SPDX-License-Identifier: Apache-2.0
"""Where avatars stand that come in, many at once, favourites, and the ways in through Blender's menus."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import bpy
import pytest

Part = Callable[[str], ModuleType]


def block(name: str, low: tuple[float, float, float], high: tuple[float, float, float]) -> bpy.types.Object:
    """A box as a mesh object."""
    corners = [(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(corners, [], [(0, 1, 3, 2), (4, 6, 7, 5)])
    made = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(made)
    return made


def shown_box(part: Part, avatar: Any) -> Any:
    bpy.context.view_layer.update()
    return part("scene.placing").box_of(avatar.meshes)


def put(part: Part, path: Path, name: str = "Ada", **options: Any) -> tuple[Any, str]:
    avatar = part("scene.bring_in").bring_in(path, name)
    said = part("scene.placing").put(avatar, bpy.context.scene.cursor.location.copy(), **options)
    return avatar, said.template


def test_feet_on_the_floor_at_the_cursor(scene: Any, part: Part, avatar_copy: Path) -> None:
    scene.cursor.location = (2, 3, 0.5)
    avatar, said = put(part, avatar_copy)
    box = shown_box(part, avatar)
    assert box.low.z == pytest.approx(0.5, abs=1e-4)
    assert tuple(avatar.armature.location)[:2] == (2, 3) and "at the 3D cursor" in said


def test_neck_at_the_cursor(scene: Any, part: Part, avatar_copy: Path) -> None:
    scene.cursor.location = (2, 3, 0.5)
    avatar, _ = put(part, avatar_copy, on_floor=False)
    assert tuple(avatar.armature.location) == (2, 3, 0.5)


def test_beside_what_stands_there(scene: Any, part: Part, avatar_copy: Path) -> None:
    """Blender's cube would hide it; a floor, a room around it and what is hidden would not."""
    cube = block("cube", (-1, -1, -1), (1, 1, 1))
    block("floor", (-2, -2, 0), (2, 2, 0))
    block("room", (-9, -9, -1), (9, 9, 4))
    block("hidden", (1, -1, 0), (3, 1, 1)).hide_set(True)
    avatar, said = put(part, avatar_copy)
    box = shown_box(part, avatar)
    assert not box.meets(part("scene.placing").box_of([cube]))
    assert 1 < box.low.x < 2 and "beside" in said
    other, _ = put(part, avatar_copy, "Bea")
    assert not shown_box(part, other).meets(box)


@pytest.fixture
def folder(avatar_file: Path, tmp_path: Path) -> Path:
    """A batch folder: five avatars, one with a picture, a foreign file and a broken one."""
    found = tmp_path / "batch"
    (found / "deeper").mkdir(parents=True)
    for number in range(5):
        shutil.copy2(avatar_file, found / ("deeper" if number == 4 else ".") / f"person-{number}.glb")
    (found / "broken.glb").write_bytes(b"glTF")
    return found


def test_a_crowd_from_a_folder_stands_in_a_grid(scene: Any, part: Part, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    assert bpy.ops.portraitkit.crowd(source="FOLDER", directory=str(folder)) == {"FINISHED"}
    avatars = part("scene.identity").avatars_of()
    assert sorted(each.name for each in avatars) == [f"person-{number}" for number in range(5)]
    places = sorted((each.armature.location.y, each.armature.location.x) for each in avatars)
    rows = sorted({round(y, 3) for y, _ in places})
    assert [sum(abs(y - row) < 0.01 for y, _ in places) for row in rows] == [3, 2]
    assert len({round(x, 3) for _, x in places}) == 3
    boxes = [shown_box(part, each) for each in avatars]
    assert not any(one.meets(other) for one in boxes for other in boxes if one is not other)
    assert sorted(folder.rglob("*")) == before, "the user's files stay"
    with pytest.raises(RuntimeError, match="No avatar"):
        (folder / "empty").mkdir()
        bpy.ops.portraitkit.crowd(source="FOLDER", directory=str(folder / "empty"))


def test_a_crowd_waits_as_one_does(scene: Any, part: Part, folder: Path) -> None:
    arrivals = part("jobs.arrivals").arrivals
    arrivals.at_once = False
    try:
        thing = block("work", (0, 0, 0), (1, 1, 1))
        bpy.context.view_layer.objects.active = thing
        bpy.ops.object.mode_set(mode="EDIT")
        assert bpy.ops.portraitkit.crowd(source="FOLDER", directory=str(folder), count=2) == {"FINISHED"}
        assert arrivals.step() and len(arrivals.waiting) == 2 and not part("scene.identity").avatars_of()
        bpy.ops.object.mode_set(mode="OBJECT")
        while arrivals.step():
            pass
        assert len(part("scene.identity").avatars_of()) == 2
    finally:
        arrivals.at_once = True
        part("jobs.session").session.ticker.stop()


def test_a_crowd_out_of_the_gallery(scene: Any, part: Part, engine: Path) -> None:
    gallery = part("jobs.gallery").gallery
    settings = scene.portraitkit
    settings.topology, settings.faces, settings.texture_size, settings.lattice = "shell", 1000, "128", 64
    gallery.begin("Explore", [{"model": "starter", "seed": seed} for seed in (3, 4, 5)])
    assert bpy.ops.portraitkit.crowd(source="GALLERY", count=2) == {"FINISHED"}
    found = {each.recipe["seed"]: each.recipe["faces"] for each in part("scene.identity").avatars_of()}
    assert found == {3: 1000, 4: 1000}
    gallery.clear()
    with pytest.raises(RuntimeError, match="gallery is empty"):
        bpy.ops.portraitkit.crowd(source="GALLERY")
    part("jobs.session").session.restart()


@pytest.fixture
def pictures(scene: Any, part: Part, tmp_path: Path) -> Iterator[Any]:
    """A gallery of three people with their pictures."""
    gallery = part("jobs.gallery").gallery
    gallery.begin("Explore", [{"model": "starter", "seed": seed, "psi": 1.0} for seed in range(3)])
    for index in range(3):
        image = bpy.data.images.new("picture", 256, 256)
        path = tmp_path / f"{index}.png"
        image.filepath_raw, image.file_format = str(path), "PNG"
        image.save()
        bpy.data.images.remove(image)
        gallery.show(index, path)
    yield gallery
    gallery.clear()


def test_pictures_are_choices_that_can_be_clicked(scene: Any, part: Part, pictures: Any) -> None:
    manager, name = bpy.context.window_manager, part("jobs.gallery_view").PROPERTY
    setattr(manager, name, "2")
    assert (pictures.picked, scene.portraitkit.seed, getattr(manager, name)) == (2, 2, "2")
    assert bpy.ops.portraitkit.step_gallery() == {"FINISHED"} and pictures.picked == 0
    assert bpy.ops.portraitkit.step_gallery(by=-1) == {"FINISHED"} and pictures.picked == 2
    choices = part("jobs.gallery_view")._choices(manager, bpy.context)
    assert [each[1] for each in choices] == ["1 of 3", "2 of 3", "3 of 3"]


def test_favourites_are_kept(scene: Any, part: Part, pictures: Any) -> None:
    favourites = part("jobs.favourites")
    with pytest.raises(RuntimeError, match="no favourites"):
        bpy.ops.portraitkit.show_favourites()
    assert bpy.ops.portraitkit.favourite(index=1) == {"FINISHED"}
    assert bpy.ops.portraitkit.favourite(index=2) == {"FINISHED"}
    pictures.clear()
    assert bpy.ops.portraitkit.show_favourites() == {"FINISHED"}
    assert [each.recipe["seed"] for each in pictures.cells] == [1, 2] and pictures.made == 2
    kept = [each.path for each in pictures.cells]
    pictures.clear()
    assert all(each.is_file() for each in kept), "another gallery does not delete them"
    bpy.ops.portraitkit.show_favourites()
    assert bpy.ops.portraitkit.favourite(index=0) == {"FINISHED"}
    assert [each.recipe["seed"] for each in favourites.kept()] == [2]
    (favourites.folder() / favourites.LIST).write_text("{ broken")
    favourites._read.cache_clear()
    assert favourites.kept() == []
    shutil.rmtree(favourites.folder())


def test_menus_lead_to_it(scene: Any, part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    layout = SimpleNamespace(
        operator=lambda name, **more: said.append(name) or SimpleNamespace(),
        menu=lambda name, **more: said.append(name),
        label=lambda text, **more: said.append(text),
        separator=lambda: None,
    )
    menus = part("ui.menus")
    for name, draw in menus.MENUS:
        assert draw in getattr(bpy.types, name)._dyn_ui_initialize()
        draw(SimpleNamespace(layout=layout), bpy.context)
    monkeypatch.delenv("PORTRAITKIT_ENGINE_PYTHON", raising=False)
    menus.PORTRAITKIT_MT_add.draw(SimpleNamespace(layout=layout), bpy.context)
    assert {"PORTRAITKIT_MT_add", "portraitkit.import_avatar", "portraitkit.export_avatar"} <= set(said)
    assert "portraitkit.set_up_engine" in said and "portraitkit.generate" not in said


def test_linked_avatars_say_why(scene: Any, part: Part, avatar_copy: Path, tmp_path: Path) -> None:
    """Linked: looked at alone. Overridden: posed, but not made anew. Never an error half way."""
    avatar = part("scene.bring_in").bring_in(avatar_copy, "Ada")
    library = tmp_path / "people.blend"
    bpy.data.libraries.write(str(library), {avatar.collection}, fake_user=True)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.collections = ["Ada"]
    linked = wanted.collections[0]
    bpy.context.scene.collection.children.link(linked)
    bpy.context.view_layer.objects.active = next(each for each in linked.objects if each.type == "ARMATURE")
    for name in ("mark_asset", "hair_curves", "regenerate", "reset_pose"):
        assert not getattr(bpy.ops.portraitkit, name).poll(), name
    override = linked.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
    rig = next(each for each in override.all_objects if each.type == "ARMATURE")
    bpy.context.view_layer.objects.active = rig
    assert bpy.ops.portraitkit.reset_pose.poll()
    assert bpy.ops.portraitkit.reset_pose() == {"FINISHED"}
    assert not bpy.ops.portraitkit.mark_asset.poll()
