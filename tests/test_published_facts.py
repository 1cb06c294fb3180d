# SPDX-License-Identifier: Apache-2.0
"""What the code names as its source is in the repository: every page and every section of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [
    path
    for room in ("portrait_core", "textures", "cli", "benchmarks", "tests", "docs")
    for path in sorted((ROOT / room).rglob("*"))
    if path.suffix in (".py", ".md") and path != Path(__file__)
]
REFERENCE = re.compile(
    r"docs/published/([\w-]+)\.md(?:,?\s*(?:sections?\s+)?((?:\d+(?:\.\d+)?(?:\s*(?:,|-|and)\s*)?)+))?"
)
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "published").glob("*.md")}


def references(text: str) -> list[tuple[str, list[str]]]:
    return [(page, re.findall(r"\d+(?:\.\d+)?", sections)) for page, sections in REFERENCE.findall(text)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_reference_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for page, sections in references(text):
        assert page in PAGES, f"there is no docs/published/{page}.md"
        for section in sections:
            assert re.search(rf"(?m)^#+ {re.escape(section)}\.? ", PAGES[page]), f"{page}.md has no section {section}"
    assert not re.search(r"\(specification:", text), "a text that is not in the repository"


def test_references_are_read_as_they_are_written() -> None:
    text = (
        "(docs/published/generator.md 9.2, 9.6, 9.7), (docs/published/a-b.md, sections 1 and 2), docs/published/c.md."
    )
    assert references(text) == [("generator", ["9.2", "9.6", "9.7"]), ("a-b", ["1", "2"]), ("c", [])]
    assert len(PAGES) == 8 and sum(len(references(path.read_text(encoding="utf-8"))) for path in FILES) > 30


def test_pages_refer_to_pages_that_are_there() -> None:
    for name, text in PAGES.items():
        for other in re.findall(r"\b([\w-]+)\.md\b", text):
            assert other in PAGES, f"{name}.md speaks of {other}.md"
