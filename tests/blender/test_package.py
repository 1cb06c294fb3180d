# SPDX-License-Identifier: Apache-2.0
"""The built zip in a real Blender: validated, installed, switched off and on, updated, taken away, nothing left."""

from __future__ import annotations

import gc
import importlib
import logging
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import addon_utils
import bpy
import pytest

PACKAGE = "bl_ext.user_default.portraitkit"
PARTS = ("scene", "jobs", "ui")


def ours(function: object) -> bool:
    return str(getattr(function, "__module__", "")).startswith(PACKAGE)


def traces() -> dict[str, list[str]]:
    """Everything of ours that Blender knows now."""
    found: dict[str, list[str]] = {}
    found["classes"] = [name for name in dir(bpy.types) if "portraitkit" in name.lower()]
    found["operators"] = dir(bpy.ops.portraitkit)
    found["handlers"] = [
        f"{name}: {each.__qualname__}"
        for name in dir(bpy.app.handlers)
        if isinstance(getattr(bpy.app.handlers, name), list)
        for each in getattr(bpy.app.handlers, name)
        if ours(each)
    ]
    found["properties"] = [
        f"{owner}.{each.identifier}"
        for owner in dir(bpy.types)
        if hasattr(getattr(bpy.types, owner), "bl_rna")
        for each in getattr(bpy.types, owner).bl_rna.properties
        if each.identifier.startswith("portraitkit")
    ]
    found["menus"] = [
        f"{owner}: {each.__qualname__}"
        for owner in dir(bpy.types)
        for each in getattr(getattr(getattr(bpy.types, owner), "draw", None), "_draw_funcs", ())
        if ours(each)
    ]
    configurations = bpy.context.window_manager.keyconfigs
    found["keys"] = [
        item.idname
        for configuration in (configurations.addon, configurations.user)
        if configuration is not None
        for keymap in configuration.keymaps
        for item in keymap.keymap_items
        if item.idname.startswith("portraitkit.")
    ]
    found["threads"] = [each.name for each in threading.enumerate() if "portraitkit" in each.name.lower()]
    tickers = [each for each in gc.get_objects() if type(each).__name__ == "Ticker" and ours(type(each))]
    found["timers"] = [each._what for each in tickers if each.runs]
    return {kind: names for kind, names in found.items() if names}


def install(package: Path) -> None:
    answer = bpy.ops.extensions.package_install_files(
        filepath=str(package), repo="user_default", enable_on_install=True
    )
    assert "FINISHED" in answer
    assert addon_utils.check(PACKAGE) == (True, True)


def folder() -> Path:
    return Path(bpy.utils.user_resource("EXTENSIONS")) / "user_default" / "portraitkit"


@pytest.fixture
def installed(addon_zip: Path) -> ModuleType:
    """Installed if it is not; every test here leaves it as it likes."""
    if addon_utils.check(PACKAGE) != (True, True):
        install(addon_zip)
    return importlib.import_module(PACKAGE)


@pytest.fixture(scope="module", autouse=True)
def switched_off_at_the_end():
    yield
    addon_utils.disable(PACKAGE, default_set=True)


