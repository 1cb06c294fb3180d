# SPDX-License-Identifier: Apache-2.0
"""What can go wrong while an avatar is made, with the real engine: no crash, no orphan, and the next one works."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

Part = Callable[[str], ModuleType]
SMALL = {"faces": 1000, "texture_size": 128, "lattice": 64}
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.is_file() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def gone(pid: int, patience: float = 60.0) -> bool:
    end = time.monotonic() + patience
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not alive(pid)


class Window:
    """The session as in a window, where a timer moves it on: here :meth:`until` is the timer."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def until(self, condition: Callable[[], bool], timeout: float = 300.0) -> None:
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, "the condition did not come true"
            time.sleep(min(self.session.step() or 0.05, 0.02))

    def generate(self, **options: Any) -> Any:
        assert bpy.ops.portraitkit.generate(**(SMALL | options)) == {"FINISHED"}
        return self.session.tasks[-1]

    def busy(self, task: Any) -> int:
        """Wait until the engine works on ``task``; the engine's process."""
        self.until(lambda: task.job is not None and task.job.do == "generate" and task.job.state == "running")
        return int(self.session.link.client.engine["pid"])


@pytest.fixture
def window(scene: Any, engine: Path, part: Part) -> Iterator[Window]:
    session = part("jobs.session").session
    session.waits = False
    yield Window(session)
    session.waits = True
    if session.tasks:
        session.restart()
    session.notices.forget()


@pytest.fixture
def own_engine(window: Window) -> Iterator[None]:
    """For what harms the engine: it is not the one of other tests."""
    window.session.restart()
    yield
    window.session.restart()


def names(part: Part) -> list[str]:
    return sorted(each.name for each in part("scene.identity").avatars_of())


@posix
@pytest.mark.usefixtures("own_engine")
def test_a_killed_engine_is_told_and_started_again(window: Window, part: Part) -> None:
    task = window.generate(seed=1)
    pid = window.busy(task)
    os.kill(pid, signal.SIGKILL)
    window.until(lambda: task.ended)
    assert task.state == "failed"
    failure = window.session.notices.error
    assert failure is not None and failure.message and failure.advice
    assert names(part) == []
    again = window.generate(seed=1, name="Ada")
    window.until(lambda: again.ended)
    assert again.state == "done" and names(part) == ["Ada"]
    assert window.session.link.client.engine["pid"] != pid


@posix
@pytest.mark.usefixtures("own_engine")
def test_a_hung_engine_is_ended(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    task = window.generate(seed=1)
    pid = window.busy(task)
    supervisor = window.session.link.client._supervisor  # pyright: ignore
    monkeypatch.setattr(supervisor, "_timing", dataclasses.replace(supervisor._timing, silence=2.0))
    os.kill(pid, signal.SIGSTOP)
    window.until(lambda: task.ended)
    assert task.state == "failed"
    assert gone(pid)


def test_cancel_leaves_nothing(window: Window, part: Part, datablocks: Callable[[], dict[str, int]]) -> None:
    before = datablocks()
    task = window.generate(seed=1)
    window.busy(task)
    assert bpy.ops.portraitkit.cancel(number=task.number) == {"FINISHED"}
    window.until(lambda: task.ended)
    assert task.state == "cancelled"
    assert datablocks() == before
    assert window.session.notices.error is None
    assert list(part("base.preferences_access").cache_folder("avatars").glob("*")) == []


def test_two_at_once_both_arrive(window: Window, part: Part) -> None:
    tasks = [window.generate(seed=seed, name="Ada") for seed in (1, 2)]
    window.until(lambda: all(each.ended for each in tasks))
    assert [each.state for each in tasks] == ["done", "done"]
    assert names(part) == ["Ada", "Ada 2"]
    assert {each.recipe["seed"] for each in part("scene.identity").avatars_of()} == {1, 2}


def test_another_file_gets_no_avatar_it_did_not_ask_for(window: Window, part: Part, tmp_path: Path) -> None:
    task = window.generate(seed=1, name="Ada")
    window.busy(task)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    window.until(lambda: task.ended)
    assert names(part) == []
    assert [each.name for each in window.session.notices.waiting] == ["Ada"]
    assert bpy.ops.portraitkit.import_waiting(index=0) == {"FINISHED"}
    assert names(part) == ["Ada"] and window.session.notices.waiting == []


def test_undo_meanwhile(window: Window, part: Part) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.context.scene.portraitkit.seed = 5
    bpy.ops.ed.undo_push(message="seed")
    task = window.generate(seed=1, name="Ada")
    window.busy(task)
    if bpy.ops.ed.undo.poll():
        bpy.ops.ed.undo()
    window.until(lambda: task.ended)
    assert task.state == "done" and names(part) == ["Ada"]


def test_the_avatar_is_deleted_while_it_is_made_anew(
    window: Window, part: Part, avatar_copy: Path, delete: Callable[[Any], None]
) -> None:
    avatar = part("scene.bring_in").bring_in(avatar_copy, "Ada")
    assert bpy.ops.portraitkit.regenerate(changes='{"seed": 2}') == {"FINISHED"}
    task = window.session.tasks[-1]
    window.busy(task)
    delete(avatar)
    window.until(lambda: task.ended)
    assert names(part) == []
    assert [each.name for each in window.session.notices.waiting] == ["Ada"]


def test_a_model_that_is_gone(window: Window) -> None:
    task = window.generate(seed=1, model="lost")
    window.until(lambda: task.ended)
    assert task.state == "failed"
    failure = window.session.notices.error
    assert "lost" in str(failure.message) and failure.advice


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounts a small disk as root")
def test_a_full_disk(window: Window, part: Part, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(small)], check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        task = window.generate(seed=1, filepath=str(small / "ada.glb"))
        window.until(lambda: task.ended)
        assert task.state == "failed"
        assert window.session.notices.error.code == "disk", window.session.notices.error.message
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)
    task = window.generate(seed=1, name="Ada")
    window.until(lambda: task.ended)
    assert names(part) == ["Ada"]


