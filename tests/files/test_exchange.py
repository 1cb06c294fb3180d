# SPDX-License-Identifier: Apache-2.0
"""Old files or new ones, never a mixture: every move may fail, be interrupted, or be the last thing a process does."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import filelock
import pytest

from portrait_core.batch.resume import sweep
from portrait_core.errors import OutputError
from portrait_core.files import exchange as exchanges
from portrait_core.files.exchange import exchange, take_back_left
from portrait_core.files.file_set import whole_files, write_files

OLD = {"a.gltf": b"old main", "a.bin": b"old rest"}
NEW = {"a.gltf": b"new main", "a.bin": b"new rest", "a.png": b"new picture", "textures/a.png": b"new texture"}
MOVES = 6
"""Two files are there and are put aside first; four are new."""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write(folder: Path) -> None:
    with whole_files(folder, "a.gltf", overwrite=True) as temporary:
        (temporary / "textures").mkdir()
        for name, content in NEW.items():
            (temporary / name).write_bytes(content)


def failing(number: int, error: BaseException, *, plan_first: bool = True) -> Callable[[object, object], None]:
    """``os.replace`` that fails at the given move, counted from 0; writing the plan is no move."""
    real, calls = os.replace, iter(range(10_000))

    def replace(source: object, target: object) -> None:
        if not str(target).endswith("plan.json") and next(calls) == number:
            raise error
        real(source, target)  # type: ignore[arg-type]

    return replace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in OLD.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_all_are_new_and_nothing_is_left(folder: Path) -> None:
    write(folder)
    assert contents(folder) == NEW
    assert sorted(path.name for path in folder.iterdir()) == ["a.bin", "a.gltf", "a.png", "textures"]


@pytest.mark.parametrize("number", range(MOVES))
@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied"),
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EXDEV, "Invalid cross-device link"),
        OSError(errno.EROFS, "Read-only file system"),
        KeyboardInterrupt(),
    ],
    ids=["permission", "full", "other file system", "read-only", "Ctrl-C"],
)
def test_a_move_that_fails(folder: Path, number: int, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "replace", failing(number, error))
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else OutputError):
        write(folder)
    assert contents(folder) == OLD
    assert sorted(path.name for path in folder.iterdir()) == ["a.bin", "a.gltf"]


def test_there_are_that_many_moves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "replace", failing(MOVES, AssertionError("one more")))
    write(folder)
    assert contents(folder) == NEW


def test_a_plan_that_finds_no_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OutputError, match="the disk is full"):
        write(folder)
    assert contents(folder) == OLD and len(list(folder.iterdir())) == 2


def test_what_cannot_go_back_waits_and_goes_back_later(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, broken = os.replace, False

    def replace(source: Path, target: Path) -> None:
        nonlocal broken
        broken = broken or Path(target) == folder / "a.png"
        if broken:
            raise OSError(errno.EROFS, "Read-only file system")
        real(source, target)

    with monkeypatch.context() as context:
        context.setattr(os, "replace", replace)
        with pytest.raises(OutputError, match=r"could not be put back.*wait in .*\.a\.gltf\.undo"):
            write(folder)
    assert OLD["a.bin"] in contents(folder / ".a.gltf.undo").values()
    assert take_back_left(folder) == 1
    assert contents(folder) == OLD


@pytest.mark.parametrize("number", range(MOVES + 1))
def test_a_process_that_dies_between_two_moves(folder: Path, number: int) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.files import test_exchange as t\n"
        "real, calls = os.replace, iter(range(100))\n"
        "def replace(source, target):\n"
        "    if not str(target).endswith('plan.json') and next(calls) == int(sys.argv[2]):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    real(source, target)\n"
        "os.replace = replace\n"
        "t.write(Path(sys.argv[1]))\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program, str(folder), str(number)], cwd=root, check=False)
    if number == MOVES:
        assert done.returncode == 0 and contents(folder) == NEW
        return
    assert done.returncode == -signal.SIGKILL
    # A batch sweeps before it begins; any command that writes the same avatar puts it right as well.
    sweep(folder)
    assert contents(folder) == OLD
    write(folder)
    assert contents(folder) == NEW


def test_the_next_one_that_writes_the_set_puts_it_right(folder: Path) -> None:
    undo = folder / ".a.gltf.undo"
    (undo / "old").mkdir(parents=True)
    (folder / "a.bin").rename(undo / "old" / "a.bin")
    (folder / "a.png").write_bytes(b"new picture")
    plan = '[["gone/a.png", "a.png", true], ["gone/a.bin", "a.bin", false], ["gone/a.gltf", "a.gltf", false]]'
    (undo / "plan.json").write_text(plan)
    with pytest.raises(OutputError, match=r"a\.gltf exists already"):
        write_files(folder, {"a.gltf": b"", "a.bin": b""})
    assert contents(folder) == OLD


def test_a_complete_set_stays(folder: Path) -> None:
    (folder / ".a.gltf.undo" / "old").mkdir(parents=True)
    (folder / ".a.gltf.undo" / "old" / "a.bin").write_bytes(b"older")
    assert take_back_left(folder) == 1
    assert contents(folder) == OLD and len(list(folder.iterdir())) == 2


def test_one_that_lives_is_left_alone(folder: Path) -> None:
    undo = folder / ".a.gltf.undo"
    undo.mkdir()
    with filelock.FileLock(undo / "lock"):
        assert take_back_left(folder) == 0
        with pytest.raises(OutputError, match="is being written by another process"):
            write(folder)
    assert undo.is_dir() and {name: (folder / name).read_bytes() for name in OLD} == OLD


def test_a_folder_in_the_way_is_refused_before_anything_moves(folder: Path) -> None:
    (folder / "a.png").mkdir()
    (folder / "a.png" / "mine").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"a\.png is a folder"):
        write(folder)
    assert contents(folder) == {**OLD, "a.png/mine": b"mine"}


def test_a_single_file_needs_no_undo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "_exchange_many", None)
    (tmp_path / "new").write_bytes(b"new")
    exchange(tmp_path, "a", [(tmp_path / "new", tmp_path / "sub" / "a")])
    assert contents(tmp_path) == {"sub/a": b"new"}
