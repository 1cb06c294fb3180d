# SPDX-License-Identifier: Apache-2.0
"""Which of a model's hair styles looks most like the hair in a photograph: where hair is seen, of every style.

Each style is worn by the person, short and long, and drawn as the photograph sees it; the best is the one whose hair
has most in common with the photograph's (intersection over union).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from portrait_core.geometry.cutouts import cut_out
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.parts.character import Figure
from portrait_core.parts.close_crop import CloseCrop, lifted
from portrait_core.parts.hair import BALD, HairStyle, shape_of
from portrait_core.parts.hair_maps import hair_maps
from portrait_core.photo.face_regions import FaceRegions
from portrait_core.photo.face_texture import HeadSurface
from portrait_core.photo.head_camera import HeadCamera

SIZE = 96
"""Pixels of a side in which hair is compared."""
CROPPED, CROPS = "cropped", (0.002, 0.006, 0.011)
"""Hair that is cut close, and how long it may be, metres."""
ALIKE = 0.95
"""Share of the best style's from which on close hair is as like: what stands off so little is no lock."""
HARDLY, NEARLY = 0.45, 0.7
"""What the best style has in common with the hair at most to be hardly like it, and the share of it from which on close
hair is taken instead: hair that is thin or lies flat is more like it than another's locks."""
LENGTH, OTHER_LENGTHS, TRIED = 0.5, (0.0, 1.0), 6
"""How long styles are worn first, which other lengths are tried, and of how many of the best styles."""
MAPS = 128
THIN = 0.05
"""Share of the face's size that hair covers under which there is none to speak of."""
BELOW = -0.55
"""Heights of the face below the chin down to which hair is compared."""
USUAL = {"ponytail": 0.70, "braid": 0.65, "afro": 0.65}
"""How usual styles are whose length nobody sees from the front, by the beginning of their names; others are 1."""
TIED, FEMININE = ("ponytail", "braid"), 0.0
"""Beginnings of names of styles whose hair lies close in front and is tied behind; up to which attribute of gender
close hair is rather that."""
OUTLINE, UNLIKELY, NEAR_OUTLINE, SURE = 4, 0.001, 0.6, 0.7
"""What an outline counts beside a glance, as a power; how likely a style is at least; share of the best outline's from
which on another one may be as alike; how likely a style has to be to be worn instead of close hair."""
SHORT, LONG = ("short", "bald"), ("bob", "long", "ponytail", "braid")
"""Beginnings of names of styles that are more often worn by men, and by women, in the model's world."""


@dataclass(frozen=True)
class HairChoice:
    """A style by its name, how long it is worn (0 to 1), and how much it has in common with the photograph's hair;
    ``crop`` is hair that is cut too close for a style."""

    style: str
    length: float
    overlap: float
    crop: CloseCrop | None = None


def rank_hair(
    figure: Figure,
    camera: HeadCamera,
    regions: FaceRegions,
    surface: HeadSurface,
    before: Sequence[HairChoice] = (),
) -> list[HairChoice]:
    """All styles and close crops, the most alike first. ``figure`` is the person; ``surface`` the head in the
    photograph, which hides what is behind it. Where they were ranked ``before``, on a head that was nearly this one,
    each is as long as it was best then."""
    step = (np.arange(SIZE) + 0.5) / SIZE
    across, down = np.meshgrid(step, step)
    way = camera.ways(np.stack([across, down], axis=-1).reshape(-1, 2)).astype(np.float32)
    hair, up = _shrunk(regions.hair), _shrunk(regions.up)
    counted = up > BELOW
    wanted = (hair > 0.5) & counted
    hidden = surface.solid.first_hits(camera.centre.astype(np.float32), way)
    ahead = np.where(hidden.face >= 0, hidden.distance, np.inf)
    bare = float(wanted.sum()) < THIN * float(_shrunk(regions.oval).sum())
    found = [HairChoice(BALD, 0.0, 1.0 if bare else 0.02)]
    found += _crops(figure, camera, way, wanted, counted, surface)
    known = {each.style: each.length for each in before}

    def worn(name: str, length: float) -> HairChoice:
        style = figure.template.hair[name]
        choice = _choice(figure, name, style, length, camera, way, ahead, wanted, counted)
        return replace(choice, overlap=choice.overlap * _usual(name))

    names = figure.template.hair
    styles = sorted((worn(name, known.get(name, LENGTH)) for name in names), key=lambda own: -own.overlap)
    for number, choice in enumerate(styles):
        others = [worn(choice.style, length) for length in OTHER_LENGTHS] if number < TRIED and not before else []
        found.append(max([choice, *others], key=lambda own: own.overlap))
    return _ordered(found)


def _usual(style: str) -> float:
    """How much of an outline's likeness counts, for styles that are seldom worn."""
    return next((share for begin, share in USUAL.items() if style.startswith(begin)), 1.0)


def hair_of_all(ranked: Sequence[Sequence[HairChoice]], worth: Sequence[float]) -> list[HairChoice]:
    """What several photographs of one person say of each style, each by what it is ``worth``."""
    found: list[HairChoice] = []
    for first in ranked[0]:
        same = [next((each for each in own if each.style == first.style), None) for own in ranked]
        known = [(each, share) for each, share in zip(same, worth, strict=True) if each is not None]
        shares = [share for _, share in known]
        found.append(replace(first, overlap=float(np.average([each.overlap for each, _ in known], weights=shares))))
    return _ordered(found)


