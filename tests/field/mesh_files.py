# SPDX-License-Identifier: Apache-2.0
"""Meshes for the tests, and the text and polygon formats that other programs write them in."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.formats.edited_mesh import EditedMesh


def uv_sphere(around: int = 16, down: int = 10, radius: float = 0.1) -> EditedMesh:
    """An egg, open by a hair at its poles, with a seam, normals and UVs; every two triangles are a quad."""
    u, v = np.meshgrid(np.linspace(0, 1, around + 1), np.linspace(0, 1, down + 1))
    angle, tilt = 2 * np.pi * u, 0.97 * np.pi * (v - 0.5)
    places = np.stack([np.cos(tilt) * np.sin(angle), 1.3 * np.sin(tilt), np.cos(tilt) * np.cos(angle)], axis=-1)
    normals = places / (1, 1.69, 1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    row, column = np.meshgrid(np.arange(down), np.arange(around), indexing="ij")
    first = (row * (around + 1) + column).ravel()
    quads = np.stack([first, first + 1, first + around + 2, first + around + 1], axis=1)
    faces = quads[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3)
    flat = [each.reshape(-1, each.shape[-1]).astype(np.float32) for each in (places * radius, normals)]
    uvs = np.stack([u, v], axis=-1).reshape(-1, 2).astype(np.float32) * np.float32(0.9) + np.float32(0.05)
    return EditedMesh("egg", flat[0], faces.astype(np.int32), uvs, flat[1])


def quads_of(mesh: EditedMesh) -> NDArray[np.int32]:
    """The quads (Q, 4) that every two triangles of :func:`uv_sphere` are."""
    pairs = mesh.faces.reshape(-1, 2, 3)
    return np.stack([pairs[:, 0, 0], pairs[:, 0, 1], pairs[:, 0, 2], pairs[:, 1, 2]], axis=1)


def obj_text(mesh: EditedMesh, *, quads: bool = False, normals: bool = True, mtllib: str = "", extra: str = "") -> str:
    """A .obj as Blender writes it."""
    lines = [f"mtllib {mtllib}"] if mtllib else []
    lines += [f"o {mesh.name}", *("v {:.7g} {:.7g} {:.7g}".format(*row) for row in mesh.vertices.tolist())]
    lines += ["vt {:.7g} {:.7g}".format(*row) for row in mesh.uvs.tolist()]
    if normals and mesh.normals is not None:
        lines += ["vn {:.7g} {:.7g} {:.7g}".format(*row) for row in mesh.normals.tolist()]
    if mtllib:
        lines.append("usemtl skin")
    for face in (quads_of(mesh) if quads else mesh.faces).tolist():
        corner = "{0}/{0}/{0}" if normals and mesh.normals is not None else "{0}/{0}"
        lines.append("f " + " ".join(corner.format(each + 1) for each in face))
    return "\n".join(lines) + "\n" + extra


def ply_bytes(
    mesh: EditedMesh, form: str, *, polygons: Any = None, wedges: bool = False, normals: bool = True
) -> bytes:
    """A .ply: ``ascii``, ``binary_little_endian`` or ``binary_big_endian``, its ``polygons`` of any size.

    ``wedges`` gives the corners of faces their texture places (``texcoord``), as MeshLab does, not the vertices.
    """
    faces = [list(face) for face in (mesh.faces.tolist() if polygons is None else polygons)]
    head = ["ply", f"format {form} 1.0", "comment made by a test", f"element vertex {len(mesh.vertices)}"]
    columns = [mesh.vertices]
    names = ["x", "y", "z"]
    if normals and mesh.normals is not None:
        columns.append(mesh.normals)
        names += ["nx", "ny", "nz"]
    if len(mesh.uvs) and not wedges:
        columns.append(mesh.uvs)
        names += ["s", "t"]
    head += [f"property float {name}" for name in names]
    head += [f"element face {len(faces)}", "property list uchar uint vertex_indices"]
    if wedges:
        head.append("property list uchar float texcoord")
    table = np.concatenate(columns, axis=1)
    start = ("\n".join([*head, "end_header"]) + "\n").encode()
    if form == "ascii":
        rows = [" ".join(f"{value:.9g}" for value in row) for row in table.tolist()]
        for face in faces:
            row = [len(face), *face]
            if wedges:
                row += [2 * len(face), *mesh.uvs[face].ravel().tolist()]
            rows.append(" ".join(map(str, row)))
        return start + ("\n".join(rows) + "\n").encode()
    order = ">" if "big" in form else "<"
    parts = [start, table.astype(order + "f4").tobytes()]
    for face in faces:
        parts.append(struct.pack(f"{order}B{len(face)}I", len(face), *face))
        if wedges:
            values = mesh.uvs[face].ravel().tolist()
            parts.append(struct.pack(f"{order}B{len(values)}f", len(values), *values))
    return b"".join(parts)


def signed_volume(mesh: EditedMesh) -> float:
    """Cubic metres inside; negative where the faces look inwards."""
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    return float(np.einsum("fi,fi->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))) / 6


def uv_area(mesh: EditedMesh) -> float:
    """How much of the square the faces fill, those on others counted again."""
    corners = mesh.uvs[mesh.faces].astype(np.float64)
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return float(np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]).sum()) / 2
