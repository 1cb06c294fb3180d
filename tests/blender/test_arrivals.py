# SPDX-License-Identifier: Apache-2.0
"""Finished avatars come into the scene without disturbing what the user does, or wait in the panel."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest
from mathutils import Vector

Part = Callable[[str], ModuleType]
MODES = ("OBJECT", "POSE", "EDIT", "SCULPT", "WEIGHT_PAINT", "TEXTURE_PAINT")
CALM = ("OBJECT", "POSE")
HAPPENINGS = ("nothing", "tool", "playback", "other scene")


@pytest.fixture
def arrivals(scene: Any, part: Part) -> Iterator[Any]:
    """As in a window: operators return at once, and steps of the session move things on."""
    found = part("jobs.arrivals").arrivals
    found.at_once = False
    yield found
    found.at_once = True
    part("jobs.notices").notices.forget()
    if bpy.context.screen.is_animation_playing:
        bpy.ops.screen.animation_cancel(restore_frame=False)


@pytest.fixture
def arrival(arrivals: Any, part: Part, avatar_file: Path, tmp_path: Path) -> Callable[..., Any]:
    """An avatar that the engine has just finished, asked for from where the window is now."""
    numbers = itertools.count()

    def make(name: str = "Ada", **more: Any) -> Any:
        path = Path(shutil.copy2(avatar_file, tmp_path / f"made-{next(numbers)}.glb"))
        asked = part("scene.undisturbed").asked_from(bpy.context)
        return part("jobs.arrival").Arrival(
            path, name, part("jobs.files").open_file(), asked, **({"waste": (path,)} | more)
        )

    return make


def come_in(arrivals: Any, steps: int = 10_000) -> int:
    """What the session's timer does, until nothing is left that comes by itself; how many steps it took."""
    before = state()
    for number in range(steps):
        if not arrivals.step():
            return number + 1
        assert state() == before, "between two steps Blender is the user's"
    raise AssertionError("it does not end")


def names(part: Part, scene: Any = None) -> list[str]:
    return sorted(
        each.name
        for each in part("scene.identity").avatars_of()
        if scene is None or each.armature.name in scene.objects
    )


def at_work(mode: str) -> list[bpy.types.Object]:
    """Somebody's work: three meshes or bones, two selected, one of them active and in ``mode``."""
    scene = bpy.context.scene
    made = []
    for number in range(3):
        if mode == "POSE":
            data: Any = bpy.data.armatures.new(f"work {number}")
        else:
            data = bpy.data.meshes.new(f"work {number}")
            data.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)], [], [(0, 1, 3, 2)])
        made.append(bpy.data.objects.new(f"work {number}", data))
        made[-1].location.x = 40 + 2 * number
        scene.collection.objects.link(made[-1])
    for each in made[:2]:
        each.select_set(True)
    bpy.context.view_layer.objects.active = made[1]
    if mode == "POSE":
        bpy.ops.object.mode_set(mode="EDIT")
        for number, each in enumerate(made[:2]):
            bone = each.data.edit_bones.new(f"bone {number}")
            bone.tail = (0, 0, 1)
    if bpy.context.mode != "OBJECT" or mode != "OBJECT":
        bpy.ops.object.mode_set(mode=mode)
    home = bpy.data.collections.new("home")
    scene.collection.children.link(home)
    layer = bpy.context.view_layer
    layer.active_layer_collection = layer.layer_collection.children["home"]
    scene.frame_start, scene.frame_end = 5, 77
    scene.frame_set(12)
    return made


def state() -> dict[str, Any]:
    """What must stay as it was."""
    window = bpy.context.window
    told: dict[str, Any] = {"scene": window.scene.name, "layer": window.view_layer.name}
    for scene in bpy.data.scenes:
        for layer in scene.view_layers:
            active = layer.objects.active
            told[f"{scene.name} {layer.name}"] = (
                sorted(each.name for each in layer.objects if each.select_get(view_layer=layer)),
                active and (active.name, active.mode),
                {each.name: each.mode for each in layer.objects if each.mode != "OBJECT"},
                layer.active_layer_collection.name,
                (scene.frame_start, scene.frame_end, scene.frame_current),
            )
    return told


def work_is_untouched(made: list[bpy.types.Object]) -> bool:
    return all(each.location.x == 40 + 2 * number for number, each in enumerate(made))


