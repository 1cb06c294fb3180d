# SPDX-License-Identifier: Apache-2.0
"""From a surface to a level of detail: skin, atlas, maps; levels that share the maps of the finest; the open cut."""

from __future__ import annotations

import logging
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Level, Mesh
from portrait_core.body.template import BodyTemplate
from portrait_core.errors import UsageError
from portrait_core.geometry.vertex_data import VertexData
from portrait_core.pipeline.maps import Canvas, Painter
from portrait_core.pipeline.surfaces import Reference, focus_for
from portrait_core.progress import Progress
from portrait_core.recipe import Recipe
from portrait_core.rig import Skin, skin_from_template
from portrait_core.shape import Surface, decimate_seams, vertex_normals
from portrait_core.shape.cut import ON_PLANE
from portrait_core.shape.decimate import Focus
from portrait_core.shape.reference_surface import DenseSurface
from portrait_core.shape.regions import Region, face_regions
from textures import Atlas, Method, unwrap
from textures.tangents import tangents

DENSITY = {Region.FACE: 2.2, Region.HEAD: 1.3, Region.NECK: 1.3, Region.TORSO: 1.0, Region.CAP: 0.4}
"""Texels per length of each part, in proportion."""

AnyMesh = TypeVar("AnyMesh", bound=Mesh)

_log = logging.getLogger("portraitkit")


@dataclass(frozen=True)
class Work:
    """What every level of one avatar is made from; ``dense`` is still being made at the beginning."""

    recipe: Recipe
    base: Reference
    dense: Future[DenseSurface]
    template: BodyTemplate
    painter: Painter
    focus: Focus
    progress: Progress
    pool: Executor


@dataclass(frozen=True)
class Draft:
    """A level before its maps: the mesh on its atlas, with its skin, and what is worth knowing of the atlas."""

    canvas: Canvas
    atlas: dict[str, Any]


def draft_level(work: Work, surface: Surface, size: int) -> Draft:
    """One level with an atlas of its own, for maps of ``size`` texels."""
    progress, template = work.progress, work.template
    normals = vertex_normals(surface.vertices, surface.faces)
    progress("rig", 0.0)
    rigged = work.pool.submit(skin_from_template, template, surface.vertices, normals, surface.faces)
    progress("unwrap", 0.0)
    regions = regions_of(surface, template)
    flat = unwrapped(surface, regions, size, work.recipe.unwrap)
    progress("tangents", 0.0)
    atlas, ups = _hard_cut(flat, surface, normals, work.base.planes)
    canvas = with_skin(canvas_of(work, atlas, surface.vertices, ups), rigged.result())
    of_face = np.unique(atlas.charts[regions == Region.FACE])
    return Draft(
        canvas,
        {
            "charts": atlas.chart_count,
            "utilisation": round(atlas.utilisation, 4),
            "face_in_one_chart": len(of_face) == 1,
            **({"work_used_up": True} if atlas.used_up else {}),  # only where it is so: other files keep their bytes
        },
    )


def canvas_of(work: Work, atlas: Atlas, vertices: NDArray[np.float32], normals: NDArray[np.float32]) -> Canvas:
    """The mesh cut along its seams, with ``normals`` of the cut vertices; tangents may cut it a little more."""
    found = tangents(vertices[atlas.vertex_map], normals, atlas.uvs, atlas.faces)
    whole = VertexData(vertices=vertices, lattice=work.dense.result().lattice_places(vertices))
    cut = whole.take(atlas.vertex_map).with_(uvs=atlas.uvs, normals=normals, welded=atlas.vertex_map)
    return Canvas(cut.take(found.vertex_map).with_(tangents=found.tangents), found.faces)


def with_skin(canvas: Canvas, skin: Skin) -> Canvas:
    """The mesh with the ``skin`` of the surface that the atlas cut apart."""
    return canvas.with_(joints=skin.joints[canvas.welded], weights=skin.weights[canvas.welded])


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
    cut = replace(atlas, vertex_map=vertex_map, faces=np.asarray(faces, np.int32).reshape(-1, 3), uvs=atlas.uvs[vertex])
    return cut, ups


def sharing_levels(work: Work, main: Level, vertex_map: NDArray[np.int32]) -> list[Level]:
    """Coarser levels on the main level's atlas: some of its vertices, fewer faces.

    ``vertex_map`` (V,) numbers the vertices of ``main`` that were one before the atlas cut them. Places do not tell:
    two shells that touch in a point share one.
    """
    levels: list[Level] = []
    for number, count in enumerate(work.recipe.lods):
        work.progress("simplify", number / len(work.recipe.lods))
        focus = focus_for(work.focus, count)
        few = decimate_seams(main.vertices, main.faces, main.uvs, vertex_map, count, focus=focus)
        if len(few.faces) > count:
            _log.warning("a level of %d faces on shared maps keeps %d: its seams allow no fewer", count, len(few.faces))
        levels.append(main.part(few.kept, few.faces))
    return levels


def opened(mesh: AnyMesh, planes: NDArray[np.float32]) -> AnyMesh:
    """The mesh without the faces that lie in one of the cut's planes."""
    height = mesh.vertices.astype(np.float64) @ planes[:, :3].T.astype(np.float64) - planes[:, 3]
    on = np.abs(height) <= ON_PLANE
    flat = np.zeros(len(mesh.faces), np.bool_)
    for plane in range(len(planes)):
        flat |= on[:, plane][mesh.faces].all(axis=1)
    kept, faces = np.unique(mesh.faces[~flat], return_inverse=True)
    return mesh.part(kept.astype(np.int32), np.asarray(faces, np.int32).reshape(-1, 3))


def regions_of(surface: Surface, template: BodyTemplate) -> NDArray[np.int32]:
    """The :class:`Region` of each face (F,); all are torso where the template has no head and neck."""
    names = template.joint_names
    if "head" not in names or "neck" not in names:
        return np.full(len(surface.faces), Region.TORSO, np.int32)
    head, neck = (template.joints[names.index(joint)] for joint in ("head", "neck"))
    return face_regions(surface.vertices, surface.faces, head=head, neck=neck)


def unwrapped(surface: Surface, regions: NDArray[np.int32] | None, size: int, method: Method) -> Atlas:
    """The atlas of a surface for maps of ``size`` texels, by ``method``; its ``regions`` (F,) where they are known.

    Raises :class:`UsageError` when the charts do not fit.
    """
    # Four texels at 1024: enough for two mip levels without bleeding, and the same share of the image at any size.
    padding = max(1, size // 256)
    known = regions is not None
    try:
        return unwrap(
            surface.vertices,
            surface.faces,
            resolution=size,
            padding=padding,
            parts=regions,
            density={int(region): density for region, density in DENSITY.items()} if known else None,
            whole=[int(Region.FACE)] if known else (),
            method=method,
        )
    except ValueError as error:
        raise UsageError(
            f"{len(surface.faces)} faces cannot be unwrapped into {size} x {size} texels ({error}). "
            "Ask for a larger texture or fewer faces."
        ) from error
