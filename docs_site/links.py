# SPDX-License-Identifier: Apache-2.0
"""Every link of the built site leads to a file and an anchor that are there, and nothing is fetched from elsewhere.

    python -m docs_site.links [FOLDER]

Standard library only. What mkdocs checks are links between pages; this looks at the finished HTML: pictures, scripts,
downloads and anchors, those of made pages included, and at relative links of README and CONTRIBUTING.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from docs_site.markdown_links import faults
from docs_site.places import BUILT

LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("model-viewer", "src"), ("source", "src")}
"""What a browser fetches by itself."""


class Found(HTMLParser):
    """The links and anchors of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str, str]] = []
        self.anchors: set[str] = {"", "__skip"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            if name in ("href", "src", "poster") and value is not None:
                self.links.append((tag, name, value))


def read(path: Path) -> Found:
    found = Found()
    found.feed(path.read_text(encoding="utf-8"))
    return found


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else BUILT).resolve()
    pages = {path: read(path) for path in sorted(folder.rglob("*.html"))}
    if not pages:
        print(f"{folder} has no pages; build them first: make docs-pages", file=sys.stderr)
        return 1
    broken: list[str] = []
    count = elsewhere = 0
    for path, found in pages.items():
        if path.name == "404.html":  # written for a server's root
            continue
        for tag, name, link in found.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                elsewhere += tag == "a"
                if (tag, name) in LOADED and parts.scheme != "data":
                    broken.append(f"{path.relative_to(folder)}: fetches {link}")
                continue
            count += 1
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.is_file():
                broken.append(f"{path.relative_to(folder)}: {link} leads nowhere")
            elif target in pages and anchor not in pages[target].anchors:
                broken.append(f"{path.relative_to(folder)}: {link}: there is no such anchor")
    broken += faults()
    print(f"{len(pages)} pages, {count} links inside, {elsewhere} to elsewhere (not followed), {len(broken)} broken")
    for each in broken:
        print(each, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
