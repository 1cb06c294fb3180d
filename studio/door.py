# SPDX-License-Identifier: Apache-2.0
"""Who may come in: names of hosts, origins of pages, the token. Plain texts in, a verdict out; no server in it."""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from portrait_core.errors import UsageError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""What a loopback address may be called. Any port goes: tunnels change it, and the name alone tells rebound ones."""

QUERY = "token"
"""The word before the token in the address that is printed."""


TOKEN_VARIABLE = "PORTRAITKIT_STUDIO_TOKEN"
"""The environment variable that holds a token to keep: pages that are open find a server again that has the same."""
SHORTEST_TOKEN = 24
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{SHORTEST_TOKEN},200}}")


def is_loopback(host: str) -> bool:
    """Whether ``host`` is an address of this machine that no other one reaches."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def new_token() -> str:
    """256 bits of chance in signs that an address may hold."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Entry:
    """A verdict: ``status`` 200 to come in, 303 to come again with the ``cookie`` that goes along, 403 and 421 to stay
    out, with the ``reason`` for people."""

    status: int
    reason: str = ""
    cookie: str = ""


@dataclass(frozen=True)
class Door:
    """The rules of one server.

    ``host`` is what it binds to. ``token`` is wanted of everybody where it is not empty. ``names`` are what the machine
    may be called beside that.
    """

    host: str
    port: int
    token: str = ""
    names: frozenset[str] = field(default_factory=frozenset[str])

    @classmethod
    def of(cls, host: str, port: int, token: str = "") -> Door:
        """The usual door: no token on a loopback address, a new one on every other, unless one is given.

        Raises :class:`UsageError` for a token that is too short to be one, or has signs that an address may not hold.
        """
        if token and not _TOKEN.fullmatch(token):
            raise UsageError(
                f"{TOKEN_VARIABLE} has {len(token)} signs; a token is {SHORTEST_TOKEN} to 200 letters, digits, "
                f"- and _. Make one: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )
        if is_loopback(host):
            return cls(host, port, token)
        known = {socket.gethostname().lower(), socket.getfqdn().lower(), host.lower()}
        return cls(host, port, token or new_token(), frozenset(known))

    @property
    def cookie(self) -> str:
        """Its name: cookies know no ports, and two studios of one machine must not show each other out."""
        return f"portrait_studio_{self.port}"

    def addresses(self) -> list[str]:
        """What to open, the token within."""
        name = "127.0.0.1" if is_loopback(self.host) else self.host
        if name in ("0.0.0.0", "::", ""):
            name = socket.gethostname()
        shown = f"[{name}]" if ":" in name else name
        return [f"http://{shown}:{self.port}/" + (f"?{QUERY}={self.token}" if self.token else "")]

    def judge(self, headers: Mapping[str, str], target: str, *, upgrade: bool) -> Entry:
        """What becomes of a request with ``headers`` (names in small letters) for ``target``; ``upgrade`` says that it
        asks for a websocket."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            return Entry(
                421,
                f"This studio is not called {host[:80]!r}. Open it by the address that `portrait studio` printed; "
                "where a tunnel or a proxy has a name of its own, have it pass on Host: 127.0.0.1.",
            )
        origin = headers.get("origin")
        # A page of another place may neither open a websocket here nor ask for anything in the name of its reader.
        if (origin is None and upgrade) or (origin is not None and urlsplit(origin).netloc.lower() != host.lower()):
            return Entry(403, f"Pages of {(origin or 'nowhere')[:80]} may not use this studio; open its own address.")
        if not self.token:
            return Entry(200)
        if self._same(self._carried(headers.get("cookie", ""))):
            return Entry(200)
        asked = parse_qs(urlsplit(target).query).get(QUERY, [""])[0]
        if not upgrade and self._same(asked):
            return Entry(303, cookie=f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict")
        return Entry(403, "This studio wants its token: open the whole address that `portrait studio` printed.")

    def _same(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())

    def _carried(self, cookies: str) -> str:
        try:
            found = SimpleCookie(cookies).get(self.cookie)
        except CookieError:
            return ""
        return "" if found is None else found.value

    def _is_ours(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
            urlsplit(f"//{host}").port  # noqa: B018 - raises for what is no port
        except ValueError:
            return False
        if not name or "@" in host or "/" in host:
            return False
        if name in LOOPBACK or name in self.names:
            return True
        if is_loopback(self.host):
            return False
        try:
            # A rebound name is a name: whoever comes by the number has not been led here by somebody's DNS.
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True
