# SPDX-License-Identifier: Apache-2.0
"""A page of the studio without a browser: speaks viser's protocol through the guard, moves controls by their labels as
a page does, and keeps what it is sent."""

from __future__ import annotations

import io
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import viser
import zstandard
from PIL import Image
from websockets.sync.client import connect

CAMERA = {
    "type": "ViewerCameraMessage",
    **{"wxyz": (0.0, 1.0, 0.0, 0.0), "position": (0.0, 0.1, 2.0), "look_at": (0.0, 0.1, 0.0)},
    **{"up_direction": (0.0, 1.0, 0.0), "fov": 0.31, "near": 0.05, "far": 50.0},
    **{"image_height": 300, "image_width": 400},
}
PART = 512 * 1024


@dataclass
class Control:
    """A control as the page knows it."""

    kind: str
    uuid: str
    value: Any
    props: dict[str, Any]
    container: str


@dataclass
class Download:
    """A file that came."""

    name: str
    size: int
    content: bytearray = field(default_factory=bytearray)


class Visitor:
    """One open page."""

    def __init__(self, address: str, cookie: str = "") -> None:
        self.controls: dict[str, Control] = {}
        self.containers: dict[str, tuple[str, str]] = {}
        """Label and surrounding container of each."""
        self.glbs: list[bytes] = []
        self.backgrounds: list[Image.Image] = []
        self.downloads: dict[str, Download] = {}
        self.notices: list[str] = []
        self.told: Counter[str] = Counter()
        self._socket = connect(
            address.replace("http", "ws", 1),
            origin=address.partition("/?")[0].rstrip("/"),  # type: ignore[arg-type]
            subprotocols=[f"viser-v{viser.__version__}"],  # type: ignore[list-item]
            additional_headers={"Cookie": cookie} if cookie else None,
            max_size=None,
        )
        self.say(CAMERA)
        threading.Thread(target=self._listen, daemon=True).start()

    def say(self, message: dict[str, Any]) -> None:
        """Send one message."""
        self._socket.send(msgspec.msgpack.encode(message))

    def control(self, label: str, within: str = "") -> Control:
        """The control of this label, in a folder or tab called ``within``."""
        for each in list(self.controls.values()):
            named = each.props.get("label") == label or each.props.get("options") == label
            if named and (not within or within in self._chain(each)):
                return each
        raise KeyError(f"{label} in {within}")

    def set(self, label: str, value: Any, within: str = "") -> None:
        """Move a control to ``value``."""
        found = self.control(label, within)
        found.value = value
        self.say({"type": "GuiUpdateMessage", "uuid": found.uuid, "updates": {"value": value}})

    def press(self, label: str, within: str = "") -> None:
        """Press a button, or the one of a group that is called ``label``."""
        for each in list(self.controls.values()):
            named = each.kind == "GuiButtonGroupMessage" and label in each.props["options"]
            if named and (not within or within in (*self._chain(each), each.props.get("label"))):
                self.say({"type": "GuiUpdateMessage", "uuid": each.uuid, "updates": {"value": label}})
                return
        self.set(label, value=True, within=within)

    def look(self, **facts: Any) -> None:
        """Move the camera."""
        self.say({**CAMERA, **facts})

    def upload(self, label: str, path: Path) -> None:
        """Send a file to an upload button."""
        content, source = path.read_bytes(), self.control(label).uuid
        parts = [content[begin : begin + PART] for begin in range(0, len(content), PART)]
        one = {"source_component_uuid": source, "transfer_uuid": f"transfer-{time.monotonic_ns()}"}
        more = {"filename": path.name, "mime_type": "", "part_count": len(parts), "size_bytes": len(content)}
        self.say({"type": "FileTransferStartUpload", **one, **more})
        for number, part in enumerate(parts):
            self.say({"type": "FileTransferPart", **one, "part_index": number, "content": part})

    def file(self, ending: str) -> bytes | None:
        """The last whole file whose name ends so."""
        whole = [each for each in self.downloads.values() if each.name.endswith(ending)]
        return next((bytes(each.content) for each in reversed(whole) if len(each.content) == each.size), None)

    def texts(self) -> str:
        """All that is written on the page by Markdown."""
        return "\n".join(str(each.props.get("_markdown", "")) for each in list(self.controls.values()))

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _chain(self, control: Control) -> tuple[str, ...]:
        places = dict(self.containers)
        for each in list(self.controls.values()):
            if each.kind == "GuiTabGroupMessage":
                tabs = zip(each.props["_tab_labels"], each.props["_tab_container_ids"], strict=False)
                places |= {uuid: (label, each.container) for label, uuid in tabs}
        labels: list[str] = []
        at = control.container
        while at in places:
            label, at = places[at]
            labels.append(label)
        return tuple(labels)

    def _listen(self) -> None:
        try:
            for raw in self._socket:
                assert isinstance(raw, bytes)
                for message in unpacked(raw):
                    self.told[message["type"]] += 1
                    self._hear(message)
        except Exception:
            return

    def _hear(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "GuiFolderMessage":
            self.containers[message["uuid"]] = (message["props"]["label"], message["container_uuid"])
        elif kind.startswith("Gui") and "props" in message:
            value, place = message.get("value"), message.get("container_uuid", "")
            self.controls[message["uuid"]] = Control(kind, message["uuid"], value, message["props"], place)
        elif kind == "GuiUpdateMessage" and message["uuid"] in self.controls:
            found = self.controls[message["uuid"]]
            found.props |= message["updates"]
            found.value = message["updates"].get("value", found.value)
        elif kind == "GuiRemoveMessage":
            self.controls.pop(message["uuid"], None)
        elif kind == "GlbMessage":
            self.glbs.append(message["props"]["glb_data"])
        elif kind == "BackgroundImageMessage":
            data = message.get("rgb_data")
            if data:
                self.backgrounds.append(Image.open(io.BytesIO(data)).convert("RGB"))
        elif kind == "NotificationShowMessage":
            self.notices.append(str(message))
        elif kind == "FileTransferStartDownload":
            self.downloads[message["transfer_uuid"]] = Download(message["filename"], message["size_bytes"])
        elif kind == "FileTransferPart":
            self.downloads[message["transfer_uuid"]].content.extend(message["content"])
        elif kind == "GetRenderRequestMessage":
            answer = io.BytesIO()
            ending = message["format"].removeprefix("image/")
            Image.new("RGB", (message["width"], message["height"]), (90, 60, 30)).save(answer, ending)
            told = {"payload": answer.getvalue(), "render_uuid": message["render_uuid"]}
            self.say({"type": "GetRenderResponseMessage", **told})


def unpacked(raw: bytes) -> list[dict[str, Any]]:
    """The messages of one frame; arrays come as the bytes that they are."""
    size = int.from_bytes(raw[8:16], "little")
    told = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(raw[16 : 16 + size]))
    at, buffers = 16 + size, []
    for length in told["binaryBufferLengths"]:
        at += -at % 8
        buffers.append(raw[at : at + length])
        at += length

    def whole(value: Any) -> Any:
        if isinstance(value, dict):
            if "__binary_index" in value:
                return buffers[value["__binary_index"]]
            return {key: whole(each) for key, each in value.items()}
        return [whole(each) for each in value] if isinstance(value, list) else value

    return [whole(each) for each in told["messages"]]


def until(seen: Callable[[], Any], seconds: float = 120.0) -> Any:
    """What ``seen`` gives once that is something; fails where it stays nothing."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = seen()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("nothing came of it")
