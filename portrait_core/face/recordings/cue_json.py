# SPDX-License-Identifier: Apache-2.0
"""Timed sounds as JSON: Rhubarb's mouth cues, the Montreal Forced Aligner's tiers, Gentle's words, Amazon's speech
marks, Azure's viseme events, the lists of browsers' avatars (visemes, vtimes, vdurations), and plain lists of objects
or triples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from .faults import FaceFileError
from .numbers import number_of
from .shape_names import plain_name
from .timings import Timing

Found = tuple[list[Timing], str, tuple[str, ...]]
"""Timings, what wrote them, and the notations to believe first."""

PHONES = ("ARPAbet", "IPA", "SAMPA", "Oculus visemes")
VISEMES = ("Oculus visemes", "Rhubarb", "IPA", "SAMPA")
AZURE = "Azure"
AZURE_SYMBOLS = ("visemeid", "privvisemeid")
AZURE_STARTS = (
    "audiooffset",
    "privaudiooffset",
    "offset",
    "audiooffsetticks",
    "ticks",
    "audiooffsetms",
    "time",
    "start",
)
"""Azure's names of a viseme's number and its time, as its kits for different languages print them."""
_STARTS = ("start", "begin", "time", "starttime", "offset", "timems", "startms", "t", "onset", "timestamp", "xmin")
_ENDS = ("end", "stop", "endtime", "endms", "xmax")
_SPANS = ("duration", "dur", "durationms", "length")
_SYMBOLS = ("phoneme", "phone", "viseme", "value", "label", "symbol", "mouth", "shape", "text", "name", "ph")
_LISTS = (
    *("mouthcues", "phones", "phonemes", "visemes", "cues", "timings", "entries", "intervals", "alignment", "events"),
    *("frames", "segments", "marks", "speechmarks", "data", "items"),
)


def timings_of_tree(tree: Any) -> Found:
    """The timings in JSON data. Raises :class:`FaceFileError` where there are none."""
    found = _find(tree, 0)
    if found is None or not found[0]:
        raise FaceFileError("no timed sounds were found in it, such as {start, end, phoneme}")
    return found


def _find(tree: Any, depth: int) -> Found | None:
    if depth > 5:
        return None
    if isinstance(tree, list):
        return _of_list(cast("list[Any]", tree))
    if not isinstance(tree, dict):
        return None
    table = {plain_name(str(key)): value for key, value in cast("dict[Any, Any]", tree).items()}
    if "vtimes" in table and "visemes" in table:
        return _browser_lists(table)
    if "words" in table and isinstance(table["words"], list):
        gentle = _gentle(cast("list[Any]", table["words"]))
        if gentle is not None:
            return gentle
    tiers = table.get("tiers")
    if isinstance(tiers, dict):
        for name, tier in cast("dict[str, Any]", tiers).items():
            if plain_name(name.split(" - ")[-1]) in ("phones", "phonemes", "phone"):
                found = _find(tier, depth + 1)
                return None if found is None else (found[0], "Montreal Forced Aligner", PHONES)
    for name in _LISTS:
        inner = table.get(name)
        if isinstance(inner, list | dict):
            found = _find(inner, depth + 1)
            if found is not None and found[0]:
                return (found[0], "Rhubarb", ("Rhubarb",)) if name == "mouthcues" else found
    for inner in table.values():
        if isinstance(inner, dict):
            found = _find(inner, depth + 1)
            if found is not None and found[0]:
                return found
    return None


def _of_list(items: list[Any]) -> Found | None:
    azure = [found for item in items if (found := _azure(item)) is not None]
    if azure:
        return azure, AZURE, (AZURE,)
    timings: list[Timing] = []
    visemes = amazon = False
    for item in items:
        if isinstance(item, dict):
            table = {plain_name(str(key)): value for key, value in cast("dict[Any, Any]", item).items()}
            kind = table.get("type")
            if isinstance(kind, str) and kind.lower() in ("word", "words", "sentence", "ssml"):
                continue
            amazon = amazon or kind == "viseme"
            timing = _timing(table)
            if timing is not None:
                visemes = visemes or "viseme" in table
                timings.append(timing)
        elif isinstance(item, list) and len(cast("list[Any]", item)) in (2, 3):
            cells = cast("list[Any]", item)
            symbol = next((str(each) for each in cells if isinstance(each, str) and math.isnan(number_of(each))), None)
            numbers = [number_of(each) for each in cells if not math.isnan(number_of(each))]
            if symbol is not None and numbers:
                timings.append(Timing(numbers[0], numbers[1] if len(numbers) > 1 else math.nan, symbol))
    if not timings:
        return None
    if amazon:
        return [_amazon(each) for each in timings], "Amazon's speech marks", ("Oculus visemes",)
    return timings, "timed visemes" if visemes else "timed sounds", VISEMES if visemes else PHONES


def _azure(item: Any) -> Timing | None:
    """One of Azure's viseme events, in whatever unit it counts."""
    if not isinstance(item, dict):
        return None
    table = {plain_name(str(key)): value for key, value in cast("dict[Any, Any]", item).items()}
    number = next((number_of(table[name]) for name in AZURE_SYMBOLS if name in table), math.nan)
    start = next((number_of(table[name]) for name in AZURE_STARTS if name in table), math.nan)
    return None if math.isnan(number) or math.isnan(start) else Timing(start, math.nan, f"{number:g}")


