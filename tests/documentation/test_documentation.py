# SPDX-License-Identifier: Apache-2.0
"""What of `make docs-check` is quick: every block is runnable or says why not, and names what exists."""

from __future__ import annotations

import ast
import csv
import json
import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from cli.main import app
from docs_site import blocks, gallery_page, markdown_links, samples
from docs_site.blocks import Tally
from docs_site.notebook_page import cells, made
from docs_site.places import HERE, ROOT

COMMAND = get_command(app)
FOUND = [block for page in blocks.pages() for block in blocks.blocks(page)]


def commands(block: blocks.Block) -> list[list[str]]:
    """The words behind `portrait` in a block's lines that are not left out for being yours to write."""
    lines = [block.swapped(line) for line in block.lines()] if block.language in ("sh", "console") else []
    words = [shlex.split(line, comments=True) for line in lines]
    return [each[1:] for each in words if each[:1] == ["portrait"]]


def test_every_block_has_a_language_that_is_run_or_shown() -> None:
    assert len(FOUND) > 60
    assert [block.place for block in FOUND if block.language not in (*blocks.RUN, *blocks.SHOWN)] == []


@pytest.mark.parametrize("block", [b for b in FOUND if commands(b)], ids=lambda block: block.place)
def test_commands_and_options_exist(block: blocks.Block) -> None:
    for words in commands(block):
        command = COMMAND
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]  # type: ignore[attr-defined]
        if command.name == "photo" and hasattr(command, "commands"):  # a photograph stands where its commands do
            command = command.commands["avatar"]
        options = {option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]}
        unknown = [word for word in words if word.startswith("--") and word.split("=")[0] not in options]
        assert unknown == [], f"portrait {command.name}"


@pytest.mark.parametrize("block", [b for b in FOUND if b.language in ("python", "json")], ids=lambda block: block.place)
def test_python_and_json_can_be_read(block: blocks.Block) -> None:
    (ast.parse if block.language == "python" else json.loads)(block.text)


def test_words_above_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- run: 99 => 1; not rm (it removes) -->\n```sh\nmake 99  # many\nrm \\\n  all\n# end\n```\n\n"
        "<!-- not run: no cluster -->\n```console\n$ ray start\nstarted\n```\n    ```text\n    in a list\n    ```\n"
    )
    first, second, third = blocks.blocks(page)
    assert [first.swapped(line) for line in first.lines()] == ["make 1  # many", "rm    all"]
    assert first.why_not("rm    all") == "it removes" and first.why_not("make 99") == ""
    assert second.lines() == ["ray start"] and second.not_run == "no cluster" and second.line == 10
    assert third.text == "in a list\n"
    for wrong in ("run: 98 => 1", "run: not mv (moves)", "run: what", "not run: "):
        page.write_text(f"<!-- {wrong} -->\n```sh\nmake 99\n```\n")
        with pytest.raises(ValueError, match=r"page\.md:2"):
            list(blocks.blocks(page))


def test_what_fails_is_told_and_pages_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\ntouch here\ntest -f here\necho no >&2; exit 3\n```\n<!-- not run: yours -->\n```sh\nexit 4\n```\n"
    )
    tally = Tally()
    blocks.run_page(page, tally)
    assert (tally.ran, tally.blocks) == (3, 1)
    assert tally.failed == ["page.md:1: echo no >&2; exit 3\n    no"] and tally.left == ["page.md:7: yours"]
    page.write_text("```sh\ntest ! -e here\n```\n")
    blocks.run_page(page, later := Tally())
    assert later.failed == [] and later.ran == 1


def test_what_reads_the_work_of_a_line_left_out_is_left_out_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\nneedy --out data/set\ncat data/set/x.txt && echo --out more\ncat more\necho fine > data.txt\n```\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(blocks, "ROOT", tmp_path)
    monkeypatch.setattr(samples, "prepare", lambda text, folder: "no needs here" if "needy" in text else "")
    tally = Tally()
    blocks.run_page(page, tally)
    assert (tally.ran, tally.failed, len(tally.left)) == (1, [], 3)
    assert "data/set is not there" in tally.left[1] and "more is not there" in tally.left[2]


def test_samples_are_made_where_a_line_mentions_them(tmp_path: Path) -> None:
    assert samples.prepare("portrait generate --motion walk.npz --face-motion take.csv", tmp_path) == ""
    assert samples.prepare("echo  # with hello.wav", tmp_path) == ""
    assert {path.name for path in tmp_path.iterdir()} == {"walk.npz", "take.csv"}


def test_links_of_the_repository() -> None:
    assert markdown_links.faults() == []


def test_broken_links_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("[a](docs/a.md) [b](docs/a.md#one-two) [c](docs/a.md#three) [d](none.md)")
    (tmp_path / "CONTRIBUTING.md").write_text("`[x](y.md)` [z](#z)\n")
    (tmp_path / "docs" / "a.md").write_text("## One, `two`\n```sh\n# three\n```\n")
    monkeypatch.setattr(markdown_links, "ROOT", tmp_path)
    monkeypatch.setattr(markdown_links, "DOCS", tmp_path / "docs")
    assert markdown_links.faults() == [
        "README.md: docs/a.md#three: there is no such heading",
        "README.md: none.md leads nowhere",
        "CONTRIBUTING.md: #z: there is no such heading",
    ]


def test_the_notebook_is_of_today() -> None:
    """Its code compiles, what it imports is there, and it shows what its code would: no cell without its result."""
    code = [cell for cell in cells() if cell["cell_type"] == "code"]
    assert len(code) >= 7 and all(cell["outputs"] for cell in code), "run it again and keep what it shows"
    for cell in code:
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, ast.ImportFrom):
                names = {alias.name: None for alias in node.names}
                exec(f"from {node.module} import {', '.join(names)}", names)
    assert str(made()["notebook.md"]).count('<img class="pk-output"') == 3


def test_the_gallery_has_24_people_whose_words_are_understood() -> None:
    from portrait_core.words.description import described

    with (HERE / "gallery.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len({row["name"] for row in rows}) == len({row["seed"] for row in rows}) == 24
    assert [row["name"] for row in rows if described(row["describe"]).unknown] == []


def test_the_home_page_counts_the_gallery_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_page, "GALLERY", tmp_path)
    assert ">Gallery</a>" in gallery_page.link()
    (tmp_path / "shown").mkdir()
    facts = {"command": "portrait batch", "avatars": [{"name": "ada"}, {"name": "ben"}, {"name": "cleo"}]}
    (tmp_path / "shown" / "gallery.json").write_text(json.dumps(facts), encoding="utf-8")
    assert ">3 avatars to turn</a>" in gallery_page.link()


def test_programs_of_the_page_are_those_of_the_command_line() -> None:
    from portrait_core.face.clients import CLIENTS

    text = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
    assert set(re.findall(r"--for ([a-z-]+)", text)) == set(CLIENTS)


def test_pages_of_the_navigation_are_there_and_all_are_in_it() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:- .+: |^  )([\w/-]+\.md)$", text, flags=re.MULTILINE))
    there = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert named - {"changelog.md", "contributing.md", "notebook.md"} == there - {"studio.md"} | named & {"studio.md"}
