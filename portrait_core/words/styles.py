# SPDX-License-Identifier: Apache-2.0
"""Which hair and which garment is meant, where words name a kind of them rather than one of the starter's."""

from __future__ import annotations

from collections.abc import Mapping

LONG, SHORT, CURLY = 0.6, -0.6, 1.0
"""Standard deviations of length and curl from which on a style is chosen for them."""

GARMENTS: dict[str, tuple[str, str]] = {
    "tee": ("female_casualsuit02", "male_casualsuit04"),
    "top": ("female_casualsuit01", "male_casualsuit04"),
    "shirt": ("male_casualsuit03", "male_casualsuit03"),
    "blouse": ("female_elegantsuit01", "female_elegantsuit01"),
    "sweater": ("male_casualsuit06", "male_casualsuit06"),
    "jacket": ("male_casualsuit05", "male_casualsuit05"),
    "suit": ("male_elegantsuit01", "male_elegantsuit01"),
    "dress": ("female_casualsuit01", "female_casualsuit01"),
    "formula": ("male_casualsuit02", "male_casualsuit02"),
}
"""Garments of women and of men by the kind that the lexicon names; ``formula`` has the neckline of its two numbers."""

STYLE_ATTRIBUTES = {
    "afro01": "hair_afro",
    "bob01": "hair_bob_a",
    "braid01": "hair_braid",
    "ponytail01": "hair_ponytail",
    "short01": "hair_short_a",
    "short02": "hair_short_b",
    "short03": "hair_short_c",
    "short04": "hair_cropped",
}
"""The attribute that leads to a style, for shells, which have no field for it."""
SURE = 4.0
"""Standard deviations of such an attribute that make the style certain."""


def garment_for(kind: str, gender: float) -> str:
    """The starter's garment of a kind."""
    return GARMENTS[kind][gender >= 0]


def style_for(attributes: Mapping[str, float], gender: float) -> str | None:
    """The style for hair of a said length or curl; None where neither was said, or no hair."""
    length, curl = attributes.get("hair_length"), attributes.get("hair_curl")
    if attributes.get("hair_bald", 0.0) > 0 or (length is None and curl is None):
        return None
    african = attributes.get("ancestry_african", 0.0) > 0.8
    curly = curl is not None and curl >= CURLY
    if length is not None and length >= LONG:
        return "braid01" if gender <= 0 else "ponytail01"
    if curly and curl is not None and (african or curl >= 2.8):
        return "afro01"
    if length is not None and length <= SHORT:
        return "short02" if curly or gender < 0 else "short03"
    if curly:
        return "short02" if gender > 0 else "bob01"
    return None
