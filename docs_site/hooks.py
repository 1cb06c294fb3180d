# SPDX-License-Identifier: Apache-2.0
"""Hooks of mkdocs: pages and files that are made at build time, and links that lead out of ``docs``.

A line ``<!-- site: NAME -->`` in a page is replaced by what :data:`MADE` makes of it. The table of recipe fields is
made of the recipe itself, whatever docs/recipe.md holds. Needs no engine: `cli.recipe_page` is standard library.
"""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parents[1]))

from cli.recipe_page import page as recipe_page
from docs_site import gallery_page, notebook_page, programs_page
from docs_site.places import GALLERY, HERE, PACKAGES, PROGRAMS, ROOT

LOG = logging.getLogger("mkdocs.hooks.portraitkit")

OUTSIDE = {
    **{"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "LICENSE": "LICENSE.txt"},
    **{f"LICENSES/{path.name}": f"LICENSES/{path.name}" for path in (ROOT / "LICENSES").glob("*.txt")},
}
"""Files beside docs that the site has too, and their names there."""
NOTEBOOK = "examples/first_avatars.ipynb"

FONT = PACKAGES / "@fontsource-variable" / "inter" / "files" / "inter-latin-wght-normal.woff2"
WORKER = PACKAGES / "iframe-worker" / "shim" / "index.js"
WORKER_ELSEWHERE = "https://unpkg.com/iframe-worker/shim"
"""What lets the search work from disk; the theme would fetch it from there."""
VIEWER = PACKAGES / "@google" / "model-viewer" / "dist" / "model-viewer.min.js"
FETCHED = {FONT: "assets/inter.woff2", VIEWER: "assets/model-viewer.min.js", WORKER: "assets/worker.js"}

MADE = {
    "hero": gallery_page.hero,
    "gallery": gallery_page.grid,
    "gallery link": gallery_page.link,
    **{f"program {name}": programs_page.picture_of(name) for name in programs_page.NAMES},
}
_PLACE = re.compile(r"^<!-- site: ([a-z0-9 -]+) -->$", re.MULTILINE)
_BARE = re.compile(r"(?<![\w/(\[`])docs/([\w/-]+\.md)(?![\w)`\]])")
_KEPT = re.compile(r"(^```.*?^```|^ {4,}[^\n]*$|`[^`\n]*`|\[[^\]]*\]\([^)]*\))", re.MULTILINE | re.DOTALL)
"""Code and links, in which no name of a page is made a link."""
_OUT = re.compile(r"\[[^\]]*\]\(\.\./([^)\s]+)\)")
"""A link to what lies in the repository, but not in the site."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is made: pages out of the repository's root, fields of recipes, notebook, gallery, script, font."""
    made: dict[str, str | Path] = {
        "recipe.md": recipe_page(),
        "assets/site.css": HERE / "site.css",
        "assets/mark.svg": HERE / "mark.svg",
        "LICENSE.txt": ROOT / "LICENSE",
    }
    for outside, inside in OUTSIDE.items():
        made[inside] = ROOT / outside
    for licence in (ROOT / "LICENSES").glob("*.txt"):
        made[f"LICENSES/{licence.name}"] = licence
    made |= notebook_page.made()
    for path, name in (
        (FONT, "assets/inter.woff2"),
        (VIEWER, "assets/model-viewer.min.js"),
        (WORKER, "assets/worker.js"),
    ):
        if path.is_file():
            made[name] = path
        else:
            LOG.info("%s is missing: run make docs, which fetches it", path.name)
    for folder, name in ((GALLERY / "shown", "gallery"), (PROGRAMS, "programs")):
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            if path.suffix in {".glb", ".json", ".jpg"}:
                made[f"{name}/{path.name}"] = path
    for uri, what in made.items():
        if (old := files.get_file_from_path(uri)) is not None:
            files.remove(old)
        if isinstance(what, Path):
            files.append(File.generated(config, uri, abs_src_path=str(what)))
        else:
            files.append(File.generated(config, uri, content=what))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill the places of a page in, and turn links that lead out of ``docs``."""

    def put(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in MADE:
            raise ValueError(f"{page.file.src_uri}: nothing is made for <!-- site: {name} -->; there are {list(MADE)}")
        return MADE[name]()

    markdown = _linked(_PLACE.sub(put, markdown), up := "../" * page.file.src_uri.count("/"))
    if page.file.src_uri in OUTSIDE.values():  # those are written as seen from the root
        markdown = markdown.replace("](docs/", f"]({up}")
        for outside, inside in OUTSIDE.items():
            markdown = markdown.replace(f"]({outside})", f"]({inside})")
    for outside, inside in OUTSIDE.items():
        markdown = markdown.replace(f"](../{up}{outside})", f"]({up}{inside})")
    markdown = markdown.replace(f"]({up}{NOTEBOOK})", f"]({up}notebook.md)")
    return markdown if up else _OUT.sub(r"`\1`", markdown)


def _linked(markdown: str, up: str) -> str:
    """``docs/NAME.md`` in running text as a link; not in code and not where it is one already."""
    parts = re.split(
        r"(^```.*?^```|^ {4,}.*?$|`[^`\n]*`|\[[^\]]*\]\([^)]*\))", markdown, flags=re.MULTILINE | re.DOTALL
    )
    for number in range(0, len(parts), 2):
        parts[number] = _BARE.sub(lambda found: f"[{Path(found.group(1)).stem}]({up}{found.group(1)})", parts[number])
    return "".join(parts)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Roles of docstrings, which mkdocstrings shows as they stand, as plain code."""
    return re.sub(r":(?:class|func|mod|data|meth|attr):<code>~?([^<]*)</code>", r"<code>\1</code>", html)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """The viewer's script on the pages that have one to show, and no address elsewhere."""
    base = "../" * page.file.src_uri.count("/")
    output = output.replace(WORKER_ELSEWHERE, f"{base}assets/worker.js")
    if "<model-viewer" not in output:
        return output
    script = (
        "<script>if (location.protocol !== 'file:') document.head.append(Object.assign("
        f"document.createElement('script'), {{ type: 'module', src: '{base}assets/model-viewer.min.js' }}));</script>"
    )
    return output.replace("</head>", f"{script}</head>", 1)


def on_serve(server: Any, config: MkDocsConfig, builder: Any) -> Any:
    """Build again when the made pages' own code changes."""
    server.watch(str(HERE))
    return server
