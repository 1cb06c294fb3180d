# SPDX-License-Identifier: Apache-2.0
"""``--verbose``: the engine's stages and their times on stderr, results on stdout as ever."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cli.verbose import taken_out
from tests.cli.conftest import Run
from tests.cli.test_generate import SMALL


@pytest.mark.parametrize("place", [0, 1, None])
def test_stages_are_told_wherever_the_option_stands(run: Run, balls: Path, tmp_path: Path, place: int | None) -> None:
    words: list[object] = ["generate", "--seed", 3, "--out", tmp_path, *SMALL, "--json"]
    words.insert(len(words) if place is None else place, "--verbose")
    done = run(*words)
    assert done.code == 0
    stages = json.loads(done.out)["stages"]
    lines = done.err.splitlines()
    assert all(re.match(r" *\d+ ms  ", line) for line in lines)
    for stage in stages:
        assert any(line.endswith(f"balls-3: {stage}") for line in lines), stage
    last = lines[-1]
    assert re.search(r"balls-3: [\d.]+ s \(.*unwrap [\d.]+.*write [\d.]+\)$", last), last
    told = re.search(r"unwrap ([\d.]+)", last)
    assert told is not None
    assert float(told[1]) == pytest.approx(stages["unwrap"], abs=0.011)  # each is rounded for itself
    # The next run without it says nothing: no handler stays behind.
    assert run("generate", "--seed", 3, "--out", tmp_path / "again", *SMALL, "--quiet").err == ""


def test_it_is_named_in_the_help(run: Run) -> None:
    assert "--verbose" in run("--help").out


def test_what_stands_behind_two_dashes_is_no_option() -> None:
    assert taken_out(["a", "--verbose", "--", "--verbose"]) == (["a", "--", "--verbose"], True)
    assert taken_out(["-v", "a"]) == (["a"], True)
    assert taken_out(["a", "--", "--verbose"]) == (["a", "--", "--verbose"], False)
