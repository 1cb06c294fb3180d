# SPDX-License-Identifier: Apache-2.0
"""Engine and add-on of different age: what both can do works, what one lacks is grey and says which to update.

The old engine is a recording (tests/data/old_engine), and where the repository has its history the real one too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

from tests.blender import recording

Part = Callable[[str], ModuleType]
SMALL = {"faces": 1000, "texture_size": 128, "lattice": 64}
RECORDED = json.loads((recording.RECORDINGS / f"{recording.OLD}.json").read_text(encoding="utf-8"))
with_history = pytest.mark.skipif(not recording.has_history(recording.OLD), reason="the history is not here")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the old engine is started by a shell script")


@pytest.fixture
def order(tmp_path: Path, avatar_copy: Path) -> dict[str, Any]:
    picture = tmp_path / "picture.png"
    image = bpy.data.images.new("picture", 8, 8)
    image.filepath_raw, image.file_format = str(picture), "PNG"
    image.save()
    bpy.data.images.remove(image)
    heard = tmp_path / "heard"
    return {"recorded": RECORDED, "avatar": str(avatar_copy), "picture": str(picture), "heard": str(heard)}


@pytest.fixture
def use(scene: Any, part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Any]]:
    """Take this engine; the session."""
    session = part("jobs.session").session
    settings = bpy.context.scene.portraitkit
    settings.faces, settings.texture_size, settings.lattice = 1000, "128", 64

    def take(python: Path) -> Any:
        monkeypatch.setenv("PORTRAITKIT_ENGINE_PYTHON", str(python))
        return session

    yield take
    session.restart()
    session.notices.forget()


def works_as_far_as_it_can(session: Any, part: Part, tmp_path: Path) -> None:
    """Everything that an engine of whole busts can do, asked for by the buttons of today."""
    told = session.notices
    assert bpy.ops.portraitkit.check_engine() == {"FINISHED"}
    assert bpy.ops.portraitkit.generate(seed=3, name="Ada") == {"FINISHED"}
    (avatar,) = part("scene.identity").avatars_of()
    assert avatar.name == "Ada" and told.error is None
    assert bpy.ops.portraitkit.explore(count=2, seed=5) == {"FINISHED"}
    assert all(each.path is not None for each in part("jobs.gallery").gallery.cells)
    assert bpy.ops.portraitkit.more_like_this(count=2, seed=1) == {"FINISHED"}
    bpy.ops.portraitkit.pick(index=0)
    bpy.ops.portraitkit.pick(index=1)
    assert bpy.ops.portraitkit.between(count=2) == {"FINISHED"}
    bpy.context.scene.portraitkit.property_unset("seed")
    bpy.context.view_layer.objects.active = avatar.mesh
    assert bpy.ops.portraitkit.regenerate(changes='{"attributes": {"age": 1.5}}') == {"FINISHED"}
    assert bpy.ops.portraitkit.batch(count=1, first_seed=4, folder=str(tmp_path / "batch")) == {"FINISHED"}
    pose = tmp_path / "pose.json"
    pose.write_text(json.dumps({"head": [0, 20, 0], "unit": "degrees"}))
    assert bpy.ops.portraitkit.load_pose(filepath=str(pose)) == {"FINISHED"}
    (avatar,) = part("scene.identity").avatars_of()
    bpy.context.view_layer.objects.active = avatar.mesh
    assert bpy.ops.portraitkit.bake(recipe=json.dumps({"model": "starter", "seed": 3, "texture_size": 128}))
    assert told.error is None, told.error.sentence
    # what it lacks: a wish for parts is refused before it is sent, live sliders are grey
    with pytest.raises(RuntimeError, match=r"“topology”.*press Remove Engine"):
        bpy.ops.portraitkit.generate(seed=3, topology="parts")
    assert not bpy.ops.portraitkit.show_looks.poll() and session.lacks("reshape")
    assert part("jobs.task_operator").needs_feature("reshape")(bpy.context) == part("core.ages").LACKS
    assert not part("jobs.task_operator").needs_feature("preview")(bpy.context)


def test_a_recorded_old_engine(use: Callable[..., Any], order: dict[str, Any], part: Part, tmp_path: Path) -> None:
    session = use(recording.played_as_python(tmp_path, order, Path(sys.executable)))
    works_as_far_as_it_can(session, part, tmp_path)
    heard = [json.loads(line) for line in Path(order["heard"]).read_text().splitlines()]
    assert {"generate", "preview", "bake"} <= {each["do"] for each in heard} <= set(RECORDED["fields"])
    assert not any("topology" in each.get("recipe", {}) for each in heard), "not even what it would not use"


def test_the_recording_refuses_what_the_engine_did(order: dict[str, Any], tmp_path: Path) -> None:
    """Or the test above could not fail."""
    program = recording.played_as_python(tmp_path, order, Path(sys.executable))
    asks = [
        {"id": "a", "do": "reshape", "recipe": {}},
        {"id": "b", "do": "preview", "recipes": [{}], "folder": str(tmp_path), "framing": "head"},
        {"id": "c", "do": "attributes", "recipe": {"topology": "parts"}},
    ]
    done = subprocess.run(
        [str(program)], input="\n".join(map(json.dumps, asks)), capture_output=True, text=True, check=True, timeout=60
    )
    told = {each["id"]: each for each in map(json.loads, done.stdout.splitlines()) if each["event"] == "error"}
    assert [told[key]["code"] for key in "abc"] == ["unknown_request", "bad_request", "usage"]
    assert "'reshape'" in told["a"]["message"] and "'framing'" in told["b"]["message"]


@pytest.mark.parametrize(("spoken", "older"), [(0, "ENGINE_IS_OLDER"), (2, "ADDON_IS_OLDER")])
def test_another_protocol(
    use: Callable[..., Any], order: dict[str, Any], part: Part, tmp_path: Path, spoken: int, older: str
) -> None:
    session = use(recording.played_as_python(tmp_path, {**order, "protocol": spoken}, Path(sys.executable)))
    with pytest.raises(RuntimeError, match=f"speaks protocol {spoken}"):
        bpy.ops.portraitkit.generate(seed=3)
    assert str(session.notices.error.advice) == getattr(part("core.ages"), older)


@with_history
def test_the_real_old_engine(use: Callable[..., Any], part: Part, engine_python: Path, tmp_path: Path) -> None:
    sources = recording.take_out(recording.OLD, tmp_path / "old")
    session = use(recording.started_as_python(tmp_path, sources, engine_python))
    works_as_far_as_it_can(session, part, tmp_path)
    (avatar,) = part("scene.identity").avatars_of()
    assert avatar.recipe["attributes"] == {"age": 1.5} and len(avatar.mesh.data.polygons) > 500


@with_history
def test_the_old_addon_with_the_engine_of_today(engine_python: Path, tmp_path: Path) -> None:
    """In a Blender of its own, as two versions of an add-on cannot be in one."""
    more = ("blender_addon", "build_addon.py", "addon_package", "pyproject.toml", "README.md", "LICENSE", "LICENSES")
    sources = recording.take_out(recording.OLD, tmp_path / "old", *more, "constraints.txt")
    # its engine's wheel is data here, and takes a minute to build: an empty file of that name will do
    wheel = tmp_path / "portraitkit-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"")
    package = tmp_path / "dist" / "portraitkit.zip"
    staged = tmp_path / "staged" / "portraitkit"
    build = [str(engine_python), str(sources / "build_addon.py"), "--wheel", str(wheel), "--stage-only", str(staged)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    package.parent.mkdir()
    import shutil

    shutil.make_archive(str(package.with_suffix("")), "zip", staged.parent)
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import os, sys, bpy, importlib
            bpy.ops.extensions.package_install_files(
                filepath={str(package)!r}, repo="user_default", enable_on_install=True)
            bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
            room = lambda name: importlib.import_module("bl_ext.user_default.portraitkit." + name)
            assert not os.path.exists(os.path.join(os.path.dirname(room("jobs.session").__file__), "live.py"))
            bpy.ops.portraitkit.check_engine()
            bpy.ops.portraitkit.generate(seed=3, name="Ada", faces=1000, texture_size=128, lattice=64)
            bpy.ops.portraitkit.explore(count=2, seed=5)
            (avatar,) = room("scene.identity").avatars_of()
            print("TOLD", avatar.name, avatar.recipe["seed"], len(avatar.mesh.data.polygons), flush=True)
            room("jobs.session").session.close()
            sys.stdout.flush()
            os._exit(0)
            """
        )
    )
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path / "user")}
    environment["PORTRAITKIT_ENGINE_PYTHON"] = str(engine_python)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=600, env=environment
    )
    told = [line.split() for line in done.stdout.splitlines() if line.startswith("TOLD ")]
    assert told, done.stdout + done.stderr
    assert told[0][1:3] == ["Ada", "3"] and int(told[0][3]) > 500
