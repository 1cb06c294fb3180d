# SPDX-License-Identifier: Apache-2.0
"""An engine without work ends and gives its memory back; what it can do stays known, and it starts again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

Part = Callable[[str], ModuleType]


def ended(pid: int) -> bool:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").is_file() and ") Z " in Path(f"/proc/{pid}/stat").read_text():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(os.name == "nt", reason="asks for processes as POSIX does")
def test_rest_and_stop(scene: Any, part: Part, engine: Path) -> None:
    session = part("jobs.session").session
    assert not bpy.ops.portraitkit.stop_engine.poll()
    assert bpy.ops.portraitkit.check_engine() == {"FINISHED"}
    pid, told = int(session.link.client.engine["pid"]), session.capabilities
    assert session.step() is not None and session.link.is_open, "it has just been at work"
    session.link.used -= 60 * part("jobs.session").REST_AFTER + 1
    assert session.step() is None, "and nothing is left for the timer"
    assert ended(pid) and not session.link.is_open
    assert session.capabilities == told and not session.link.starting
    assert "rests" in part("ui.preferences").engine_state().template

    assert bpy.ops.portraitkit.check_engine() == {"FINISHED"}
    again = int(session.link.client.engine["pid"])
    assert again != pid
    assert bpy.ops.portraitkit.stop_engine() == {"FINISHED"}
    assert ended(again) and session.capabilities == told
    session.restart()
    assert session.capabilities is None
