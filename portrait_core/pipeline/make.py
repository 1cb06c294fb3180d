# SPDX-License-Identifier: Apache-2.0
"""Make an avatar of a recipe; bake the maps of a recipe onto a mesh that somebody else made."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import portrait_core
from portrait_core.avatar import Avatar, Level, Maps
from portrait_core.body.template import BodyTemplate
from portrait_core.errors import UsageError
from portrait_core.models.header import ModelHeader
from portrait_core.pipeline.maps import Canvas, Painter
from portrait_core.pipeline.models import AvatarModel
from portrait_core.pipeline.surfaces import Reference, facts_of_levels, focus_of, level_surfaces, reference
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe
from portrait_core.rendering.framing import frame_bust
from portrait_core.rendering.preview import render_avatar
from portrait_core.rig import Skin, bust_joints, skin_from_template
from portrait_core.shape import Surface, decimate_seams, vertex_normals
from portrait_core.shape.cut import ON_PLANE
from portrait_core.shape.decimate import Focus
from portrait_core.shape.regions import Region, face_regions
from portrait_core.suggest import suggestion
from textures import Atlas, unwrap
from textures.tangents import tangents

THUMBNAIL_SIZE = 512
DENSITY = {Region.FACE: 2.2, Region.HEAD: 1.3, Region.NECK: 1.3, Region.TORSO: 1.0, Region.CAP: 0.4}
"""Texels per length of each part, in proportion."""

SMALLEST_MAP = 256
"""Coarser levels have maps of half the size of the one before, but not below this."""

CALM = (0.10, 0.135, 12)
"""Normals for maps: kept within the first distance (metres) from the face, smoothed from the second, in this many
passes. Ears lie within, the throat beyond."""

FARTHEST_MESH = 0.02
"""Metres: half of an edited mesh's vertices must lie this near to the avatar."""

_log = logging.getLogger("portraitkit")


@dataclass(frozen=True)
class _Work:
    """What every level of one avatar is made from."""

    recipe: Recipe
    base: Reference
    template: BodyTemplate
    painter: Painter
    focus: Focus
    progress: Progress


def make_avatar(
    recipe: Recipe, model: AvatarModel, progress: Progress = silent, *, name: str | None = None
) -> Avatar:
    """Make the avatar of ``recipe`` with ``model``; the same recipe and model give the same avatar.

    ``name`` defaults to ``{model}-{seed}``. ``progress`` hears of each stage and may cancel by raising. Raises
    :class:`UsageError` for recipes that the model cannot make and :class:`ModelFileError` for a model whose field is no
    bust.
    """
    work = _begin(recipe, model, progress)
    template, header = work.template, model.header
    shared = recipe.lod_maps == "shared"
    surfaces = level_surfaces(work.base, (recipe.faces, *(() if shared else recipe.lods)), work.focus, progress)
    levels: list[Level] = []
    atlases: list[dict[str, Any]] = []
    for number, surface in enumerate(surfaces):
        size = max(recipe.texture_size >> number, min(SMALLEST_MAP, recipe.texture_size))
        level, atlas = _level(work, surface, size)
        levels.append(level)
        atlases.append(atlas)
    if shared:
        levels += _sharing_levels(work, levels[0])
    if not recipe.closed and work.base.planes is not None:
        levels = [_opened(level, work.base.planes) for level in levels]
    avatar = Avatar(
        name=name or f"{header.name}-{recipe.label()}",
        levels=tuple(levels),
        joint_names=template.joint_names,
        parents=template.parents,
        joints=template.joints,
        pose=dict(recipe.pose),
        recipe=recipe.facts(),
        provenance=provenance(header),
        report={"surface": work.base.report, "levels": facts_of_levels(surfaces), "atlases": atlases},
    )
    progress("thumbnail", 0.0)
    avatar = replace(avatar, thumbnail=thumbnail(avatar))
    progress("thumbnail", 1.0)
    _log.info("%s: %d vertices, %d faces", avatar.name, len(avatar.main.vertices), len(avatar.main.faces))
    return avatar


