# SPDX-License-Identifier: Apache-2.0
"""A mesh that somebody edited, read for baking onto it: places, faces, texture places; normals and skin if any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from portrait_core.errors import UsageError, remedy
from portrait_core.formats.edited_mesh import MAX_SETS, EditedMesh, MeshSkin, Notice
from portrait_core.formats.gltf import read_gltf
from portrait_core.formats.gltf.meshes import gltf_meshes
from portrait_core.formats.gltf.places import uv_number
from portrait_core.formats.read_loose import LOOSE_ENDINGS, read_loose
from portrait_core.formats.read_wavefront import read_obj

__all__ = ["MESH_ENDINGS", "EditedMesh", "MeshSkin", "Notice", "read_mesh", "read_meshes"]

MESH_ENDINGS = (".glb", ".gltf", ".obj", *LOOSE_ENDINGS)
MAX_FACES = 2_000_000

_OUTSIDE = 1e-4
"""How far a texture place may lie outside the unit square and still count as on its edge."""
_MOST_STACKED = 100.0
"""Squares that the faces of a UV map may fill, counted again where they lie on each other."""

_Found = tuple[str, Callable[[], EditedMesh]]


def read_mesh(
    path: Path, name: str | None = None, *, number: int | None = None, uv_map: str | None = None, bare: bool = False
) -> EditedMesh:
    """The one mesh of :func:`read_meshes`; raises :class:`UsageError` where several are left to choose from."""
    meshes = read_meshes(path, name, number=number, uv_map=uv_map, bare=bare)
    if len(meshes) != 1:
        names = ", ".join(mesh.name for mesh in meshes)
        told = remedy("choose_mesh", names=[mesh.name for mesh in meshes])
        raise UsageError(f"{path}: there are several meshes, {names}; choose one of them.", remedy=told)
    return meshes[0]


def read_meshes(
    path: Path, name: str | None = None, *, number: int | None = None, uv_map: str | None = None, bare: bool = False
) -> tuple[EditedMesh, ...]:
    """The meshes in ``path`` (one of ``MESH_ENDINGS``) that may be meant, at least one, at rest in metres.

    Of several, ``name`` and ``number`` (from 0, in the order of the file) leave those called so. ``uv_map`` chooses the
    UV map of a glTF file (``TEXCOORD_1`` or ``1``); the materials do otherwise. ``bare`` needs no UV map. Raises
    :class:`UsageError` with what to do when the file is missing, damaged or needs what is not read, when no mesh is
    called so, or none has texture places inside a square. One of several that is wrong is left out, with a notice.
    """
    ending = path.suffix.lower()
    if ending not in MESH_ENDINGS:
        raise UsageError(f"{path}: meshes are read from {', '.join(MESH_ENDINGS)}; got the ending {ending!r}.")
    with np.errstate(all="ignore"):
        found = _found(path, ending, uv_map)
        if not found:
            raise UsageError(f"{path}: there is no mesh of triangles in it.")
        names = [each for each, _ in found]
        chosen = [
            each
            for index, each in enumerate(found)
            if (name is None or name == each[0]) and (number is None or number == index)
        ]
        if not chosen:
            asked = f"called {name!r}" if number is None else f"number {number}"
            listed = ", ".join(names) if number is None else _numbered(names)
            told = remedy("choose_mesh", names=names)
            raise UsageError(f"{path}: no mesh is {asked}; there are {listed}.", remedy=told)
        return _readable(path, chosen, bare=bare)


def _found(path: Path, ending: str, uv_map: str | None) -> list[_Found]:
    if ending in (".glb", ".gltf"):
        return gltf_meshes(read_gltf(path), uv_map)
    if uv_map is not None and uv_number(uv_map) != 0:
        raise UsageError(f"{path}: a {ending} holds one UV map only, number 0; got {uv_map!r}.")
    if ending in LOOSE_ENDINGS:
        mesh = read_loose(path)
        return [(mesh.name, lambda: mesh)]
    return read_obj(path)


def _readable(path: Path, chosen: Sequence[_Found], *, bare: bool) -> tuple[EditedMesh, ...]:
    """Those that can be baked onto; where none can, the first one's reason is raised."""
    meshes: list[EditedMesh] = []
    wrong: list[UsageError] = []
    for _, read in chosen:
        try:
            meshes.append(_checked(path, read(), bare=bare))
        except UsageError as error:
            wrong.append(error)
    if not meshes:
        raise wrong[0]
    notices = tuple(Notice(f"left out: {str(error).removeprefix(f'{path}: ').rstrip('.')}") for error in wrong)
    return tuple(replace(mesh, notices=(*notices, *mesh.notices)) for mesh in meshes)


