# SPDX-License-Identifier: Apache-2.0
"""Which sliders lie together on the page, and which of them a word finds."""

from __future__ import annotations

from collections.abc import Iterable

from portrait_core.weights.header import Attribute

OTHER = "More"
GROUPS: dict[str, tuple[str, ...]] = {
    "Person": ("gender", "age", "weight", "muscle", "ancestry"),
    "Face": ("nose", "jaw", "chin", "lip_fullness", "mouth", "cheek", "ear", "eye_size", "eye_spacing"),
    "Skin": ("skin", "lip_colour", "freckles", "stubble"),
    "Eyes and brows": ("eye", "brow"),
    "Hair": ("hair_blond", "hair_red", "hair_grey", "hair_volume", "hair_curl", "hair_length"),
    "Hair styles": ("hair",),
    "Clothing": ("clothing", "neckline"),
}
"""Beginnings of names; of several that fit the longest counts."""


def group_of(name: str) -> str:
    """The group of an attribute of any model."""
    fits = [(len(start), group) for group, starts in GROUPS.items() for start in starts if name.startswith(start)]
    return max(fits)[1] if fits else OTHER


def grouped(attributes: Iterable[Attribute]) -> dict[str, list[Attribute]]:
    """Attributes by their groups, in the order of :data:`GROUPS`; groups without any are left out."""
    found: dict[str, list[Attribute]] = {group: [] for group in (*GROUPS, OTHER)}
    for each in attributes:
        found[group_of(each.name)].append(each)
    return {group: own for group, own in found.items() if own}


def label_of(name: str) -> str:
    """``eye_size`` as people read it."""
    return name.replace("_", " ").capitalize()


def is_meant(attribute: Attribute, words: str) -> bool:
    """Whether every one of ``words`` stands in the attribute's name, its group or what is told of it."""
    text = f"{label_of(attribute.name)} {group_of(attribute.name)} {attribute.description}".lower()
    return all(word in text for word in words.lower().split())
