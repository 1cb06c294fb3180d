# SPDX-License-Identifier: Apache-2.0
"""Avatars from photographs on the command line: ``portrait photo FILE...`` and ``portrait generate --photo FILE``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.options import DEFAULT_NAME, Order, Wanted
from cli.photographs import person_in
from portrait_core.errors import UsageError
from portrait_core.recipe_fields import FIELDS

if TYPE_CHECKING:
    from cli.show import Show, Watcher
    from portrait_core.photo.estimate import PortraitEstimate
    from portrait_core.photo.likeness import Wish
    from portrait_core.photo.reading import Photograph
    from portrait_core.portrait_model import PortraitModel

TEXTURES = ("photo", "model")
TEXTURE_SIZE = 2048
"""Of an avatar whose face is a photograph's, where nobody asks for another: the face has a third of the layout."""
WHO = ("seed", "latent")


def wish_of(texture: str, wanted: Wanted, *, move: bool = True, rendered: bool = False) -> Wish:
    """What is wanted of a likeness; raises :class:`UsageError` for a texture that is none. Of a ``rendered`` person
    nothing is carried over: it is the model's own."""
    if texture not in TEXTURES:
        raise UsageError(f"the texture {texture!r} is not known; it is {' or '.join(TEXTURES)}.")
    from portrait_core.photo.likeness import Wish

    style = wanted.values.get("hair_style") if "hair_style" in wanted.given else None
    return Wish(
        texture=texture == "photo" and not rendered,
        move=move and not rendered,
        hair=None if style in (None, "auto") else str(style),
        rendered=rendered,
    )


@dataclass(frozen=True)
class LikenessOrder:
    """The ``photographs`` of one person that an avatar is made from, which ``person`` in each (empty for the largest),
    and what is wanted of it; ``recipe`` is a file that was given beside them."""

    photographs: tuple[Path, ...]
    person: str
    wish: Wish
    recipe: Path | None = None

    def wanted(self, wanted: Wanted) -> Wanted:
        """The options with what a photograph changes; raises :class:`UsageError` for those that say who it is too."""
        for name in WHO:
            if name in wanted.given:
                raise UsageError(f"--{name} says who it is, and so does a photograph; give one of them.")
        if self.recipe is not None:
            raise UsageError("--recipe says who it is, and so does a photograph; give one of them.")
        size = {} if "texture_size" in wanted.given else {"texture_size": TEXTURE_SIZE}
        return wanted.beside(**size)

    def named(self, name: str, wanted: Wanted) -> str:
        """The file's name: the first photograph's, where nobody gave another one."""
        return name if "name" in wanted.given or name != DEFAULT_NAME else self.photographs[0].stem.replace("{", "(")

    def seen(self, show: Show) -> list[tuple[Photograph, PortraitEstimate]]:
        """The photographs and who is in each; before anything is loaded, since what is wrong is told at once. Of
        several those that cannot be used are told and left out; raises the first one's error where none can."""
        from portrait_core.photo.head import seen_face
        from portrait_core.photo.reading import PhotographError

        found: list[tuple[Photograph, PortraitEstimate]] = []
        refused: list[PhotographError] = []
        for path in self.photographs:
            try:
                photograph, estimate = person_in(path, self.person, show.note)
                seen_face(photograph, estimate)
            except PhotographError as error:
                refused.append(error)
                continue
            found.append((photograph, estimate))
        if not found:
            raise refused[0]
        for error in refused:
            show.note(f"left out: {error}")
        return found

    def taken(
        self,
        order: Order,
        wanted: Wanted,
        model: PortraitModel,
        seen: list[tuple[Photograph, PortraitEstimate]],
        show: Show,
        watcher: Watcher,
    ) -> Order:
        """The order of the avatar that resembles who was ``seen``, with its recipe; what was understood is told."""
        from portrait_core.photo.likeness import resemble_all

        recipe = order.recipes[0]
        # What is told by options goes before what the photograph tells.
        base: dict[str, Any] = {name: getattr(recipe, name) for name in FIELDS if name not in (*WHO, "w", "ws")}
        found = resemble_all(seen, model, self.wish, base, progress=watcher)
        first = found.photographs[0]
        for warning in found.warnings:
            show.note(f"{first}: {warning}." if len(self.photographs) == 1 else f"{warning}.")
        styles = ", ".join(f"{each.style} ({each.overlap:.0%})" for each in found.hair)
        sure = ", ".join(f"{name} {value:.2f}" for name, value in found.sure.items())
        if len(found.photographs) > 1:
            show.note(f"made from {len(found.photographs)} photographs; features as in {first}.")
        show.note(f"{first}: hair like {styles}; sure of {sure}. Choose the hair by --hair-style.")
        made = found.recipe.model_copy(update={"model": recipe.model})
        return replace(order, recipes=(made,))
