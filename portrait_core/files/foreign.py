# SPDX-License-Identifier: Apache-2.0
"""What a file is that is not what its name says: what downloads leave in its place, and what it is packed in.

Told by its first bytes, so that the next step is told with it: "damaged, get it again" brings the same page once more.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

_HEAD = 1 << 16
_PACKED = (
    (b"\x1f\x8b", 0, "gzip"),
    (b"BZh", 0, "bzip2"),
    (b"\xfd7zXZ\x00", 0, "xz"),
    (b"\x28\xb5\x2f\xfd", 0, "zstd"),
    (b"7z\xbc\xaf\x27\x1c", 0, "7-Zip"),
    (b"Rar!\x1a\x07", 0, "RAR"),
    (b"ustar", 257, "tar"),
)
_OTHERS = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\x93NUMPY", "a .npy file: an array, no model"),
    (b"glTF", "a .glb file: a mesh, no model"),
    (b"GGUF", "a GGUF file: a language model"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"%PDF", "a PDF"),
)


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
    if head.startswith(b"PK\x03\x04"):
        return _zip(path)
    for start, place, name in _PACKED:
        if head[place:].startswith(start):
            return f"a {name} archive. Unpack it first, and give the file inside"
    for start, name in _OTHERS:
        if head.startswith(start):
            return name
    return _text(head, whole=size <= _HEAD)


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


def _text(head: bytes, *, whole: bool) -> str | None:
    """Texts that servers and tools leave where a file should be."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"version https://git-lfs"):
        size = re.search(rb"\nsize (\d{1,15})", start)
        told = f" of {int(size[1]) / 1e6:.1f} MB" if size else ""
        return (
            f"a Git LFS pointer: it stands for a file{told} that was not fetched. Run `git lfs pull` where it is from"
        )
    if re.match(rb"<!doctype html|<html|<head|<body|<script|<!--", start, re.IGNORECASE):
        title = re.search(rb"<title[^>]*>(.*?)</title", start, re.IGNORECASE | re.DOTALL)
        told = f" titled {_shown(title[1])}" if title and title[1].strip() else ""
        return (
            f"a web page{told}, saved in place of the file. Open its address in a browser and download the file there"
        )
    if start.startswith(b"<"):
        return (
            f"XML from a server ({_shown(start)}), saved in place of the file. Download it again, signed in if need be"
        )
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
