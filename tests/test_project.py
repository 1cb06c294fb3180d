# SPDX-License-Identifier: Apache-2.0
"""The files around the code: pinned versions that cover what is required, licences, and the commands README names."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from cli.main import app

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line.split(";")[0].strip() for line in lines if line and not line.startswith("#")]
    return {canonical(line.split("==")[0]): line.split("==")[1] for line in pinned}


def test_everything_required_is_pinned() -> None:
    lines = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    names = {canonical(re.split(r"[<>=;\[ ]", line)[0]) for line in lines}
    assert names <= pins().keys()
    assert pins()["torch"] == "2.13.0"


def test_pins_serve_every_build_and_name_no_place() -> None:
    for name, version in pins().items():
        assert re.fullmatch(r"[0-9][0-9a-z.]*", version), f"{name}=={version}"


def test_every_requirement_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for requirement in PROJECT["dependencies"]:
        (line,) = [each for each in text.splitlines() if f'"{requirement}"' in each]
        assert len(line.partition("#")[2].split()) >= 2, line


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("LICENSE", "Apache License"),
        ("LICENSES/GPL-3.0-or-later.txt", "GNU GENERAL PUBLIC LICENSE"),
        ("LICENSES/CC0-1.0.txt", "CC0 1.0 Universal"),
    ],
)
def test_licences_are_here_whole(file: str, words: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert words in text
    assert len(text) > 5000


def test_readme_names_commands_and_options_that_exist() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^(?:\.venv\S+)?portrait (.*?)(?:\s+#.*)?$", text, flags=re.MULTILINE)
    assert len(lines) >= 8
    for line in lines:
        words = line.split()
        command = commands[words.pop(0)]
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        for word in words:
            assert not word.startswith("--") or word in options, f"portrait {line}: no option {word}"


def test_every_picture_is_shown_and_every_link_leads_to_a_file() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    led_to: set[Path] = set()
    for page in pages:
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                target = (page.parent / link).resolve()
                assert target.exists(), f"{page.relative_to(ROOT)}: {link}"
                led_to.add(target)
    pictures = {path for path in (ROOT / "docs").rglob("*") if path.suffix in {".png", ".jpg", ".gif", ".svg", ".webp"}}
    assert {path.parent for path in pictures} == {ROOT / "docs" / "pictures"}
    assert pictures <= led_to, sorted(path.name for path in pictures - led_to)
