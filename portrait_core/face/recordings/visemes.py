# SPDX-License-Identifier: Apache-2.0
"""What a mouth does over time: cues of visemes, out of the mouth shapes and phonemes of any notation.

Sources: the visemes of Oculus' lip-sync reference with the phonemes that it lists for each; Rhubarb's nine mouth shapes
as its manual describes them; the table of Microsoft's speech platform with the phonemes of each of its 22 visemes,
which Azure's numbers follow; the ARPAbet of CMUdict; the chart of the International Phonetic Association; SAMPA as
MBROLA's voices use it; Preston Blair's mouth shapes as Papagayo and Moho name them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Mix = Mapping[str, float]
"""Weights of visemes."""


@dataclass(frozen=True)
class Cue:
    """From ``start`` to ``end`` seconds the mouth aims at ``mix``; an empty mix is a mouth at rest."""

    start: float
    end: float
    mix: Mix


def _mix(text: str) -> dict[str, float]:
    """``"I:0.4 SS:0.5"`` -> weights by viseme."""
    found: dict[str, float] = {}
    for part in text.split():
        name, _, weight = part.partition(":")
        found[f"viseme_{name}"] = float(weight or 1)
    return found


def _rows(text: str) -> dict[str, tuple[dict[str, float], ...]]:
    """``"AY = aa > I:0.9"``, several by semicolons: a symbol and the mixes that follow each other in it."""
    table: dict[str, tuple[dict[str, float], ...]] = {}
    for row in text.split(";"):
        symbols, mixes = re.split(r"\s=(?:\s|$)", row, maxsplit=1)
        for symbol in symbols.split():
            table[symbol] = tuple(_mix(each) for each in mixes.split(">"))
    return table


RHUBARB = _rows(
    "A = PP; B = SS:0.5 I:0.35; C = E:0.9; D = aa; E = O:0.85; F = U; G = FF; H = nn:0.9 aa:0.15; X ="
)  # fmt: skip
"""Rhubarb's mouth shapes A to H and X."""

BLAIR = _rows(
    "AI = aa:0.9; O = O; E = E; U = U; L = nn:0.9; WQ = U; MBP = PP; FV = FF; etc = DD:0.6 I:0.2; rest ="
)  # fmt: skip
"""Preston Blair's, as Papagayo and Moho write them."""

AZURE = _rows("""
0 = ; 1 = aa:0.7 E:0.15; 2 = aa; 3 = O; 4 = E:0.85; 5 = RR; 6 = I; 7 = U; 8 = O > U:0.8; 9 = aa > U:0.7;
10 = O > I:0.8; 11 = aa > I:0.8; 12 = aa:0.25; 13 = RR; 14 = nn; 15 = SS; 16 = CH; 17 = TH; 18 = FF; 19 = DD; 20 = kk;
21 = PP
""")  # fmt: skip
"""The numbers of Azure's visemes, which are those of SAPI: 0 is silence, 21 are p, b and m."""

ARPABET = _rows("""
P B M EM = PP; F V = FF; TH DH = TH; T D DX = DD; K G NG ENG HHK = kk; CH JH SH ZH = CH; S Z = SS;
N L EN EL NX = nn; R ER AXR = RR; AA = aa; AE = aa:0.85 E:0.2; AH = aa:0.6; AX = aa:0.35 E:0.15; EH = E;
IH IX = I:0.85; IY = I; AO = O; UH = U:0.7; UW UX = U; AY = aa > I:0.8; AW = aa > U:0.7; EY = E > I:0.8;
OW = O > U:0.8; OY = O > I:0.8; W WH = U; Y = I:0.9; HH HV H = aa:0.25; Q =
""")  # fmt: skip
"""CMUdict's symbols, without the digit of the stress, and TIMIT's further ones."""

IPA = _rows("""
p b m ɓ ʙ = PP; f v ɱ ʋ ɸ β = FF; θ ð = TH; t d ɗ ʈ ɖ ɾ = DD; k g ɡ ŋ x ɣ q ɢ χ c ɟ ç ʝ ɠ = kk;
ʃ ʒ ɕ ʑ ʂ ʐ = CH; s z = SS; n l ɲ ʎ ɫ ɭ ɳ ɬ ɮ ʟ = nn; r ɹ ʁ ʀ ɻ ɽ ɚ ɝ = RR; a ɑ ɐ ɶ = aa; æ = aa:0.85 E:0.2;
ʌ = aa:0.6; ə ɘ ɜ ɞ = aa:0.35 E:0.15; e ɛ = E; i = I; ɪ ɨ = I:0.85; y ʏ = U:0.8 I:0.2; ø œ ɵ = O:0.7 E:0.2; o ɔ ɒ = O;
u ʉ ɯ = U; ʊ = U:0.7; ɤ = O:0.6; w ʍ ɥ = U; j ɰ = I:0.9; h ɦ ħ ʕ = aa:0.25; ʔ =
""")  # fmt: skip
"""Letters of the IPA; marks of length, stress and quality are passed over, two vowels together are a diphthong."""