def _timing(table: Mapping[str, Any]) -> Timing | None:
    symbol = next((table[name] for name in _SYMBOLS if isinstance(table.get(name), str)), None)
    start = next((number_of(table[name]) for name in _STARTS if name in table), math.nan)
    if symbol is None or math.isnan(start):
        return None
    end = next((number_of(table[name]) for name in _ENDS if name in table), math.nan)
    if math.isnan(end):
        end = start + next((number_of(table[name]) for name in _SPANS if name in table), math.nan)
    strength = next((number_of(table[name]) for name in ("weight", "intensity", "strength") if name in table), 1.0)
    return Timing(start, end, symbol, min(max(strength, 0.0), 1.0) if math.isfinite(strength) else 1.0)


_AMAZON = {
    "p": "PP", "t": "DD", "S": "CH", "T": "TH", "f": "FF", "k": "kk", "i": "I", "r": "RR", "s": "SS", "u": "U",
    "@": "E", "a": "aa", "e": "E", "E": "E", "o": "O", "O": "O", "sil": "sil",
}  # fmt: skip


def _amazon(timing: Timing) -> Timing:
    """Amazon Polly's own visemes, of which each is a letter; its times are milliseconds."""
    symbol = _AMAZON.get(timing.symbol, timing.symbol)
    return Timing(timing.start / 1000, timing.end / 1000, symbol, 0.5 if timing.symbol == "@" else timing.strength)


def _browser_lists(table: Mapping[str, Any]) -> Found:
    times, names = list(table["vtimes"]), list(table["visemes"])
    spans = list(table.get("vdurations") or [math.nan] * len(times))
    if not len(times) == len(names) == len(spans):
        raise FaceFileError(f"it has {len(names)} visemes, {len(times)} times and {len(spans)} durations")
    timings = [
        Timing(number_of(start), number_of(start) + number_of(span), str(name))
        for start, span, name in zip(times, spans, names, strict=True)
    ]
    return timings, "timed visemes", VISEMES


def _gentle(words: list[Any]) -> Found | None:
    timings: list[Timing] = []
    for word in words:
        if not isinstance(word, dict):
            return None
        own = cast("dict[str, Any]", word)
        now = number_of(own.get("start"))
        phones: Any = own.get("phones") or own.get("phonemes")
        if not isinstance(phones, list) or math.isnan(now):
            continue
        for phone in cast("list[Any]", phones):
            if isinstance(phone, dict):
                sound = cast("dict[str, Any]", phone)
                begin = number_of(sound.get("start")) if "start" in sound else now
                span = number_of(sound.get("duration"))
                end = number_of(sound.get("end")) if "end" in sound else begin + span
                timings.append(Timing(begin, end, str(sound.get("phone") or sound.get("phoneme") or "")))
                now = end
    return (timings, "Gentle", PHONES) if timings else None