def _numbered(names: Sequence[str]) -> str:
    return ", ".join(f"{number} {name}" for number, name in enumerate(names))


def _checked(path: Path, mesh: EditedMesh, *, bare: bool) -> EditedMesh:
    count = len(mesh.vertices)
    if len(mesh.faces) == 0 or count == 0:
        raise UsageError(f"{path}: mesh {mesh.name} has no faces.")
    if len(mesh.faces) > MAX_FACES:
        raise UsageError(f"{path}: mesh {mesh.name} has {len(mesh.faces)} faces; at most {MAX_FACES} are baked.")
    if int(mesh.faces.min()) < 0 or int(mesh.faces.max()) >= count:
        raise UsageError(f"{path}: a face of mesh {mesh.name} names a vertex outside 0 to {count - 1}.")
    if not bool(np.isfinite(mesh.vertices).all()):
        raise UsageError(f"{path}: mesh {mesh.name} has vertices that are not finite numbers.")
    if len(mesh.materials) > MAX_SETS:
        raise UsageError(
            f"{path}: mesh {mesh.name} has {len(mesh.materials)} materials of different images; at most {MAX_SETS} get "
            "maps of their own. Let more of them share an image."
        )
    if bare and len(mesh.uvs) == 0:
        return mesh
    if len(mesh.uvs) != count:
        raise UsageError(f"{path}: mesh {mesh.name} has no UV map; unwrap it before you export it.")
    used = mesh.uvs[mesh.faces]
    if not bool(np.isfinite(used).all()):
        raise UsageError(f"{path}: the UV map of mesh {mesh.name} holds numbers that are not finite.")
    mesh = _in_one_square(mesh)
    used = mesh.uvs[mesh.faces]
    low, high = float(used.min()), float(used.max())
    if low < -_OUTSIDE or high > 1.0 + _OUTSIDE:
        raise UsageError(
            f"{path}: the UV map of mesh {mesh.name} goes from {low:.3g} to {high:.3g}; one image holds 0 to 1 only. "
            "Pack the islands into one square."
        )
    if float(np.ptp(used.reshape(-1, 2), axis=0).min()) <= 0.0:
        raise UsageError(f"{path}: the UV map of mesh {mesh.name} has no area; unwrap it before you export it.")
    one, two = (used[:, k].astype(np.float64) - used[:, 0] for k in (1, 2))
    filled = float(np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]).sum()) / 2
    if filled > _MOST_STACKED * max(1, len(mesh.materials)):
        raise UsageError(
            f"{path}: the faces of mesh {mesh.name} fill the square {filled:.0f} times over; it is no UV map to bake "
            "into. Unwrap it before you export it."
        )
    return mesh


def _in_one_square(mesh: EditedMesh) -> EditedMesh:
    """Texture places moved by whole squares where all that shares an image lies in one other square (UDIM tiles)."""
    shift = np.zeros((len(mesh.faces), 2), np.float32)
    groups = [np.arange(len(mesh.faces))]
    if mesh.material is not None:
        groups = [np.flatnonzero(mesh.material == number) for number in range(len(mesh.materials))]
    for group in groups:
        used = mesh.uvs[mesh.faces[group]].reshape(-1, 2).astype(np.float64)
        tile = np.floor((used.min(axis=0) + used.max(axis=0)) / 2)
        inside = (used >= tile - _OUTSIDE).all() and (used <= tile + 1 + _OUTSIDE).all()
        if bool(inside) and bool((np.abs(tile) < 10_000).all()):
            shift[group] = tile
    if not bool(shift.any()):
        return mesh
    if bool((shift == shift[0]).all()):
        return replace(mesh, uvs=mesh.uvs - shift[0])
    # Vertices that two images share would have to be in two squares: one for each.
    keys = np.concatenate([mesh.faces.reshape(-1, 1), np.repeat(shift, 3, axis=0).astype(np.int64)], axis=1)
    distinct, faces = np.unique(keys, axis=0, return_inverse=True)
    old = distinct[:, 0]
    uvs = (mesh.uvs[old] - distinct[:, 1:]).astype(np.float32)
    return mesh.part(old, np.asarray(faces, np.int32).reshape(-1, 3), uvs)