@pytest.mark.parametrize("happening", HAPPENINGS)
@pytest.mark.parametrize("mode", MODES)
def test_everything_stays_and_the_avatar_comes_or_waits(
    mode: str, happening: str, arrivals: Any, arrival: Callable[..., Any], part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    """24 cases. A tool is the one thing that this process cannot run: what Blender says of it is put in its place."""
    asking, window = bpy.context.scene, bpy.context.window
    made = at_work(mode)
    finished = arrival()
    coast = part("scene.coast")
    if happening == "tool":
        monkeypatch.setattr(coast, "tools_of", lambda _window: ["TRANSFORM_OT_translate"])
    elif happening == "playback":
        bpy.ops.screen.animation_play()
    elif happening == "other scene":
        window.scene = bpy.data.scenes.new("other")
    before = state()

    arrivals.arrive(finished)

    clear = happening == "other scene" or (mode in CALM and happening == "nothing")
    if clear:
        monkeypatch.setattr(part("jobs.arrivals"), "AT_ONCE", (0.0, 0.0))  # a fast machine would do all at once
        assert come_in(arrivals) > 1
    assert state() == before and work_is_untouched(made)
    assert names(part, asking) == (["Ada"] if clear else [])
    assert [each.name for each in arrivals.waiting] == ([] if clear else ["Ada"])
    assert finished.path.exists() != clear
    if clear:
        return
    expected = {"tool": coast.TOOL, "playback": coast.PLAYBACK}.get(happening, coast.MODE)
    assert finished.why == expected
    assert arrivals.step() and names(part) == [], "it goes on waiting"

    monkeypatch.undo()
    if happening == "playback":
        bpy.ops.screen.animation_cancel(restore_frame=False)
    if mode not in CALM:
        bpy.ops.object.mode_set(mode="OBJECT")
    before = state()
    come_in(arrivals)
    assert state() == before and work_is_untouched(made)
    assert names(part, asking) == ["Ada"] and arrivals.waiting == [] and not finished.path.exists()


def test_those_that_wait_come_in_their_order(arrivals: Any, arrival: Callable[..., Any], part: Part) -> None:
    at_work("EDIT")
    for name in ("Ada", "Bea", "Cleo"):
        arrivals.arrive(arrival(name))
    bpy.ops.object.mode_set(mode="OBJECT")
    late = arrival("Dora")
    arrivals.arrive(late)
    assert names(part) == [], "nobody comes before those that wait"
    seen: list[list[str]] = [[]]
    while arrivals.step():
        if names(part) != seen[-1]:
            seen.append(names(part))
    assert [*seen, names(part)] == [sorted(("Ada", "Bea", "Cleo", "Dora")[:count]) for count in range(5)]
    places = [bpy.data.objects[name].location.x for name in ("Ada", "Bea", "Cleo", "Dora")]
    assert places == sorted(places) and places[-1] > places[0] + 1


def test_work_ends_when_its_avatar_is_there_not_behind_another(
    arrivals: Any, arrival: Callable[..., Any], part: Part
) -> None:
    at_work("OBJECT")
    arrive = part("jobs.workflows").arrive
    works = {name: arrive(arrival(name)) for name in ("Ada", "Bea", "Cleo")}
    went_on = True
    while works:
        for name, work in list(works.items()):
            if next(work, None) is None:
                assert name in names(part), "its work is done before it is in the scene"
                del works[name]
        assert went_on or not works, "it does not end"
        went_on = arrivals.step()
    assert arrivals.waiting == [] and names(part) == ["Ada", "Bea", "Cleo"]


def test_work_ends_where_only_the_user_can_go_on(arrivals: Any, arrival: Callable[..., Any], part: Part) -> None:
    at_work("OBJECT")
    arrive = part("jobs.workflows").arrive
    first, second = arrive(arrival("Ada")), arrive(arrival("Bea"))
    assert next(first, None) is not None and next(second, None) is not None
    at_work("SCULPT")
    arrivals.step()
    assert next(second, None) is None, "it waits in the panel, not as work under way"
    assert [each.name for each in arrivals.waiting] == ["Ada", "Bea"]


def test_a_failure_keeps_the_finished_file(
    arrivals: Any, arrival: Callable[..., Any], part: Part, monkeypatch: pytest.MonkeyPatch,
    datablocks: Callable[[], dict[str, int]],
) -> None:  # fmt: skip
    at_work("OBJECT")
    finished, before, blocks = arrival(), state(), datablocks()
    with monkeypatch.context() as fault:
        fault.setattr(part("scene.bring_in"), "rig_face", lambda _avatar: 1 / 0)
        arrivals.arrive(finished)
        come_in(arrivals)
    assert "did not come in" in str(finished.failure) and part("jobs.notices").notices.error is finished.failure
    assert state() == before and datablocks() == blocks
    assert arrivals.waiting == [finished] and finished.path.is_file() and finished.by_hand
    assert arrivals.step() is False and names(part) == [], "it does not try for ever"
    assert bpy.ops.portraitkit.import_waiting(index=0) == {"FINISHED"}
    assert names(part) == ["Ada"] and arrivals.waiting == [] and state() == before


def half_way(arrivals: Any, monkeypatch: pytest.MonkeyPatch, part: Part, steps: int = 6) -> None:
    """Some steps of the one that comes in, each as short as can be."""
    monkeypatch.setattr(part("jobs.arrivals"), "AT_ONCE", (0.0, 0.0))
    for _ in range(steps):
        assert arrivals.step()
    assert arrivals.coming is not None


@pytest.mark.parametrize("anew", [False, True])
@pytest.mark.parametrize("event", ["undo", "load", "save", "removed", "tool", "made by hand"])
def test_what_happens_between_two_steps(
    event: str, anew: bool, arrivals: Any, arrival: Callable[..., Any], part: Part, avatar_file: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, datablocks: Callable[[], dict[str, int]],
) -> None:  # fmt: skip
    """Half of an avatar is there. It goes without a trace and comes again, or waits; what the user made stays."""
    old = part("scene.bring_in").bring_in(avatar_file, "Ada") if anew else None
    handlers = part("jobs.handlers")
    finished, blocks, before = arrival(replaces=old.identity if old else ""), datablocks(), state()
    arrivals.arrive(finished)
    half_way(arrivals, monkeypatch, part)
    assert state() == before and names(part) == (["Ada"] if anew else [])
    assert datablocks() != blocks, "it is half there"
    if event == "undo":  # Blender has gone back to a step from before: what came since is not there
        handlers.after_undo()
    elif event == "save":
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "work.blend"))
    elif event == "load":
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        assert come_in(arrivals) == 1
        assert finished.by_hand and names(part) == [] and finished.path.is_file()
        return
    elif event == "removed":
        half = next(each for each in bpy.data.collections if part("scene.datablocks").UNFINISHED_KEY in each)
        bpy.data.objects.remove(next(each for each in half.objects if each.type == "MESH"))
        come_in(arrivals)
        assert finished.by_hand and "removed" in str(finished.failure) and state() == before
        assert datablocks() == blocks
        return
    elif event == "tool":
        with monkeypatch.context() as busy:
            busy.setattr(part("scene.coast"), "tools_of", lambda _window: ["TRANSFORM_OT_translate"])
            assert arrivals.step() and arrivals.step() and finished.why == part("scene.coast").TOOL
    else:
        bpy.data.materials.new("mine").use_fake_user = True
        arrivals.interrupt()
        mine = bpy.data.materials["mine"]
        mine.use_fake_user = False
        bpy.data.materials.remove(mine)  # which is still there
        assert datablocks() == blocks
    if event in ("undo", "save"):
        assert datablocks() == blocks and finished.path.is_file()
    assert arrivals.waiting == [finished]
    come_in(arrivals)
    assert names(part) == ["Ada"] and arrivals.waiting == [] and not finished.path.exists()
    assert not any(part("scene.datablocks").UNFINISHED_KEY in each for each in bpy.data.collections)


