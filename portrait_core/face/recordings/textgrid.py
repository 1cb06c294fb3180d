# SPDX-License-Identifier: Apache-2.0
"""Praat's TextGrid, in its long and its short form, as the Montreal Forced Aligner and WebMAUS write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .faults import FaceFileError
from .timings import CueSheet, Timing, notation_of, sheet_of
from .visemes import is_silence

_PHONES = ("phones", "phone", "phonemes", "phoneme", "mau", "segments", "phonetic", "laute", "pho")


@dataclass(frozen=True)
class _Tier:
    name: str
    timings: tuple[Timing, ...]


def is_textgrid(text: str) -> bool:
    """Whether ``text`` begins as a TextGrid does."""
    return "TextGrid" in text[:200] and "ooTextFile" in text[:200]


def read_textgrid(text: str) -> CueSheet:
    """The cues of the tier of sounds. Raises :class:`FaceFileError` where there is none."""
    tiers = _tiers(text)
    if not tiers:
        raise FaceFileError("it is a TextGrid without a tier of intervals")
    named = [tier for tier in tiers if re.split(r" - |[:/]", tier.name.strip().lower())[-1].strip() in _PHONES]
    chosen = (named or [max(tiers, key=_share)])[0]
    notices: tuple[str, ...] = ()
    if len(named) > 1:
        notices = (f"it has {len(named)} tiers of sounds; {chosen.name} is taken",)
    sheet = sheet_of(chosen.timings, f"TextGrid, tier {chosen.name}", likely=("ARPAbet", "IPA", "SAMPA"))
    return CueSheet(sheet.cues, sheet.facts, (*notices, *sheet.notices))


def _share(tier: _Tier) -> float:
    """Which share of a tier's labels are sounds of some notation."""
    from .visemes import arpabet, ipa, sampa

    sounds = [each.symbol for each in tier.timings if not is_silence(each.symbol)]
    notation = notation_of(sounds, ("ARPAbet", "IPA", "SAMPA"))
    read = {"ARPAbet": arpabet, "IPA": ipa}.get(notation, sampa)
    return sum(read(each) is not None for each in sounds) / max(len(sounds), 1)


def _tiers(text: str) -> list[_Tier]:
    """Both forms hold the same values in the same order; the long one has names before them."""
    head = text.find("<exists>")
    values = re.findall(
        r'"((?:[^"]|"")*)"|(?<![\w\[.])([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![\w\].])', text[max(head, 0) :]
    )
    flat: list[str | float] = [quoted.replace('""', '"') if not number else float(number) for quoted, number in values]
    tiers: list[_Tier] = []
    place = 0
    while place < len(flat):
        if flat[place] == "IntervalTier" and place + 4 < len(flat):
            name, count = str(flat[place + 1]), flat[place + 4]
            size = int(count) if isinstance(count, float) else 0
            rows = flat[place + 5 : place + 5 + 3 * size]
            timings: list[Timing] = []
            for start, end, label in zip(rows[::3], rows[1::3], rows[2::3], strict=False):
                if not isinstance(start, float) or not isinstance(end, float) or not isinstance(label, str):
                    raise FaceFileError(f"its tier {name} is damaged behind {len(timings)} intervals")
                timings.append(Timing(start, end, label.strip()))
            if timings:
                tiers.append(_Tier(name, tuple(timings)))
            place += 5 + 3 * size
        else:
            place += 1
    return tiers
