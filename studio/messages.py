# SPDX-License-Identifier: Apache-2.0
"""What a page may say: every message of a websocket is looked at before viser reads it, and dropped where it is none.

viser 1.1 takes any of its messages from any client, sets any property of a control that a message names, and opens a
tunnel to a server on the internet when one asks for it. None of that passes here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

MAX_MESSAGE = 24 * 1024 * 1024
"""Bytes of one message: a picture of a large screen that the page was asked for."""
MAX_UPLOAD = 64 * 1024 * 1024
"""Bytes of one file: a photograph, or an avatar with maps of 4096."""
PART = 512 * 1024
"""Bytes in which pages send files."""
MAX_BAD = 20
"""Messages that are none after which a page is shown out."""
MAX_TEXT = 4096


def _text(value: Any, most: int = 256) -> bool:
    return isinstance(value, str) and len(value) <= most


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e9


def _numbers(value: Any, count: int) -> bool:
    if not isinstance(value, list | tuple):
        return False
    items = cast("list[Any]", value)
    return len(items) == count and all(_number(each) for each in items)


def _whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _plain(value: Any) -> bool:
    """What a control may be set to: a number, a truth, a short text, or a few of them."""
    if isinstance(value, list | tuple):
        items = cast("list[Any]", value)
        return len(items) <= 16 and all(_number(each) or _text(each) for each in items)
    return isinstance(value, bool) or _number(value) or _text(value, MAX_TEXT)


def _is_camera(said: Mapping[str, Any]) -> bool:
    sizes = all(_whole(said.get(name), 16384) for name in ("image_height", "image_width"))
    lengths = all(_number(said.get(name)) for name in ("fov", "near", "far"))
    turned = _numbers(said.get("wxyz"), 4) and any(cast("list[float]", said["wxyz"]))
    return (
        sizes and lengths and turned and all(_numbers(said.get(n), 3) for n in ("position", "look_at", "up_direction"))
    )


def _is_update(said: Mapping[str, Any]) -> bool:
    updates = said.get("updates")
    return (
        _text(said.get("uuid"))
        and isinstance(updates, dict)
        and set(cast("Any", updates)) == {"value"}
        and _plain(cast("dict[str, Any]", updates)["value"])
    )


def _is_upload(said: Mapping[str, Any]) -> bool:
    size = said.get("size_bytes")
    names = all(_text(said.get(name)) for name in ("source_component_uuid", "transfer_uuid", "filename", "mime_type"))
    return names and _whole(size, MAX_UPLOAD) and said.get("part_count") == -(-cast("int", size) // PART)


def _is_part(said: Mapping[str, Any]) -> bool:
    content = said.get("content")
    known = _text(said.get("transfer_uuid")) and _whole(said.get("part_index"), MAX_UPLOAD // PART)
    named = said.get("source_component_uuid") is None or _text(said.get("source_component_uuid"))
    return known and named and isinstance(content, bytes) and len(content) <= PART


def _is_acknowledgement(said: Mapping[str, Any]) -> bool:
    named = said.get("source_component_uuid") is None or _text(said.get("source_component_uuid"))
    counts = all(_whole(said.get(name), 2**40) for name in ("transferred_bytes", "total_bytes"))
    return named and _text(said.get("transfer_uuid")) and counts


def _is_render(said: Mapping[str, Any]) -> bool:
    return _text(said.get("render_uuid")) and isinstance(said.get("payload"), bytes)


SAID: Mapping[str, tuple[frozenset[str], Callable[[Mapping[str, Any]], bool]]] = {
    "ViewerCameraMessage": (
        frozenset(["wxyz", "position", "fov", "near", "far", "image_height", "image_width", "look_at", "up_direction"]),
        _is_camera,
    ),
    "GuiUpdateMessage": (frozenset({"uuid", "updates"}), _is_update),
    "FileTransferStartUpload": (
        frozenset(["source_component_uuid", "transfer_uuid", "filename", "mime_type", "part_count", "size_bytes"]),
        _is_upload,
    ),
    "FileTransferPart": (frozenset(["source_component_uuid", "transfer_uuid", "part_index", "content"]), _is_part),
    "FileTransferPartAck": (
        frozenset(["source_component_uuid", "transfer_uuid", "transferred_bytes", "total_bytes"]),
        _is_acknowledgement,
    ),
    "GetRenderResponseMessage": (frozenset({"payload", "render_uuid"}), _is_render),
}
"""The messages that pass, by their names: their fields, and whether what is in them is of the right kind."""


@dataclass
class Gate:
    """What one page has said so far: at most one file is on its way, and no more of it than was announced."""

    bad: int = 0
    _file: str = ""
    _left: int = 0

    def passes(self, raw: bytes | str) -> bool:
        """Whether viser may read a message; what is refused is counted in :attr:`bad`."""
        if self._is_good(raw):
            return True
        self.bad += 1
        return False

    @property
    def shut(self) -> bool:
        """Whether the page has said too much that is none."""
        return self.bad >= MAX_BAD

    def _is_good(self, raw: bytes | str) -> bool:
        import msgspec

        if not isinstance(raw, bytes) or len(raw) > MAX_MESSAGE:
            return False
        try:
            said: Any = msgspec.msgpack.decode(raw)
        except (msgspec.DecodeError, RecursionError, ValueError):
            return False
        if not isinstance(said, dict):
            return False
        message = cast("dict[Any, Any]", said)
        row = SAID.get(message.get("type", "")) if _text(message.get("type")) else None
        if row is None or {str(name) for name in message} != {*row[0], "type"} or not row[1](message):
            return False
        return self._counts(message)

    def _counts(self, message: Mapping[str, Any]) -> bool:
        if message["type"] == "FileTransferStartUpload":
            if self._left > 0:
                return False
            self._file, self._left = message["transfer_uuid"], message["size_bytes"]
        elif message["type"] == "FileTransferPart":
            if message["transfer_uuid"] != self._file or len(message["content"]) > self._left:
                return False
            self._left -= len(message["content"])
        return True
