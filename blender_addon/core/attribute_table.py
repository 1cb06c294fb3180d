# SPDX-License-Identifier: GPL-3.0-or-later
"""What the attributes of the shipped model are called, and in which groups and between which ends sliders show them.

This is what sliders are made from before the engine has started, and what gives its attributes groups and ends; those
of other models are told by the engine and listed under one heading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

MODEL = "starter"
OTHER = "More"
"""The heading of attributes that nothing is known of."""
_STYLE = "towards this hair style (+); 3 makes it sure unless age or gender speak against it"


class Attribute(NamedTuple):
    """One slider: ``low_end`` and ``high_end`` are words for its ends, ``about`` is what the model says of it."""

    name: str
    group: str
    low_end: str
    high_end: str
    about: str
    low: float = -3.0
    high: float = 3.0


TABLE: tuple[Attribute, ...] = (
    Attribute("gender", "Person", "Feminine", "Masculine", "feminine (-) to masculine (+)"),
    Attribute("age", "Person", "Young", "Old", "young adult (-) to old (+)"),
    Attribute("weight", "Person", "Slim", "Heavy", "slim (-) to heavy (+)"),
    Attribute("muscle", "Person", "Soft", "Muscular", "soft (-) to muscular (+)"),
    Attribute(
        "ancestry_african", "Person", "Less", "More", "towards African features (+) or European and Asian ones (-)"
    ),
    Attribute("ancestry_asian", "Person", "Less", "More", "towards Asian features (+) or European ones (-)"),
    Attribute(
        "skin_tone", "Skin and Eyes", "Lighter", "Darker", "lighter (-) to darker (+) than the ancestry's middle"
    ),
    Attribute("skin_redness", "Skin and Eyes", "Pale", "Ruddy", "pale (-) to ruddy (+)"),
    Attribute("lip_colour", "Skin and Eyes", "Natural", "Coloured", "natural (-) to strongly coloured lips (+)"),
    Attribute("freckles", "Skin and Eyes", "Fewer", "More", "more freckles (+)"),
    Attribute("eye_blue", "Skin and Eyes", "Brown", "Blue", "brown (-) to blue (+) eyes"),
    Attribute("eye_lightness", "Skin and Eyes", "Dark", "Light", "dark (-) to light or green (+) eyes"),
    Attribute("brow_thickness", "Skin and Eyes", "Thin", "Thick", "thin (-) to thick (+) brows"),
    Attribute("brow_darkness", "Skin and Eyes", "Light", "Dark", "light (-) to dark (+) brows"),
    Attribute("stubble", "Skin and Eyes", "Shaven", "Stubble", "clean shaven (-) to stubble (+), for masculine faces"),
    Attribute("hair_blond", "Hair", "Dark", "Blond", "dark (-) to blond (+) hair"),
    Attribute("hair_red", "Hair", "Less", "More", "towards red hair (+)"),
    Attribute("hair_grey", "Hair", "Less", "More", "less (-) or more (+) grey for the age"),
    Attribute("hair_volume", "Hair", "Flat", "Full", "flat (-) to full (+) hair"),
    Attribute("hair_curl", "Hair", "Straight", "Curly", "straight (-) to curly (+) hair"),
    Attribute("hair_length", "Hair", "Shorter", "Longer", "shorter (-) to longer (+) hair"),
    Attribute("clothing_hue", "Clothing", "", "", "hue of the clothing, once around the circle"),
    Attribute("clothing_saturation", "Clothing", "Grey", "Saturated", "grey (-) to saturated (+) clothing"),
    Attribute("clothing_brightness", "Clothing", "Dark", "Light", "dark (-) to light (+) clothing"),
    Attribute("neckline_depth", "Clothing", "High", "Low", "high (-) to low (+) neckline"),
    Attribute(
        "neckline_shape", "Clothing", "Pointed", "Round", "narrow and pointed (-) to wide and round (+) neckline"
    ),
    Attribute("clothing_stripes", "Clothing", "Plain", "Striped", "plain (-) to striped (+) clothing"),
    Attribute("nose_width", "Face", "Narrow", "Wide", "narrow (-) to wide (+) nose"),
    Attribute("nose_length", "Face", "Short", "Long", "short (-) to long (+) nose"),
    Attribute("nose_bridge", "Face", "Flat", "Curved", "flat (-) to curved (+) bridge of the nose"),
    Attribute("jaw_width", "Face", "Narrow", "Wide", "narrow (-) to wide (+) jaw"),
    Attribute("chin_length", "Face", "Short", "Long", "short (-) to long (+) chin"),
    Attribute("lip_fullness", "Face", "Thin", "Full", "thin (-) to full (+) lips"),
    Attribute("mouth_width", "Face", "Narrow", "Wide", "narrow (-) to wide (+) mouth"),
    Attribute("eye_size", "Face", "Small", "Large", "small (-) to large (+) eyes"),
    Attribute("eye_spacing", "Face", "Close", "Wide", "close-set (-) to wide-set (+) eyes"),
    Attribute("cheek_fullness", "Face", "Hollow", "Full", "hollow (-) to full (+) cheeks"),
    Attribute("ear_size", "Face", "Small", "Large", "small (-) to large (+) ears"),
    Attribute("hair_bald", "Hair Styles", "Less", "More", _STYLE, -4.0, 6.0),
    Attribute("hair_cropped", "Hair Styles", "Less", "More", _STYLE, -4.0, 6.0),
    Attribute("hair_short_a", "Hair Styles", "Less", "More", _STYLE, -4.0, 6.0),
    Attribute("hair_short_b", "Hair Styles", "Less", "More", _STYLE, -4.0, 6.0),
    Attribute("hair_short_c", "Hair Styles", "Less", "More", _STYLE, -4.0, 6.0),
    Attribute("hair_afro", "Hair Styles", "Less", "More", _STYLE, -4.0, 6.0),
    Attribute("hair_bob_a", "Hair Styles", "Less", "More", _STYLE, -4.0, 6.0),
    Attribute("hair_bob_b", "Hair Styles", "Less", "More", _STYLE, -4.0, 6.0),
    Attribute("hair_long", "Hair Styles", "Less", "More", _STYLE, -4.0, 6.0),
    Attribute("hair_ponytail", "Hair Styles", "Less", "More", _STYLE, -4.0, 6.0),
    Attribute("hair_braid", "Hair Styles", "Less", "More", _STYLE, -4.0, 6.0),
)
"""Those of the shipped model, in its order."""

_ROWS: Mapping[str, Attribute] = {each.name: each for each in TABLE}
GROUPS: tuple[str, ...] = ("Person", "Face", "Skin and Eyes", "Hair", "Hair Styles", "Clothing", OTHER)
"""The headings, in the order in which they are shown."""


def row_of(name: str) -> Attribute | None:
    """What is known of an attribute without asking the engine."""
    return _ROWS.get(name)


def label_of(name: str) -> str:
    """``hair_length`` as ``Hair Length``."""
    return name.replace("_", " ").title()


def shipped() -> list[dict[str, Any]]:
    """The shipped model's attributes in the form in which the engine tells them."""
    return [
        {"name": each.name, "description": each.about, "low": each.low, "high": each.high, "default": 0.0}
        for each in TABLE
    ]


def grouped(names: Iterable[str], search: str = "") -> dict[str, list[str]]:
    """The names whose label or ends hold ``search``, under their headings; headings without any are left out."""
    found: dict[str, list[str]] = {group: [] for group in GROUPS}
    wanted = search.strip().lower()
    for name in names:
        row = row_of(name)
        words = " ".join((label_of(name), *((row.low_end, row.high_end, row.group) if row else ()))).lower()
        if wanted in words:
            found[row.group if row else OTHER].append(name)
    return {group: own for group, own in found.items() if own}
