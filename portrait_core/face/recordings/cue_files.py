# SPDX-License-Identifier: Apache-2.0
"""Cues of speech out of a file, told by its contents: Rhubarb, Praat, the Montreal Forced Aligner, Papagayo, MBROLA,
Gentle, Amazon's, Azure's and Oculus' visemes, and plain tables and JSON of timed sounds."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

from .cue_json import AZURE, AZURE_STARTS, AZURE_SYMBOLS, timings_of_tree
from .delimited import is_delimited, read_table
from .faults import FaceFileError
from .json_layouts import tree_of
from .load import bytes_of
from .numbers import number_of
from .shape_names import plain_name
from .textgrid import is_textgrid, read_textgrid
from .texts import text_of
from .timings import CueSheet, Timing, azure_sheet, notation_of, sheet_of
from .visemes import is_silence, rhubarb

MOHO_RATE = 24.0
"""Frames a second that Papagayo counts in unless it is told otherwise; its files do not say it."""
PHONES = ("ARPAbet", "IPA", "SAMPA", "Oculus visemes")
LONGEST = 5.0
"""Seconds: sounds whose median is longer are written in milliseconds."""

_STARTS = (
    *("start", "begin", "starttime", "begintime", "onset", "time", "xmin", "tmin", "from", "timems", "startms", "t"),
    *("anfang", "beginn", "von", "startzeit", "zeit"),
)
_ENDS = ("end", "stop", "endtime", "stoptime", "offset", "xmax", "tmax", "to", "ende", "bis", "endzeit", "endms")
_SPANS = ("duration", "dur", "length", "dauer", "durationms", "laenge")
_SYMBOLS = (
    *("phoneme", "phone", "viseme", "label", "symbol", "mouth", "mouthshape", "value", "text", "shape", "ph", "name"),
    *("segment", "token", "phonem", "laut", "visem"),
)
_KINDS = ("type", "tier", "tiername", "kind")


def read_cues(path: Path, rate: float | None = None) -> CueSheet:
    """The cues in a file; see :func:`cues_of`. Raises :class:`FaceFileError`."""
    return cues_of(bytes_of(path), rate)


def cues_of(data: bytes, rate: float | None = None) -> CueSheet:
    """The cues in the bytes of a file.

    Args:
        data: of any kind that the module names.
        rate: frames a second of a file that counts frames.

    Raises :class:`FaceFileError` where there are none.
    """
    text = text_of(data)
    start = text.lstrip()
    if start[:10] == "MohoSwitch":
        return _moho(start, rate)
    if start.startswith("<"):
        return _rhubarb_xml(start)
    if is_textgrid(start):
        return read_textgrid(start)
    if start[:1] in ("{", "["):
        timings, program, likely = timings_of_tree(tree_of(text))
        if program == AZURE:
            return azure_sheet(timings)
        return sheet_of(in_seconds(timings), program, likely=likely)
    rows = [line.split() for line in text.split("\n") if line.strip() and not line.lstrip().startswith((";", "#"))]
    if rows and _is_mbrola(rows):
        return _mbrola(rows)
    if rows and all(len(row) == 2 and not math.isnan(number_of(row[0], comma=True)) for row in rows):
        # Rhubarb's .tsv: a time and a mouth shape, until the next.
        timings = in_seconds([Timing(number_of(row[0], comma=True), math.nan, row[1]) for row in rows])
        if all(rhubarb(row[1]) is not None for row in rows):
            return sheet_of(timings, "Rhubarb", likely=("Rhubarb",))
        return sheet_of(timings, "timed sounds", likely=PHONES)
    if is_delimited(text):
        return _table(text)
    raise FaceFileError(f"it holds no cues of speech that are known; it begins with {start[:24]!r}")


def in_seconds(timings: list[Timing]) -> list[Timing]:
    """Timings that are milliseconds by their size as seconds."""
    starts = sorted(each.start for each in timings if math.isfinite(each.start))
    spans = sorted(b - a for a, b in pairwise(starts) if b > a)
    if not spans or spans[len(spans) // 2] <= LONGEST:
        return timings
    return [Timing(each.start / 1000, each.end / 1000, each.symbol, each.strength) for each in timings]


def _moho(text: str, rate: float | None) -> CueSheet:
    timings: list[Timing] = []
    pace = rate or MOHO_RATE
    for line in text.split("\n")[1:]:
        parts = line.split()
        if len(parts) == 2 and not math.isnan(number_of(parts[0])):
            # Moho counts from frame 1.
            timings.append(Timing(max(number_of(parts[0]) - 1, 0) / pace, math.nan, parts[1]))
    sheet = sheet_of(timings, "Moho's switches", likely=("Preston Blair", "ARPAbet"))
    if rate is not None:
        return sheet
    said = f"its frames say no rate; {MOHO_RATE:g} a second are assumed"
    return CueSheet(sheet.cues, sheet.facts, (*sheet.notices, said))


def _rhubarb_xml(text: str) -> CueSheet:
    if "<!DOCTYPE" in text[:4096] or "<!ENTITY" in text:
        raise FaceFileError("it is a web page, or XML of another kind than Rhubarb's")
    try:
        root = ElementTree.fromstring(text.encode("utf-8"))
    except ElementTree.ParseError as error:
        raise FaceFileError(f"it is damaged XML ({error})") from error
    timings = [
        Timing(number_of(cue.get("start")), number_of(cue.get("end")), (cue.text or "").strip())
        for cue in root.iter("mouthCue")
    ]
    if not timings:
        raise FaceFileError("it is XML without Rhubarb's mouth cues")
    return sheet_of(timings, "Rhubarb", likely=("Rhubarb",), only=True)


def _is_mbrola(rows: list[list[str]]) -> bool:
    """A symbol, whole milliseconds, and pairs of a place in percent and a pitch."""
    good = [len(row) >= 2 and len(row) % 2 == 0 and math.isnan(number_of(row[0])) for row in rows]
    timed = [re.fullmatch(r"\d+(\.\d+)?", row[1]) is not None for row in rows if len(row) > 1]
    return len(rows) > 1 and all(good) and all(timed)


def _mbrola(rows: list[list[str]]) -> CueSheet:
    timings: list[Timing] = []
    now = 0.0
    for row in rows:
        span = number_of(row[1]) / 1000
        timings.append(Timing(now, now + span, row[0]))
        now += span
    return sheet_of(timings, "MBROLA", likely=("SAMPA", "ARPAbet", "IPA"))


def _table(text: str) -> CueSheet:
    table = read_table(text)
    plain = [plain_name(name) for name in table.head]
    if not math.isnan(number_of(table.head[0], comma=True)):
        table = read_table(text, head=False)  # no names: start, end and symbol, as Audacity's labels and TIMIT's
        plain = ["start", "end", "label"][: len(table.head)] if len(table.head) > 2 else ["start", "label"]

    def column(names: tuple[str, ...]) -> int | None:
        return next((plain.index(name) for name in names if name in plain), None)

    number = column(AZURE_SYMBOLS)
    offset = column(AZURE_STARTS)
    if number is not None and offset is not None:
        return azure_sheet(
            [Timing(number_of(row[offset], comma=table.comma), math.nan, row[number]) for row in table.rows]
        )
    start, end, span, symbol, kind = (column(each) for each in (_STARTS, _ENDS, _SPANS, _SYMBOLS, _KINDS))
    if symbol is None or (start is None and span is None):
        wanted = "start, end and phoneme"
        raise FaceFileError(f"its columns are {', '.join(table.head[:6])}; expected such as {wanted}")
    rows = table.rows
    if kind is not None:
        phones = tuple(row for row in rows if row[kind].strip().lower().startswith("phone"))
        rows = phones or rows
    timings: list[Timing] = []
    now = 0.0
    for row in rows:
        first = now if start is None else number_of(row[start], comma=table.comma)
        last = math.nan if end is None else number_of(row[end], comma=table.comma)
        if end is None and span is not None:
            last = first + number_of(row[span], comma=table.comma)
        now = last
        timings.append(Timing(first, last, row[symbol]))
    sounds = [each.symbol for each in timings if not is_silence(each.symbol)]
    mouths = bool(sounds) and all(rhubarb(each) is not None for each in sounds)
    likely = ("Rhubarb", *PHONES) if mouths else PHONES
    if not mouths and plain[symbol].startswith("visem"):
        likely = ("Oculus visemes", *PHONES)
    return sheet_of(in_seconds(timings), f"table of {notation_of(sounds, likely)}", likely=likely)
