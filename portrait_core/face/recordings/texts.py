# SPDX-License-Identifier: Apache-2.0
"""Bytes to text, whatever program wrote them: marks of byte order, UTF-16 as Excel and Praat write it, Windows' own."""

from __future__ import annotations

import codecs

from .faults import FaceFileError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def text_of(data: bytes) -> str:
    """The text in ``data``, with line ends as ``\\n``.

    Raises :class:`FaceFileError` for bytes that are no text.
    """
    for mark, coding in _MARKS:
        if data.startswith(mark):
            return _lines(data[len(mark) :].decode(coding, errors="replace"))
    start = data[:4096]
    zeros = start.count(0)
    if zeros > len(start) // 8:
        # UTF-16 without its mark: of Latin letters every second byte is zero.
        even, odd = start[::2].count(0), start[1::2].count(0)
        if min(even, odd) > max(even, odd) // 4:
            raise FaceFileError("it is no text, and no file of numbers that is known")
        return _lines(data.decode("utf-16-be" if even > odd else "utf-16-le", errors="replace"))
    if zeros:
        raise FaceFileError("it is no text, and no file of numbers that is known")
    try:
        return _lines(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _lines(data.decode("cp1252", errors="replace"))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