def test_this_blenders_own_tool_accepts_the_zip(addon_zip: Path) -> None:
    scripts = Path(bpy.utils.system_resource("SCRIPTS"))
    tool = scripts / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py"
    tags = scripts / "modules" / "_bpy_internal" / "extensions" / "tags.py"
    assert tags.is_file()
    command = [sys.executable, str(tool), "validate", f"--valid-tags={tags}", str(addon_zip)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_part_comes_up(installed: ModuleType) -> None:
    registration = importlib.import_module(f"{PACKAGE}.registration")
    start_failure = importlib.import_module(f"{PACKAGE}.start_failure")
    assert start_failure.FAILURES == {}
    assert registration.ROOMS == PARTS
    for room in PARTS:
        for each in importlib.import_module(f"{PACKAGE}.{room}").CLASSES:
            assert "bl_rna" in vars(each), each  # gizmos know no `is_registered`
    known = traces()
    assert any(name.startswith("PORTRAITKIT_OT_") for name in known["classes"])
    assert any(name.startswith("PORTRAITKIT_PT_") for name in known["classes"])


def test_everything_is_called_and_described(installed: ModuleType) -> None:
    for room in PARTS:
        for each in importlib.import_module(f"{PACKAGE}.{room}").CLASSES:
            assert each.__name__.startswith("PORTRAITKIT_"), each
            if issubclass(each, bpy.types.Operator):
                assert each.bl_idname.startswith("portraitkit."), each
                assert "bl_description" in vars(each), f"{each.__name__} has no bl_description"
                assert not each.bl_description.endswith("."), f"{each.__name__}: Blender adds the full stop"
            if issubclass(each, bpy.types.Panel) and each.bl_space_type == "VIEW_3D":
                assert each.bl_category == "Portrait", each
            # an operator's own bl_rna knows nothing of its properties
            is_operator = issubclass(each, bpy.types.Operator)
            told = getattr(bpy.ops.portraitkit, each.bl_idname.partition(".")[2]) if is_operator else None
            properties = (told.get_rna_type() if told is not None else each.bl_rna).properties
            for name in vars(each).get("__annotations__", ()):
                known = properties.get(name)  # None: an ordinary annotation
                assert known is None or known.is_hidden or known.description, f"{each.__name__}.{name} has no tooltip"


def test_the_engine_travels_along(installed: ModuleType) -> None:
    (wheel,) = (folder() / "engine").glob("portraitkit-*.whl")
    assert wheel.stat().st_size > 20_000_000
    site = Path(bpy.utils.user_resource("EXTENSIONS")) / ".local"
    assert not list(site.rglob("portraitkit*")), "the engine must not be in Blender's own Python"
    assert not {"torch", "portrait_core"} & sys.modules.keys()


def test_off_and_on_three_times_leaves_nothing(installed: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    on = traces()
    with caplog.at_level(logging.WARNING, "portraitkit"):
        for _ in range(3):
            addon_utils.disable(PACKAGE, default_set=True)
            assert traces() == {}
            addon_utils.enable(PACKAGE, default_set=True)
            assert addon_utils.check(PACKAGE) == (True, True)
            assert traces() == on
    assert caplog.records == []


def test_a_new_file_and_factory_settings_do_not_break_it(installed: ModuleType) -> None:
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    assert addon_utils.check(PACKAGE) == (True, True)
    bpy.ops.wm.read_factory_settings(use_empty=True)  # switches extensions off
    assert traces() == {}
    addon_utils.enable(PACKAGE, default_set=True)
    assert addon_utils.check(PACKAGE) == (True, True)


def test_german(installed: ModuleType) -> None:
    view = bpy.context.preferences.view
    codes = {each.identifier for each in type(view).bl_rna.properties["language"].enum_items}
    code = next((each for each in ("de_DE", "de") if each in codes), None)
    if code is None:
        pytest.skip("this build of Blender has no translations")
    before = view.language
    locale = importlib.import_module(f"{PACKAGE}.locale")
    try:
        view.language = code
        view.use_translate_interface = True
        view.use_translate_tooltips = True
        assert locale.T_("Copy Report") == "Bericht kopieren"
        assert bpy.app.translations.pgettext("Copy Report", "Operator") == "Bericht kopieren"
    finally:
        view.language = before


def test_installing_again_is_an_update(installed: ModuleType, addon_zip: Path) -> None:
    on = traces()
    own = Path(bpy.utils.extension_path_user(PACKAGE, path="", create=True))
    (own / "kept.txt").write_text("kept", encoding="utf-8")
    install(addon_zip)
    assert traces() == on
    assert (own / "kept.txt").read_text(encoding="utf-8") == "kept"


def test_uninstalling_leaves_nothing(installed: ModuleType) -> None:
    assert folder().is_dir()
    repositories = [each for each in bpy.context.preferences.extensions.repos if each.enabled]
    index = [each.module for each in bpy.context.preferences.extensions.repos].index("user_default")
    assert repositories
    assert "FINISHED" in bpy.ops.extensions.package_uninstall(repo_index=index, pkg_id="portraitkit")
    assert addon_utils.check(PACKAGE) == (False, False)
    assert not folder().exists()
    assert traces() == {}


def test_a_part_that_fails_is_told_and_the_rest_works(installed: ModuleType, addon_zip: Path, tmp_path: Path) -> None:
    addon_utils.disable(PACKAGE, default_set=True)
    broken = tmp_path / "portraitkit_with_a_fault"
    shutil.unpack_archive(addon_zip, broken)
    (broken / "ui" / "__init__.py").write_text("raise RuntimeError('broken on purpose')\n", encoding="utf-8")
    sys.path.insert(0, str(tmp_path))
    try:
        module = importlib.import_module(broken.name)
        module.register()
        try:
            start_failure = importlib.import_module(f"{broken.name}.start_failure")
            ((part, failure),) = start_failure.FAILURES.items()
            assert part == "ui" and "broken on purpose" in str(failure)
            assert "Traceback" in failure.detail
            assert hasattr(bpy.types, "PORTRAITKIT_PT_start_failure")
            assert any(name.startswith("PORTRAITKIT_OT_") for name in dir(bpy.types))
        finally:
            module.unregister()
        assert traces() == {}
    finally:
        sys.path.remove(str(tmp_path))
