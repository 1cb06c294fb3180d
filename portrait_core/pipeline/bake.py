# SPDX-License-Identifier: Apache-2.0
"""The maps of a recipe on a mesh that somebody edited or built anew, and that mesh as an avatar with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar, Maps, Section
from portrait_core.errors import UsageError
from portrait_core.formats.edited_mesh import EditedMesh, MeshSkin
from portrait_core.pipeline.edited import Tell, choose, tell_stacked
from portrait_core.pipeline.edited import silent as unheard
from portrait_core.pipeline.levels import Work, canvas_of, regions_of, unwrapped, with_skin
from portrait_core.pipeline.make import THREADS, begin
from portrait_core.pipeline.maps import Canvas
from portrait_core.pipeline.provenance import from_photograph, provenance
from portrait_core.portrait_model import PortraitModel
from portrait_core.progress import Progress, silent
from portrait_core.recipe import Recipe
from portrait_core.rig import BONE_NAMINGS, Skin, rename, skin_from_template
from portrait_core.rig.skin import strongest
from portrait_core.runtime.threads import side_by_side
from portrait_core.shape import Surface, vertex_normals
from textures import Atlas, Method


@dataclass(frozen=True)
class MapSet:
    """The maps of one material of an edited mesh; the ``name`` is empty where all of it has one set."""

    name: str
    maps: Maps


@dataclass(frozen=True)
class Baked:
    """A mesh with its maps: one set, or one for each of its materials, in their order."""

    mesh: EditedMesh
    sets: tuple[MapSet, ...]


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
    return bake_sets([EditedMesh("", vertices, faces, uvs, normals)], recipe, model, progress).sets[0].maps


def bake_sets(
    meshes: Sequence[EditedMesh],
    recipe: Recipe,
    model: PortraitModel,
    progress: Progress = silent,
    *,
    tell: Tell = unheard,
) -> Baked:
    """The maps of ``recipe`` for the one of ``meshes`` that covers most of its avatar, a set for each material.

    ``tell`` hears what was chosen and what a user should know of the mesh. Raises as :func:`bake_onto`.
    """
    _of_a_shell(recipe)
    with side_by_side(THREADS) as pool:
        return sets_onto(begin(recipe, model, progress, pool), meshes, tell=tell)


def sets_onto(work: Work, meshes: Sequence[EditedMesh], *, tell: Tell = unheard) -> Baked:
    """The same by ``work`` that has begun: several meshes in turn get the maps of one avatar."""
    mesh = _by_material(choose(work.dense.result(), meshes, tell))
    tell_stacked(mesh, tell)
    return Baked(mesh, _painted(work, mesh, _canvas(work, mesh)))


def bake_avatar(
    mesh: EditedMesh | Sequence[EditedMesh],
    recipe: Recipe,
    model: PortraitModel,
    progress: Progress = silent,
    *,
    name: str | None = None,
    unwrap: Method = "auto",
    tell: Tell = unheard,
) -> Avatar:
    """``mesh`` as an avatar: its own surface, texture coordinates and normals, the maps, rig and pose of ``recipe``.

    Of several meshes the one that covers most of the avatar is taken; ``tell`` hears of it. A mesh of several materials
    keeps them, each with maps of its own.
    ``unwrap`` by ``charts`` or ``xatlas`` gives it new texture coordinates, and one material; ``auto`` does so, by
    xatlas, for a mesh that has none.
    Its own skin is kept when all bones that move it are joints of the recipe's rig, under any bone naming; otherwise it
    gets the skin that a new avatar has. Its rig is the recipe's either way. ``name`` defaults to the mesh's. There is
    no thumbnail. Raises as :func:`bake_onto`.
    """
    _of_a_shell(recipe)
    with side_by_side(THREADS) as pool:
        work = begin(recipe, model, progress, pool)
        edited = choose(work.dense.result(), [mesh] if isinstance(mesh, EditedMesh) else mesh, tell)
        anew = unwrap != "auto" or len(edited.uvs) == 0
        if anew:
            progress("unwrap", 0.0)
            edited = _laid_anew(work, edited, unwrap)
        else:
            edited = _by_material(edited)
            tell_stacked(edited, tell)
        canvas = _canvas(work, edited)
        sets = _painted(work, edited, canvas)
        progress("rig", 0.0)
        template = work.template
        skin = own_skin(edited.skin, template.joint_names) if edited.skin is not None else None
        kept = skin is not None
        if skin is None:
            places, welded = _weld(edited)
            smooth = vertex_normals(places, welded[edited.faces])
            closed = skin_from_template(template, places, smooth, welded[edited.faces])
            skin = Skin(closed.joints[welded], closed.weights[welded])
    level = with_skin(canvas, skin).level(sets[0].maps)
    if len(sets) > 1:
        counts = np.bincount(cast("NDArray[np.int32]", edited.material), minlength=len(sets)).tolist()
        parts = (Section(each.name, count, each.maps) for each, count in zip(sets, counts, strict=True))
        level = replace(level, sections=tuple(parts))
    facts = {"name": edited.name, "faces": len(edited.faces), "own_skin": kept, "unwrapped": anew}
    return Avatar(
        name=name or edited.name,
        levels=(level,),
        joint_names=template.joint_names,
        parents=template.parents,
        joints=template.joints,
        pose=dict(recipe.pose),
        recipe=recipe.facts(),
        provenance=provenance(model.header) | from_photograph(recipe),
        report={"edited_mesh": facts | ({"materials": list(edited.materials)} if edited.materials else {})},
    )


def _of_a_shell(recipe: Recipe) -> None:
    """Raise :class:`UsageError` for a recipe of parts: one bake onto another mesh would mix their maps."""
    if recipe.topology == "parts":
        raise UsageError(
            "the avatar is of parts, whose maps fit every edit that keeps its vertices and texture coordinates; "
            "maps are baked anew for shells."
        )


def _by_material(mesh: EditedMesh) -> EditedMesh:
    """The mesh with the faces of each material together, in the order of the materials."""
    if mesh.material is None:
        return mesh
    order = np.argsort(mesh.material, kind="stable")
    return replace(mesh, faces=mesh.faces[order], material=mesh.material[order])


def _painted(work: Work, mesh: EditedMesh, canvas: Canvas) -> tuple[MapSet, ...]:
    """The maps of each material."""
    groups = [("", slice(None))]
    if mesh.material is not None:
        ends = np.cumsum(np.bincount(mesh.material, minlength=len(mesh.materials))).tolist()
        groups = [(name, slice(a, b)) for name, a, b in zip(mesh.materials, [0, *ends], ends, strict=False)]
    laid = _laid(canvas)
    size, progress, paint = work.recipe.texture_size, work.progress, work.painter.paint
    return tuple(
        MapSet(name, paint(canvas, size, progress, shown=canvas.faces[part], laid=laid[part])) for name, part in groups
    )


def _laid(canvas: Canvas) -> NDArray[np.int32]:
    """The faces (F, 3) by one vertex for each pair of a place and a texture place: files cut vertices for other reasons
    too, hard edges or none, and a seam of the image is none of them."""
    rows = np.ascontiguousarray(np.concatenate([canvas.vertices, canvas.uvs], axis=1) + np.float32(0.0))
    whole = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    _, first, number = np.unique(whole, return_index=True, return_inverse=True)
    return first.astype(np.int32)[np.ravel(number)][canvas.faces]


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
    laid = mesh.part(old, np.asarray(faces, np.int32).reshape(-1, 3), atlas.uvs[new])
    return replace(laid, material=None, materials=())


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
