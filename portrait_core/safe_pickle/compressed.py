# SPDX-License-Identifier: Apache-2.0
"""Compressed files as joblib writes them, told by their first bytes and unpacked up to a limit."""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import Any, Protocol

from portrait_core.errors import UsageError

MOST_BYTES = 1 << 30
"""What a file may unpack to: motions have some megabytes."""
_STEP = 1 << 22


class _Unpacker(Protocol):
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def decompressed(data: bytes) -> bytes:
    """``data``, unpacked if it is compressed by zlib, gzip, bz2, xz or lzma.

    Raises:
        UsageError: it is damaged, compressed by something else, or unpacks to more than `MOST_BYTES`.
    """
    made: Any
    if data[:2] in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        made = zlib.decompressobj()
    elif data[:3] == b"\x1f\x8b\x08":
        made = zlib.decompressobj(16 + zlib.MAX_WBITS)
    elif data[:3] == b"BZh":
        made = bz2.BZ2Decompressor()
    elif data[:6] == b"\xfd7zXZ\x00" or data[:3] == b"\x5d\x00\x00":
        made = lzma.LZMADecompressor(memlimit=MOST_BYTES)
    elif data[:4] in (b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd"):
        kind = "lz4" if data[0] == 4 else "zstd"
        raise UsageError(f"it is compressed by {kind}, which is not read; save it without compression, or with zlib")
    else:
        return data
    try:
        return _unpacked(made, data)
    except (zlib.error, OSError, EOFError, ValueError, MemoryError, lzma.LZMAError) as error:
        raise UsageError(f"it is compressed, and damaged or cut short ({error})") from error


def _unpacked(unpacker: _Unpacker, data: bytes) -> bytes:
    parts: list[bytes] = []
    size = 0
    rest = data
    while True:
        part = unpacker.decompress(rest, _STEP)
        size += len(part)
        if size > MOST_BYTES:
            raise UsageError(f"it unpacks to more than {MOST_BYTES >> 20} MB, which no motion has")
        parts.append(part)
        if getattr(unpacker, "eof", False):
            return b"".join(parts)
        # zlib hands back what it has not read; the others keep it
        rest = getattr(unpacker, "unconsumed_tail", b"")
        if not part and not rest:
            raise EOFError("the end is missing")
