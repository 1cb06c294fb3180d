# SPDX-License-Identifier: Apache-2.0
"""What the page may fetch beside itself: maps of avatars, kept in memory under names that say what is in them."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock

PLACE = "/maps/"
KINDS = {"image/png": ".png", "image/jpeg": ".jpg"}
MOST = 512 * 1024 * 1024
"""Bytes that are kept: some hundred persons' maps."""


class Served:
    """Pictures by address; the longest unused go first. No file of the machine is ever opened for a request."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held = 0
        self._pictures: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._lock = Lock()

    def keep(self, content: bytes, kind: str) -> str:
        """The address of ``content``, of a media type of :data:`KINDS`; the same content has the same address."""
        name = PLACE + hashlib.sha256(content).hexdigest()[:32] + KINDS[kind]
        with self._lock:
            if name not in self._pictures:
                self._held += len(content)
                self._pictures[name] = (kind, content)
            self._pictures.move_to_end(name)
            while self._held > self._most and len(self._pictures) > 1:
                _, (_, old) = self._pictures.popitem(last=False)
                self._held -= len(old)
        return name

    def find(self, address: str) -> tuple[str, bytes] | None:
        """Media type and content of an address as :meth:`keep` gave it; None for every other."""
        with self._lock:
            if address in self._pictures:
                self._pictures.move_to_end(address)
            return self._pictures.get(address)
