# SPDX-License-Identifier: Apache-2.0
"""Make an avatar of a recipe."""

from __future__ import annotations

import logging
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, cast

from portrait_core.avatar import Avatar, Level
from portrait_core.body.template import BodyTemplate
from portrait_core.errors import UsageError, suggestion
from portrait_core.person import PersonOfParts
from portrait_core.pipeline.characters import make_character
from portrait_core.pipeline.levels import Draft, Work, draft_level, opened, sharing_levels
from portrait_core.pipeline.maps import Painter
from portrait_core.pipeline.provenance import from_photograph, provenance
from portrait_core.pipeline.surfaces import (
    dense_surface,
    facts_of_levels,
    focus_of,
    level_surfaces,
    reference,
)
from portrait_core.portrait_model import PortraitModel
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe
from portrait_core.rendering.framing import frame_bust
from portrait_core.rendering.preview import Scene, Traced
from portrait_core.rig import bust_joints, joint_motions, skinned
from portrait_core.rig.fingers import template_with_fingers
from portrait_core.runtime.threads import side_by_side
from portrait_core.shape import Surface

THUMBNAIL_SIZE = 512

THREADS = 2
"""What does not wait for each other runs side by side: skin and dense surface beside the unwrap, colours beside
normals."""

SMALLEST_MAP = 256
"""Coarser levels have maps of half the size of the one before, but not below this."""

_log = logging.getLogger("portraitkit")


def make_avatar(
    recipe: Recipe, model: PortraitModel, progress: Progress = silent, *, name: str | None = None
) -> Avatar:
    """Make the avatar of ``recipe`` with ``model``; the same recipe and model give the same avatar.

    ``name`` defaults to ``{model}-{seed}``. ``progress`` hears of each stage and may cancel by raising. Raises
    :class:`UsageError` for recipes that the model cannot make and :class:`ModelFileError` for a model whose field is no
    bust.
    """
    if recipe.topology == "parts":
        recipe.check(model.header)
        person = cast(PersonOfParts, model.person(recipe))  # what the check of the recipe has found in the header
        return make_character(recipe, person, progress, name or f"{model.header.name}-{recipe.label()}")
    with side_by_side(THREADS) as pool:
        work = begin(recipe, model, progress, pool)
        surfaces, levels, atlases, seen = _levels(work)
        progress("thumbnail", 0.0)
        thumbnail = seen.result().paint(levels[0].maps.base_colour).image
    header, template = model.header, work.template
    avatar = Avatar(
        name=name or f"{header.name}-{recipe.label()}",
        levels=tuple(levels),
        joint_names=template.joint_names,
        parents=template.parents,
        joints=template.joints,
        pose=dict(recipe.pose),
        recipe=recipe.facts(),
        provenance=provenance(header) | from_photograph(recipe),
        report={"surface": work.base.report, "levels": facts_of_levels(surfaces), "atlases": atlases},
        thumbnail=thumbnail,
    )
    progress("thumbnail", 1.0)
    _log.info("%s: %d vertices, %d faces", avatar.name, len(avatar.main.vertices), len(avatar.main.faces))
    return avatar


def _levels(work: Work) -> tuple[list[Surface], list[Level], list[dict[str, Any]], Future[Traced]]:
    """Every level of detail with its maps and skin; the surfaces they were made from, facts of their atlases, and what
    the thumbnail's camera sees."""
    recipe = work.recipe
    shared = recipe.lod_maps == "shared"
    surfaces = level_surfaces(work.base, (recipe.faces, *(() if shared else recipe.lods)), work.focus, work.progress)
    levels: list[Level] = []
    drafts: list[Draft] = []
    seen: Future[Traced] | None = None
    for number, surface in enumerate(surfaces):
        size = max(recipe.texture_size >> number, min(SMALLEST_MAP, recipe.texture_size))
        draft = draft_level(work, surface, size)
        drafts.append(draft)
        seen = seen or work.pool.submit(_thumbnail_sight, work, draft)  # beside the colours, which leave a core idle
        levels.append(draft.canvas.level(work.painter.paint(draft.canvas, size, work.progress)))
    if shared:
        levels += sharing_levels(work, levels[0], drafts[0].canvas.welded)
    if not recipe.closed and work.base.planes is not None:
        levels = [opened(level, work.base.planes) for level in levels]
    assert seen is not None  # a recipe has at least one level
    return surfaces, levels, [draft.atlas for draft in drafts], seen


def begin(recipe: Recipe, model: PortraitModel, progress: Progress, pool: Executor) -> Work:
    """What every mesh of a recipe is made from; raises as :func:`make_avatar`."""
    header = model.header
    recipe.check(header)
    progress("latent", 0.0)
    person = model.person(recipe)
    field = person.field
    made: Future[BodyTemplate] = pool.submit(getattr, person, "template")  # beside the surface
    base = None if recipe.pose else reference(field, recipe.lattice, progress)  # a pose may be refused first
    template = made.result()
    if recipe.skeleton == "bust":
        template = bust_joints(template)
    elif recipe.skeleton == "full":
        template = template_with_fingers(template)
    for joint in recipe.pose:
        if joint not in template.joint_names:
            hint = suggestion(joint, template.joint_names, what="joints of this model")
            raise UsageError(f"the pose turns {joint}, which model {header.name} does not have. {hint}")
    base = base or reference(field, recipe.lattice, progress)
    focus = focus_of(template)
    dense = pool.submit(partial(dense_surface, base, focus, calm=recipe.normal_map))
    painter = Painter(recipe, person, field, dense, pool)
    return Work(recipe, base, dense, template, painter, focus, progress, pool)


def _thumbnail_sight(work: Work, draft: Draft) -> Traced:
    """The posed avatar, slightly from its left."""
    mesh = draft.canvas
    if not work.recipe.closed and work.base.planes is not None:
        mesh = opened(mesh, work.base.planes)
    template = work.template
    motions = joint_motions(template.joint_names, template.parents, template.joints, work.recipe.pose)
    vertices, normals = skinned(mesh.vertices, mesh.normals, mesh.skin, motions)
    camera = frame_bust(mesh.vertices).camera(yaw=0.35)
    return Scene(vertices, normals, mesh.faces, mesh.uvs).trace(camera.cam2world, camera.intrinsics, THUMBNAIL_SIZE)