def bake_onto(
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32],
    uvs: NDArray[np.float32],
    recipe: Recipe,
    model: AvatarModel,
    progress: Progress = silent,
) -> Maps:
    """The maps of ``recipe`` for a mesh near its avatar, at rest, with texture coordinates of its own.

    ``vertices`` (V, 3) world metres, ``faces`` (F, 3), ``uvs`` (V, 2) with the origin at the bottom left. Raises
    :class:`UsageError` for a mesh that lies nowhere near the avatar.
    """
    work = _begin(recipe, model, progress)
    _, _, distance = work.base.dense.closest(vertices)
    away = 100 * float(np.median(distance))
    if away > FARTHEST_MESH * 100:
        raise UsageError(
            f"the mesh lies {away:.0f} cm or more from this avatar. Expected metres, +y up, the origin at the neck "
            "joint, un-posed: is it the mesh of another recipe, or moved or scaled?"
        )
    normals = vertex_normals(vertices, faces)
    canvas = _canvas(work, Atlas(np.arange(len(vertices), dtype=np.int32), faces, uvs, _none(faces)), vertices, normals)
    return work.painter.paint(canvas, recipe.texture_size, progress)


def _begin(recipe: Recipe, model: AvatarModel, progress: Progress) -> _Work:
    header = model.header
    recipe.check(header)
    progress("latent", 0.0)
    z = model.latent(recipe)
    if z.shape != (1, header.latent.z_dim) or not bool(np.isfinite(z).all()):
        raise UsageError(f"latent: expected {header.latent.z_dim} finite numbers, got shape {z.shape}.")
    template = model.template(z, recipe.psi)
    if recipe.skeleton == "bust":
        template = bust_joints(template)
    for joint in recipe.pose:
        if joint not in template.joint_names:
            hint = suggestion(joint, template.joint_names, what="joints of this model")
            raise UsageError(f"the pose turns {joint}, which model {header.name} does not have. {hint}")
    field = model.field(z, recipe.psi)
    base = reference(field, recipe.lattice, progress)
    focus = focus_of(template)
    dense = base.dense.calmed(np.asarray(focus[0], np.float32), *CALM) if recipe.normal_map else base.dense
    painter = Painter(recipe, model, z, field, dense)
    return _Work(recipe, base, template, painter, focus, progress)


def _level(work: _Work, surface: Surface, size: int) -> tuple[Level, dict[str, Any]]:
    """One level with an atlas and maps of its own, and what is worth knowing of the atlas."""
    progress, template = work.progress, work.template
    normals = vertex_normals(surface.vertices, surface.faces)
    progress("rig", 0.0)
    skin = skin_from_template(template, surface.vertices, normals, surface.faces)
    progress("unwrap", 0.0)
    regions = _regions(surface, template)
    atlas, ups = _hard_cut(_unwrap(surface, regions, size), surface, normals, work.base.planes)
    canvas = _canvas(work, atlas, surface.vertices, ups)
    maps = work.painter.paint(canvas, size, progress)
    level = Level(
        vertices=canvas.vertices,
        normals=canvas.normals,
        faces=canvas.faces,
        uvs=canvas.uvs,
        skin=Skin(skin.joints[canvas.welded], skin.weights[canvas.welded]),
        maps=maps,
        tangents=canvas.tangents if maps.normal is not None else None,
    )
    of_face = np.unique(atlas.charts[regions == Region.FACE])
    return level, {
        "charts": atlas.chart_count,
        "utilisation": round(atlas.utilisation, 4),
        "face_in_one_chart": len(of_face) == 1,
    }


def _canvas(work: _Work, atlas: Atlas, vertices: NDArray[np.float32], normals: NDArray[np.float32]) -> Canvas:
    """The mesh cut along its seams, with ``normals`` of the cut vertices; tangents may cut it a little more."""
    found = tangents(vertices[atlas.vertex_map], normals, atlas.uvs, atlas.faces)
    welded = atlas.vertex_map[found.vertex_map]
    return Canvas(
        faces=found.faces,
        uvs=atlas.uvs[found.vertex_map],
        vertices=vertices[welded],
        normals=normals[found.vertex_map],
        lattice=work.base.dense.lattice_places(vertices)[welded],
        tangents=found.tangents,
        welded=welded,
    )


