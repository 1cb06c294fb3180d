# SPDX-License-Identifier: Apache-2.0
"""An avatar as formats hold it: an object for every part and level of detail, and the materials that they share."""

from __future__ import annotations

from dataclasses import dataclass

from portrait_core.avatar import Avatar, Level, Maps, Material, Section
from portrait_core.files.names import level_stems


@dataclass(frozen=True)
class Piece:
    """One object of a file: ``part`` at level of detail ``number``, under its ``name``, with the numbers of the
    ``materials`` of its sections."""

    name: str
    part: str
    number: int
    level: Level
    materials: tuple[int, ...]

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections of the object, one without a name where its maps are one set."""
        return tuple(section for section, _ in self.level.section_faces())


@dataclass(frozen=True)
class Look:
    """One material of a file: its own ``name``, empty where it is called after the avatar, maps and kind.

    ``suffix`` tells its images from those of the others."""

    name: str
    suffix: str
    maps: Maps
    kind: Material


def pieces_of(avatar: Avatar) -> tuple[list[Piece], list[Look]]:
    """The objects of ``avatar``, part by part and each part's finest level first, and their materials.

    An avatar that is one object is called after itself; of parts each is called after itself, ``skin``, ``hair``, so
    that they are called alike in every file of a model. Coarser levels follow as ``NAME_LOD1`` and so on. Sections with
    the same maps, as an object, share a material.
    """
    levels = [level.pieces() for level in avatar.levels]
    parts = list(dict.fromkeys(part for level in levels for part, _ in level))
    looks: list[Section] = []
    pieces: list[Piece] = []
    for part in parts:
        own = [(number, piece) for number, level in enumerate(levels) for name, piece in level if name == part]
        stems = level_stems(avatar.name, len(levels)) if not part else _part_stems(part, len(own))
        for (number, piece), stem in zip(own, stems, strict=True):
            used = [_number(looks, section) for section, _ in piece.section_faces()]
            pieces.append(Piece(stem, part, number, piece, tuple(used)))
    named = bool(looks) and all(section.name for section in looks)
    lods = [f"_LOD{n}" if len(looks) > 1 else "" for n in range(len(looks))]
    suffixes = [f"_{section.name}" for section in looks] if named else lods
    if len(set(suffixes)) < len(suffixes):  # a part whose levels have maps of their own
        suffixes = [f"{suffix}_{n}" for n, suffix in enumerate(suffixes)]
    return pieces, [
        Look(section.name, suffix, section.maps, section.material)
        for section, suffix in zip(looks, suffixes, strict=True)
    ]


def _part_stems(part: str, count: int) -> list[str]:
    """The finest level of a part is called as the part is: who swaps hair looks for ``hair``."""
    return [part, *(f"{part}_LOD{number}" for number in range(1, count))]


def _number(looks: list[Section], section: Section) -> int:
    """The place of the section's material in ``looks``, where it is put if it is new."""
    for number, look in enumerate(looks):
        if look.maps is section.maps and look.material == section.material:
            return number
    looks.append(section)
    return len(looks) - 1
