# SPDX-License-Identifier: Apache-2.0
"""Relative links of the Markdown files as they lie in the repository: files and headings. Standard library only."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from docs_site.places import DOCS, ROOT

_LINK = re.compile(r"\]\(([^()\s]+)\)")
_CODE = re.compile(r"^( *)```.*?^\1```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} (.+?)(?: \{.*\})?$", re.MULTILINE)


def faults() -> list[str]:
    """One line for each relative link without its file or heading."""
    found: list[str] = []
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]:
        for link in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8"))):
            if "://" in link or link.startswith("mailto:"):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists():
                found.append(f"{page.relative_to(ROOT)}: {link} leads nowhere")
            elif anchor and target.suffix == ".md" and anchor not in anchors(target):
                found.append(f"{page.relative_to(ROOT)}: {link}: there is no such heading")
    return found


@cache
def anchors(page: Path) -> frozenset[str]:
    """The headings of a page as anchors, as the site and the usual viewers of repositories write them."""
    text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return frozenset(slug(heading) for heading in _HEADING.findall(text))


def slug(heading: str) -> str:
    """A heading's anchor: lower case, words with hyphens, other signs left out."""
    plain = re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower()
    return re.sub(r"[\s]+", "-", plain)
