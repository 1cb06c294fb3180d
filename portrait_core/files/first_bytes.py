# SPDX-License-Identifier: Apache-2.0
"""What a file is by its first bytes, whatever its name says. What to do about it is said by whoever wanted another.

Rows are data: a kind that is new here is told by all readers, of weights, of motions, of tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Group = Literal["packed", "text", "other"]


@dataclass(frozen=True)
class FileKind:
    """``key`` names the kind in code, ``name`` in a sentence ("a PDF"). ``packed``: another file is inside;
    ``text``: what servers and tools leave where a file should be."""

    key: str
    name: str
    group: Group = "other"


_BINARY: tuple[tuple[bytes, int, FileKind], ...] = (
    (b"PK\x03\x04", 0, FileKind("zip", "a zip archive", "packed")),
    (b"PK\x05\x06", 0, FileKind("zip", "a zip archive", "packed")),
    (b"\x1f\x8b", 0, FileKind("gzip", "a gzip archive", "packed")),
    (b"BZh", 0, FileKind("bzip2", "a bzip2 archive", "packed")),
    (b"\xfd7zXZ\x00", 0, FileKind("xz", "a xz archive", "packed")),
    (b"\x28\xb5\x2f\xfd", 0, FileKind("zstd", "a zstd archive", "packed")),
    (b"\x04\x22\x4d\x18", 0, FileKind("lz4", "a lz4 archive", "packed")),
    (b"7z\xbc\xaf\x27\x1c", 0, FileKind("7z", "a 7-Zip archive", "packed")),
    (b"Rar!\x1a\x07", 0, FileKind("rar", "a RAR archive", "packed")),
    (b"ustar", 257, FileKind("tar", "a tar archive", "packed")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, FileKind("office", "an Office document of the old kind")),
    (b"\x89HDF\r\n\x1a\n", 0, FileKind("hdf5", "an HDF5 file")),
    (b"\x93NUMPY", 0, FileKind("npy", "a .npy file")),
    (b"glTF", 0, FileKind("glb", "a .glb file")),
    (b"Kaydara FBX", 0, FileKind("fbx", "an FBX file")),
    (b"MATLAB ", 0, FileKind("matlab", "a MATLAB file")),
    (b"GGUF", 0, FileKind("gguf", "a GGUF file")),
    (b"\x89PNG", 0, FileKind("png", "a PNG picture")),
    (b"\xff\xd8\xff", 0, FileKind("jpeg", "a JPEG picture")),
    (b"RIFF", 0, FileKind("riff", "a sound, film or WebP picture")),
    (b"ftyp", 4, FileKind("mp4", "a film")),
    (b"%PDF", 0, FileKind("pdf", "a PDF")),
)
"""Bytes, where they stand, and what has them there."""

_TEXTS: tuple[tuple[re.Pattern[bytes], FileKind], ...] = (
    (re.compile(rb"version https://git-lfs"), FileKind("lfs", "a Git LFS pointer", "text")),
    (
        re.compile(rb"<!doctype html|<html|<head|<body|<script|<!--|<table", re.IGNORECASE),
        FileKind("page", "a web page", "text"),
    ),
    (re.compile(rb"<[?!a-zA-Z]"), FileKind("xml", "XML", "text")),
)
"""Beginnings of texts, behind a mark of their encoding and blanks."""

BLANKS = b"\xef\xbb\xbf \t\r\n"


def kind_of(head: bytes) -> FileKind | None:
    """What a file is that begins with ``head`` (300 bytes and more tell all kinds); None for what is not known here."""
    for start, place, kind in _BINARY:
        if head.startswith(start, place):
            return kind
    text = head.lstrip(BLANKS)
    return next((kind for beginning, kind in _TEXTS if beginning.match(text)), None)