def _hard_cut(
    atlas: Atlas, surface: Surface, normals: NDArray[np.float32], planes: NDArray[np.float32] | None
) -> tuple[Atlas, NDArray[np.float32]]:
    """The atlas and its vertices' normals, with a hard edge around the flat faces of the shoulder cut.

    ``normals`` (V, 3) are the smooth ones of the whole surface.
    """
    flat = np.full(len(surface.faces), -1)
    for number, plane in enumerate([] if planes is None else planes.astype(np.float64)):
        on = np.abs(surface.vertices.astype(np.float64) @ plane[:3] - plane[3]) <= ON_PLANE
        flat[on[surface.faces].all(axis=1)] = number
    if planes is None or not (flat >= 0).any():
        return atlas, normals[atlas.vertex_map]
    side = vertex_normals(surface.vertices, surface.faces[flat < 0])
    corner = atlas.faces.astype(np.int64) * (len(planes) + 1) + (flat + 1)[:, None]
    kept, faces = np.unique(corner, return_inverse=True)
    vertex, plane_of = kept // (len(planes) + 1), kept % (len(planes) + 1) - 1
    vertex_map = atlas.vertex_map[vertex]
    ups = np.where((plane_of >= 0)[:, None], planes[plane_of, :3], side[vertex_map]).astype(np.float32)
    cut = replace(
        atlas, vertex_map=vertex_map, faces=np.asarray(faces, np.int32).reshape(-1, 3), uvs=atlas.uvs[vertex]
    )
    return cut, ups


def _sharing_levels(work: _Work, main: Level) -> list[Level]:
    """Coarser levels on the main level's atlas: some of its vertices, fewer faces."""
    _, vertex_map = np.unique(main.vertices, axis=0, return_inverse=True)
    levels: list[Level] = []
    for number, count in enumerate(work.recipe.lods):
        work.progress("simplify", number / len(work.recipe.lods))
        few = decimate_seams(
            main.vertices, main.faces, main.uvs, np.asarray(vertex_map, np.int32).ravel(), count, focus=work.focus
        )
        if len(few.faces) > count:
            _log.warning("a level of %d faces on shared maps keeps %d: its seams allow no fewer", count, len(few.faces))
        levels.append(_subset(main, few.kept, few.faces))
    return levels


def _opened(level: Level, planes: NDArray[np.float32]) -> Level:
    """The level without the faces that lie in one of the cut's planes."""
    height = level.vertices.astype(np.float64) @ planes[:, :3].T.astype(np.float64) - planes[:, 3]
    on = np.abs(height) <= ON_PLANE
    flat = np.zeros(len(level.faces), np.bool_)
    for plane in range(len(planes)):
        flat |= on[:, plane][level.faces].all(axis=1)
    kept, faces = np.unique(level.faces[~flat], return_inverse=True)
    return _subset(level, kept.astype(np.int32), np.asarray(faces, np.int32).reshape(-1, 3))


def _subset(level: Level, kept: NDArray[np.int32], faces: NDArray[np.int32]) -> Level:
    return replace(
        level,
        vertices=level.vertices[kept],
        normals=level.normals[kept],
        faces=faces,
        uvs=level.uvs[kept],
        skin=Skin(level.skin.joints[kept], level.skin.weights[kept]),
        tangents=None if level.tangents is None else level.tangents[kept],
    )


def _regions(surface: Surface, template: BodyTemplate) -> NDArray[np.int32]:
    names = template.joint_names
    if "head" not in names or "neck" not in names:
        return np.full(len(surface.faces), Region.TORSO, np.int32)
    head, neck = (template.joints[names.index(joint)] for joint in ("head", "neck"))
    return face_regions(surface.vertices, surface.faces, head=head, neck=neck)


def _unwrap(surface: Surface, regions: NDArray[np.int32], size: int) -> Atlas:
    # Four texels at 1024: enough for two mip levels without bleeding, and the same share of the image at any size.
    padding = max(1, size // 256)
    try:
        return unwrap(
            surface.vertices,
            surface.faces,
            resolution=size,
            padding=padding,
            parts=regions,
            density={int(region): density for region, density in DENSITY.items()},
            whole=[int(Region.FACE)],
        )
    except ValueError as error:
        raise UsageError(
            f"{len(surface.faces)} faces cannot be unwrapped into {size} x {size} texels ({error}). "
            "Ask for a larger texture or fewer faces."
        ) from error


def _none(faces: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.zeros(len(faces), np.int32)


def provenance(header: ModelHeader) -> dict[str, Any]:
    """What a file says of where it comes from: engine, model and digest, licences, training data; plain JSON data."""
    return {
        "engine": "portraitkit",
        "version": portrait_core.__version__,
        "model": {"name": header.name, "digest": header.digest, "licence": header.licence},
        "training": {"data": header.training.data, "data_licence": header.training.data_licence},
        "units": "metres",
    }


def thumbnail(avatar: Avatar, size: int = THUMBNAIL_SIZE) -> NDArray[np.uint8]:
    """A (size, size, 3) uint8 sRGB picture of the posed avatar, slightly from its left."""
    return render_avatar(avatar, frame_bust(avatar.main.vertices).camera(yaw=0.35), size).image
