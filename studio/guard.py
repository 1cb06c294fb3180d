# SPDX-License-Identifier: Apache-2.0
"""The guard before viser: its websocket server, started with our own look at every request and every message.

viser's server has no place for that of its own; it calls :func:`websockets.asyncio.server.serve`, whose documented
arguments have: ``process_request`` answers before a connection is one, ``create_connection`` makes the connection that
messages are read from. Both are put in while the server starts. A viser that starts its server otherwise is found out:
then :func:`guarded` raises, and nothing is served.
"""

from __future__ import annotations

import asyncio
import http
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import websockets.asyncio.server as websocket_server
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError
from websockets.http11 import Request, Response

from studio.door import Door
from studio.messages import MAX_MESSAGE, Gate
from studio.page_return import ALIVE
from studio.page_source import page_source
from studio.served import PLACE, Served

MAX_PAGES = 32
"""Pages that are open at once."""
PER_SECOND = 300
"""Messages of one page that are read in a second; whoever says more waits."""

_log = logging.getLogger("portraitkit")

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def policy(host: str) -> str:
    """What the page may load: nothing from elsewhere. viser's page is one file of inline code that unpacks itself."""
    return (
        "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: blob:; font-src 'self' data:; worker-src blob:; media-src 'self' blob:; "
        f"connect-src 'self' data: blob: ws://{host} wss://{host}; frame-ancestors 'none'; base-uri 'none'; "
        "form-action 'none'"
    )


class Guard:
    """The guard of one server: answers requests by a :class:`Door`, and reads messages through a :class:`Gate`."""

    def __init__(self, door: Door, served: Served) -> None:
        self.door = door
        self.served = served
        self.stands = False
        self.open = 0
        self.refused = 0

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """None lets a websocket be opened; everything else is answered here and never reaches viser."""
        try:
            return self._answer(request)
        except Exception:  # a request must not end the server
            _log.exception("a request to the studio failed")
            return _told(500, "The studio could not answer this.")

    def _answer(self, request: Request) -> Response | None:
        headers: dict[str, str] = {}
        for name, value in request.headers.raw_items():
            if name.lower() in headers and name.lower() in ("host", "origin"):
                return _told(400, "A request names its host and its origin once.")
            headers[name.lower()] = value
        upgrade = headers.get("upgrade", "").lower() == "websocket"
        verdict = self.door.judge(headers, request.path, upgrade=upgrade)
        if verdict.status == 303:
            return _response(303, b"", {"Location": "/", "Set-Cookie": verdict.cookie, "Cache-Control": "no-store"})
        if verdict.status != 200:
            self.refused += 1
            return _told(verdict.status, verdict.reason)
        path = request.path.partition("?")[0]
        if upgrade:
            if path != "/":
                return _told(404, "There is nothing here.")
            if self.open >= MAX_PAGES:
                return _told(503, f"{MAX_PAGES} pages of this studio are open; close one first.")
            return None
        if path == "/":
            kind, content = "text/html; charset=utf-8", page_source()
            more = {"Cache-Control": "no-cache", "Content-Security-Policy": policy(headers["host"])}
            return _response(200, content, {"Content-Type": kind, **more})
        if path == ALIVE:
            return _response(204, b"", {"Cache-Control": "no-store"})
        found = self.served.find(path) if path.startswith(PLACE) else None
        if found is None:
            return _told(404, "There is nothing here.")
        more = {"Cache-Control": "private, max-age=31536000, immutable"}
        return _response(200, found[1], {"Content-Type": found[0], **more})

    def connection(self) -> type[ServerConnection]:
        """The class of connections that this guard reads."""
        guard = self

        class Guarded(ServerConnection):
            async def recv(self, decode: bool | None = None) -> Any:
                """The next message that passes; too many that do not end the connection."""
                gate: Gate = self.__dict__.setdefault("gate", Gate())
                while True:
                    message = await super().recv(decode)
                    await _breathe(self)
                    if gate.passes(message):
                        return message
                    guard.refused += 1
                    if gate.shut:
                        await self.close(1008, "these are no messages of this page")
                        raise ConnectionClosedError(None, None)

        return Guarded


async def _breathe(connection: ServerConnection) -> None:
    """Wait where a page says more than is heeded; what it says meanwhile waits with it."""
    loop = asyncio.get_running_loop()
    state: dict[str, float] = connection.__dict__.setdefault("pace", {"room": float(PER_SECOND), "at": loop.time()})
    now = loop.time()
    state["room"] = min(float(PER_SECOND), state["room"] + (now - state["at"]) * PER_SECOND) - 1.0
    state["at"] = now
    if state["room"] < 0:
        await asyncio.sleep(-state["room"] / PER_SECOND)


@contextmanager
def guarded(guard: Guard) -> Generator[None, None, None]:
    """While a viser server is made inside, its websocket server starts behind ``guard``.

    Raises ``RuntimeError`` where it did not: an unguarded server is worse than none, and the caller ends it.
    """
    original = websocket_server.serve

    def serve(handler: Callable[[ServerConnection], Any], *args: Any, **options: Any) -> Any:
        async def counted(connection: ServerConnection) -> None:
            guard.open += 1
            try:
                await handler(connection)
            except ConnectionClosedError:
                pass
            except Exception:
                _log.exception("a page of the studio was closed")
            finally:
                guard.open -= 1

        options |= {"process_request": guard.answer, "create_connection": guard.connection()}
        options |= {"max_size": MAX_MESSAGE, "server_header": None, "open_timeout": 10}
        # Handshakes that fail are the visitors' own; each of ten thousand would be a traceback.
        options["logger"] = _quiet()
        guard.stands = True
        return original(counted, *args, **options)

    websocket_server.serve = serve  # type: ignore[assignment, misc]
    try:
        yield
    finally:
        websocket_server.serve = original  # type: ignore[misc]
    if not guard.stands:
        raise RuntimeError("this version of viser starts its server in another way than the guard of the studio knows")


def _quiet() -> logging.Logger:
    logger = logging.getLogger("portraitkit.studio.websockets")
    logger.setLevel(logging.CRITICAL)
    logger.propagate = False
    return logger


def _response(status: int, content: bytes, headers: dict[str, str]) -> Response:
    said = {**SAFE, **headers, "Content-Length": str(len(content)), "Connection": "close"}
    return Response(status, http.HTTPStatus(status).phrase, Headers(said), content)


def _told(status: int, text: str) -> Response:
    return _response(status, (text + "\n").encode(), {"Content-Type": "text/plain; charset=utf-8"})
