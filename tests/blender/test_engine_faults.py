# SPDX-License-Identifier: Apache-2.0
"""The engine falls, raves or cannot write, in every kind of work: told once, nothing left, and it can be tried again.

A recording of today's engine stands for it, so that each case takes a moment; real engines fall in test_faults.py.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

from tests.blender import recording

Part = Callable[[str], ModuleType]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the engine is started by a shell script")


@pytest.fixture(scope="session")
def recorded(engine_python: Path) -> dict[str, Any]:
    """What the engine of today says of itself."""
    return recording.record([str(engine_python), "-I", "-u", "-m", "portrait_core.worker"])


@pytest.fixture
def order(tmp_path: Path, avatar_copy: Path, recorded: dict[str, Any]) -> dict[str, Any]:
    picture = tmp_path / "picture.png"
    image = bpy.data.images.new("picture", 8, 8)
    image.filepath_raw, image.file_format = str(picture), "PNG"
    image.save()
    bpy.data.images.remove(image)
    heard = str(tmp_path / "heard")
    return {"recorded": recorded, "avatar": str(avatar_copy), "picture": str(picture), "heard": heard}


@pytest.fixture
def session(scene: Any, part: Part) -> Iterator[Any]:
    found = part("jobs.session").session
    settings = bpy.context.scene.portraitkit
    settings.topology = "shell"
    yield found
    found.restart()
    found.notices.forget()


def shell() -> str:
    return json.dumps({"model": "starter", "seed": 3})


# request -> the button that sends it, with a folder of the test's own
WORK: dict[str, Callable[[Path], Any]] = {
    "generate": lambda _: bpy.ops.portraitkit.generate(seed=3, name="Bea", recipe=shell()),
    "regenerate": lambda _: bpy.ops.portraitkit.regenerate(changes='{"seed": 4}'),
    "preview": lambda _: bpy.ops.portraitkit.explore(count=2, seed=5),
    "randomise": lambda _: bpy.ops.portraitkit.explore(count=2, seed=5),
    "attributes": lambda _: bpy.ops.portraitkit.randomise(seed=5),
    "batch": lambda folder: bpy.ops.portraitkit.batch(count=1, first_seed=4, folder=str(folder)),
    "bake": lambda _: bpy.ops.portraitkit.bake(recipe=shell()),
    "read_pose": lambda folder: bpy.ops.portraitkit.load_pose(filepath=str(folder / "pose.json")),
    "read_motion": lambda folder: bpy.ops.portraitkit.load_motion(filepath=str(folder / "motion.npz")),
    "read_recipe": lambda folder: bpy.ops.portraitkit.load_recipe(filepath=str(folder / "x.glb")),
}
ASKED = {"regenerate": "generate"}
NOT_HERE = {"attributes", "read_motion", "read_recipe"}
"""What the recording cannot answer well enough for the whole way."""


@pytest.mark.parametrize("way", ["killed", "rubbish", "disk", "permission"])
@pytest.mark.parametrize("work", sorted(WORK.keys() - NOT_HERE))
def test_told_once_and_tried_again(
    session: Any,
    part: Part,
    order: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    datablocks: Callable[[], dict[str, int]],
    work: str,
    way: str,
) -> None:
    order["fault"] = {"do": ASKED.get(work, work), "way": way, "once": str(tmp_path / "once")}
    program = recording.played_as_python(tmp_path, order, Path(sys.executable))
    monkeypatch.setenv("PORTRAITKIT_ENGINE_PYTHON", str(program))
    avatar = part("scene.bring_in").bring_in(Path(order["avatar"]), "Ada")
    bpy.context.view_layer.objects.active = avatar.mesh
    (tmp_path / "pose.json").write_text("{}")
    told: list[Any] = []
    fail = part("jobs.notices").Notices.fail
    monkeypatch.setattr(
        part("jobs.notices").Notices, "fail", lambda own, what, why: told.append(why) or fail(own, what, why)
    )
    repeats = part("jobs.engine_link").SAFE_TO_REPEAT
    before = datablocks()
    if way == "rubbish" or (way == "killed" and work in repeats):
        # understood all the same, or done again by itself: nobody has to know
        assert WORK[work](tmp_path) == {"FINISHED"}
        assert told == [] and (tmp_path / "once").exists()
        return
    with pytest.raises(RuntimeError):
        WORK[work](tmp_path)
    assert [each.code for each in told] == ["crashed" if way == "killed" else way]
    assert told[0].advice and session.tasks == []
    if way in ("disk", "permission"):
        assert "cannot write" in str(told[0].message).lower()
    after = datablocks()
    assert {kind: count for kind, count in after.items() if count != before[kind]} == {}
    assert [each.name for each in part("scene.identity").avatars_of()] == ["Ada"]
    assert not list(part("base.preferences_access").cache_folder("avatars").glob("*.glb"))
    assert WORK[work](tmp_path) == {"FINISHED"}
    assert len(told) == 1


def test_a_laptop_that_slept(
    session: Any, part: Part, order: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour passes at once for Blender, as for a computer that was closed: the engine is well, and not ended."""
    program = recording.played_as_python(tmp_path, order, Path(sys.executable))
    monkeypatch.setenv("PORTRAITKIT_ENGINE_PYTHON", str(program))
    assert bpy.ops.portraitkit.check_engine() == {"FINISHED"}
    pid = session.link.client.engine["pid"]
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + 3600.0)
    session.link.used = time.monotonic()  # that it rests after ten minutes is another matter
    assert bpy.ops.portraitkit.explore(count=2, seed=5) == {"FINISHED"}
    assert session.link.client.engine["pid"] == pid and session.notices.error is None


def test_a_name_longer_than_any_disk_takes(session: Any, engine: Path, tmp_path: Path) -> None:
    """As a path of more than 260 letters on Windows: told in words, with the real engine."""
    with pytest.raises(RuntimeError, match=r"(?i)too long") as told:
        bpy.ops.portraitkit.generate(recipe=shell(), name="Ada", filepath=str(tmp_path / ("a" * 300 + ".glb")))
    assert "Traceback" not in str(told.value) and "shorter name" in str(told.value)


@pytest.mark.skipif(sys.platform != "linux", reason="folders that nobody may write, also as root: /proc")
def test_a_folder_that_nobody_may_write(session: Any, engine: Path) -> None:
    with pytest.raises(RuntimeError):
        bpy.ops.portraitkit.generate(recipe=shell(), name="Ada", filepath="/proc/portraits/ada.glb")
    assert session.notices.error.code in ("permission", "disk", "usage"), session.notices.error.message
