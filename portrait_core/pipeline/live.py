# SPDX-License-Identifier: Apache-2.0
"""The shape of an avatar of parts while a slider moves: places of its vertices, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from portrait_core.errors import UsageError, remedy
from portrait_core.parts.character import Figure, Wanted, meshes
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.person import Person, PersonOfParts
from portrait_core.pipeline.characters import figure_of, kinds_of
from portrait_core.pipeline.faces import face_of
from portrait_core.pipeline.part_maps import DRAFT_MAPS, PartPainter
from portrait_core.progress import silent
from portrait_core.recipe import Recipe


def live_parts(recipe: Recipe, person: Person, worn: tuple[Recipe, Person] | None = None) -> list[PartMesh]:
    """The finest level of the avatar of ``recipe``, who is ``person``: its meshes without maps, bones and shapes.

    With ``worn``, another recipe with its person, hair, garment, lashes and brows are those of that avatar, so that its
    meshes come with the same vertices in the same order: what was made of it can follow. Hair of strands of its own
    (``hair: volume``) is made of the whole bust, and not among them.

    Raises :class:`UsageError` for a shell, which has no topology that stays, and as
    :func:`portrait_core.pipeline.make_avatar` for what the model does not have.
    """
    for each in (recipe, *(() if worn is None else worn[:1])):
        if each.topology != "parts":
            raise UsageError(
                "the mesh of a shell is another one for each person, so that it cannot follow a slider.",
                remedy=remedy("set_field", field="topology", value="parts"),
            )
    figure, kinds = figure_of(recipe, cast("PersonOfParts", person)), kinds_of(recipe)
    if worn is not None:
        like = figure_of(worn[0], cast("PersonOfParts", worn[1]))
        kinds = tuple(kind for kind in kinds if kind in kinds_of(worn[0]) and _has(like, kind))
        figure = Figure(figure.template, figure.look, _as_worn(like))
    face = face_of(recipe, figure)
    found = meshes(figure, kinds)
    # An expression without shapes is in the vertices.
    return found if face.shapes else face.shaped(figure, found)[0]


def warm_drafts(recipe: Recipe, person: Person) -> None:
    """Make ahead what the first maps of a draft need that no person changes, most of a second: when a slider is let go,
    somebody waits for them."""
    small = recipe.model_copy(update={"texture_size": min(recipe.texture_size, DRAFT_MAPS)})
    of_parts = cast("PersonOfParts", person)
    figure = figure_of(small, of_parts)
    painter = PartPainter(small, of_parts, figure)
    for mesh in {each.material: each for each in meshes(figure, kinds_of(small))}.values():
        painter.paint(mesh, silent)


def _has(figure: Figure, kind: str) -> bool:
    """Whether a person has parts of a kind of which another may have some."""
    return kind not in ("hair", "garment", "lashes", "brows") or getattr(figure, kind) is not None


def _as_worn(figure: Figure) -> Wanted:
    """What names all that ``figure`` wears, whoever wears it."""
    template = figure.template
    hair = next((name for name, each in template.hair.items() if each is figure.hair), None)
    garment = next((name for name, each in template.garments.items() if each is figure.garment), None)
    return replace(figure.wanted, hair=hair, garment=garment, lashes=figure.lashes, brows=figure.brows)
