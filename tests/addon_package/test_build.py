# SPDX-License-Identifier: Apache-2.0
"""The zip itself: built twice with the same bytes, whole, and refused when something in it is wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import build_addon
from addon_package.checks import zip_faults
from addon_package.extension_tool import extension_tool
from addon_package.facts import MANIFEST, PINS, ROOT, SHARED, BuildError, engine_version
from addon_package.steady_zip import steady_zip
from addon_package.wheel import build_wheel

WORKER = "portrait_core/worker/__init__.py"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def package(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_addon.build(tmp_path_factory.mktemp("dist"), None, wheel)


def changed(package: Path, folder: Path, change: Callable[[Path], None]) -> list[str]:
    """The faults of a package in which something was changed."""
    inside = folder / "inside"
    shutil.unpack_archive(package, inside)
    change(inside)
    target = folder / "new" / package.name
    target.parent.mkdir()
    steady_zip(inside, target)
    return zip_faults(target)


def test_the_zip_is_whole(package: Path) -> None:
    assert package.name == f"portraitkit-{engine_version()}.zip"
    assert zip_faults(package) == []
    with zipfile.ZipFile(package) as archive:
        names = set(archive.namelist())
        for name, place in SHARED.items():
            assert archive.read(place) == (ROOT / "portrait_core" / name).read_bytes()
        assert archive.read(PINS) == (ROOT / "constraints.txt").read_bytes()
        assert tomllib.loads(archive.read(MANIFEST).decode())["version"] == engine_version()
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    sources = {path.relative_to(ROOT / "blender_addon").as_posix() for path in (ROOT / "blender_addon").rglob("*.py")}
    assert sources <= names


def test_the_same_sources_make_the_same_bytes(package: Path, tmp_path: Path) -> None:
    again = build_addon.build(tmp_path, None, build_wheel(tmp_path / "wheel"))
    assert again.read_bytes() == package.read_bytes()


def test_the_wheel_installs_and_names_its_worker(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert WORKER in archive.namelist()
        assert not [name for name in archive.namelist() if name.startswith(("tests", "blender_addon", "addon_package"))]
    words = ("--quiet", "--no-deps", "--no-index", "--no-compile")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *words, "--target", tmp_path, wheel],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "portrait_core" / "models" / "starter" / "starter.safetensors").stat().st_size > 20_000_000


@pytest.mark.parametrize(
    ("told", "change"),
    [
        ("locale/german.py is missing", lambda inside: (inside / "locale/german.py").unlink()),
        ("scene/__init__.py is missing", lambda inside: (inside / "scene" / "__init__.py").unlink()),
        ("LICENSE is missing", lambda inside: (inside / "LICENSE").unlink()),
        ("no business", lambda inside: (inside / "left.pyc").write_bytes(b"")),
        ("no business", lambda inside: (inside / ".env").write_text("")),
        ("does not begin with its licence", lambda inside: (inside / "more.py").write_text("X = 1\n")),
        (
            "is not Python 3.11",
            lambda inside: (inside / "more.py").write_text("# SPDX-License-Identifier: GPL-3.0-or-later\nx = (\n"),
        ),
        ("there must be one wheel", lambda inside: next((inside / "engine").glob("*.whl")).unlink()),
        (
            "protocol.py differs",
            lambda inside: (inside / "core" / "protocol.py").write_text(
                "# SPDX-License-Identifier: Apache-2.0\nPROTOCOL = 2\n"
            ),
        ),
        ("engine/constraints.txt is missing", lambda inside: (inside / PINS).unlink()),
        ("has no version of torch", lambda inside: (inside / PINS).write_text("numpy==2.4.6\n")),
        ("recipe_fields.py is missing", lambda inside: (inside / "core" / "recipe_fields.py").unlink()),
        (
            "unknown key",
            lambda inside: (inside / MANIFEST).write_text('colour = "red"\n' + (inside / MANIFEST).read_text()),
        ),
    ],
)
def test_a_zip_with_a_fault_is_refused(
    package: Path, tmp_path: Path, told: str, change: Callable[[Path], None]
) -> None:
    faults = changed(package, tmp_path, change)
    assert any(told in each for each in faults), faults


def test_a_zip_by_another_name_is_refused(package: Path, tmp_path: Path) -> None:
    other = Path(shutil.copy2(package, tmp_path / "portraitkit.zip"))
    assert any("the zip is called" in each for each in zip_faults(other))


def test_a_tool_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no such file"):
        extension_tool(tmp_path / "blender_ext.py")


def test_the_command_says_what_it_wrote(wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_addon.main(["--dist", str(tmp_path), "--wheel", str(wheel)]) == 0
    said = capsys.readouterr().out
    assert f"portraitkit-{engine_version()}.zip" in said
    if extension_tool() is None:
        assert "was not found" in said
    else:
        assert (tmp_path / "repository" / "index.json").is_file()
        assert (tmp_path / "repository" / "index.html").is_file()
        index = (tmp_path / "repository" / "index.json").read_text(encoding="utf-8")
        assert f'"version": "{engine_version()}"' in index
    assert not list(tmp_path.glob("*.part"))
