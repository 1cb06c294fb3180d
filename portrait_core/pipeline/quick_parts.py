# SPDX-License-Identifier: Apache-2.0
"""A picture of a character of parts in a tenth of the time of an avatar: of everything only what it shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from portrait_core.person import PersonOfParts
from portrait_core.pipeline.characters import SKIN, Sitting, camera_of, kinds_of
from portrait_core.pipeline.part_maps import PAINTERS
from portrait_core.pipeline.skin_texels import SkinTexels
from portrait_core.progress import Progress
from portrait_core.recipe import Recipe
from portrait_core.rendering.coat_table import CoatTable
from portrait_core.rendering.framing import View
from portrait_core.rendering.glance import Glance
from portrait_core.rendering.layered import LayeredScene, coats_of
from portrait_core.rendering.vertex_shares import GLANCE, SMALL
from portrait_core.runtime.threads import side_by_side

MAPS = 192
"""Edge of the maps of a quick picture."""
BEHIND_LIPS = {"teeth", "tongue"}
"""Kinds of parts that nobody sees where lips are closed, as they are for everybody at rest."""


def quick_character(
    recipe: Recipe, person: PersonOfParts, size: int, progress: Progress, view: View = "bust"
) -> NDArray[np.uint8]:
    """A (size, size, 3) picture as the thumbnail will be, or of the head alone, from small maps; raises as
    :func:`portrait_core.pipeline.characters.make_character`."""
    progress("shape", 0.0)
    # Without shapes an expression is in the vertices, which looks the same.
    # Of a head alone a coarser skin shows no corner; the hair is the same.
    small = {"normal_map": False, "lods": (), "faces": 5_000 if view == "head" else 20_000, "face": "none"}
    small |= {"texture_size": min(recipe.texture_size, MAPS)}
    moves = bool(recipe.expression or recipe.pose)  # which may open the mouth
    sitting = Sitting.of(recipe.model_copy(update=small), person, progress, lips="apart" if moves else "sealed")
    kinds = kinds_of(recipe)
    if SKIN in kinds and not moves:
        kinds = tuple(kind for kind in kinds if kind not in BEHIND_LIPS)
    with side_by_side(len(PAINTERS) + 1) as pool:
        avatar = sitting.drafted(pool, "preview", kinds)
    level = avatar.main
    vertices, normals = avatar.posed() if moves else (level.vertices, level.normals)
    camera = camera_of(avatar, view)
    scene = LayeredScene(level, vertices, normals, GLANCE if view == "head" else SMALL)
    glance = Glance(scene, camera.cam2world, camera.intrinsics, size)
    progress("texture", 0.5)
    names = [section.name for section in level.sections]
    texels = SkinTexels(sitting.painter)
    late = names.index(SKIN) if SKIN in names else -1

    coats = coats_of(level)

    def coats_at(read: NDArray[np.bool_]) -> CoatTable:
        if late >= 0:
            coats[late] = replace(coats[late], section=replace(coats[late].section, maps=texels.maps(read)))
        return CoatTable(coats)

    return glance.paint(late, texels.size, coats_at)
