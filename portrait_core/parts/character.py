# SPDX-License-Identifier: Apache-2.0
"""A person's parts, all of them or those that are wanted.

A kind of part is a row of :data:`KINDS`: a function from what is known of the person (:class:`Figure`) to meshes. What
is the same for everybody is prepared once a process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.body import Body, body_of
from portrait_core.parts.garment import Garment, garment_of, hidden_faces
from portrait_core.parts.hair import HairStyle, shape_of, style_of
from portrait_core.parts.neck_border import NeckBorder
from portrait_core.parts.part_mesh import PartMesh, Topology
from portrait_core.parts.person_look import PersonLook
from portrait_core.parts.skin import DETAILS, Lips
from portrait_core.parts.styles import brow_style, lash_style
from portrait_core.parts.template import PartsTemplate


@dataclass(frozen=True)
class Wanted:
    """``kinds`` of parts, keys of :data:`KINDS`, all of them if None; ``detail`` of the skin, one of
    :data:`portrait_core.parts.skin.DETAILS`; ``hair``, ``garment``, ``lashes`` and ``brows`` by their names in the
    template, the person's own if None; ``lips`` is that of :meth:`portrait_core.parts.skin.SkinTemplate.places`.

    Raises ``ValueError`` on construction for a kind or a detail that there is none of.
    """

    kinds: tuple[str, ...] | None = None
    detail: int = 0
    hair: str | None = None
    garment: str | None = None
    lashes: str | None = None
    brows: str | None = None
    lips: Lips = "apart"

    def __post_init__(self) -> None:
        unknown = sorted(set(self.kinds or ()) - set(KINDS))
        if unknown:
            raise ValueError(f"parts: there is no {unknown[0]!r}; there are {', '.join(KINDS)}")
        if self.detail not in DETAILS:
            raise ValueError(f"parts: detail {self.detail}; it can be {', '.join(map(str, DETAILS))}")


MOUTH_MATERIALS = {"teeth": "teeth", "gums": "teeth", "tongue": "tongue"}
"""Teeth and gums share a picture."""


class Figure:
    """One person of a template while the parts are made; what several kinds need is made once."""

    def __init__(self, template: PartsTemplate, look: PersonLook, wanted: Wanted | None = None) -> None:
        """Raises ``KeyError`` for hair, a garment, lashes or brows that the template lacks."""
        self.template, self.look, self.wanted = template, look, wanted or Wanted()
        self.detail = self.wanted.detail
        self.prepared = prepared(template)

    def at(self, detail: int) -> Figure:
        """The same person at another level of detail; what does not depend on it is kept."""
        other = Figure(self.template, self.look, replace(self.wanted, detail=detail))
        shared = {"body", "skin", "hair", "garment", "masculine"} & self.__dict__.keys()
        other.__dict__.update({name: self.__dict__[name] for name in shared})
        return other

    @cached_property
    def body(self) -> Body:
        return body_of(self.look, self.template.controls, self.template.rest)

    @cached_property
    def skin(self) -> NDArray[np.float64]:
        """(V1, 3) level 1 of the skin, at rest."""
        return self.template.eyes.tucked(self.body, self.template.skin.places(self.body.controls, self.wanted.lips))

    @cached_property
    def hair(self) -> HairStyle | None:
        """What is worn on the head; None for bald persons."""
        if self.wanted.hair is not None:
            return self.template.hair[self.wanted.hair]
        return self.template.hair.get(style_of(self.look.styles, self.template.hair))

    @cached_property
    def garment(self) -> Garment | None:
        """What is worn on the body; None where the template has nothing."""
        if self.wanted.garment is not None:
            return self.template.garments[self.wanted.garment]
        if not self.template.garments:
            return None
        name = garment_of(self.look, self.masculine, self.template.garments)
        return None if name is None else self.template.garments[name]

    @cached_property
    def lashes(self) -> str | None:
        """The name of the lashes; None where the template has none."""
        if self.wanted.lashes is not None or not self.template.lashes:
            return self.wanted.lashes
        return lash_style(self.masculine, self.template.lashes)

    @cached_property
    def brows(self) -> str | None:
        """The name of the brows; None where the template has none."""
        if self.wanted.brows is not None or not self.template.brows:
            return self.wanted.brows
        return brow_style(self.look, self.masculine, self.template.brows)

    @cached_property
    def masculine(self) -> float:
        """0 for feminine to 1 for masculine; 0.5 where the template does not say."""
        known = "masculine" in self.template.traits
        return self.template.trait("masculine", self.look.coefficients) if known else 0.5


class Prepared:
    """What the parts of a template have in common for everybody, each made when it is first asked for."""

    def __init__(self, template: PartsTemplate) -> None:
        self._template = template
        self._fitted: dict[tuple[str, str, int], Topology] = {}
        self._eyes: dict[int, dict[str, Topology]] = {}
        self._borders: dict[Garment, NeckBorder] = {}
        self._shown: dict[tuple[Garment, int], NDArray[np.bool_]] = {}
        self._skin: dict[int, Topology] | None = None
        self._making = Lock()

    @property
    def skin(self) -> dict[int, Topology]:
        """By the level of detail; shapes and colours may ask for them at the same time."""
        with self._making:
            if self._skin is None:
                self._skin = self._template.skin.topologies(self._template.controls)
            return self._skin

    def eyes(self, detail: int) -> dict[str, Topology]:
        """Those at a level of detail."""
        if detail not in self._eyes:
            self._eyes[detail] = self._template.eyes.topologies(detail)
        return self._eyes[detail]

    def shown(self, garment: Garment, detail: int) -> NDArray[np.bool_]:
        """(T,) the faces of a level of the skin that a garment leaves to be seen."""
        if (garment, detail) not in self._shown:
            hidden = hidden_faces(garment, self._template.skin, self.skin[detail], detail)
            self._shown[garment, detail] = ~hidden
        return self._shown[garment, detail]

    def border(self, garment: Garment) -> NeckBorder | None:
        """That of a garment with a neckline of the person's own."""
        if garment.neckline is None:
            return None
        if garment not in self._borders:
            skin, canonical = self._template.skin, self._template.skin_places.canonical
            self._borders[garment] = NeckBorder.of(garment.neckline, garment.quads, skin, canonical)
        return self._borders[garment]

    def fitted(self, room: str, style: str, detail: int = 0) -> Topology:
        """That of a fitted mesh of a room at a level of detail."""
        key = room, style, min(detail, 0)
        if key not in self._fitted:
            part = getattr(self._template, room)[style]
            material = MOUTH_MATERIALS[style] if room == "mouth" else room
            self._fitted[key] = replace(part.topology(self._template.controls, material, detail), style=style)
        return self._fitted[key]


