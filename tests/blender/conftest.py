# SPDX-License-Identifier: Apache-2.0
"""What the tests inside Blender share: the add-on installed from the built zip, the engine beside it, an empty scene.

They run in an environment with `bpy` (`make blender-tests`, or `python tests/blender/run.py`); elsewhere they are
not collected.
Every file has a process of its own there, because an installed add-on cannot be forgotten by its Python.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HAS_BLENDER = importlib.util.find_spec("bpy") is not None
collect_ignore_glob = [] if HAS_BLENDER else ["test_*.py"]

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "bl_ext.user_default.portraitkit"
CACHE = ROOT / ".cache" / "blender-tests"

if HAS_BLENDER and "BLENDER_USER_RESOURCES" not in os.environ:
    # before bpy is imported, or Blender writes into the home folder
    os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp(prefix="portraitkit-blender-")
if HAS_BLENDER:
    import bpy  # first of all: it makes addon_utils and mathutils importable


_exit_status = 0


def pytest_sessionfinish(exitstatus: int) -> None:
    global _exit_status  # noqa: PLW0603 - one per process
    _exit_status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """bpy 4.2 as a module crashes at exit once a property with an `update` function was registered, anybody's."""
    if HAS_BLENDER and bpy.app.version < (4, 3):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_exit_status)


@pytest.fixture(scope="session")
def engine_python() -> Path:
    """The Python that the engine is installed in: PORTRAITKIT_ENGINE_PYTHON, or the repository's own environment."""
    inside = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    # not resolve(): a virtual environment's Python is a link, and is told by its place
    python = Path(os.environ.get("PORTRAITKIT_ENGINE_PYTHON") or ROOT / ".venv" / inside).absolute()
    if not python.is_file():
        pytest.skip(f"no engine in {python}; run make test once, or set PORTRAITKIT_ENGINE_PYTHON")
    return python


