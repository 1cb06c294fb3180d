# SPDX-License-Identifier: Apache-2.0
"""Which of a file's meshes is the avatar, edited: the one that stands where the avatar does and covers most of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError, remedy
from portrait_core.formats.edited_mesh import EditedMesh, Notice
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.shape.reference_surface import DenseSurface
from textures.stacked import stacked_share

Tell = Callable[[Notice], None]

FARTHEST_MESH = 0.02
"""Metres: half of an edited mesh's vertices must lie this near to the avatar."""

_ASKED = 2000
"""Places of the avatar that are looked for on each mesh."""
_STACKED = 0.005
"""Share of a UV map under more than one face from which on it is told."""
_INWARDS = 0.8
"""Share of faces that look into the avatar from which on a mesh is inside out."""
_LISTED = 12
"""Meshes that a line names."""


def silent(notice: Notice) -> None:
    """Nobody listens."""
    del notice


def choose(dense: DenseSurface, meshes: Sequence[EditedMesh], tell: Tell = silent) -> EditedMesh:
    """The mesh to bake onto, where it stands near the avatar; of several the one that covers most of it, then the one
    of the most faces, then the first.

    Raises :class:`UsageError` when none lies near.
    """
    placed = [_placed(dense, mesh) for mesh in meshes]
    near = [(number, mesh) for number, (mesh, away) in enumerate(placed) if away <= FARTHEST_MESH]
    if not near:
        away = 100 * min(away for _, away in placed)
        what = "the mesh lies" if len(placed) == 1 else f"of {len(placed)} meshes the nearest lies"
        raise UsageError(
            f"{what} {away:.0f} cm or more from this avatar. Expected metres, +y up, the origin at the neck "
            "joint, un-posed: is it the mesh of another recipe, or moved or scaled?"
        )
    number, chosen = near[0]
    if len(near) > 1:
        covers = [_covered(dense, mesh) for _, mesh in near]
        best = max(range(len(near)), key=lambda k: (round(covers[k], 2), len(near[k][1].faces), -k))
        number, chosen = near[best]
    for notice in chosen.notices:
        tell(notice)
    if len(meshes) > 1:
        listed = ", ".join(f"{k} {mesh.name} ({len(mesh.faces)} faces)" for k, mesh in enumerate(meshes[:_LISTED]))
        more = f" and {len(meshes) - _LISTED} more" if len(meshes) > _LISTED else ""
        text = f"{len(meshes)} meshes: {listed}{more}; {number} {chosen.name} is taken, which covers most of the avatar"
        tell(Notice(text, remedy("choose_mesh", names=[mesh.name for mesh in meshes])))
    return _outside_out(dense, replace(chosen, notices=()), tell)


def _outside_out(dense: DenseSurface, mesh: EditedMesh, tell: Tell) -> EditedMesh:
    """The mesh with its faces turned round where nearly all of them look into the avatar: some programs write so."""
    step = max(1, len(mesh.faces) // _ASKED)
    corners = mesh.vertices[mesh.faces[::step]]
    face, weights, _ = dense.closest(corners.mean(axis=1))
    found = face >= 0
    ups = np.einsum("nk,nkc->nc", weights, dense.normals[dense.surface.faces[face]])
    looks = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inwards = (looks * ups).sum(axis=1)[found] < 0.0
    if len(inwards) == 0 or float(inwards.mean()) < _INWARDS:
        return mesh
    tell(Notice(f"the faces of mesh {mesh.name} look inwards; they are turned round"))
    normals = mesh.normals
    if normals is not None:
        own = normals[mesh.faces[::step]].mean(axis=1)
        if float(((own * ups).sum(axis=1)[found] < 0.0).mean()) >= _INWARDS:
            normals = -normals
    return replace(mesh, faces=np.ascontiguousarray(mesh.faces[:, [0, 2, 1]]), normals=normals)


def _placed(dense: DenseSurface, mesh: EditedMesh) -> tuple[EditedMesh, float]:
    """The mesh, elsewhere if it is near the avatar only there, and how far half of its vertices lie from it."""
    away = _away(dense, mesh.vertices)
    if away <= FARTHEST_MESH:
        return mesh, away
    for matrix in mesh.elsewhere:
        moved = mesh.moved(matrix)
        if bool(np.isfinite(moved.vertices).all()) and (there := _away(dense, moved.vertices)) <= FARTHEST_MESH:
            return moved, there
    return mesh, away


def _away(dense: DenseSurface, vertices: NDArray[np.float32]) -> float:
    """Metres."""
    _, _, distance = dense.closest(vertices)
    return float(np.median(distance))


def _covered(dense: DenseSurface, mesh: EditedMesh) -> float:
    """The share of the avatar's surface that lies within ``FARTHEST_MESH`` of the mesh."""
    points = dense.surface.vertices[:: max(1, len(dense.surface.vertices) // _ASKED)]
    hits = MeshQueries(mesh.vertices, mesh.faces).closest(points, FARTHEST_MESH)
    return float((hits.face >= 0).mean())


def tell_stacked(mesh: EditedMesh, tell: Tell) -> None:
    """Say how much of each image lies under more than one face, where it is worth a word."""
    groups: list[tuple[str, NDArray[np.int32]]] = [(f"mesh {mesh.name}", mesh.faces)]
    if mesh.material is not None:
        groups = [
            (f"material {name}", mesh.faces[mesh.material == number]) for number, name in enumerate(mesh.materials)
        ]
    for what, faces in groups:
        share = stacked_share(faces, mesh.uvs)
        if share >= _STACKED:
            tell(
                Notice(
                    f"{share:.0%} of the UV map of {what} lies under more than one face, as mirrored halves do: "
                    "they get the same texels, those of the face that comes last"
                )
            )
