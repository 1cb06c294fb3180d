# SPDX-License-Identifier: Apache-2.0
"""A package index on this machine, as pip meets it: pages, files with headers as PyPI sends them; also as a proxy."""

from __future__ import annotations

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


class PackageServer:
    """Serves `simple/NAME/` out of one folder of wheels and `whl/cpu/NAME/` out of another; counts what was fetched."""

    def __init__(self, usual: Path, special: Path | None = None) -> None:
        self.fetched: Counter[str] = Counter()
        self.hosts: set[str] = set()
        """What clients that took this for a proxy asked for."""
        self.held: set[str] = set()
        """Names of packages whose files do not come to an end until :attr:`free` is set."""
        self.free = threading.Event()
        self.halfway = threading.Event()
        places = {"simple": usual, "whl": special}
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.hostname:
                    server.hosts.add(parts.hostname)
                names = [each for each in unquote(parts.path).split("/") if each]
                folder = places.get(names[0]) if names else None
                if folder is None:
                    self.send_error(404)
                elif names[-1].endswith(".whl"):
                    self._file(folder / names[-1])
                else:
                    found = sorted(folder.glob(f"{names[-1]}-*.whl"))
                    links = "".join(f'<a href="/{names[0]}/{each.name}">{each.name}</a>\n' for each in found)
                    self._answer(f"<!DOCTYPE html><html><body>{links}</body></html>".encode(), "text/html")

            def _file(self, path: Path) -> None:
                name = path.name.split("-")[0]
                server.fetched[path.name] += 1
                self._answer(path.read_bytes(), "application/octet-stream", held=name in server.held)

            def _answer(self, data: bytes, kind: str, *, held: bool = False) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                if kind != "text/html":
                    self.send_header("ETag", f'"{hash(data)}"')
                    self.send_header("Cache-Control", "max-age=365000000, immutable, public")
                self.end_headers()
                half = len(data) // 2 if held else 0
                self.wfile.write(data[:half])
                if held:
                    self.wfile.flush()
                    server.halfway.set()
                    server.free.wait(120)
                try:
                    self.wfile.write(data[half:])
                except (BrokenPipeError, ConnectionResetError):
                    return

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self.free.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
