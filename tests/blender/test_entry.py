# SPDX-License-Identifier: Apache-2.0
"""Ways in and out: files that are dropped, recipes, VRM, photographs, people of the gallery at a place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import bpy
import pytest
from mathutils import Vector

Part = Callable[[str], ModuleType]
SMALL = {"topology": "shell", "faces": 1000, "texture_size": 128, "lattice": 64}
_calls: list[str] = []


@pytest.fixture
def session(scene: Any, part: Part, engine: Path) -> Iterator[Any]:
    """The session with an engine; ended afterwards."""
    found = part("jobs.session").session
    yield found
    found.restart()
    found.notices.forget()


@pytest.fixture
def avatar(scene: Any, part: Part, avatar_copy: Path) -> Any:
    return part("scene.bring_in").bring_in(avatar_copy, "Ada")


def low_box(part: Part, avatar: Any) -> Any:
    bpy.context.view_layer.update()
    return part("scene.placing").box_of(avatar.meshes)


def test_an_imported_avatar_stands_at_the_cursor(scene: Any, part: Part, avatar_copy: Path) -> None:
    scene.cursor.location = (2, 3, 0.5)
    assert bpy.ops.portraitkit.import_avatar(filepath=str(avatar_copy)) == {"FINISHED"}
    (avatar,) = part("scene.identity").avatars_of()
    assert tuple(avatar.armature.location)[:2] == (2, 3)
    assert low_box(part, avatar).low.z == pytest.approx(0.5, abs=1e-4)
    assert bpy.ops.portraitkit.import_avatar(filepath=str(avatar_copy), location=(2, 3, 1)) == {"FINISHED"}
    dropped = next(each for each in part("scene.identity").avatars_of() if each.name != avatar.name)
    assert low_box(part, dropped).low.z == pytest.approx(1.0, abs=1e-4), "where it was dropped, whatever stands there"
    assert tuple(dropped.armature.location)[:2] == (2, 3)


def test_a_foreign_file_goes_to_blenders_own_importer(scene: Any, part: Part, tmp_path: Path) -> None:
    mesh = bpy.data.meshes.new("cube")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    scene.collection.objects.link(bpy.data.objects.new("cube", mesh))
    path = tmp_path / "cube.glb"
    bpy.ops.export_scene.gltf(filepath=str(path))
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    assert bpy.ops.portraitkit.import_avatar(filepath=str(path)) == {"FINISHED"}
    assert [each.type for each in bpy.data.objects] == ["MESH"] and not part("scene.identity").avatars_of()
    handlers = {each.bl_idname: each for each in bpy.types.FileHandler.__subclasses__()}
    assert handlers["PORTRAITKIT_FH_avatar"].bl_file_extensions == ".glb;.gltf"
    assert handlers["PORTRAITKIT_FH_recipe"].bl_file_extensions == ".portrait"


def test_a_recipe_goes_out_and_comes_in(session: Any, part: Part, avatar: Any, tmp_path: Path) -> None:
    path = tmp_path / "Ada.portrait"
    bpy.context.view_layer.objects.active = avatar.armature
    assert bpy.ops.portraitkit.save_recipe(filepath=str(path)) == {"FINISHED"}
    assert json.loads(path.read_text())["recipe"]["seed"] == 7
    again = tmp_path / "Bea.portrait"
    again.write_text(json.dumps({"recipe": {**avatar.recipe, **SMALL, "seed": 3}}))
    assert bpy.ops.portraitkit.import_recipe(filepath=str(again), location=(1, 2, 3)) == {"FINISHED"}
    made = next(each for each in part("scene.identity").avatars_of() if each.name == "Bea")
    assert made.recipe["seed"] == 3 and tuple(made.armature.location)[:2] == (1, 2)
    for content in ("{ broken", '{"colour": "red"}', "[1]"):
        again.write_text(content)
        with pytest.raises(RuntimeError, match=r"Bea\.portrait holds no recipe"):
            bpy.ops.portraitkit.import_recipe(filepath=str(again))


class IMPORT_SCENE_OT_vrm(bpy.types.Operator):
    """Stands in for the VRM add-on's importer, under its name."""

    bl_idname = "import_scene.vrm"
    bl_label = "VRM"
    filepath: bpy.props.StringProperty()

    def execute(self, context: bpy.types.Context) -> set[str]:
        kept = Path(self.filepath).with_name("taken.vrm")
        shutil.copy2(self.filepath, kept)
        _calls.append(str(kept))
        return {"FINISHED"}