@posix
def test_switched_off_while_it_works(window: Window, addon: ModuleType) -> None:
    import addon_utils

    task = window.generate(seed=1)
    pid = window.busy(task)
    addon_utils.disable(addon.__name__)
    try:
        assert gone(pid)
        assert task.state == "cancelled"
    finally:
        addon_utils.enable(addon.__name__)
    assert bpy.ops.portraitkit.generate.poll()


@posix
def test_blender_is_killed(engine: Path, addon: ModuleType, tmp_path: Path) -> None:
    """A second Blender, with the same installed add-on, killed while its engine works: the engine ends by itself."""
    script = tmp_path / "busy.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import time, bpy, addon_utils, importlib
            addon_utils.enable({addon.__name__!r})
            session = importlib.import_module({addon.__name__!r} + ".jobs.session").session
            session.waits = False
            bpy.ops.portraitkit.generate(seed=1, faces=100000, texture_size=4096)
            while not (session.tasks and session.tasks[0].job and session.tasks[0].job.state == "running"):
                session.step()
                time.sleep(0.02)
            print("PID", session.link.client.engine["pid"], flush=True)
            while True:
                session.step()
                time.sleep(0.02)
            """
        )
    )
    other = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        pid = next(int(line.split()[1]) for line in other.stdout if line.startswith("PID"))
        assert alive(pid)
        other.kill()
        other.wait()
        assert gone(pid)
    finally:
        other.kill()
        other.wait()


def test_cycles_leave_memory_flat(
    window: Window, part: Part, delete: Callable[[Any], None], datablocks: Callable[[], dict[str, int]]
) -> None:
    """Generate, regenerate and delete, again and again: data-blocks as before, the engine's memory and ours flat."""
    cycles = int(os.environ.get("PORTRAITKIT_CYCLES", "6"))
    before = datablocks()
    ours, its = [], []
    for number in range(cycles):
        task = window.generate(seed=number, name="Ada")
        window.until(lambda task=task: task.ended)
        assert task.state == "done"
        (avatar,) = part("scene.identity").avatars_of()
        made = datablocks()
        bpy.context.view_layer.objects.active = avatar.armature
        assert bpy.ops.portraitkit.regenerate(changes='{"attributes": {"jaw_width": 1.0}}') == {"FINISHED"}
        task = window.session.tasks[-1]
        window.until(lambda task=task: task.ended)
        assert task.state == "done" and datablocks() == made
        delete(avatar)
        assert datablocks() == before
        ours.append(resident("self"))
        its.append(resident(window.session.link.client.engine["pid"]))
        if cycles >= 10 and number % 10 == 9:
            print(f"MEMORY after {number + 1} cycles, MiB: Blender {ours[-1]:.0f}, engine {its[-1]:.0f}", flush=True)
    if ours[-1]:
        middle = cycles // 2
        print(
            f"MEMORY of {cycles} cycles, MiB: Blender {ours[middle]:.0f} -> {ours[-1]:.0f}, "
            f"engine {its[middle]:.0f} -> {its[-1]:.0f}"
        )
        assert ours[-1] < ours[middle] + 8 + 0.3 * (cycles - middle)
        # The first dozen avatars differ in how much they need at once: the engine's heap grows to the largest of them.
        assert its[-1] < its[middle] + (40 if cycles >= 30 else 150)
    assert not list(part("base.preferences_access").cache_folder("avatars").glob("*"))
    shutil.rmtree(part("base.preferences_access").cache_folder("previews"), ignore_errors=True)


def resident(pid: object) -> float:
    """MiB; 0 where there is no /proc."""
    path = Path(f"/proc/{pid}/statm")
    return int(path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20 if path.is_file() else 0.0
