# SPDX-License-Identifier: Apache-2.0
"""What the preferences say reaches the engine as it is meant, or the user is told why not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

Part = Callable[[str], ModuleType]
# from 4.5 on Blender warns of a property that is not made for paths beside the file
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


@pytest.fixture
def preferences(scene: Any, addon: ModuleType, part: Part) -> Iterator[Any]:
    """The add-on's preferences, as they were afterwards."""
    found = bpy.context.preferences.addons[addon.__name__].preferences
    yield found
    for name in ("device", "engine_python", "models_folder", "cache_folder", "wheels_folder"):
        found.property_unset(name)
    session = part("jobs.session").session
    session.restart()
    session.notices.forget()


def save(folder: Path) -> None:
    """The open file has a folder from now on."""
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "scene.blend"))


def test_a_refused_setting_is_told(preferences: Any, engine: Path, part: Part) -> None:
    preferences.device = "mps"  # Apple's graphics, where there are none
    session = part("jobs.session").session
    assert bpy.ops.portraitkit.check_engine() == {"FINISHED"}
    if session.capabilities["device"] == "mps":
        pytest.skip("this computer has it")
    error = session.notices.error
    assert error is not None and error.code == "usage"
    assert "mps" in str(error.message) and "--" not in str(error.sentence)
    assert "preferences" in str(error.advice)


def test_a_setting_that_is_refused_later_is_told(preferences: Any, engine: Path, part: Part) -> None:
    session = part("jobs.session").session
    assert bpy.ops.portraitkit.check_engine() == {"FINISHED"}
    if session.capabilities["device"] == "mps":
        pytest.skip("this computer has it")
    assert session.notices.error is None
    preferences.device = "mps"
    end = time.monotonic() + 180
    while session.notices.error is None and time.monotonic() < end:
        time.sleep(min(session.step() or 0.02, 0.02))
    assert "mps" in str(session.notices.error.message)


def test_folders_beside_the_file_are_sent_whole(tmp_path: Path, preferences: Any, part: Part) -> None:
    settings = part("jobs.engine_link").engine_settings
    preferences.models_folder = "//models"
    preferences.cache_folder = "//cache"
    save(tmp_path)
    assert settings()["models_folder"] == str(tmp_path / "models")
    assert part("base.preferences_access").cache_folder() == tmp_path / "cache"
    preferences.models_folder = "//others"
    assert preferences.models_folder == str(tmp_path / "others")
    assert settings()["models_folder"] == str(tmp_path / "others")
    preferences.models_folder = "~/models"
    assert settings()["models_folder"] == str(Path.home() / "models")
    preferences.models_folder = "models"
    assert Path(settings()["models_folder"]).is_absolute()


def test_the_engine_beside_the_file_is_started_by_its_whole_path(
    tmp_path: Path, preferences: Any, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORTRAITKIT_ENGINE_PYTHON", raising=False)
    preferences.engine_python = "//engine/bin/python"
    save(tmp_path)
    assert part("jobs.session").session.link.python == tmp_path / "engine" / "bin" / "python"


def test_beside_a_file_that_was_never_saved_is_told(
    preferences: Any, engine: Path, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    preferences.models_folder = "//models"
    with pytest.raises(RuntimeError, match="never saved"):
        bpy.ops.portraitkit.generate(seed=1)
    preferences.models_folder = ""
    for path in ({"filepath": "//ada.glb"}, {"motion": "//walk.npz"}, {"model": "//mine.safetensors"}):
        with pytest.raises(RuntimeError, match="never saved"):
            bpy.ops.portraitkit.generate(seed=1, **path)
    for name, options in (("batch", {"folder": "//"}), ("load_recipe", {"filepath": "//ada.glb"})):
        with pytest.raises(RuntimeError, match="never saved"):
            getattr(bpy.ops.portraitkit, name)(**options)
    monkeypatch.delenv("PORTRAITKIT_ENGINE_PYTHON")
    preferences.engine_python = "//engine/bin/python"
    with pytest.raises(RuntimeError, match="is not there"):
        bpy.ops.portraitkit.generate(seed=1)
