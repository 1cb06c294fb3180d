# SPDX-License-Identifier: GPL-3.0-or-later
"""A mesh as artists want it: one vertex where the texture's seams cut it, quads where the file tells of them.

Files for graphics cards have a vertex for each side of a seam. Left so, every modifier tears the mesh open there.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import bmesh
import bpy

from ..core.engine_copies import strands
from .glb_surfaces import FILES_FACES, QUADS_KEY

_SEAM = 1e-7
"""Metres between the copies of a vertex."""
_NORMAL = "portraitkit_normal"
_CORNERS = 4


def join_quads(mesh: bpy.types.Mesh) -> None:
    """Make quads of the triangles that the file tells of, and weld seams. The corners keep the file's normals."""
    counts = [int(each) for each in mesh.get(QUADS_KEY, ())]
    kept = _remember_normals(mesh)
    work = bmesh.new()
    try:
        work.from_mesh(mesh)
        work.faces.ensure_lookup_table()
        of_material: dict[int, list[bmesh.types.BMFace]] = {}
        for face in work.faces if any(counts) else ():
            of_material.setdefault(face.material_index, []).append(face)
        pairs = [
            (faces[2 * number], faces[2 * number + 1])
            for faces, count in zip(of_material.values(), counts, strict=False)
            for number in range(count)
        ]
        for pair in pairs:
            bmesh.utils.face_join(pair)
        if pairs:  # quads first again, as the file has them: see quads_told
            work.faces.sort(key=lambda face: len(face.verts) != _CORNERS)
        _to_corners(work)
        # Seams alone: lips that touch are no seam.
        border = [vertex for vertex in work.verts if vertex.is_boundary]
        bmesh.ops.remove_doubles(work, verts=border, dist=_SEAM)
        work.to_mesh(mesh)
    finally:
        work.free()
    if kept:
        _give_normals(mesh)
    for key in FILES_FACES:
        if key in mesh:
            del mesh[key]


@contextmanager
def quads_told(meshes: Sequence[bpy.types.Mesh]) -> Iterator[None]:
    """Meshes carry what a glTF file says of quads, while this lasts: how many faces of each material are quads before
    the first that is none. The exporter makes two triangles of each, in their order."""
    told: list[bpy.types.Mesh] = []
    try:
        for mesh in {each.name: each for each in meshes}.values():
            leading: dict[int, int] = {}
            over: set[int] = set()
            for face in mesh.polygons:
                number = face.material_index
                leading.setdefault(number, 0)
                if number not in over and len(face.vertices) == _CORNERS:
                    leading[number] += 1
                else:
                    over.add(number)
            if any(leading.values()) and QUADS_KEY not in mesh:
                mesh[QUADS_KEY] = [leading[number] for number in sorted(leading)]
                told.append(mesh)
        yield
    finally:
        for mesh in told:
            del mesh[QUADS_KEY]


def _remember_normals(mesh: bpy.types.Mesh) -> bool:
    """Note the file's normals at the corners: Blender keeps them relative to edges that are about to change."""
    if not mesh.has_custom_normals:
        return False
    values = array("f", bytes(12 * len(mesh.loops)))
    mesh.corner_normals.foreach_get("vector", values)
    mesh.attributes.new(_NORMAL, "FLOAT_VECTOR", "CORNER").data.foreach_set("vector", values)
    return True


def _give_normals(mesh: bpy.types.Mesh) -> None:
    noted = mesh.attributes[_NORMAL]
    values = array("f", bytes(12 * len(mesh.loops)))
    noted.data.foreach_get("vector", values)
    mesh.attributes.remove(noted)
    mesh.normals_split_custom_set(list(zip(values[0::3], values[1::3], values[2::3], strict=True)))


def _to_corners(work: bmesh.types.BMesh) -> None:
    """How far along its strand hair is, told at corners: it differs over the texture's seams, which are welded."""
    of_vertices = work.verts.layers.float.get(strands.ATTRIBUTE)
    if of_vertices is None:
        return
    kept = [[loop.vert[of_vertices] for loop in face.loops] for face in work.faces]
    work.verts.layers.float.remove(of_vertices)
    of_corners = work.loops.layers.float.new(strands.ATTRIBUTE)
    for face, values in zip(work.faces, kept, strict=True):
        for loop, value in zip(face.loops, values, strict=True):
            loop[of_corners] = value
