# SPDX-License-Identifier: Apache-2.0
"""No home that can be written: containers with another user, cron, services, read-only file systems."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest

from portrait_core.runtime import own_folders
from portrait_core.weights import registry
from tests.cli.conftest import Run

NOWHERE = "/dev/null/home"
"""A home that nobody can make, root neither: a part of the path is no folder."""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="homes and rights of POSIX")


@pytest.fixture
def homeless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A process without a home; the temporary folder is the answer."""
    place = tmp_path / "tmp"
    place.mkdir()
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "PORTRAITKIT_CACHE", "PORTRAITKIT_MODELS", "WARP_CACHE_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", NOWHERE)
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield forget(place)
    forget(place)


def forget(place: Path) -> Path:
    own_folders._cache_folder.cache_clear()
    own_folders._own_temporary.cache_clear()
    return place


def test_caches_go_into_a_temporary_folder_of_the_user_s_own(homeless: Path) -> None:
    found = own_folders.find_cache_folder()
    assert found.path == homeless / f"portraitkit-{os.getuid()}" / "cache"
    assert found.instead_of == Path(NOWHERE) / ".cache" / "portraitkit"
    assert stat.S_IMODE(found.path.parent.stat().st_mode) == 0o700
    forget(homeless)
    assert own_folders.cache_folder() == found.path  # the next run finds what this one compiled


@pytest.mark.parametrize("home", ["~", "relative", "/proc/1/nothing"])
def test_homes_that_are_no_place_at_all(homeless: Path, monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    """Without an entry for the user either, older platformdirs leave the sign for home as it is."""
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_: f"{home}/.cache/portraitkit")
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: Path(f"{home}/.local/share/portraitkit"))
    assert own_folders.cache_folder().is_relative_to(homeless)
    assert registry.user_folder().is_relative_to(homeless)


def test_a_user_whom_the_system_does_not_know(homeless: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object, **__: object) -> str:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(platformdirs, "user_cache_dir", lost)
    monkeypatch.setattr(platformdirs, "user_data_path", lost)
    assert own_folders.cache_folder().is_relative_to(homeless)
    assert registry.user_folders() == [registry.user_folder()]
    assert registry.user_folder().is_relative_to(homeless)


def test_a_home_that_is_only_read_is_left_alone(homeless: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = homeless / "home"
    models = home / ".local" / "share" / "portraitkit" / "models"
    models.mkdir(parents=True)
    (models / "mine.safetensors").write_bytes(b"")
    monkeypatch.setenv("HOME", str(home))
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not Path(path).is_relative_to(home) and allowed(path, mode))
    assert own_folders.find_cache_folder().instead_of == home / ".cache" / "portraitkit"
    assert not (home / ".cache").exists()
    # What lies there is still found; what is new goes elsewhere.
    assert "mine" in {entry.name for entry in registry.list_models()}
    assert registry.standing_in_for() == models.parent
    assert not registry.user_folder().is_relative_to(home)


@pytest.mark.parametrize("trap", ["open", "link", "file", "foreign"])
def test_what_others_left_in_the_temporary_folder_is_not_trusted(
    homeless: Path, monkeypatch: pytest.MonkeyPatch, trap: str
) -> None:
    name = homeless / f"portraitkit-{os.getuid()}"
    if trap == "open":
        name.mkdir()
        name.chmod(0o777)
    elif trap == "link":
        (homeless / "theirs").mkdir(mode=0o700)
        name.symlink_to(homeless / "theirs")
    elif trap == "file":
        name.write_bytes(b"")
    else:
        name.mkdir(mode=0o700)
        real = Path.lstat

        def lstat(self: Path) -> os.stat_result:
            found = list(real(self))
            if self == name:
                found[stat.ST_UID] = os.getuid() + 1
            return os.stat_result(found)

        monkeypatch.setattr(Path, "lstat", lstat)
    found = own_folders.cache_folder()
    assert found.is_relative_to(homeless) and not found.is_relative_to(name)
    assert stat.S_IMODE(found.parent.stat().st_mode) == 0o700
    assert not any(name.iterdir()) if name.is_dir() else True


def test_where_nothing_can_be_written_the_output_s_folder_serves(
    homeless: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    monkeypatch.setattr(own_folders, "SHARED_MEMORY", Path(NOWHERE))
    monkeypatch.setattr(own_folders, "_offered", None)
    with pytest.raises(OSError, match="No usable temporary directory"):
        own_folders.cache_folder()
    own_folders.offer(tmp_path)
    forget(homeless)
    assert own_folders.cache_folder().is_relative_to(tmp_path)
    assert Path(os.environ["TMPDIR"]).parent == tmp_path  # for child processes too


def test_an_avatar_is_made_without_a_home(tmp_path: Path) -> None:
    temporary, out = tmp_path / "tmp", tmp_path / "out"
    temporary.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "OMP_NUM_THREADS") if name in os.environ}
    words = ("generate", "--seed", "7", "--faces", "500", "--texture-size", "64", "--lattice", "64", "--no-normal-map")
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words, "--out", str(out)],
        env=kept | {"HOME": NOWHERE, "TMPDIR": str(temporary)},
        cwd=Path(__file__).parents[2],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert (out / "starter-7.glb").stat().st_size > 10_000
    kernels = temporary / f"portraitkit-{os.getuid()}" / "cache" / "kernels"
    assert any(kernels.rglob("*"))


def test_doctor_says_where_caches_and_models_go(
    homeless: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = {event["what"]: event for event in run("doctor", "--json", "--no-verify", "--out", tmp_path).events}
    for what, variable in (("caches", "PORTRAITKIT_CACHE"), ("models folder", "PORTRAITKIT_MODELS")):
        assert lines[what]["state"] == "ok"
        assert str(homeless) in lines[what]["detail"] and f"{NOWHERE}/" in lines[what]["detail"]
        assert variable in lines[what]["advice"]
        monkeypatch.setenv(variable, str(tmp_path / variable))
    forget(homeless)
    lines = {event["what"]: event for event in run("doctor", "--json", "--no-verify", "--out", tmp_path).events}
    assert not lines["caches"]["advice"] and not lines["models folder"]["advice"]
