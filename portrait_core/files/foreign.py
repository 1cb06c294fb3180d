# SPDX-License-Identifier: Apache-2.0
"""What a file is that should hold a model and does not: what downloads leave in its place, and what it is packed in.

Told by its first bytes (:mod:`portrait_core.files.first_bytes`), so that the next step is told with it: "damaged, get
it again" brings the same page once more.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from portrait_core.files.first_bytes import BLANKS, FileKind, kind_of

_HEAD = 1 << 16
_NO_MODEL = {
    "npy": ": an array, no model",
    "glb": ": a mesh, no model",
    "fbx": ": a mesh, no model",
    "gguf": ": a language model",
}
"""Said behind the names of what might be taken for a model."""


def foreign_kind(path: Path) -> str | None:
    """What the file is and what to do, as what follows "this is"; None for what is not known here.

    Raises ``OSError`` where it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return "an empty file: it was truncated on its way. Get it again"
    if not head.strip(b"\0") and _zeros(path):
        return "nothing but zeros: the download or copy broke off. Get the file again"
    kind = kind_of(head)
    if kind is None:
        return _text(head, whole=size <= _HEAD)
    if kind.key == "zip":
        return _zip(path)
    if kind.group == "packed":
        return f"{kind.name}. Unpack it first, and give the file inside"
    if kind.group == "text":
        return _in_its_place(kind, head.lstrip(BLANKS))
    return kind.name + _NO_MODEL.get(kind.key, "")


def _zeros(path: Path) -> bool:
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            if block.strip(b"\0"):
                return False
    return True


def _zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "a zip archive that is damaged or cut short. Get it again"
    if any(name.split("/")[-1] == "data.pkl" for name in names):
        return (
            "a state dict or training checkpoint of torch.save: tensors without the networks' settings. The "
            "publisher's .pkl is needed"
        )
    if names and all(name.endswith(".npy") for name in names):
        return "a .npz file: arrays, no model"
    inside = next((name for name in names if name.lower().endswith((".pkl", ".pickle", ".safetensors"))), "")
    return f"a zip archive. Unpack it first, and give {inside[:80] or 'the file inside'}"


def _in_its_place(kind: FileKind, start: bytes) -> str:
    """Texts that servers and tools leave where a file should be."""
    if kind.key == "lfs":
        size = re.search(rb"\nsize (\d{1,15})", start)
        told = f" of {int(size[1]) / 1e6:.1f} MB" if size else ""
        return f"{kind.name}: it stands for a file{told} that was not fetched. Run `git lfs pull` where it is from"
    if kind.key == "page":
        title = re.search(rb"<title[^>]*>(.*?)</title", start, re.IGNORECASE | re.DOTALL)
        told = f" titled {_shown(title[1])}" if title and title[1].strip() else ""
        return (
            f"{kind.name}{told}, saved in place of the file. Open its address in a browser and download the file there"
        )
    return f"XML from a server ({_shown(start)}), saved in place of the file. Download it again, signed in if need be"


def _text(head: bytes, *, whole: bool) -> str | None:
    """Other texts, JSON among them."""
    start = head.lstrip(BLANKS)
    if start[:1] in (b"{", b"[") and (not whole or _is_json(start)):
        return (
            f"JSON from a server ({_shown(start)}), saved in place of the file. Download it again, signed in if need be"
        )
    if whole and all(_plain(head)):
        return f"a text ({_shown(start)}), not a file of weights. Get the file again"
    return None


def _plain(head: bytes) -> Iterator[bool]:
    try:
        yield all(sign.isprintable() or sign in "\t\r\n" for sign in head.decode("utf-8")) and b" " in head
    except UnicodeDecodeError:
        yield False


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _shown(content: bytes) -> str:
    text = " ".join(content[:300].decode("utf-8", "replace").split())
    return repr(text if len(text) <= 80 else text[:77] + "...")
