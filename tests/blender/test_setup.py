# SPDX-License-Identifier: Apache-2.0
"""The engine is set up from a folder of wheels without the internet, makes an avatar, and is removed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "blender-tests"
Part = Callable[[str], ModuleType]


@pytest.fixture
def no_engine(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody names one."""
    monkeypatch.delenv("PORTRAITKIT_ENGINE_PYTHON", raising=False)


@pytest.fixture
def wheels(part: Part, no_engine: None) -> Path:
    """Everything that the engine needs, downloaded once by the Python that the set-up chooses, as the docs say."""
    base = part("jobs.setup_run")._bases or part("core.engine.pythons").base_pythons(first=True)
    if not base:
        pytest.skip("no Python here can make environments")
    major, minor = base[0].version[:2]
    folder = CACHE / f"wheels-{major}.{minor}"
    if not (folder / "whole").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        engine = part("core.engine.plan").shipped_wheel(part("jobs.setup_run").ADDON / "engine")
        command = [str(base[0].python), "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "-d", str(folder)]
        command += ["-c", str(ROOT / "constraints.txt"), "torch", str(engine)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500)
        if done.returncode:
            pytest.skip(f"the wheels cannot be downloaded: {done.stderr.strip().splitlines()[-1:]}")
        for own in folder.glob("portraitkit-*.whl"):
            own.unlink()  # the add-on brings its own
        (folder / "whole").write_text("")
    return folder


@pytest.fixture
def begun(part: Part, wheels: Path) -> None:
    """From the second run on the set-up goes on where torch is installed: unpacking that takes most of its time.

    The environment is kept in .cache by links to its files, until the tested versions or the steps change.
    """
    own = part("base.preferences_access").own_folder("engine")
    plan = part("jobs.setup_run").make_plan("cpu", wheels)
    kept = CACHE / f"engine-{plan.base.text}"
    keys = {each.name: each.key for each in plan.steps}
    before = [name for name in keys if name not in ("parts", "engine")]
    old = part("core.engine.record").read_record(kept)
    if old is not None and all(old.steps.get(name) == keys[name] for name in before):
        shutil.rmtree(own)
        link_tree(kept, own)
        part("core.engine.record").Record(str(plan.place), {name: keys[name] for name in before}).save(own)
        part("jobs.setup_run").forget()
        assert part("jobs.setup_run").make_plan("cpu", wheels).done == tuple(before)


def link_tree(source: Path, target: Path) -> None:
    """A copy whose files are the same ones; pip replaces files and never writes into them."""
    try:
        shutil.copytree(source, target, symlinks=True, copy_function=os.link)
    except (OSError, shutil.Error):  # another disk
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)


@pytest.mark.usefixtures("begun")
def test_set_up_offline_generate_remove(part: Part, wheels: Path) -> None:
    link = part("jobs.session").session.link
    assert link.python is None
    assert not bpy.ops.portraitkit.generate.poll()
    assert bpy.ops.portraitkit.set_up_engine(variant="cpu", wheels=str(wheels)) == {"FINISHED"}
    own = part("base.preferences_access").own_folder("engine")
    assert link.python is not None
    assert own in link.python.parents
    settings = {"faces": 1000, "texture_size": 128, "lattice": 64}
    assert bpy.ops.portraitkit.generate(seed=1, name="Ada", **settings) == {"FINISHED"}
    assert [each.name for each in part("scene.identity").avatars_of()] == ["Ada"]
    assert bpy.ops.portraitkit.check_engine() == {"FINISHED"}
    assert "starter" in str(part("jobs.session").session.notices.said)
    # a second time there is next to nothing to do
    plan = part("jobs.setup_run").make_plan("cpu", wheels)
    assert plan.done
    kept = CACHE / f"engine-{plan.base.text}"
    record = part("core.engine.record").read_record
    if record(kept) is None or record(kept).steps != record(own).steps:
        shutil.rmtree(kept, ignore_errors=True)
        link_tree(own, kept)
    assert bpy.ops.portraitkit.remove_engine() == {"FINISHED"}
    assert link.python is None
    assert not list(own.glob("**/python*"))


def test_offline_without_wheels_is_told(part: Part, no_engine: None, tmp_path: Path) -> None:
    assert not bpy.app.online_access
    with pytest.raises(RuntimeError, match="may not go online"):
        bpy.ops.portraitkit.set_up_engine(variant="cpu")
    with pytest.raises(RuntimeError, match="no wheels"):
        bpy.ops.portraitkit.set_up_engine(variant="cpu", wheels=str(tmp_path))
    assert part("jobs.session").session.notices.error is not None
    bpy.ops.portraitkit.dismiss_error()


def test_the_plan_says_what_will_be_done(part: Part, no_engine: None) -> None:
    text = "\n".join(map(str, part("jobs.setup_run").make_plan("cpu", None).lines))
    for word in ("Python 3.1", "Folder:", "torch", "Download about", "Disk: about"):
        assert word in text


class Rows:
    """A layout that counts what stands below each other in it."""

    def __init__(self) -> None:
        self.count = 0

    def column(self, **_: Any) -> Rows:
        return self

    box = row = column

    def label(self, **_: Any) -> None:
        self.count += 1

    def prop(self, *_: Any, **__: Any) -> None:
        self.count += 1


@pytest.mark.parametrize("language", ["English", "German"])
def test_the_dialog_keeps_its_height(
    part: Part, no_engine: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """Whatever is chosen in it, whether there can be a plan or not, and whether Blender may go online."""
    setup, text_of = part("jobs.setup"), part("core.text").text_of
    if language == "German":  # Blender's Python module has no languages of its own
        german = part("locale.german").GERMAN
        monkeypatch.setattr(
            part("base.wrap"), "T_", lambda words: text_of(words).put(lambda each: german.get(each, each))
        )
    heights = set()
    for variant in ("auto", "cpu", "cuda", "mps"):
        for wheels in ("", str(tmp_path), str(tmp_path / "gone")):
            for another in (False, True):
                own = Own(setup.PORTRAITKIT_OT_set_up_engine, variant=variant, wheels=wheels, another=another)
                setup.PORTRAITKIT_OT_set_up_engine.draw(own, bpy.context)
                heights.add(own.layout.count)
    assert heights == {1 + setup.ROWS + setup.ONLINE_ROWS}


class Own:
    """An operator that is drawn without a window: its properties, its methods, and a layout that counts."""

    def __init__(self, operator: type, **values: object) -> None:
        self.layout = Rows()
        self._operator = operator
        for name, value in values.items():
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._operator, name).__get__(self)


def test_the_question_has_both_sizes(part: Part, no_engine: None) -> None:
    make = part("jobs.setup_run").make_plan
    promised, instead = make("cpu", None), make("cpu", None, otherwise=True)
    assert not bpy.ops.portraitkit.take_another_build.poll(), "nobody has looked for it in vain"
    if not promised.promises:
        pytest.skip("this system's own index has the build that is promised")
    text = "\n".join(map(str, part("jobs.setup").question((promised, instead))))
    for size in (promised.torch.download, instead.torch.download, promised.installed, instead.installed):
        assert part("core.engine.hardware").in_words(size) in text
    assert "Cancel keeps all" in text and instead.torch.name != promised.torch.name