def _ordered(found: list[HairChoice]) -> list[HairChoice]:
    ranked = sorted(found, key=lambda choice: -choice.overlap)
    close = next((each for each in ranked if each.style == CROPPED), None)
    enough = NEARLY if ranked[0].overlap < HARDLY else ALIKE
    if close is not None and close.overlap > enough * ranked[0].overlap:
        ranked = [close, *(each for each in ranked if each is not close)]
    return ranked


def tied_back(ranked: list[HairChoice], gender: float) -> list[HairChoice]:
    """The same with tied hair before close hair, where somebody has a feminine face: in front both look alike."""
    tied = next((each for each in ranked if each.style.startswith(TIED)), None)
    if tied is None or ranked[0].style != CROPPED or gender > FEMININE:
        return ranked
    return [tied, *(each for each in ranked if each is not tied)]


def by_glance(ranked: list[HairChoice], styles: Mapping[str, float]) -> list[HairChoice]:
    """The same by what a glance says as well: of styles whose outlines are nearly as alike as the best one's, the one
    that is likely. Close hair stays first where it is unless a glance is sure: no person of the model wears it, and no
    glance has learnt it."""

    def outline(choice: HairChoice) -> float:
        # How usual a style is the glance knows.
        return choice.overlap / _usual(choice.style)

    best = max(outline(each) for each in ranked if each.style != CROPPED)
    near = [each for each in ranked if each.style in styles and outline(each) > NEAR_OUTLINE * best]
    near.sort(key=lambda each: -(outline(each) ** OUTLINE) * (styles[each.style] + UNLIKELY))
    if ranked[0].style == CROPPED and (not near or styles[near[0].style] < SURE):
        return ranked
    return [*near, *(each for each in ranked if each not in near)]


def _choice(
    figure: Figure,
    name: str,
    style: HairStyle,
    length: float,
    camera: HeadCamera,
    way: NDArray[np.float32],
    ahead: NDArray[np.float32],
    wanted: NDArray[np.bool_],
    counted: NDArray[np.bool_],
) -> HairChoice:
    shape = replace(shape_of(figure.look), length=length)
    mesh = next(iter(style.meshes(figure.body, figure.template.rest, shape, (min(style.topologies),)).values()))
    cover = _cover(style)

    def alphas(uvs: NDArray[np.float32]) -> NDArray[np.float32]:
        columns, rows = np.floor((uvs * (1, -1) + (0, 1)) % 1.0 * MAPS).astype(int).clip(0, MAPS - 1).T
        return np.asarray(cover[rows, columns], np.float32)

    places, faces = cut_out(mesh.vertices, mesh.faces, mesh.uvs, alphas)
    hits = MeshQueries(places, faces).first_hits(camera.centre.astype(np.float32), way)
    seen = ((hits.face >= 0) & (hits.distance < ahead)).reshape(SIZE, SIZE) & counted
    both, either = float((seen & wanted).sum()), float((seen | wanted).sum())
    return HairChoice(name, length, both / max(either, 1.0))


@lru_cache(maxsize=16)
def _cover(style: HairStyle) -> NDArray[np.float32]:
    """(:data:`MAPS`, :data:`MAPS`): how much of its layout a style's hair covers, the same for everybody."""
    return np.asarray(hair_maps(style, MAPS).opacity[:, :, 0].astype(np.float32) / 255, np.float32)


def _crops(
    figure: Figure,
    camera: HeadCamera,
    way: NDArray[np.float32],
    wanted: NDArray[np.bool_],
    counted: NDArray[np.bool_],
    surface: HeadSurface,
) -> list[HairChoice]:
    """The best close crop: the head that is thicker by the hair's length, where a short style has its roots."""
    styles = {name: style for name, style in figure.template.hair.items() if name.startswith("short")}
    controls = figure.body.controls
    nearest = cKDTree(controls).query(surface.places)[1]
    found: list[HairChoice] = []
    for name, style in styles.items():
        roots = style.roots[nearest].astype(np.float32)
        for long in CROPS:
            grown = (surface.places + lifted(style, controls, long)[nearest]).astype(np.float32)
            hits = MeshQueries(grown, surface.faces).first_hits(camera.centre.astype(np.float32), way)
            rooted = np.zeros(len(way), bool)
            met = hits.face >= 0
            rooted[met] = (hits.weights[met] * roots[surface.faces[hits.face[met]]]).sum(axis=1) > 0.5
            seen = rooted.reshape(SIZE, SIZE) & counted
            both, either = float((seen & wanted).sum()), float((seen | wanted).sum())
            found.append(HairChoice(CROPPED, 0.0, both / max(either, 1.0), CloseCrop(name, long)))
    return sorted(found, key=lambda choice: -choice.overlap)[:1]


def _shrunk(image: NDArray[np.generic]) -> NDArray[np.float32]:
    """(:data:`SIZE`, :data:`SIZE`): means of blocks of a square image."""
    from PIL import Image

    values = Image.fromarray(np.asarray(image, np.float32))
    return np.asarray(values.resize((SIZE, SIZE), Image.Resampling.BOX))
