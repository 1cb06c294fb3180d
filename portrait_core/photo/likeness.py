# SPDX-License-Identifier: Apache-2.0
"""A photograph in, somebody who resembles out: a person of the model, with what the photograph adds, as a recipe.

The order: how the head stands (landmarks), which colours it has (regions), who of the model's persons is nearest
(latent), where the features sit (shape), which hair is like it, and last the face itself, in the skin's layout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import ModelFileError
from portrait_core.parts.hair import BALD
from portrait_core.parts.likeness import IN_PICTURE, Likeness
from portrait_core.photo.crop import FloatArray
from portrait_core.photo.estimate import PortraitEstimate
from portrait_core.photo.face_colours import FaceColours, brightened
from portrait_core.photo.face_shape import Matched, shape_move
from portrait_core.photo.face_texture import FaceTexture, FaceView, face_texture
from portrait_core.photo.hair_choice import CROPPED, LONG, SHORT, HairChoice, by_glance, hair_of_all, tied_back
from portrait_core.photo.head import FARTHEST_TURN, Head
from portrait_core.photo.identity_fit import DRAWN, TAKEN, Encoder, Prior, exposure, fit_identity, index_of, person_of
from portrait_core.photo.person_encoder import encoder_of
from portrait_core.photo.persons import NetworkReader, PictureReader
from portrait_core.photo.reading import Photograph
from portrait_core.photo.seen_person import Seen
from portrait_core.photo.together import STIRRED, colours_of, sights_of, source_of
from portrait_core.portrait_model import PortraitModel
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe, say_new

FITS = 2
"""How often a person of the model is looked for by where features sit; somebody who is none, once."""
ROUNDS = 2
"""How often features are moved and looked at again."""
MAP_SIZES = ((270.0, 1024), (420.0, 1536), (np.inf, 2048))
"""Texels along the layout by the height of a face, pixels."""
ELSEWHERE = (0.8, 1.25)
"""How much lighter or darker than seen hair and clothes are taken: their light is not the face's."""
TOLD = 3
"""Hair styles that are told."""
CLEAR_HAIR = 0.55
OF_FACE = ("brows", "iris")
OWN_COLOURS = ("hair", "clothing", "iris", "brows")
"""Colours that are taken as they are seen, in the light that the skin's brightness tells."""
TRUSTED = 0.6
"""How far a glance has to be trusted to be asked at all: what is shown is one of the model's persons then."""
BROWS_SEEN = 0.6
"""Share of the brows that has to be in the face's picture for it to have brows of its own."""
BROWS = (0.036, 0.009)
"""Mean and standard deviation of how thick brows are, in heights of the face."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants of a likeness: the photograph's ``texture`` or the model's alone; ``move`` the features;
    ``hair`` by the model's name for it. ``rendered``: it is a picture of a person of the model, of which a glance tells
    much; of photographs it tells too little."""

    texture: bool = True
    move: bool = True
    hair: str | None = None
    rendered: bool = False


@dataclass(frozen=True, eq=False)
class Resemblance:
    """What came out: the ``recipe``, the hair styles that come near, how sure each part is (0 to 1), and what is odd;
    the ``expression`` that was taken out.
    ``matched`` is the person beside the photograph, ``picture`` the photograph's head as it was looked at; of several
    ``photographs`` (those that were used, the best one first) the best one's."""

    recipe: Recipe
    hair: tuple[HairChoice, ...]
    sure: Mapping[str, float]
    warnings: tuple[str, ...]
    expression: Mapping[str, float]
    matched: Matched
    picture: NDArray[np.uint8]
    source: str
    photographs: tuple[Path, ...] = ()


def resemble(
    photograph: Photograph,
    estimate: PortraitEstimate,
    model: PortraitModel,
    wish: Wish | None = None,
    base: Mapping[str, object] | None = None,
    *,
    encoder: Encoder | None = None,
    reader: PictureReader | None = None,
    progress: Progress = silent,
) -> Resemblance:
    """:func:`resemble_all` of one photograph, ``estimate`` being the person in it."""
    return resemble_all([(photograph, estimate)], model, wish, base, encoder=encoder, reader=reader, progress=progress)