def test_vrm_without_the_addon_for_it(session: Any, part: Part, avatar: Any, tmp_path: Path) -> None:
    bpy.context.view_layer.objects.active = avatar.armature
    assert not bpy.ops.portraitkit.bring_in_vrm.poll()
    assert "Get Extensions" in part("jobs.vrm").needs_vrm_addon(bpy.context)
    path = tmp_path / "Ada.vrm"
    assert bpy.ops.portraitkit.export_vrm(filepath=str(path), author="Ada Maker") == {"FINISHED"}
    tree = part("scene.glb_facts").read_tree(path)
    assert tree["extensions"]["VRMC_vrm"]["meta"]["authors"] == ["Ada Maker"]
    assert part("scene.glb_facts").facts_in(tree)["recipe"]["seed"] == 7
    own = part("base.preferences_access")
    assert own.preference("author", "") == "Ada Maker", "asked once"
    own.preferences().property_unset("author")


def test_vrm_in_one_click(session: Any, part: Part, avatar: Any, tmp_path: Path) -> None:
    bpy.utils.register_class(IMPORT_SCENE_OT_vrm)
    try:
        bpy.context.view_layer.objects.active = avatar.armature
        assert bpy.ops.portraitkit.bring_in_vrm.poll()
        assert bpy.ops.portraitkit.bring_in_vrm(author="Ada Maker") == {"FINISHED"}
        (taken,) = _calls
        tree = part("scene.glb_facts").read_tree(Path(taken))
        assert "VRMC_vrm" in tree["extensions"]
        assert not part("jobs.arrivals").arrivals.waiting and "as VRM" in session.notices.said.template
        assert [each.name for each in Path(taken).parent.glob("*.vrm")] == ["taken.vrm"], "the cache is cleared"
    finally:
        bpy.utils.unregister_class(IMPORT_SCENE_OT_vrm)
        part("base.preferences_access").preferences().property_unset("author")


