# SPDX-License-Identifier: Apache-2.0
"""A program beside Blender: how far it is, what it made, how it ended."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from blender_addon.core.aside import Aside
from blender_addon.core.failure import Failure
from blender_addon.core.log_file import LogFile
from blender_addon.core.text import Text

from .conftest import gone

REFUSED = Failure("scene", "It was refused.")


def started(tmp_path: Path, program: str) -> Aside:
    command = [sys.executable, "-I", "-u", "-c", program]
    return Aside(command, LogFile(tmp_path / "log"), Text("Remeshing"), refused=REFUSED)


def ended(aside: Aside) -> Aside:
    end = time.monotonic() + 60
    while not aside.ended:
        assert time.monotonic() < end
        aside.step()
        time.sleep(0.01)
    return aside


def test_how_far_and_what(tmp_path: Path) -> None:
    program = "print('hello'); print('portraitkit-step quads 0.5'); print('portraitkit-step write 0.4')\n"
    aside = ended(started(tmp_path, program + "print('portraitkit-done {\"faces\": 7}')"))
    assert (aside.result, aside.failure, aside.stage, aside.overall) == ({"faces": 7}, None, "write", 1.0)
    aside.close()
    log = (tmp_path / "log").read_text()
    assert "hello" in log and "portraitkit-step" not in log


def test_what_it_said_last_counts_though_it_falls_while_it_ends(tmp_path: Path) -> None:
    aside = ended(started(tmp_path, "print('portraitkit-done {}', flush=True)\nimport os; os.abort()"))
    assert aside.result == {} and aside.failure is None
    aside.close()


def test_refused(tmp_path: Path) -> None:
    aside = ended(started(tmp_path, "print('portraitkit-refused')"))
    assert aside.failure is REFUSED and aside.result is None


@pytest.mark.parametrize("program", ["import os; os.abort()", "raise SystemExit(3)", "pass"])
def test_a_fall_is_told_with_its_last_words(tmp_path: Path, program: str) -> None:
    aside = ended(started(tmp_path, f"print('last words', flush=True)\n{program}"))
    assert aside.failure is not None and aside.failure.code == "crashed"
    assert "last words" in aside.failure.detail and "Remeshing" in str(aside.failure.message)


def test_close_ends_it(tmp_path: Path) -> None:
    aside = started(tmp_path, "import time; time.sleep(60)")
    aside.step()
    assert not aside.ended
    aside.close()
    assert gone(aside.pid)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot be run"):
        Aside([str(tmp_path / "blender")], LogFile(tmp_path / "log"), Text("x"), refused=REFUSED)