SAMPA = _rows("""
p b m = PP; f v P B F = FF; T D = TH; t d 4 = DD; k g N x G q C X c J\\ = kk;
S Z tS dZ s\\ z\\ s` z` = CH; s z ts dz = SS;
n l J L 5 l= n= @l @n = nn; r R r\\ R\\ 3` @` r= 6 = RR; a A = aa; { = aa:0.85 E:0.2; V = aa:0.6;
@ 3 @\\ 3\\ = aa:0.35 E:0.15; e E = E; i = I; I 1 = I:0.85; y Y = U:0.8 I:0.2; 2 9 8 = O:0.7 E:0.2; o O Q = O;
u } M = U; U = U:0.7; 7 = O:0.6; w W H = U; j = I:0.9; h h\\ = aa:0.25; ? = ; aI = aa > I:0.8; aU = aa > U:0.7;
eI = E > I:0.8; @U oU = O > U:0.8; OI OY = O > I:0.8; I@ = I:0.85 > aa:0.35; e@ E@ = E > aa:0.35; U@ = U:0.7 > aa:0.35;
pf = PP > FF; a~ A~ = aa; e~ E~ = E; o~ O~ = O; 9~ = O:0.7 E:0.2; i~ = I; u~ = U
""")  # fmt: skip
"""SAMPA, as X-SAMPA, MBROLA and WebMAUS write it."""

_SILENCE = {
    *("", "sil", "sp", "spn", "silence", "_", "#", "<p:>", "<usb>", "<sil>", "pau", "h#", "pcl", "bcl", "tcl", "dcl"),
    *("kcl", "gcl", "epi", "ssil", "-", "<eps>", "x_sil", "rest", "noise", "breath", "<nib>", "br", "ns", "*"),
}
_JOINTS = "\u0361\u035c\u200d"
_IPA_PASSED = set("ˈˌːˑ.‿|‖ʰʷʲˠˤⁿˡ˞ʼ'`,-_ ") | {"\u0306"}


def is_silence(symbol: str) -> bool:
    """Whether a label stands for no sound."""
    return re.sub(r"_[BIES]$", "", symbol.strip()).lower() in _SILENCE


def arpabet(symbol: str) -> tuple[Mix, ...] | None:
    """The mixes of an ARPAbet symbol such as ``AY1`` or Gentle's ``ay_B``; None where it is none."""
    plain = re.sub(r"_[BIES]$", "", symbol.strip()).rstrip("012").upper()
    return ARPABET.get(plain)


def ipa(symbol: str) -> tuple[Mix, ...] | None:
    """The mixes of an IPA symbol such as ``aɪ``, ``t͡ʃ`` or ``ãː``; None where a letter of it is none."""
    text = unicodedata.normalize("NFD", symbol.strip())
    for joint in _JOINTS:
        text = text.replace(joint, "")
    text = text.replace("tʃ", "ʃ").replace("dʒ", "ʒ").replace("tɕ", "ɕ").replace("dʑ", "ʑ").replace("ts", "s")
    text = text.replace("c\u0327", "ç")
    found: list[Mix] = []
    for letter in text:
        if letter in _IPA_PASSED or unicodedata.category(letter) in ("Mn", "Lm", "Sk", "Nd"):
            continue
        mixes = IPA.get(letter)
        if mixes is None:
            return None
        found += [mix for mix in mixes if not found or mix != found[-1]]
    return tuple(found) or None


def sampa(symbol: str) -> tuple[Mix, ...] | None:
    """The mixes of a SAMPA symbol such as ``aI`` or ``E:``; None where it is none."""
    plain = symbol.strip().strip("'\"%").removesuffix(":")
    return SAMPA.get(plain) or SAMPA.get(plain.rstrip("0123456789_^")) or None


def rhubarb(symbol: str) -> tuple[Mix, ...] | None:
    """The mixes of one of Rhubarb's mouth shapes."""
    return RHUBARB.get(symbol.strip().upper())


def azure(symbol: str) -> tuple[Mix, ...] | None:
    """The mixes of one of Azure's numbers."""
    plain = symbol.strip()
    return AZURE.get(plain.removesuffix(".0").lstrip("0") or "0") if plain else None


def blair(symbol: str) -> tuple[Mix, ...] | None:
    """The mixes of one of Preston Blair's mouth shapes."""
    by_lower = {name.lower(): mixes for name, mixes in BLAIR.items()}
    return by_lower.get(symbol.strip().lower())


def symbols_of(notation: str) -> tuple[str, ...]:
    """What a notation knows, for naming the nearest of an unknown symbol."""
    tables: dict[str, Iterable[str]] = {
        "ARPAbet": ARPABET, "IPA": IPA, "SAMPA": SAMPA, "Rhubarb": RHUBARB, "Preston Blair": BLAIR,
        "Azure": AZURE,
    }  # fmt: skip
    return tuple(tables.get(notation, ()))