def test_vrm_waits_as_an_avatar_does(
    session: Any, part: Part, avatar: Any, avatar_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is brought in by somebody else's hands waits for a clear coast, also in the next Blender, and stays in the
    list when it fails."""
    arrivals, arrival = part("jobs.arrivals").arrivals, part("jobs.arrival").Arrival
    brought: list[Path] = []

    def hands(path: Path, name: str) -> None:
        if name == "Bad":
            raise RuntimeError("no")
        brought.append(path)

    monkeypatch.setitem(part("jobs.arrival").HANDS, "test", hands)
    kept = part("jobs.kept_arrivals")
    notes = part("base.preferences_access").own_folder("waiting")
    arrivals.at_once = False
    try:
        bpy.context.view_layer.objects.active = avatar.mesh
        bpy.ops.object.mode_set(mode="EDIT")
        origin, asked = part("jobs.files").open_file(), part("scene.undisturbed").asked_from(bpy.context)
        arrivals.arrive(arrival(avatar_copy, "Good", origin, asked, hands="test"))
        assert not brought and len(arrivals.waiting) == 1
        kept.note(arrivals.waiting)
        assert len(list(notes.glob("*.json"))) == 1
        kept.leave()  # as at Blender's end
        (again,) = kept.take_up()
        assert (again.path, again.name, again.hands) == (avatar_copy, "Good", "test") and again.by_hand
        bpy.ops.object.mode_set(mode="OBJECT")
        while arrivals.step():
            pass
        assert brought == [avatar_copy] and not arrivals.waiting
        bad = arrival(avatar_copy, "Bad", origin, asked, hands="test")
        arrivals.arrive(bad)
        while arrivals.step():
            pass
        assert "no" in str(bad.failure) and [each.name for each in arrivals.waiting] == ["Bad"]
    finally:
        arrivals.at_once = True
        arrivals.waiting.clear()
        kept.note([])
        session.ticker.stop()


@pytest.fixture
def knows_photographs(part: Part, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An engine that has told that it reads photographs; the networks are there where ``ready`` says so."""
    session, told = part("jobs.session").session, {"ready": True, "megabytes": 39}
    known = {"version": "1", "features": ["photo"], "models": [], "photographs": told}
    monkeypatch.setattr(type(session), "capabilities", property(lambda self: known))
    monkeypatch.setattr(part("jobs.attributes"), "_capabilities", known)
    monkeypatch.setenv("PORTRAITKIT_ENGINE_PYTHON", "somewhere")
    return told


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "Ada.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    return path


def test_photographs_are_left_alone_until_an_engine_takes_them(
    scene: Any, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, session = part("jobs.photo"), part("jobs.session").session
    view = SimpleNamespace(area=SimpleNamespace(type="VIEW_3D"))
    assert not photo.PORTRAITKIT_FH_photo.poll_drop(view)
    monkeypatch.setenv("PORTRAITKIT_ENGINE_PYTHON", "somewhere")
    old = {"version": "0", "features": [], "models": []}
    monkeypatch.setattr(type(session), "capabilities", property(lambda self: old))
    assert not photo.PORTRAITKIT_FH_photo.poll_drop(view) and not bpy.ops.portraitkit.from_photo.poll()


def test_a_photograph_makes_a_person(scene: Any, part: Part, picture: Path, knows_photographs: Any) -> None:
    photo = part("jobs.photo")
    view = SimpleNamespace(area=SimpleNamespace(type="VIEW_3D"))
    assert photo.PORTRAITKIT_FH_photo.poll_drop(view) and bpy.ops.portraitkit.from_photo.poll()
    assert not photo.PORTRAITKIT_FH_photo.poll_drop(SimpleNamespace(area=SimpleNamespace(type="IMAGE_EDITOR")))
    work = photo.from_photo(picture, {"faces": 1000}, {"person": 2, "move": False}, fetch=False)
    assert next(work).do == "ping"
    asked = work.send({})
    wanted = {"path": str(picture), "recipe": {"faces": 1000}, "person": 2, "move": False}
    assert (asked.do, asked.fields) == ("photo", wanted)
    made = work.send({"recipe": {"model": "starter", "latent": [0.5], "likeness": "{}"}, "warnings": []})
    recipe = {"faces": 1000, "model": "starter", "latent": [0.5], "likeness": "{}"}
    assert made.do == "generate" and made.fields["recipe"] == recipe and made.fields["name"] == "Ada"
    work.close()
    with pytest.raises(RuntimeError, match="is no picture"):
        bpy.ops.portraitkit.from_photo(filepath=str(picture.with_name("none.png")))
    with pytest.raises(RuntimeError, match="No avatar is selected"):
        bpy.ops.portraitkit.from_photo(filepath=str(picture), what="POSE")


def test_networks_are_fetched_only_when_the_user_says_so(
    scene: Any, part: Part, picture: Path, knows_photographs: dict[str, Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    photo, failure = part("jobs.photo"), part("core.failure").Failure
    knows_photographs["ready"] = False
    work = photo.from_photo(picture, {}, {}, fetch=False)
    assert next(work).do == "ping"
    with pytest.raises(failure, match="not there yet"):
        work.send({})
    wheel = tmp_path / "mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl"
    for folder in (None, tmp_path):
        monkeypatch.setattr(photo, "preferred_path", lambda name, folder=folder: folder)
        wheel.write_bytes(b"")
        work = photo.from_photo(picture, {}, {}, fetch=True)
        next(work)
        if folder is None and not bpy.app.online_access:
            with pytest.raises(failure, match="may not go online"):
                work.send({})
            continue
        asked = work.send({})
        assert (asked.do, asked.fields) == ("photo_setup", {"wheels": [str(wheel)] if folder else []})
        assert work.send({"missing": []}).do == "photo" and photo.reads()
        work.close()
        knows_photographs["ready"] = False


def test_an_avatar_is_posed_and_seen_as_in_a_photograph(
    scene: Any, part: Part, picture: Path, knows_photographs: Any, avatar_file: Path
) -> None:
    avatar = part("scene.bring_in").bring_in(avatar_file, "Ada")
    avatar.armature.location = (1.0, 2.0, 0.0)
    # A level camera at the subject's left, which is +x: it looks along -x, its x axis to the subject's back.
    cam2world = [[0, 0, -1, 2.7], [0, -1, 0, 0.06], [-1, 0, 0, 0], [0, 0, 0, 1]]
    asked = part("scene.undisturbed").asked_from(bpy.context)
    answer = {"pose": {"neck": [0, 0.2, 0], "head": [0, 0.2, 0]}, "confidence": 0.3}
    for focal in (6.5, 5.0):
        work = part("jobs.photo").like_photo(picture, avatar.identity, {}, asked, fetch=False)
        next(work)
        assert work.send({}).do == "photo_view"
        with pytest.raises(StopIteration):
            work.send({**answer, "camera": {"cam2world": cam2world, "focal": focal}})
        bpy.context.view_layer.update()
        (camera,) = [each for each in scene.objects if each.type == "CAMERA"]
        assert scene.camera is camera and camera.data.lens == pytest.approx(focal * 36)
    assert part("scene.pose").read_pose(avatar)["head"] == pytest.approx((0, 0.2, 0), abs=1e-5)
    place, towards = camera.matrix_world.translation, camera.matrix_world.to_quaternion() @ Vector((0, 0, -1))
    assert (place - avatar.armature.matrix_world @ Vector((2.7, 0, 0.06))).length < 1e-5
    assert (towards - Vector((-1, 0, 0))).length < 1e-5
    assert (camera.matrix_world.to_quaternion() @ Vector((0, 1, 0)) - Vector((0, 0, 1))).length < 1e-5
    assert "does not show it well" in str(part("jobs.notices").notices.said)


def test_the_person_of_a_photograph_stays_with_its_settings(scene: Any, part: Part) -> None:
    recipes, settings = part("jobs.recipes"), bpy.context.scene.portraitkit
    recipes.show(settings, {"model": "starter", "latent": [0.25, 1.0], "likeness": "{}", "topology": "parts"})
    made = recipes.from_settings(settings, "parts")
    assert made["likeness"] == "{}" and made["latent"] == [0.25, 1.0]
    assert "likeness" not in recipes.looks(made), "people of the gallery are the model's own"
    settings.seed = 5
    made = recipes.from_settings(settings, "parts")
    assert "likeness" not in made and made["seed"] == 5


def test_rays_meet_things_and_the_floor(scene: Any, part: Part) -> None:
    place_along = part("scene.under_mouse").place_along
    mesh = bpy.data.meshes.new("table")
    mesh.from_pydata([(-1, -1, 1), (1, -1, 1), (1, 1, 1), (-1, 1, 1)], [], [(0, 1, 2, 3)])
    scene.collection.objects.link(bpy.data.objects.new("table", mesh))
    bpy.context.view_layer.update()
    down = Vector((0, 0, -1))
    assert place_along(Vector((0.5, 0.2, 5)), down, bpy.context) == Vector((0.5, 0.2, 1))
    assert place_along(Vector((3, 0, 5)), down, bpy.context) == Vector((3, 0, 0))
    assert place_along(Vector((3, 0, 5)), -down, bpy.context) is None, "the sky"
    assert place_along(Vector((3, 0, 5)), Vector((1, 0, 0)), bpy.context) is None, "the horizon"


@pytest.fixture
def people(scene: Any, part: Part) -> Iterator[Any]:
    gallery = part("jobs.gallery").gallery
    gallery.begin("Explore", [{"model": "starter", "seed": seed, "psi": 1.0} for seed in range(12)])
    yield gallery
    gallery.clear()


def test_a_picture_that_is_let_go_makes_the_person_there(session: Any, part: Part, people: Any) -> None:
    settings = bpy.context.scene.portraitkit
    settings.topology, settings.faces, settings.texture_size, settings.lattice = "shell", 1000, "128", 64
    settings.seed = 99
    assert bpy.ops.portraitkit.place_person(index=4, location=(1, 2, 0.25)) == {"FINISHED"}
    (made,) = part("scene.identity").avatars_of()
    assert made.recipe["seed"] == 4 and made.recipe["faces"] == 1000
    assert tuple(made.armature.location)[:2] == (1, 2)
    assert low_box(part, made).low.z == pytest.approx(0.25, abs=1e-4)
    assert settings.seed == 99, "the panel shows what it did"
    with pytest.raises(RuntimeError, match="12"):
        bpy.ops.portraitkit.place_person(index=12)


def test_the_strip_shows_the_picked_one(part: Part, people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    strip = part("ui.gallery_strip")
    assert strip.shown_range(12, None, 500, 166) == range(3)
    assert strip.shown_range(12, 4, 500, 166) == range(3, 6)
    assert strip.shown_range(12, 11, 500, 166) == range(9, 12)
    assert strip.shown_range(2, 1, 900, 166) == range(2) and strip.shown_range(5, 4, 10, 166) == range(4, 5)
    tools = SimpleNamespace(type="TOOLS", x=0, width=50)
    sidebar = SimpleNamespace(type="UI", x=1000, width=300)
    window = SimpleNamespace(type="WINDOW", x=0, width=1300, height=900)
    context = SimpleNamespace(
        area=SimpleNamespace(regions=[tools, sidebar, window], tag_redraw=lambda: None),
        region=window,
        preferences=bpy.context.preferences,
        region_data=None,
    )
    found = strip.places(context)
    scale = strip.scale_of(context)
    edge = 160 * scale
    assert all(each[2] == edge for each in found.values()) and list(found) == list(range(len(found)))
    assert min(each[0] for each in found.values()) > 50 and max(each[0] for each in found.values()) + edge < 1000
    strip.let_go(context, 2, (200, 80), moved=False)
    assert people.picked == 2, "a click picks"
    assert strip.on_strip(context, (80, 80)) and not strip.on_strip(context, (80, 500))


def test_gallery_asks_for_heads(session: Any, part: Part, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And for less from an engine that knows no heads: an unknown field would be an error."""
    workflows = part("jobs.workflows")
    for features, framing in ((("preview",), None), (("preview", "head_shots"), "head")):
        monkeypatch.setattr(type(session), "has_feature", lambda self, name, known=features: name in known)
        asked = next(workflows.preview("Explore", [{"seed": 1}]))
        assert asked.fields.get("framing") == framing and asked.fields["size"] >= 160