def test_half_of_an_avatar_in_a_file_goes(
    arrivals: Any, arrival: Callable[..., Any], part: Part, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    datablocks: Callable[[], dict[str, int]],
) -> None:  # fmt: skip
    """An undo step or a file that was saved by Blender itself may hold it."""
    blocks = datablocks()
    arrivals.arrive(arrival())
    half_way(arrivals, monkeypatch, part)
    arrivals._steps = arrivals._coming = None  # forgotten, as by a Blender that ended
    part("scene.datablocks").remove_unfinished()
    assert datablocks() == blocks


def test_bring_in_is_grey_in_modes_that_it_would_end(arrivals: Any, arrival: Callable[..., Any], part: Part) -> None:
    at_work("SCULPT")
    arrivals.arrive(arrival())
    before = state()
    assert not bpy.ops.portraitkit.import_waiting.poll()
    assert not bpy.ops.portraitkit.import_avatar.poll()
    with pytest.raises(RuntimeError, match="object mode"):
        bpy.ops.portraitkit.import_waiting(index=0)
    assert state() == before and len(arrivals.waiting) == 1


def test_one_made_anew_waits_as_well(arrivals: Any, arrival: Callable[..., Any], part: Part, avatar_file: Path) -> None:
    avatar = part("scene.bring_in").bring_in(avatar_file, "Ada")
    avatar.armature.location = (1, 2, 3)
    old = avatar.mesh.data.session_uid
    at_work("EDIT")
    before = state()
    arrivals.arrive(arrival("Ada", replaces=avatar.identity))
    assert state() == before and avatar.mesh.data.session_uid == old
    bpy.ops.object.mode_set(mode="OBJECT")
    before = state()
    come_in(arrivals)
    assert state() == before and avatar.mesh.data.session_uid != old
    assert tuple(avatar.armature.location) == (1, 2, 3) and names(part) == ["Ada"]


