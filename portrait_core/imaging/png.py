# SPDX-License-Identifier: Apache-2.0
"""PNG files of large maps, quickly: one filter for all rows, and threads may run side by side."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}
_NONE, _UP = 0, 2
"""PNG filters: each byte as it is; each less the one above it, best for maps whose charts are smooth and dilated."""
_BANDS, _BAND = 4, 16
"""So many bands of so many rows of an image are tried, to see what suits it."""
_EVEN = 0.8
"""Of the other way's bytes, those from which on an image is taken for one of even colours."""


def encode_map(image: NDArray[np.uint8], *, picture: bool = False) -> bytes:
    """The PNG file of an (H, W) or (H, W, C) uint8 image: grey, grey and alpha, RGB, RGBA; the same image gives the
    same bytes.

    Twice as fast as pillow's fastest setting, and smaller. Of most maps differences from row to row are stored, for
    which run-length matching is enough: what repeats is the even ground between charts. Cloth of few colours repeats
    itself and is stored as it is, in half the bytes; a ``picture`` is not tried for that. Raises ``ValueError`` for
    another shape or type. Source: PNG specification, second edition, sections 5, 9 and 10.
    """
    channels = 1 if image.ndim == 2 else image.shape[-1]
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or channels not in _COLOUR_TYPE or image.size == 0:
        raise ValueError(f"expected an (H, W) or (H, W, 1 to 4) uint8 image, got {image.shape} {image.dtype}")
    height, width = image.shape[:2]
    flat = np.ascontiguousarray(image).reshape(height, -1)
    rows = np.empty((height, 1 + flat.shape[1]), np.uint8)
    rows[:, 0] = _UP
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    if not picture and _is_even(flat, rows):
        rows[:, 0], rows[:, 1:] = _NONE, flat
        packed = _matched(rows)
    else:
        packed = _runs(rows)
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPE[channels], 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _is_even(flat: NDArray[np.uint8], rows: NDArray[np.uint8]) -> bool:
    """Whether an image (H, N) is smaller as it is than as the differences ``rows`` (H, 1 + N), by a few of its rows."""
    if len(flat) < 2 * _BANDS * _BAND:
        return False
    begins = [number * (len(flat) - _BAND) // (_BANDS - 1) for number in range(_BANDS)]
    some = np.concatenate([np.arange(begin, begin + _BAND) for begin in begins])
    return len(_matched(flat[some])) < _EVEN * len(_runs(rows[some]))


def _runs(rows: NDArray[np.uint8]) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    return packer.compress(np.ascontiguousarray(rows).data) + packer.flush()


def _matched(rows: NDArray[np.uint8]) -> bytes:
    packer = zlib.compressobj(4, zlib.DEFLATED, 15, 9)
    return packer.compress(np.ascontiguousarray(rows).data) + packer.flush()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))