@pytest.fixture
def engine(engine_python: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The add-on finds the engine."""
    monkeypatch.setenv("PORTRAITKIT_ENGINE_PYTHON", str(engine_python))
    return engine_python


@pytest.fixture(scope="session")
def addon_zip(engine_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built zip: PORTRAITKIT_ADDON_ZIP, or built now."""
    given = os.environ.get("PORTRAITKIT_ADDON_ZIP")
    if given:
        return Path(given)
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [str(engine_python), str(ROOT / "build_addon.py"), "--dist", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (package,) = folder.glob("portraitkit-*.zip")
    return package


@pytest.fixture(scope="session")
def addon(addon_zip: Path) -> Iterator[ModuleType]:
    """The add-on's package, installed from the zip and enabled as a user does it; uninstalled at the end."""
    import addon_utils

    answer = bpy.ops.extensions.package_install_files(
        filepath=str(addon_zip), repo="user_default", enable_on_install=True
    )
    # the operator also answers so where the package was refused
    assert "FINISHED" in answer
    assert addon_utils.check(PACKAGE) == (True, True)
    yield importlib.import_module(PACKAGE)
    addon_utils.disable(PACKAGE, default_set=True)


@pytest.fixture
def part(addon: ModuleType) -> Callable[[str], ModuleType]:
    """A module of the installed add-on: `part("jobs.session")`."""
    return lambda name: importlib.import_module(f"{addon.__name__}.{name}")


@pytest.fixture
def scene(addon: ModuleType) -> Any:
    """An empty scene; the add-on stays."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    return bpy.context.scene


@pytest.fixture(scope="session")
def avatar_file(engine_python: Path) -> Path:
    """A small avatar of the real engine, seed 7."""
    return made_by(engine_python, "seed-7")


@pytest.fixture(scope="session")
def avatar_file_with_levels(engine_python: Path) -> Path:
    """The same with two coarser levels of detail."""
    return made_by(engine_python, "seed-7-levels", "--lods", "700,400", "--lod-maps", "shared")


@pytest.fixture(scope="session")
def rig_file(engine_python: Path) -> Callable[..., Path]:
    """`rig_file("full", "--pose", "look.json")`: a small avatar of parts with that skeleton, and hair on joints."""

    def make(skeleton: str, *more: str) -> Path:
        small = ("--topology", "parts", "--hair-style", "ponytail01", "--hair-joints", "--skeleton", skeleton)
        name = "-".join(["rig", skeleton, *("".join(filter(str.isalnum, Path(each).stem)) for each in more)])
        return made_by(engine_python, name, *small, *more)

    return make


@pytest.fixture(scope="session")
def parts_avatar_file(engine_python: Path) -> Path:
    """An avatar of parts at the usual level of detail, with the shapes and joints of the face, small maps, seed 7."""
    return made_by(engine_python, "seed-7-parts", "--topology", "parts", "--faces", "15000")


PEOPLE = """
import sys
from pathlib import Path
from portrait_core import Recipe, load_model, make_avatar, write_glb
model = load_model("starter")
for seed in range(int(sys.argv[1])):
    recipe = Recipe(seed=seed, topology="parts", texture_size=64, normal_map=False, face="both")
    write_glb(make_avatar(recipe, model), Path(sys.argv[2], f"seed-{seed:02d}.glb"))
"""


@pytest.fixture(scope="session")
def people(engine_python: Path) -> list[Path]:
    """Sixteen avatars of parts, of the usual level of detail, with shapes of the face; kept as `made_by` says."""

    def make(folder: Path) -> None:
        command = [str(engine_python), "-c", PEOPLE, "16", str(folder)]
        subprocess.run(command, cwd=ROOT, check=True, timeout=900)

    return sorted(kept("people", make).glob("*.glb"))


def made_by(engine_python: Path, name: str, *options: str, ending: str = "glb") -> Path:
    """An avatar's file, kept between runs, and for all versions of Blender, until the engine's sources change."""

    def make(folder: Path) -> None:
        command = [str(engine_python), "-m", "cli.main", "generate", "--seed", "7", "--out", str(folder), "--quiet"]
        small = ("--faces", "1000", "--texture-size", "128", "--lattice", "64")
        command += [*small, "--topology", "shell", *options]  # parts have files of their own
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
        assert done.returncode == 0, done.stdout + done.stderr

    (made,) = kept(name, make).glob(f"*.{ending}")
    return made


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """A folder of what the engine made, filled by ``make`` where these sources have not made it yet."""
    newest = max(
        path.stat().st_mtime
        for folder in ("portrait_core", "textures")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".safetensors"}
    )
    wanted = CACHE / f"{name}-{int(newest)}"
    if not wanted.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            filled = Path(folder, "filled")
            filled.mkdir()
            make(filled)
            if not wanted.is_dir():  # or another test has made it meanwhile
                with contextlib.suppress(OSError):
                    filled.rename(wanted)
    return wanted


@pytest.fixture(scope="session")
def made(engine_python: Path) -> Callable[..., Path]:
    """`made_by` with the engine."""
    return lambda name, *options, **settings: made_by(engine_python, name, *options, **settings)


@pytest.fixture
def avatar_copy(avatar_file: Path, tmp_path: Path) -> Path:
    """`avatar_file` under its own name in a folder of the test's own."""
    return Path(shutil.copy2(avatar_file, tmp_path / "starter-7.glb"))


@pytest.fixture
def pump() -> Callable[..., None]:
    """Call a timer's step until it says that nothing is left, or until a condition holds: no timer fires here."""

    def run(
        step: Callable[[], float | None], until: Callable[[], bool] = lambda: False, timeout: float = 120.0
    ) -> None:
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            wait = step()
            if wait is None or until():
                return
            time.sleep(min(wait, 0.05))
        raise TimeoutError(f"not finished after {timeout:.0f} seconds")

    return run


@pytest.fixture
def delete(scene: Any) -> Callable[[Any], None]:
    """Delete an avatar as a user does, and what nobody uses any more with it."""

    def run(avatar: Any) -> None:
        home = avatar.collection
        for each in [*avatar.meshes, avatar.armature]:
            bpy.data.objects.remove(each)
        bpy.data.collections.remove(home)
        bpy.data.orphans_purge(do_recursive=True)

    bpy.data.orphans_purge(do_recursive=True)
    return run


@pytest.fixture
def datablocks() -> Callable[[], dict[str, int]]:
    """Counts of every kind of data-block, to see that nothing is left behind."""

    def count() -> dict[str, int]:
        kinds = (each.identifier for each in bpy.data.bl_rna.properties if each.type == "COLLECTION")
        return {kind: len(getattr(bpy.data, kind)) for kind in kinds}

    return count