def resemble_all(
    shown: Sequence[tuple[Photograph, PortraitEstimate]],
    model: PortraitModel,
    wish: Wish | None = None,
    base: Mapping[str, object] | None = None,
    *,
    encoder: Encoder | None = None,
    reader: PictureReader | None = None,
    progress: Progress = silent,
) -> Resemblance:
    """The recipe of an avatar that resembles the person who is ``shown`` in photographs.

    ``base`` are fields of the recipe that are asked for; ``encoder`` tells the person at a glance (the model's own one
    where the ``wish`` says that the picture is rendered), single signs do without one.
    Of several photographs those that tell nothing are left out, with a warning. Raises
    :class:`PhotographError` for somebody who is seen from the side or from behind, and for a face that is not found in
    the person's own picture; :class:`ModelFileError` for a model without parts, and for a rendered person of a model
    that no encoder was trained for.
    """
    wish = wish or Wish()
    if "parts" not in model.capabilities:
        raise ModelFileError(f"model {model.header.name} has no parts; an avatar from a photograph is made of parts.")
    if encoder is None and wish.rendered:
        encoder = encoder_of(model)
        if encoder is None:
            raise ModelFileError(
                f"model {model.header.name} has no encoder that tells its persons in pictures, the starter has. Take "
                "the picture as a photograph."
            )
    progress("photograph", 0.0)
    sights, left_out = sights_of(shown, reader or NetworkReader())
    progress("person", 0.0)
    guess = None if encoder is None else encoder.read(sights[0].head)
    prior, colours = Prior.of(model), colours_of(sights)
    if guess is not None and guess.trust <= TRUSTED:
        guess = None
    if guess is not None:
        prior = Prior(guess.mean, guess.spread)
    z = fit_identity(model, prior, _of_person(colours))
    recipe, person = _recipe(model, z, base), person_of(model, z)
    seen = Seen.of(recipe, person, sights)
    left_out += seen.strangers()
    worth = seen.worth
    ranked = seen.ranked(recipe, person)
    hold = _signs(colours, hair_of_all(ranked, worth)[0])
    errors, fits = TAKEN, 1
    if guess is not None:
        errors, fits = DRAWN, FITS
        del hold["gender"]
    for number in range(fits):
        seen = seen if number == 0 else seen.again(recipe, person, same=False)
        z = fit_identity(model, prior, _of_person(colours), (seen.matched, z), hold, z, worth, errors)
        recipe, person = _recipe(model, z, base), person_of(model, z)
    light = exposure(person.look, colours.srgb)
    kept = {
        name: brightened(rgb, light if name in OF_FACE else float(np.clip(light, *ELSEWHERE)))
        for name, rgb in colours.srgb.items()
        if name in OWN_COLOURS
    }
    likeness = Likeness(colours=kept, source=source_of(seen.sights), photographs=len(seen.sights))
    for number in range(ROUNDS if wish.move else 0):
        progress("shape", 0.0)
        seen = seen.again(_with(recipe, likeness), person, same=number > 0)
        places, moves = shape_move(seen.matched, likeness, worth)
        likeness = replace(likeness, places=places, moves=moves)
    progress("hair", 0.0)
    seen = seen.again(_with(recipe, likeness), person, same=wish.move)
    gender = index_of(model, "gender")
    again = hair_of_all(seen.ranked(_with(recipe, likeness), person, ranked), worth)
    best = tied_back(again, 0.0 if gender is None else float(z[gender]))
    if guess is not None:
        best = by_glance(best, guess.styles)
    recipe = with_hair(recipe, best, wish.hair, base or {})
    if recipe.hair == "none" and (base or {}).get("hair") != "none":
        likeness = replace(likeness, crop=best[0].crop)
    texture = None
    if wish.texture:
        progress("texture", 0.0)
        texture = _texture(seen)
        if texture.brows > BROWS_SEEN:
            likeness = replace(likeness, brow_style=IN_PICTURE)
        skin = np.clip(person.look.palette["skin"], 0, 1)
        likeness = replace(
            likeness, picture=texture.picture, box=texture.box, skin=(float(skin[0]), float(skin[1]), float(skin[2]))
        )
    first = seen.sights[0]
    sure = _sure(seen, best, texture)
    warnings = [*left_out, *first.estimate.warnings, *_warnings(first.head, best, sure)]
    warnings = [each for each in warnings if not each.startswith("not sure of it")]
    return Resemblance(
        _with(recipe, likeness),
        tuple(best[:TOLD]),
        sure,
        tuple(warnings),
        first.head.expression,
        seen.matched[0],
        first.head.picture,
        likeness.source,
        tuple(each.path for each in seen.sights),
    )


def _of_person(colours: FaceColours) -> dict[str, tuple[float, float, float]]:
    """The colours that tell who somebody is."""
    return {name: rgb for name, rgb in colours.srgb.items() if name != "brows"}


