# SPDX-License-Identifier: Apache-2.0
"""What to do about an error: data below the command line, words in it."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from cli.remedies import WORDS, told, words
from portrait_core.engine.faults import fault_of
from portrait_core.errors import PortraitError, UsageError, remedy
from portrait_core.protocol import REMEDIES, RemedyCode
from portrait_core.runtime.devices import choose_device
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
FILES = [path for room in ("portrait_core", "textures") for path in sorted((ROOT / room).rglob("*.py"))]
COMMANDS = "generate|batch|bake|render|video|pose|shape|models|photo|train|worker|doctor"
SURFACE = re.compile(rf"(?<![\w-])--[a-z][a-z-]*|\bportrait (?:{COMMANDS})\b|\bpip3? install\b|`portrait`")


def surface_words(source: str) -> Iterator[tuple[int, str]]:
    """Options and commands in the texts of a module; docstrings, argument vectors of other programs and the
    table of fields, which has the command line's own words beside its own, do not count."""
    tree = ast.parse(source)
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(id(node.value))
        elif isinstance(node, ast.List):
            silent.update(id(each) for each in node.elts)
        elif isinstance(node, ast.keyword) and node.arg in ("command", "flag", "flag_help"):
            silent.update(id(each) for each in ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield from ((node.lineno, found) for found in SURFACE.findall(node.value))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_below_the_command_line_names_an_option_or_a_command(path: Path) -> None:
    assert list(surface_words(path.read_text(encoding="utf-8"))) == []


def test_the_search_finds_options_and_commands() -> None:
    source = 'def f(x):\n    """Use --this."""\n    raise E(f"{x}: pass --overwrite, or see `portrait models list`.")\n'
    assert [found for _, found in surface_words(source)] == ["--overwrite", "portrait models"]
    assert list(surface_words('run(["blender", "--python-exit-code", "3"])')) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_remedy_has_the_parameters_of_the_protocol(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "remedy":
            (code,) = (ast.literal_eval(each) for each in node.args)
            assert tuple(each.arg for each in node.keywords) == REMEDIES[code], f"line {node.lineno}"


def test_every_remedy_is_used_documented_and_has_words() -> None:
    assert set(get_args(RemedyCode)) == set(REMEDIES) == set(WORDS)
    sources = "".join(path.read_text(encoding="utf-8") for path in FILES)
    document = (ROOT / "docs" / "worker-protocol.md").read_text(encoding="utf-8")
    for code, parameters in REMEDIES.items():
        assert f'remedy("{code}"' in sources
        row = next(line for line in document.splitlines() if line.startswith(f"| `{code}` |"))
        assert re.findall(r"`(\w+)`", row.split("|")[2]) == list(parameters)
        assert {name for _, name, _, _ in string.Formatter().parse(WORDS[code]) if name} <= {*parameters, "option"}


def test_words_of_remedies() -> None:
    assert words(remedy("install", extra="cluster", package="ray").facts()) == (
        "Install it by pip install 'portraitkit[cluster]', or pip install ray."
    )
    assert words(remedy("number_names").facts()) == "Put {index} into --name, or give every row a name of its own."
    assert words({}) == words({"do": "dance"}) == words({"do": "install"}) == ""
    assert told(PortraitError("so it is.")) == "so it is."


def test_one_error_in_the_words_of_each_surface(run: Run) -> None:
    with pytest.raises(UsageError) as caught:
        choose_device("mps")
    facts = fault_of(caught.value).facts()
    assert facts["remedy"] == {"do": "choose_device", "device": "cpu"}
    assert "--" not in facts["message"] + facts["advice"]
    assert run("generate", "--seed", 1, "--device", "mps").error == (
        f"{caught.value} Use --device cpu, or install a torch build for your graphics card (see README)."
    )
