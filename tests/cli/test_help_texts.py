# SPDX-License-Identifier: Apache-2.0
"""Nothing that is written into a help text is lost on the screen, on a narrow one neither."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from cli.main import app
from tests.cli.conftest import Run


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, (*words, name))


ALL = dict(commands(get_command(app)))


def squeezed(text: str) -> str:
    return "".join(text.split())


def last_columns(shown: str) -> str:
    """The last column of all lines, in which the texts of options stand, without blanks.

    A panel's columns are parted by two blanks, and its texts begin in one place.
    """
    found: list[str] = []
    panel: list[str] = []
    for line in [*shown.splitlines(), "╰"]:
        if line.startswith("│"):
            panel.append(line.strip().strip("│").rstrip())
        elif line.startswith("╰") and panel:
            width = max(map(len, panel))
            # The place from which on no line has two blanks before a word, which are the gaps between columns.
            starts = [
                i + 1
                for each in panel
                for i in range(1, len(each) - 1)
                if each[i - 1 : i + 1] == "  " and each[i + 1] != " "
            ]
            place = max((s for s in set(starts) if starts.count(s) * 3 > len(panel)), default=0)
            assert place < width
            found += [each[place:] for each in panel]
            panel = []
    return squeezed("".join(found))


@pytest.mark.parametrize("width", [60, 80, 100, 160])
@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_text_of_a_help_is_on_the_screen(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    shown = run(*words, "--help").out
    assert "…" not in shown
    assert ("╭" in shown) == (width >= 100)
    everything = squeezed(shown) if width < 100 else last_columns(shown) + squeezed(shown)
    command = ALL[words]
    texts = inspect.cleandoc(command.help or "").split("\n\n")
    options = [each for each in command.params if not getattr(each, "hidden", False)]
    texts += [each.help for each in options if getattr(each, "help", None)]
    for text in texts:
        assert squeezed(text) in everything, text
    for option in options:
        if option.param_type_name == "option":
            assert all(flag in shown for flag in (*option.opts, *option.secondary_opts)), option.opts


def test_the_texts_have_brackets_to_lose() -> None:
    texts = [each.help for command in ALL.values() for each in command.params if getattr(each, "help", None)]
    assert sum("[default: " in text for text in texts) > 15
