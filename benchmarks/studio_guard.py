# SPDX-License-Identifier: Apache-2.0
"""What a stranger gets from a studio that runs: ``python -m benchmarks.studio_guard``.

A real process of ``portrait studio --host 0.0.0.0``, in a folder of its own with a secret beside it, is asked as a page
of another origin asks, by another host's name, without its token and with wrong ones, for paths outside what it serves;
it is sent a file of 1 GB, messages beyond all sizes and 10,000 that are none, and requests that end in the middle. Each
must be refused; afterwards the studio must answer a page that may come in, and have left nothing on the disk. Results:
benchmarks/results/studio_guard.json; exit status 1 where one of them is not so.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psutil
import viser
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

RESULTS = Path(__file__).parent / "results" / "studio_guard.json"
SECRET = "what stands beside the folder of the studio"
GIGABYTE = 2**30
PART = 512 * 1024
AT_ONCE = 500
"""Messages that a page sends before it looks up."""
PATHS = (
    *("/../secret.txt", "/maps/../../secret.txt", "/%2e%2e/secret.txt", "/maps/%2e%2e%2f%2e%2e%2fsecret.txt"),
    *("/maps/..%5c..%5csecret.txt", "//secret.txt", "/maps/", "/maps/%00", "/etc/passwd", "/proc/self/environ"),
    *(
        "/client/build/index.html",
        "/index.html",
        "/assets/",
        "/.git/config",
        "/?token=../secret.txt",
        "/maps/" + "a" * 9000,
    ),
)


class Stranger:
    """Requests to one studio, byte by byte as they are given."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.cookie = f"Cookie: portrait_studio_{port}={token}"
        self.token = token

    def ask(self, path: str, *headers: str, method: str = "GET", host: str | None = None) -> tuple[int, bytes]:
        """Status and all of the answer; 0 where the connection was closed without one."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host if host is None else host}", *headers, "", ""]
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall("\r\n".join(lines).encode("latin-1", "replace"))
            told = b""
            with contextlib.suppress(TimeoutError, ConnectionError):
                while part := connection.recv(65536):
                    told += part
        found = re.match(rb"HTTP/1\.1 (\d{3})", told)
        return (int(found.group(1)) if found else 0), told

    def page(self, origin: str | None = None, cookie: str | None = None) -> ClientConnection:
        """A websocket as a page opens one."""
        return connect(
            f"ws://{self.host}/",
            origin=f"http://{self.host}" if origin is None else origin,  # type: ignore[arg-type]
            subprotocols=[f"viser-v{viser.__version__}"],  # type: ignore[list-item]
            additional_headers={"Cookie": (self.cookie if cookie is None else cookie).removeprefix("Cookie: ")},
            max_size=None,
            compression=None,
        )

    def refused(self, **words: Any) -> int:
        """The status with which a websocket is refused; 101 where it was opened."""
        try:
            self.page(**words).close()
        except InvalidStatus as refused:
            return refused.response.status_code
        return 101


def said(**message: Any) -> bytes:
    return msgspec.msgpack.encode(message)


def closes(page: ClientConnection, messages: list[bytes | str]) -> tuple[int, int]:
    """How many of ``messages`` a page could send before it was shown out, and the code of that (0: it was not)."""
    sent = 0
    try:
        for each in messages:
            page.send(each)
            sent += 1
        end = time.monotonic() + 20
        while time.monotonic() < end:
            page.recv(timeout=20)
    except ConnectionClosed as closed:
        return sent, closed.rcvd.code if closed.rcvd else 1006
    except TimeoutError:
        return sent, 0
    finally:
        page.close()
    return sent, 0


def bad_messages(count: int) -> list[bytes | str]:
    """Messages that are none of a page, of many kinds."""
    upload = {"source_component_uuid": "a", "transfer_uuid": "b", "filename": "../../x.glb", "mime_type": ""}
    kinds: list[bytes | str] = [
        *(b"", b"\xff" * 64, "text", b"\x91" * 4000, said(type="ShareUrlRequest"), said(type="RunJavascriptMessage")),
        said(type="GuiUpdateMessage", uuid="a", updates={"update_cb": []}),
        said(type="GuiUpdateMessage", uuid="a", updates={"value": float("nan")}),
        said(type="GuiUpdateMessage", uuid="a", updates={"value": "x" * 100_000}),
        said(type="FileTransferStartUpload", size_bytes=GIGABYTE, part_count=GIGABYTE // PART, **upload),
        said(type="FileTransferPart", source_component_uuid="a", transfer_uuid="c", part_index=0, content=b"x" * 1000),
        said(type="GetRenderResponseMessage", render_uuid=1, payload="x"),
    ]
    return [kinds[number % len(kinds)] for number in range(count)]


def flooded(stranger: Stranger, messages: list[bytes | str]) -> tuple[int, int]:
    """Send all of ``messages`` in one go, heedless of what comes back; the code that did, and how many were sent."""
    from websockets.frames import OP_BINARY, OP_TEXT, Frame

    page = stranger.page()
    frames = [
        Frame(OP_TEXT if isinstance(each, str) else OP_BINARY, str.encode(each) if isinstance(each, str) else each)
        for each in messages
    ]
    content = b"".join(frame.serialize(mask=True) for frame in frames)
    with contextlib.suppress(OSError):
        page.socket.sendall(content)
    try:
        while True:
            page.recv(timeout=30)
    except ConnectionClosed as closed:
        return (closed.rcvd.code if closed.rcvd else 1006), len(messages)
    except TimeoutError:
        return 0, len(messages)
    finally:
        page.close()


def upload_of_a_gigabyte(stranger: Stranger) -> tuple[int, int]:
    """MB that could be sent of a GB that was announced as half a MB, and the code with which the page was shown out."""
    one = {"source_component_uuid": "a", "transfer_uuid": "b"}
    more = {"filename": "x.glb", "mime_type": "", "size_bytes": PART, "part_count": 1}
    parts = [
        said(type="FileTransferPart", part_index=number % 128, content=bytes(PART), **one) for number in range(200)
    ]
    start = said(type="FileTransferStartUpload", **one, **more)
    sent, code = closes(stranger.page(), [start, *(part for _ in range(11) for part in parts)][: GIGABYTE // PART])
    return sent * PART // 2**20, code


def tried(stranger: Stranger) -> dict[str, tuple[Any, bool]]:
    """Each thing that is tried: what came of it, and whether that is as it must be."""
    found: dict[str, tuple[Any, bool]] = {}

    def row(name: str, value: Any, *, good: bool) -> None:
        found[name] = (value, good)
        print(f"{'ok  ' if good else 'FAIL'} {name}: {value}", flush=True)

    def statuses(name: str, got: list[int], wanted: set[int]) -> None:
        row(name, {str(key): count for key, count in sorted(Counter(got).items())}, good=set(got) <= wanted)

    origins = [
        "http://evil.example",
        "null",
        "https://127.0.0.1.evil.example",
        f"http://localhost:{stranger.port}x",
        "",
    ]
    statuses("other origins", [stranger.refused(origin=each) for each in origins], {403})
    hosts = [
        "evil.example",
        f"evil.example:{stranger.port}",
        "127.0.0.1.evil.example",
        "a@evil.example",
        "",
        "[::1",
        "x/y",
    ]
    statuses("other hosts", [stranger.ask("/", stranger.cookie, host=each)[0] for each in hosts], {400, 421})
    twice = stranger.ask("/", "Host: evil.example", stranger.cookie)[0]
    statuses("two hosts", [twice], {400})
    tokens = ["", "x", stranger.token[:-1], stranger.token + "x", stranger.token.swapcase(), "\u00e4" * 40, "x" * 5000]
    statuses("wrong tokens", [stranger.ask(f"/?token={each}")[0] for each in tokens], {0, 400, 403})
    cookie = f"portrait_studio_{stranger.port}="
    statuses(
        "wrong cookies", [stranger.refused(cookie=cookie + each) for each in ("", "x", stranger.token[:-1])], {403}
    )
    answers = [stranger.ask(each, stranger.cookie) for each in PATHS]
    leaks = [
        path for path, (_, told) in zip(PATHS, answers, strict=True) if SECRET.encode() in told or b"root:x:" in told
    ]
    row("paths outside", f"{len(PATHS)} tried, {len(leaks)} told something", good=not leaks)
    statuses("their answers", [status for status, _ in answers if status != 200], {0, 400, 404, 414, 431})
    methods = ["POST", "PUT", "DELETE", "TRACE", "CONNECT"]
    statuses(
        "other methods", [stranger.ask("/", stranger.cookie, method=each)[0] for each in methods], {0, 400, 405, 500}
    )
    statuses("1 GB in one request", [posted(stranger)], {0, 400, 405, 413, 500})
    sent, code = upload_of_a_gigabyte(stranger)
    row("1 GB in parts", f"{sent} MB were sent, closed with {code}", good=code in (1006, 1008, 1009) and sent < 64)
    _, code = closes(stranger.page(), [bytes(64 * 2**20)])
    row("one message of 64 MB", f"closed with {code}", good=code in (1006, 1009))
    total, codes, begin = 0, list[int](), time.monotonic()
    messages = bad_messages(10_000)
    while total < len(messages):
        code, sent = flooded(stranger, messages[total : total + AT_ONCE])
        codes.append(code)
        total += sent
    told = f"{total} by {len(codes)} pages in {time.monotonic() - begin:.1f} s, closed with {dict(Counter(codes))}"
    row("bad messages", told, good=set(codes) <= {1006, 1008})
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", stranger.port), timeout=5) as half:
            half.sendall(b"GET / HT")
    row("50 requests cut off", stranger.ask("/", stranger.cookie)[0], good=stranger.ask("/", stranger.cookie)[0] == 200)
    return found


def posted(stranger: Stranger) -> int:
    """The status of a request with 1 GB behind it, as far as that is taken."""
    lines = f"POST / HTTP/1.1\r\nHost: {stranger.host}\r\n{stranger.cookie}\r\nContent-Length: {GIGABYTE}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", stranger.port), timeout=20) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(lines.encode())
            for _ in range(1024):
                connection.sendall(bytes(2**20))
        try:
            told = connection.recv(4096)
        except OSError:
            told = b""
    status = re.match(rb"HTTP/1\.1 (\d{3})", told)
    return int(status.group(1)) if status else 0


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def until(seen: Callable[[], Any], seconds: float = 120.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if got := seen():
            return got
        time.sleep(0.1)
    raise SystemExit("the studio did not come up")


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        (base / "secret.txt").write_text(SECRET)
        for each in ("home", "tmp", "work"):
            (base / each).mkdir()
        surroundings = {**os.environ, "HOME": str(base / "home"), "TMPDIR": str(base / "tmp")}
        surroundings |= {"XDG_CACHE_HOME": str(base / "home"), "PYTHONPATH": str(Path(__file__).parents[1])}
        log = base / "log.txt"
        with log.open("wb") as told:
            command = [sys.executable, "-u", "-m", "cli.main", "studio", "--host", "0.0.0.0", "--port", "0"]
            process = subprocess.Popen(command, cwd=base / "work", env=surroundings, stdout=told, stderr=told)
        try:
            told = until(lambda: re.search(r":(\d+)/\?token=([\w-]+)", log.read_text()))
            stranger = Stranger(int(told.group(1)), told.group(2))
            until(lambda: stranger.ask("/", stranger.cookie)[0] == 200)
            memory = psutil.Process(process.pid)
            time.sleep(20)  # it warms up
            before, there = memory.memory_info().rss, files(base)
            found = tried(stranger)
            alive = process.poll() is None and stranger.ask("/", stranger.cookie)[0] == 200
            with stranger.page() as page:
                alive = alive and bool(page.recv(timeout=60))
            until(lambda: memory.memory_info().rss < 1.25 * before + 2**28)
            found["memory"] = (f"{before >> 20} MB before, {memory.memory_info().rss >> 20} MB after", True)
            left = sorted(files(base) - there)
            found["alive, and answers a page"] = (alive, alive)
            found["new files"] = (left, not left)
            found["tracebacks in its log"] = (log.read_text().count("Traceback"), "Traceback" not in log.read_text())
        finally:
            process.kill()
            process.wait()
            print(log.read_text()[-3000:])
    told = {name: {"got": value, "as it must be": good} for name, (value, good) in found.items()}
    RESULTS.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=2))
    return 0 if all(good for _, good in found.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
