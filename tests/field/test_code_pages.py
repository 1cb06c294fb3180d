# SPDX-License-Identifier: Apache-2.0
"""Lines in any code page: stdout as Windows pipes it, or as PYTHONIOENCODING says."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.main import main
from tests.cli.test_generate import SMALL

PAGES = ("cp1252", "cp437", "ascii", "utf-8", "cp932", "utf-16")
ODD = "Łódź ç €"


class Streams:
    """Stdout and stderr of a code page, as bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
        self.page = page
        self._out, self._err = io.BytesIO(), io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(self._out, encoding=page, errors="strict"))
        monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(self._err, encoding=page, errors="strict"))

    @property
    def out(self) -> bytes:
        return self._out.getvalue()

    def text(self, *, err: bool = False) -> str:
        """What was written, which the code page must be able to read."""
        return (self._err if err else self._out).getvalue().decode(self.page)


Open = Callable[[], Streams]


@pytest.fixture(params=PAGES)
def opened(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Open:
    """Puts streams of a code page in place; called in the test, since pytest puts its own there before it."""
    return lambda: Streams(monkeypatch, request.param)


def test_json_lines_are_ascii_and_hold_the_name_whole(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = opened()
    folder = tmp_path / ODD
    monkeypatch.setenv("PORTRAITKIT_MODELS", str(folder))
    assert main(["models", "where", "--json"]) == 0
    assert json.loads(streams.text()) == {"event": "where", "path": str(folder)}
    if streams.page != "utf-16":
        assert streams.out.isascii()


def test_names_that_are_no_utf_8_at_all(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = opened()
    monkeypatch.setenv("PORTRAITKIT_MODELS", "/m\udce9")
    assert main(["models", "where", "--json"]) == 0
    assert json.loads(streams.text())["path"] == "/m\udce9"
    assert main(["models", "where"]) == 0
    assert streams.text().splitlines()[1] == "/m?"


def test_text_has_a_question_mark_for_what_the_page_lacks(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = opened()
    monkeypatch.setenv("PORTRAITKIT_MODELS", str(tmp_path / ODD))
    assert main(["models", "where"]) == 0
    assert Path(streams.text().strip()).name == ODD.encode(streams.page, "replace").decode(streams.page)


def test_errors_with_a_file_s_name(opened: Open) -> None:
    streams = opened()
    assert main(["bake", "--mesh", f"{ODD}.glb"]) == 2
    (line,) = streams.text(err=True).splitlines()
    assert line.startswith("portrait: error: ") and ".glb" in line
    assert main(["--Łódź"]) == 2


@pytest.mark.parametrize("words", [["--help"], ["generate", "--help"], [], ["models"]])
def test_helps(opened: Open, words: list[str]) -> None:
    streams = opened()
    assert main(words) in (0, 2)
    assert "Usage" in streams.text() + streams.text(err=True)


@pytest.mark.parametrize("page", ["cp437", "ascii"])
def test_an_avatar_with_all_its_lines(monkeypatch: pytest.MonkeyPatch, balls: Path, tmp_path: Path, page: str) -> None:
    streams = Streams(monkeypatch, page)
    words = ["generate", "--seed", "3", "--name", ODD, "--out", tmp_path / ODD, *SMALL, "--no-normal-map"]
    assert main([*map(str, words), "--json", "--verbose"]) == 0
    event = json.loads(streams.out)
    assert Path(event["path"]) == tmp_path / ODD / f"{ODD}.glb" and Path(event["path"]).is_file()
    assert "model " in streams.text(err=True)
    assert not logging.getLogger("portraitkit").handlers


@pytest.mark.parametrize("as_json", [False, True])
def test_a_batch_with_all_its_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, as_json: bool) -> None:
    streams = Streams(monkeypatch, "cp1252")
    table = tmp_path / "Łódź.csv"
    table.write_text("seed,name\n1,Zażółć\nx,b\n", encoding="utf-8")
    words = ["batch", "--from", str(table), "--skip-bad", "--dry-run", "--out", str(tmp_path / ODD)]
    assert main([*words, *(["--json"] if as_json else [])]) == 0
    if as_json:
        assert json.loads(streams.out)["first"][0]["name"] == "Zażółć"
    else:
        assert "Za?ó??" in streams.text()
    assert "seed" in streams.text(err=True)


def test_a_program_that_calls_us_gets_its_streams_back(monkeypatch: pytest.MonkeyPatch) -> None:
    Streams(monkeypatch, "cp1252")
    main(["--version"])
    assert (sys.stdout.errors, sys.stderr.errors) == ("strict", "strict")
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["models", "where", "--json"]) == 0
    assert main(["bake", "--mesh", "none.glb"]) == 2
