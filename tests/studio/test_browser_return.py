# SPDX-License-Identifier: Apache-2.0
"""A page in Chromium whose server is killed: it says so, comes back by itself once there is a server again, and has its
people. Only where a browser is named, as in test_browser.py.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("viser")

from tests.studio.browser import Browser, Page
from tests.studio.visitor import until

PROGRAM = os.environ.get("PORTRAITKIT_CHROMIUM", "")
PICTURES = os.environ.get("PORTRAITKIT_PICTURES", "")
pytestmark = [
    pytest.mark.sweep,
    pytest.mark.skipif(not PROGRAM, reason="PORTRAITKIT_CHROMIUM names no browser"),
    pytest.mark.timeout(900),
]

LOST = "The connection to the studio is lost"
BACK = "The person that was shown is back"
WITHIN = 20.0
"""Seconds from a server that answers to a page that has its people again. What it took is printed."""
USABLE = 40.0
"""Seconds from a server that answers to another seed that is shown, which is drawn meanwhile."""
UNHURRIED = 1000
"""Milliseconds between pictures of the 3D view, so that the browser leaves the processor to the server."""
SLOW = 300.0
"""Seconds in which somebody is shown, on a machine with other work."""
TOKEN = "a-token-of-the-tests-0123456789"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    running = Browser(PROGRAM, 960, 860)
    yield running
    running.close()


class Server:
    """A studio of its own process at one port, to be killed and started again."""

    def __init__(self, log: Path, *more: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._log, self._more = log, more
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **variables: str) -> None:
        """Until it answers."""
        command = [sys.executable, "-m", "cli.main", "studio", "--port", str(self.port), *self._more]
        with self._log.open("ab") as told:
            self._process = subprocess.Popen(command, stdout=told, stderr=told, env={**os.environ, **variables})

        def answers() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        until(answers, SLOW)

    def kill(self) -> None:
        """As if the machine had."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


@contextmanager
def server(log: Path, *more: str) -> Generator[Server]:
    made = Server(log, *more)
    try:
        yield made
    finally:
        made.kill()


def keep(page: Page, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.picture(Path(PICTURES) / f"{name}.png")


def draw(page: Page, seed: int) -> None:
    """Somebody else, until the page shows them."""
    page.say("type", "Seed", str(seed))
    until(lambda: page.say("has", f"starter, {seed}"), SLOW)


def test_a_page_comes_back_after_the_server_was_killed(browser: Browser, tmp_path: Path) -> None:
    with server(tmp_path / "log") as studio:
        studio.start()
        page = browser.open(f"http://127.0.0.1:{studio.port}/", pause=UNHURRIED)
        until(lambda: page.say("has", "starter, 0"), SLOW)
        for seed in (5, 6):
            draw(page, seed)
        mark = "window.studioMark = 'not loaded again'"
        page.js(mark)
        studio.kill()
        until(lambda: page.say("has", LOST), 10)
        keep(page, "server-gone")
        time.sleep(8)  # it waits, and does not load itself again and again
        assert page.js("window.studioMark") == "not loaded again" and page.say("has", LOST)
        studio.start()
        begin = time.monotonic()
        until(lambda: page.say("has", BACK) and not page.say("has", LOST), WITHIN)
        print(f"back after {time.monotonic() - begin:.1f} s", flush=True)
        assert page.say("has", "so are 2 before")
        assert page.js("window.studioMark") == "not loaded again"
        until(lambda: page.say("value", "Seed") == "6")
        draw(page, 8)
        usable = time.monotonic() - begin
        print(f"another seed is shown after {usable:.1f} s", flush=True)
        assert usable < USABLE
        page.press("People")
        page.press("Back")
        page.press("Person")
        until(lambda: page.say("value", "Seed") == "6" and page.say("has", "starter, 6"), SLOW)
        keep(page, "server-back")
        assert [each for each in page.errors if "WebSocket" not in each and "ERR_CONNECTION" not in each] == []
        page.leave()


def test_a_page_with_a_token_comes_back_where_the_token_is_the_same(browser: Browser, tmp_path: Path) -> None:
    with server(tmp_path / "log", "--host", "0.0.0.0") as studio:
        studio.start(PORTRAITKIT_STUDIO_TOKEN=TOKEN)
        page = browser.open(f"http://127.0.0.1:{studio.port}/?token={TOKEN}", pause=UNHURRIED)
        until(lambda: page.say("has", "starter, 0"), SLOW)
        draw(page, 5)
        studio.kill()
        until(lambda: page.say("has", LOST), 10)
        studio.start(PORTRAITKIT_STUDIO_TOKEN=TOKEN)
        until(lambda: page.say("has", BACK), WITHIN)
        draw(page, 6)
        studio.kill()
        other = TOKEN[::-1]
        studio.start(PORTRAITKIT_STUDIO_TOKEN=other)
        until(lambda: page.say("has", "wants its new token"), WITHIN)
        keep(page, "server-new-token")
        second = browser.open(f"http://127.0.0.1:{studio.port}/?token={other}", pause=UNHURRIED)
        until(lambda: page.say("has", BACK), WITHIN)
        until(lambda: page.say("value", "Seed") == "6")
        second.leave()
        page.leave()
