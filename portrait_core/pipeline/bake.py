# SPDX-License-Identifier: Apache-2.0
"""The maps of a recipe on a mesh that somebody edited or built anew, and that mesh as an avatar with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Maps
from portrait_core.errors import UsageError
from portrait_core.formats.read_mesh import EditedMesh, MeshSkin
from portrait_core.pipeline.levels import Work, canvas_of, regions_of, unwrapped, with_skin
from portrait_core.pipeline.make import THREADS, begin, provenance
from portrait_core.pipeline.maps import Canvas
from portrait_core.portrait_model import PortraitModel
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe
from portrait_core.rig import BONE_NAMINGS, Skin, rename, skin_from_template
from portrait_core.rig.skin import strongest
from portrait_core.runtime.threads import side_by_side
from portrait_core.shape import Surface, vertex_normals
from textures import Atlas, Method

FARTHEST_MESH = 0.02
"""Metres: half of an edited mesh's vertices must lie this near to the avatar."""


def bake_onto(
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32],
    uvs: NDArray[np.float32],
    recipe: Recipe,
    model: PortraitModel,
    progress: Progress = silent,
    *,
    normals: NDArray[np.float32] | None = None,
) -> Maps:
    """The maps of ``recipe`` for a mesh near its avatar, at rest, with texture coordinates of its own.

    ``vertices`` (V, 3) world metres, ``faces`` (F, 3), ``uvs`` (V, 2) with the origin at the bottom left. ``normals``
    (V, 3), for the normal map, are smooth across seams of the texture unless given. Raises :class:`UsageError` for a
    mesh that lies nowhere near the avatar.
    """
    with side_by_side(THREADS) as pool:
        work = begin(recipe, model, progress, pool)
        mesh = EditedMesh("", vertices, faces, uvs, normals)
        _check_near(work, mesh)
        canvas = _canvas(work, mesh)
        return work.painter.paint(canvas, recipe.texture_size, progress)


def bake_avatar(
    mesh: EditedMesh,
    recipe: Recipe,
    model: PortraitModel,
    progress: Progress = silent,
    *,
    name: str | None = None,
    unwrap: Method = "auto",
) -> Avatar:
    """``mesh`` as an avatar: its own surface, texture coordinates and normals, the maps, rig and pose of ``recipe``.

    ``unwrap`` by ``charts`` or ``xatlas`` gives it new texture coordinates; ``auto`` does so, by xatlas, for a mesh
    that has none.
    Its own skin is kept when all bones that move it are joints of the recipe's rig, under any bone naming; otherwise it
    gets the skin that a new avatar has. Its rig is the recipe's either way. ``name`` defaults to the mesh's. There is
    no thumbnail. Raises as :func:`bake_onto`.
    """
    with side_by_side(THREADS) as pool:
        work = begin(recipe, model, progress, pool)
        _check_near(work, mesh)
        anew = unwrap != "auto" or len(mesh.uvs) == 0
        if anew:
            progress("unwrap", 0.0)
            mesh = _laid_anew(work, mesh, unwrap)
        canvas = _canvas(work, mesh)
        maps = work.painter.paint(canvas, recipe.texture_size, progress)
        progress("rig", 0.0)
        template = work.template
        skin = own_skin(mesh.skin, template.joint_names) if mesh.skin is not None else None
        kept = skin is not None
        if skin is None:
            places, welded = _weld(mesh)
            smooth = vertex_normals(places, welded[mesh.faces])
            closed = skin_from_template(template, places, smooth, welded[mesh.faces])
            skin = Skin(closed.joints[welded], closed.weights[welded])
    return Avatar(
        name=name or mesh.name,
        levels=(with_skin(canvas, skin).level(maps),),
        joint_names=template.joint_names,
        parents=template.parents,
        joints=template.joints,
        pose=dict(recipe.pose),
        recipe=recipe.facts(),
        provenance=provenance(model.header),
        report={"edited_mesh": {"name": mesh.name, "faces": len(mesh.faces), "own_skin": kept, "unwrapped": anew}},
    )


def own_skin(skin: MeshSkin, joint_names: tuple[str, ...]) -> Skin | None:
    """``skin`` for a rig of ``joint_names``, or None where a bone that moves something is none of them."""
    used = np.unique(skin.joints[skin.weights > 0.0])
    for scheme in BONE_NAMINGS:
        number = {bone: index for index, bone in enumerate(rename(joint_names, scheme))}
        if all(skin.bones[bone] in number for bone in used):
            joint_of = np.asarray([number.get(bone, 0) for bone in skin.bones])
            dense = np.zeros((len(skin.joints), len(joint_names)), np.float32)
            np.add.at(dense, (np.arange(len(dense))[:, None], joint_of[skin.joints]), skin.weights)
            return strongest(dense)
    return None


def _check_near(work: Work, mesh: EditedMesh) -> None:
    """Raise :class:`UsageError` where the mesh cannot be of this avatar."""
    _, _, distance = work.dense.result().closest(mesh.vertices)
    away = 100 * float(np.median(distance))
    if away > FARTHEST_MESH * 100:
        raise UsageError(
            f"the mesh lies {away:.0f} cm or more from this avatar. Expected metres, +y up, the origin at the neck "
            "joint, un-posed: is it the mesh of another recipe, or moved or scaled?"
        )


def _laid_anew(work: Work, mesh: EditedMesh, method: Method) -> EditedMesh:
    """The mesh with a new atlas: seams of its old one are closed before, its hard edges and its skin stay.

    Charts of our own follow the regions of a bust, which the template's joints give; xatlas needs none.
    """
    places, welded = _weld(mesh)
    surface = Surface(places, welded[mesh.faces])
    regions = regions_of(surface, work.template) if method == "charts" else None
    atlas = unwrapped(surface, regions, work.recipe.texture_size, method)
    # A vertex for every pair of an old one and one of the atlas, so that all that the file says of it stays.
    pairs = mesh.faces.astype(np.int64) * len(atlas.uvs) + atlas.faces
    kept, faces = np.unique(pairs, return_inverse=True)
    old, new = kept // len(atlas.uvs), kept % len(atlas.uvs)
    skin = mesh.skin
    return replace(
        mesh,
        vertices=mesh.vertices[old],
        faces=np.asarray(faces, np.int32).reshape(-1, 3),
        uvs=atlas.uvs[new],
        normals=None if mesh.normals is None else mesh.normals[old],
        skin=None if skin is None else replace(skin, joints=skin.joints[old], weights=skin.weights[old]),
    )


def _canvas(work: Work, mesh: EditedMesh) -> Canvas:
    """The mesh ready for painting."""
    normals = mesh.normals
    if normals is None:
        places, welded = _weld(mesh)
        normals = vertex_normals(places, welded[mesh.faces])[welded]
    everything = np.arange(len(mesh.vertices), dtype=np.int32)
    own = Atlas(everything, mesh.faces, mesh.uvs, np.zeros(len(mesh.faces), np.int32))
    return canvas_of(work, own, mesh.vertices, normals)


def _weld(mesh: EditedMesh) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The different places of the vertices, and the number of each vertex's: seams of the texture closed again."""
    places, number = np.unique(mesh.vertices, axis=0, return_inverse=True)
    return places, np.asarray(number, np.int32).ravel()