@pytest.mark.parametrize("gone", ["scene", "file", "avatar"])
def test_what_asked_is_gone(gone: str, arrivals: Any, arrival: Callable[..., Any], part: Part) -> None:
    """It waits for the user's word, and comes into what is open then."""
    first = bpy.context.scene
    finished = arrival(replaces="nobody" if gone == "avatar" else "")
    if gone == "file":
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    elif gone == "scene":
        bpy.context.window.scene = bpy.data.scenes.new("other")
        bpy.data.scenes.remove(first)
    before = state()
    arrivals.arrive(finished)
    assert arrivals.waiting == [finished] and finished.by_hand and finished.why
    assert arrivals.step() is False and names(part) == []
    assert bpy.ops.portraitkit.import_waiting(index=0) == {"FINISHED"}
    assert names(part, bpy.context.scene) == ["Ada"] and state() == before


def test_a_file_that_the_user_keeps_is_never_deleted(arrivals: Any, arrival: Callable[..., Any], part: Part) -> None:
    at_work("EDIT")
    kept, own = arrival(waste=()), arrival()
    arrivals.arrive(kept)
    arrivals.arrive(own)
    bpy.ops.object.mode_set(mode="OBJECT")
    for _ in range(2):
        assert bpy.ops.portraitkit.import_waiting(index=0, discard=True) == {"FINISHED"}
    assert kept.path.is_file() and not own.path.exists()
    assert arrivals.waiting == [] and names(part) == []


def test_overrides_of_another_file_stay(arrivals: Any, arrival: Callable[..., Any], part: Part, tmp_path: Path) -> None:
    """The active object is linked and overridden; an avatar comes beside it."""
    (thing, *_) = at_work("OBJECT")
    library = tmp_path / "library.blend"
    bpy.data.libraries.write(str(library), {bpy.data.collections["home"], thing}, fake_user=True)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.objects = ["work 0"]
    override = wanted.objects[0].override_create(remap_local_usages=True)
    bpy.context.scene.collection.objects.link(override)
    bpy.context.view_layer.objects.active = override
    override.select_set(True)
    before = state()
    arrivals.arrive(arrival())
    come_in(arrivals)
    assert state() == before and names(part) == ["Ada"]
    assert bpy.context.object == override and override.override_library is not None


def test_a_window_hears_no_keys_for_a_job(scene: Any, part: Part) -> None:
    """An operator that stays modal keeps Blender from saving by itself."""
    task_operator = part("jobs.task_operator").TaskOperator
    assert not hasattr(task_operator, "modal") and not hasattr(task_operator, "invoke")


def test_those_that_wait_are_offered_again(
    arrivals: Any, arrival: Callable[..., Any], part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blender ends, or falls, while two wait: the next one offers them, and brings one in. The other gets old."""
    session, kept, notices = part("jobs.session").session, part("jobs.kept_arrivals"), part("jobs.notices").notices
    folder = part("base.preferences_access").own_folder("waiting")
    avatar = part("scene.bring_in").bring_in(arrival("Old").path, "Old")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "work.blend"))
    at_work("EDIT")
    new, anew = arrival("Ada"), arrival("Old", replaces=avatar.identity)
    new.place = Vector((1.5, -2.0, 0.25))
    draft = arrival("Draft", draft_of=1024)
    for each in (new, anew, draft):
        arrivals.arrive(each)
    session.step()
    assert len(list(folder.glob("*.json"))) == 2, "no draft is kept"
    (folder / "broken.json").write_text("[]")

    session.ticker.stop()
    notices.forget(keeps=True)  # as at Blender's end
    kept.leave()
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    part("jobs.handlers").begin()
    assert sorted(each.name for each in arrivals.waiting) == ["Ada", "Old"]
    assert all(each.by_hand and each.why == kept.WHY for each in arrivals.waiting)
    assert {each.name: each.place for each in arrivals.waiting} == {"Ada": new.place, "Old": None}
    assert kept.take_up() == [], "they are this Blender's now"
    assert arrivals.step() is False and names(part) == []
    index = [each.name for each in arrivals.waiting].index("Ada")
    assert bpy.ops.portraitkit.import_waiting(index=index) == {"FINISHED"}
    assert names(part) == ["Ada"] and not new.path.exists()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "work.blend"))
    old = part("scene.identity").avatars_of()[0].mesh.data.session_uid
    assert bpy.ops.portraitkit.import_waiting(index=0) == {"FINISHED"}
    assert names(part) == ["Old"] and part("scene.identity").avatars_of()[0].mesh.data.session_uid != old
    session.step()
    assert list(folder.glob("*.json")) == []

    late = arrival("Late")
    arrivals.waiting.append(late)
    kept.note(arrivals.waiting)
    notices.forget(keeps=True)
    kept.leave()
    monkeypatch.setattr(kept, "DAYS", -1)
    assert kept.take_up() == [] and not late.path.exists() and list(folder.glob("*")) == []