def _signs(colours: FaceColours, hair: HairChoice) -> dict[str, float]:
    """Attributes, in standard deviations, that single signs tell better than the fit: hair and brows of men and women
    differ, as the model draws them."""
    thick = float(np.clip((colours.brow_thickness - BROWS[0]) / BROWS[1], -2.0, 2.0))
    gender = 0.45 * thick
    if hair.style.startswith(SHORT):
        gender += 0.9
    elif hair.style.startswith(LONG):
        gender -= 0.9
    long = {} if hair.style == BALD else {"hair_length": 2.4 * hair.length - 1.2}
    return {"gender": float(np.clip(gender, -1.5, 1.5)), "brow_thickness": thick, **long}


def _recipe(model: PortraitModel, z: FloatArray, base: Mapping[str, object] | None) -> Recipe:
    facts = {name: value for name, value in (base or {}).items() if name not in ("seed", "latent", "w", "ws")}
    facts |= {"model": model.header.name, "latent": tuple(round(float(each), 4) for each in z)}
    say_new(facts, model.header)
    return Recipe.model_validate(facts)


def _with(recipe: Recipe, likeness: Likeness) -> Recipe:
    return recipe.model_copy(update={"likeness": likeness.to_text()})


def with_hair(recipe: Recipe, ranked: list[HairChoice], wanted: str | None, base: Mapping[str, object]) -> Recipe:
    """The recipe with the hair that is most like the photograph's, or that which is ``wanted``.

    How hair is made (``base``'s ``hair``, already the recipe's) stays as it was asked for, but nobody who has none in
    the photograph gets some by it.
    """
    chosen = ranked[0] if wanted is None else next((each for each in ranked if each.style == wanted), ranked[0])
    if base.get("hair") == "none":
        return recipe
    if chosen.style in (BALD, CROPPED):
        return recipe.model_copy(update={"hair": "none"})
    return recipe.model_copy(update={"hair_style": chosen.style})


def _texture(seen: Seen) -> FaceTexture:
    high = max(each.head.height for each in seen.sights)
    size = next(texels for height, texels in MAP_SIZES if high <= height)
    views: list[FaceView] = []
    for sight, own in zip(seen.sights, seen.matched, strict=True):
        folds = float(np.clip(max(sight.head.expression.get(name, 0.0) for name in STIRRED), 0.2, 1))
        views.append(FaceView(own.surface, own.camera, own.shifts, sight.head.picture, sight.head.regions, folds))
    return face_texture(views, seen.matched[0].skin.base_colour, size)


def _sure(seen: Seen, ranked: list[HairChoice], texture: FaceTexture | None) -> dict[str, float]:
    """How sure each part is, 0 to 1."""
    first = seen.sights[0]
    shapes: list[float] = []
    for own in seen.matched:
        turned = float(np.hypot(*own.camera.turn)) / FARTHEST_TURN
        shapes.append(float(np.exp(-0.5 * (own.off / 0.003) ** 2) * (1 - 0.5 * turned**2)))
    found = {
        "face": float(first.estimate.person.face.score if first.estimate.person.face else 0.0),
        "shape": max(shapes),
        "colours": float(np.clip(len(first.head.colours.srgb) / 6, 0, 1)),
        "hair": float(np.clip(ranked[0].overlap / CLEAR_HAIR, 0, 1)) if ranked else 0.0,
    }
    if texture is not None:
        sharp = float(np.clip(first.head.height / 250, 0.1, 1))
        even = float(np.clip(1.15 - texture.light, 0.2, 1))
        found["texture"] = texture.seen * sharp * even
    return {name: round(value, 2) for name, value in found.items()}


def _warnings(head: Head, ranked: list[HairChoice], sure: Mapping[str, float]) -> list[str]:
    warnings: list[str] = []
    if ranked and sure["hair"] < 0.5:
        warnings.append("no hair style of the model is like the one in the photograph; choose one yourself")
    if sure.get("texture", 1.0) < 0.35:
        warnings.append("the face's texture is a guess: little of it is seen, or its light is uneven")
    smiling = max((head.expression.get(name, 0.0) for name in ("mouthSmileLeft", "mouthSmileRight")), default=0.0)
    if head.expression.get("jawOpen", 0.0) > 0.35 or smiling > 0.8:
        warnings.append("a wide smile or an open mouth leaves creases; a calm face gives a better avatar")
    return warnings
