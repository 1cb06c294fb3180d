# SPDX-License-Identifier: Apache-2.0
"""The documentation site as people open it: its pages from disk, and its gallery from a plain server, in Chromium.

Only where a browser and a site are: ``PORTRAITKIT_CHROMIUM=/usr/bin/chromium pytest -m sweep
tests/documentation/test_site_in_browser.py`` after ``make docs``. ``PORTRAITKIT_SITE`` names a site elsewhere, and
pictures go into the folder ``PORTRAITKIT_PICTURES``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docs_site.places import ROOT
from tests.studio.browser import Browser, Page
from tests.studio.visitor import until

PROGRAM = os.environ.get("PORTRAITKIT_CHROMIUM", "")
PICTURES = os.environ.get("PORTRAITKIT_PICTURES", "")
SITE = Path(os.environ.get("PORTRAITKIT_SITE", ROOT / "dist" / "site"))
pytestmark = [
    pytest.mark.sweep,
    pytest.mark.skipif(not PROGRAM, reason="PORTRAITKIT_CHROMIUM names no browser"),
    pytest.mark.skipif(not (SITE / "index.html").is_file(), reason="there is no site: make docs"),
    pytest.mark.timeout(1800),
]

WITHIN = 60.0
"""Seconds in which a page is there, or an avatar."""
FAULTS = """
(async () => {
  const faults = [];
  for (const each of document.querySelectorAll('link[rel=stylesheet]'))
    if (!each.sheet) faults.push('no style ' + each.href);
  if (!getComputedStyle(document.body).fontFamily.includes('Inter')) faults.push('not the font of the site');
  for (const each of document.querySelectorAll('img')) {
    each.loading = 'eager';
    await each.decode().catch(() => faults.push('no picture ' + each.src));
  }
  return faults;
})()
"""
LINKS = """
[...document.querySelectorAll('a[href]')].map((each) => each.href.split('#')[0].split('?')[0])
  .filter((each) => each.startsWith('file:')).map((each) => decodeURIComponent(new URL(each).pathname))
"""
QUERY = "[data-md-component=search-query]"
SEARCHED = f"""
(() => {{
  // As a key that goes up: the page reads its field then.
  document.querySelector('{QUERY}').dispatchEvent(new Event('keyup', {{ bubbles: true }}));
  return document.querySelectorAll('.md-search-result__list > li').length;
}})()
"""
TURNED = """
(() => {
  const card = document.querySelectorAll('.pk-card')[NUMBER];
  card.scrollIntoView({ block: 'center' });
  card.querySelector('.pk-look').click();
})()
"""
LOADED = "document.querySelectorAll('.pk-card')[NUMBER].querySelector('model-viewer').loaded"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    running = Browser(PROGRAM, 1280, 900)
    yield running
    running.close()


@contextmanager
def served() -> Generator[str]:
    """The address of the site at a server that knows nothing of it."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(SITE)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split("(")[1].split(")")[0].rstrip("/")
    finally:
        process.terminate()
        process.wait(30)


def ready(page: Page, ending: str) -> None:
    """Wait until the page at such an address is there."""
    until(lambda: page.js(f"location.pathname.endsWith('/{ending}') && document.readyState === 'complete'"), WITHIN)


def keep(page: Page, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.picture(Path(PICTURES) / f"{name}.png", view=False)


def test_pages_open_from_disk(browser: Browser) -> None:
    page = browser.open((SITE / "index.html").as_uri())
    names = sorted(path.name for path in SITE.glob("*.html"))
    assert len(names) > 20
    for name in names:
        if name == "404.html":
            continue  # a server shows it, and its addresses begin at the server's root
        page.do("Page.navigate", url=(SITE / name).as_uri())
        ready(page, name)
        assert page.js(FAULTS) == [], name
        gone = [each for each in page.js(LINKS) if not Path(each).is_file()]
        assert gone == [], name
        assert page.errors == [], name
        if name in ("index.html", "studio.html", "notebook.html"):
            keep(page, f"site-{Path(name).stem}")
    print(f"{len(names) - 1} pages", flush=True)
    page.leave()


def test_links_are_followed_and_the_search_finds_from_disk(browser: Browser) -> None:
    page = browser.open((SITE / "index.html").as_uri())
    ready(page, "index.html")
    page.js("document.querySelector('a[href$=\"studio.html\"]').click()")
    ready(page, "studio.html")
    page.js("document.querySelector('a[href*=\"#on-a-server\"]').click()")
    until(lambda: page.js("location.hash === '#on-a-server' && document.getElementById('on-a-server') !== null"))
    until(lambda: page.js("document.readyState === 'complete'"), WITHIN)
    page.js(f"document.querySelector('{QUERY}').focus()")
    page.do("Input.insertText", text="wireframe")
    until(lambda: page.js(SEARCHED), WITHIN)
    keep(page, "site-search")
    assert page.errors == []
    page.leave()


def test_avatars_of_the_gallery_load(browser: Browser) -> None:
    if not (SITE / "gallery").is_dir():
        pytest.skip("the site was made without its gallery: make docs")
    files = {path.stem for path in (SITE / "gallery").glob("*.glb")}
    with served() as address:
        page = browser.open(f"{address}/gallery.html")
        ready(page, "gallery.html")
        count = page.js("document.querySelectorAll('.pk-card').length")
        assert count == len(files) > 0
        page.js("window.studioDrawn = 0; window.studioSeen = true")
        for number in range(count):
            begin = time.monotonic()
            page.js(TURNED.replace("NUMBER", str(number)))
            until(lambda number=number: page.js(LOADED.replace("NUMBER", str(number))), WITHIN)
            print(f"avatar {number + 1} of {count}: {time.monotonic() - begin:.1f} s", flush=True)
        until(lambda: page.js("document.querySelectorAll('.pk-look').length === 0"), WITHIN)
        page.js("scrollTo(0, 0)")
        time.sleep(3.0)
        keep(page, "site-gallery")
        assert page.js("window.studioDrawn") > 0
        assert page.errors == []
        page.leave()
