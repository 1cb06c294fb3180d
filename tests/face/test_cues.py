# SPDX-License-Identifier: Apache-2.0
"""Files of speech: the same sounds in every program's form give the same cues, and what is unknown costs a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portrait_core.face.names import VISEMES
from portrait_core.face.recordings import visemes
from portrait_core.face.recordings.cue_files import cues_of, read_cues
from portrait_core.face.recordings.faults import FaceFileError
from portrait_core.face.recordings.timings import CueSheet
from tests.face.samples import RHUBARB_TSV, as_json, textgrid

ROWS = [(0.0, 0.3, "sil"), (0.3, 0.38, "B"), (0.38, 0.7, "IY1"), (0.7, 0.8, "M"), (0.8, 1.0, "AY0"), (1.0, 1.2, "sil")]
"""A rest, b, i, m, ai, a rest."""
EXPECTED = [
    (0.0, 0.3, ""), (0.3, 0.38, "viseme_PP"), (0.38, 0.7, "viseme_I"), (0.7, 0.8, "viseme_PP"),
    (0.8, 0.9, "viseme_aa"), (0.9, 1.0, "viseme_I"), (1.0, 1.2, ""),
]  # fmt: skip
_IPA = {"sil": "", "B": "b", "IY1": "iː", "M": "m", "AY0": "aɪ"}
_SAMPA = {"sil": "_", "B": "b", "IY1": "i:", "M": "m", "AY0": "aI"}


def main_cues(sheet: CueSheet) -> list[tuple[float, float, str]]:
    return [
        (round(cue.start, 6), round(cue.end, 6), max(cue.mix, key=lambda name: cue.mix[name]) if cue.mix else "")
        for cue in sheet.cues
    ]


def lines(rows: list[tuple[object, ...]], between: str = ",", comma: str = ".") -> str:
    return "\n".join(between.join(str(cell).replace(".", comma) for cell in row) for row in rows)


def renamed(table: dict[str, str]) -> list[tuple[float, float, str]]:
    return [(start, end, table[symbol]) for start, end, symbol in ROWS]


WORDS = [(0.0, 0.3, ""), (0.3, 1.2, 'be "my"')]
FILES: dict[str, tuple[bytes, str]] = {
    "TextGrid": (textgrid({"words": WORDS, "phones": ROWS}).encode(), "TextGrid, tier phones; ARPAbet"),
    "TextGrid, short": (textgrid({"words": WORDS, "phones": ROWS}, short=True).encode(), "TextGrid, tier phones"),
    "TextGrid, UTF-16": (textgrid({"phones": renamed(_IPA)}).encode("utf-16"), "TextGrid, tier phones; IPA"),
    "TextGrid, speakers": (textgrid({"Eva - words": WORDS, "Eva - phones": ROWS}).encode(), "tier Eva - phones"),
    "TextGrid, MAU": (textgrid({"ORT": WORDS, "MAU": renamed(_SAMPA)}).encode(), "tier MAU; SAMPA"),
    "TextGrid, no name": (textgrid({"a": WORDS, "b": renamed(_IPA)}).encode(), "tier b; IPA"),
    "MFA CSV": (
        lines([("Begin", "End", "Label", "Type", "Speaker"), (0.3, 1.2, "my", "words", "a"),
               *((*row, "phones", "a") for row in ROWS)]).encode(), "table of ARPAbet",
    ),
    "MFA JSON": (
        as_json({"start": 0, "end": 1.2, "tiers": {
            "words": {"type": "interval", "entries": WORDS}, "phones": {"type": "interval", "entries": ROWS}}}),
        "Montreal Forced Aligner; ARPAbet",
    ),
    "CSV of ARPAbet": (lines([("start", "end", "phoneme"), *ROWS]).encode(), "table of ARPAbet"),
    "CSV in milliseconds": (
        lines([("start_ms", "end_ms", "phoneme"), *((1000 * a, 1000 * b, s) for a, b, s in ROWS)]).encode(), "ARPAbet"
    ),
    "German CSV": (
        ("\ufeff" + lines([("Beginn", "Ende", "Laut"), *renamed(_IPA)], ";", ",")).encode(), "table of IPA"
    ),
    "CSV of durations": (
        lines([("phoneme", "duration"), *((s, round(b - a, 3)) for a, b, s in renamed(_SAMPA))]).encode(), "SAMPA"
    ),
    "labels without a head": (lines(list(ROWS), "\t").encode(), "table of ARPAbet"),
    "JSON of IPA": (
        as_json({"phonemes": [{"start": a, "end": b, "phoneme": s} for a, b, s in renamed(_IPA)]}), "timed sounds; IPA"
    ),
    "JSON of durations": (
        as_json([{"time": a, "duration": b - a, "phoneme": s} for a, b, s in ROWS]), "timed sounds; ARPAbet"
    ),
    "Gentle": (
        as_json({"words": [{"word": "x", "start": 0.0, "phones": [
            {"phone": s.lower().rstrip("012") + "_I", "duration": b - a} for a, b, s in ROWS]}]}), "Gentle; ARPAbet",
    ),
    "MBROLA": (
        "\n".join(f"{s}\t{round(1000 * (b - a))}\t0\t110\t100\t90" for a, b, s in renamed(_SAMPA)).encode(),
        "MBROLA; SAMPA",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_the_same_sounds_are_the_same_cues(name: str) -> None:
    data, line = FILES[name]
    sheet = cues_of(data)
    assert main_cues(sheet) == EXPECTED
    assert line in sheet.line and sheet.notices == ()


CUES = [(0.0, "X"), (0.5, "A"), (0.58, "D"), (0.8, "C"), (0.95, "F"), (1.2, "G"), (1.3, "B"), (1.55, "H"), (1.7, "E")]
XML = '<?xml version="1.0" encoding="utf-8"?><rhubarbResult><mouthCues>{}</mouthCues></rhubarbResult>'


def test_rhubarb_in_its_three_forms() -> None:
    starts = [*CUES, (2.0, "X")]
    ends = [each[0] for each in starts[1:]] + [2.2]
    rows = [(start, end, value) for (start, value), end in zip(starts, ends, strict=True)]
    tree = {"metadata": {"duration": 2.2}, "mouthCues": [{"start": a, "end": b, "value": v} for a, b, v in rows]}
    xml = XML.format("".join(f'<mouthCue start="{a:.2f}" end="{b:.2f}">{v}</mouthCue>' for a, b, v in rows))
    sheets = [cues_of(RHUBARB_TSV), cues_of(as_json(tree)), cues_of(xml.encode())]
    assert sheets[0].line.startswith("Rhubarb; 10 cues") and all(sheet.notices == () for sheet in sheets)
    assert main_cues(sheets[0]) == main_cues(sheets[1]) == main_cues(sheets[2])
    names = [name for _, _, name in main_cues(sheets[0])]
    assert names == ["", *(f"viseme_{each}" for each in ("PP", "aa", "E", "U", "FF", "SS", "nn", "O")), ""]


def test_visemes_by_time() -> None:
    lists = {"visemes": ["PP", "aa", "sil"], "vtimes": [0, 120, 400], "vdurations": [120, 280, 100]}
    objects = [{"time": 0.0, "viseme": "viseme_PP"}, {"time": 0.12, "viseme": "viseme_aa"}]
    marks = [(0, "viseme", "p"), (0, "word", "pa"), (120, "viseme", "a")]
    amazon = "\n".join(json.dumps({"time": time, "type": kind, "value": value}) for time, kind, value in marks)
    table = "time\tviseme\n0.0\tPP\n0.12\taa\n"
    for data in (as_json(lists), as_json(objects), amazon.encode(), table.encode()):
        cues = [cue for cue in main_cues(cues_of(data)) if cue[2]]
        assert [cue[2] for cue in cues] == ["viseme_PP", "viseme_aa"]
        assert cues[1][0] == 0.12


AZURE = [(500_000, 0), (1_000_000, 21), (2_200_000, 2), (4_000_000, 7), (5_500_000, 0), (6_000_000, 11), (9_000_000, 0)]


def test_azures_numbers_count_ticks() -> None:
    """As its kits print events: objects of several spellings, tables, and offsets brought to ms or s by who logged."""
    expected = [
        (0.1, 0.22, "viseme_PP"), (0.22, 0.4, "viseme_aa"), (0.4, 0.55, "viseme_U"),
        (0.6, 0.75, "viseme_aa"), (0.75, 0.9, "viseme_I"),
    ]  # fmt: skip
    files = [
        as_json([{"audioOffset": time, "visemeId": number, "animation": ""} for time, number in AZURE]),
        as_json([{"privAudioOffset": time, "privVisemeId": number} for time, number in AZURE]),
        as_json({"visemes": [{"audio_offset": time / 1e4, "viseme_id": number} for time, number in AZURE]}),
        lines([("audio_offset", "viseme_id"), *AZURE]).encode(),
        lines([("offset", "VisemeId"), *((time / 1e7, number) for time, number in AZURE)]).encode(),
        "\n".join(json.dumps({"AudioOffset": time, "VisemeId": number}) for time, number in AZURE).encode(),
    ]
    for data in files:
        sheet = cues_of(data)
        assert sheet.line.startswith("Azure's visemes; 7 cues"), data
        found = [(round(start, 4), round(end, 4), name) for start, end, name in main_cues(sheet) if name]
        assert found == expected and sheet.notices == (), data


def test_a_number_that_azure_does_not_have_is_told() -> None:
    data = as_json([{"audioOffset": 1e6 * place, "visemeId": number} for place, number in enumerate((21, 22, 2))])
    assert cues_of(data).notices == ("one sound is not known and left out: 22 (nearest 2)",)


def test_moho_counts_from_one_at_twenty_four() -> None:
    data = b"MohoSwitch1\n1 rest\n13 MBP\n15 AI\n25 rest\n"
    sheet = cues_of(data)
    assert main_cues(sheet)[1:3] == [(0.5, round(14 / 24, 6), "viseme_PP"), (round(14 / 24, 6), 1.0, "viseme_aa")]
    assert sheet.notices == ("its frames say no rate; 24 a second are assumed",)
    assert main_cues(cues_of(data, 12))[1][0] == 1.0 and cues_of(data, 12).notices == ()


def test_an_unknown_sound_is_named_with_the_nearest() -> None:
    sheet = cues_of(lines([("start", "end", "phoneme"), *ROWS, (1.2, 1.3, "IYX"), (1.3, 1.4, "SH")]).encode())
    assert sheet.notices == ("one sound is not known and left out: IYX (nearest IY)",)
    assert main_cues(sheet)[-1] == (1.3, 1.4, "viseme_CH")


def test_bad_timings_are_put_right() -> None:
    rows = [ROWS[2], ROWS[1], (0.6, 0.5, "B"), ("x", 0.5, "B"), (0.65, 0.9, "M")]
    sheet = cues_of(lines([("start", "end", "phoneme"), *rows]).encode())
    assert sheet.notices == (
        "2 of its timings have no time or end before they begin: left out",
        "its timings are not in order; they are sorted",
        "1 timings overlap the next; they end where it begins",
    )
    assert main_cues(sheet) == [(0.3, 0.38, "viseme_PP"), (0.38, 0.65, "viseme_I"), (0.65, 0.9, "viseme_PP")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html><body>404</body></html>", "without Rhubarb"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"<rhubarb", "damaged XML"),
        (b'{"a": 1}', "no timed sounds"),
        (b"hello", "no cues of speech"),
        (b"a,b,c\n1,2,3\n", "its columns are a, b, c; expected such as start, end and phoneme"),
        (b"start,end,phoneme\n0,1,Qqq\n", "none of its sounds is known"),
        (b"start,end,phoneme\nx,y,AA\n", "no timed sounds"),
        (b'File type = "ooTextFile"\nObject class = "TextGrid"\n', "without a tier"),
        (b'{"visemes": ["PP"], "vtimes": [0, 1]}', "1 visemes, 2 times"),
    ],
)
def test_what_is_refused_is_refused_in_a_line(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "cues"
    path.write_bytes(data)
    with pytest.raises(FaceFileError, match=words) as caught:
        read_cues(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("table", ["RHUBARB", "BLAIR", "AZURE", "ARPABET", "IPA", "SAMPA"])
def test_every_symbol_has_visemes_that_a_mouth_can_carry(table: str) -> None:
    for symbol, mixes in getattr(visemes, table).items():
        for mix in mixes:
            assert set(mix) <= set(VISEMES), symbol
            assert sum(mix.values()) <= 1.06, symbol


@pytest.mark.parametrize(
    ("symbol", "names"),
    [("t͡ʃ", "CH"), ("ãː", "aa"), ("ˈøː", "O"), ("pʰ", "PP"), ("aʊ̯", "aa U"), ("ç", "kk"), ("pf", "PP FF")],
)
def test_letters_of_the_ipa(symbol: str, names: str) -> None:
    mixes = visemes.ipa(symbol) or ()
    assert [max(mix, key=lambda name: mix[name]) for mix in mixes] == [f"viseme_{name}" for name in names.split()]
    assert visemes.ipa("⌘") is None
