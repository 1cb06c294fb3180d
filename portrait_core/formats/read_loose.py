# SPDX-License-Identifier: Apache-2.0
"""Bare triangle meshes of sculpting and printing programs: .ply, .stl, .off."""

from __future__ import annotations

import importlib
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.files.names import plain_name
from portrait_core.formats.edited_mesh import EditedMesh, unit
from portrait_core.formats.read_carefully import read_bytes
from portrait_core.formats.read_ply import parse_ply
from portrait_core.formats.stl import MILLIMETRES
from portrait_core.geometry.polygons import triangulate

LOOSE_ENDINGS = (".ply", ".stl", ".off")
_OFF = re.compile(r"(ST)?(C)?(N)?OFF(\s+BINARY)?")


def read_loose(path: Path) -> EditedMesh:
    """The mesh of ``path``: places in metres, +y up, polygons as triangles, texture places and normals where there are.

    Without both, vertices at the same place are one. A .stl is taken as printing programs have it: millimetres, z up,
    the face towards -y; the normals of its triangles are left. Raises :class:`UsageError` for what is missing, damaged
    or no mesh.
    """
    content = read_bytes(path)
    ending, stem = path.suffix.lower(), plain_name(path.stem, "mesh")
    try:
        if ending == ".ply":
            mesh = parse_ply(content, stem)
        elif ending == ".off":
            mesh = _parse_off(content, stem)
        else:
            mesh = _parse_stl(content, stem)
    except Exception as error:  # a damaged file leads the parsers and the library to whatever they do not expect
        told = " ".join(str(error).split())[:200] or type(error).__name__
        raise UsageError(f"{path}: cannot be read as a mesh ({told}); the file is damaged or something else.") from None
    return _welded(mesh) if len(mesh.uvs) == 0 and mesh.normals is None else mesh


def _welded(mesh: EditedMesh) -> EditedMesh:
    places, number = np.unique(mesh.vertices, axis=0, return_inverse=True)
    return replace(mesh, vertices=places, faces=np.asarray(number, np.int32).ravel()[mesh.faces])


def _parse_stl(content: bytes, name: str) -> EditedMesh:
    trimesh: Any = importlib.import_module("trimesh")
    mesh: Any = trimesh.load(io.BytesIO(content), file_type="stl", force="mesh", process=False)
    places, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
    if places.ndim != 2 or faces.ndim != 2 or places.shape[1] != 3 or faces.shape[1] != 3:
        raise ValueError(f"places {places.shape} and faces {faces.shape}")
    x, y, z = places.T / MILLIMETRES
    with np.errstate(over="ignore"):
        turned = np.stack([x, z, -y], axis=1).astype(np.float32)
    return EditedMesh(name, turned, faces.astype(np.int32), np.zeros((0, 2), np.float32))


def _parse_off(content: bytes, name: str) -> EditedMesh:
    """Object File Format as text: OFF with normals (N), colours (C) and texture places (ST) of vertices."""
    lines = [words for line in content.decode("utf-8", "replace").splitlines() if (words := line.split("#")[0].split())]
    head = _OFF.fullmatch(lines[0][0]) if lines else None
    if head is None or lines[0][1:2] == ["BINARY"]:
        raise ValueError("it does not begin with OFF, or is a binary one")
    lines = [lines[0][1:], *lines[1:]] if len(lines[0]) > 1 else lines[1:]  # the counts may stand beside the word
    vertices, count = int(lines[0][0]), int(lines[0][1])
    if min(vertices, count) < 0 or 1 + vertices + count > len(lines):
        raise ValueError("it promises more lines than it has")
    rows = [[float(word) for word in words] for words in lines[1 : 1 + vertices]]
    polygons = [[int(word) for word in words[1 : 1 + int(words[0])]] for words in lines[1 + vertices :][:count]]
    polygons = [polygon for polygon in polygons if len(polygon) >= 3]
    sizes = np.array([len(polygon) for polygon in polygons], np.int64)
    index = np.array([number for polygon in polygons for number in polygon], np.int64)
    if len(index) and not 0 <= int(index.min()) <= int(index.max()) < vertices:
        raise ValueError(f"a face names a vertex outside 0 to {vertices - 1}")
    places = np.array([row[:3] for row in rows], np.float64).reshape(vertices, 3)
    flat, _ = triangulate(places[index], sizes)
    uvs: NDArray[np.float64] = np.zeros((0, 2))
    if head.group(1):
        uvs = np.array([row[-2:] for row in rows], np.float64).reshape(vertices, 2)
    with np.errstate(over="ignore"):
        mesh = EditedMesh(name, places.astype(np.float32), index[flat].astype(np.int32), uvs.astype(np.float32))
    if head.group(3):
        ups = np.array([row[3:6] for row in rows], np.float64).reshape(vertices, 3)
        mesh = replace(mesh, normals=unit(ups, vertices))
    return mesh