@lru_cache(maxsize=4)
def prepared(template: PartsTemplate) -> Prepared:
    """The one of this template, kept for the process."""
    return Prepared(template)


def _skin(figure: Figure) -> list[PartMesh]:
    skin = figure.template.skin
    return [skin.mesh(figure.skin, figure.prepared.skin, figure.detail)]


def _eyes(figure: Figure) -> list[PartMesh]:
    return figure.template.eyes.meshes(figure.body, figure.skin, figure.prepared.eyes(figure.detail))


def _mouth(*names: str) -> Callable[[Figure], list[PartMesh]]:
    def make(figure: Figure) -> list[PartMesh]:
        mouth, shared, detail = figure.template.mouth, figure.prepared, figure.detail
        return [mouth[n].mesh(n, figure.body, shared.fitted("mouth", n, detail)) for n in names if n in mouth]

    return make


def _lashes(figure: Figure) -> list[PartMesh]:
    style = figure.lashes
    if style is None:
        return []
    return [figure.template.lashes[style].mesh("lashes", figure.body, figure.prepared.fitted("lashes", style))]


def _brows(figure: Figure) -> list[PartMesh]:
    style = figure.brows
    if style is None:
        return []
    return [figure.template.brows[style].mesh("brows", figure.body, figure.prepared.fitted("brows", style))]


def _hair(figure: Figure) -> list[PartMesh]:
    style = figure.hair
    if style is None:
        return []
    detail = max(min(style.topologies), min(figure.detail, 0))
    return list(style.meshes(figure.body, figure.template.rest, shape_of(figure.look), (detail,)).values())


def _garment(figure: Figure) -> list[PartMesh]:
    garment = figure.garment
    if garment is None:
        return []
    detail = max(min(garment.topologies), min(figure.detail, 0))
    border = figure.prepared.border(garment)
    return list(garment.meshes(figure.body, figure.template.rest, border, (detail,)).values())


KINDS: dict[str, Callable[[Figure], list[PartMesh]]] = {
    "skin": _skin,
    "eyes": _eyes,
    "teeth": _mouth("teeth", "gums"),
    "tongue": _mouth("tongue"),
    "lashes": _lashes,
    "brows": _brows,
    "hair": _hair,
    "garment": _garment,
}
"""Kinds of parts in the order of a character's meshes."""


def character(template: PartsTemplate, look: PersonLook, wanted: Wanted | None = None) -> list[PartMesh]:
    """The wanted parts of a person, in the order of :data:`KINDS`."""
    asked = wanted or Wanted()
    return meshes(Figure(template, look, asked), KINDS if asked.kinds is None else asked.kinds)


def meshes(figure: Figure, kinds: Iterable[str]) -> list[PartMesh]:
    """The parts of some kinds of a figure."""
    chosen = set(kinds)
    found = [mesh for kind, make in KINDS.items() if kind in chosen for mesh in make(figure)]
    if "garment" not in chosen or figure.garment is None:
        return found
    shown = figure.prepared.shown(figure.garment, figure.detail)
    return [_only(mesh, shown) if mesh.name == "skin" else mesh for mesh in found]


def _only(mesh: PartMesh, shown: NDArray[np.bool_]) -> PartMesh:
    """The mesh with some of its faces (T,); all its vertices stay, with the same numbers in any clothes."""
    return replace(mesh, faces=mesh.faces[shown], quads=mesh.quads[shown])
