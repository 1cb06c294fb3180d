# SPDX-License-Identifier: Apache-2.0
"""Where the CC0 MakeHuman/MPFB data lies, and readers of its text formats (.obj, .target, .mhclo).

The data is read, never copied into the project. A user's own MPFB installation works the same way: point
``PORTRAITKIT_ASSETS`` at a folder that holds ``mpfb/`` and ``makehuman/``.
"""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError, remedy

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

DECIMETRE = 0.1
"""MakeHuman's unit in metres: base mesh, targets and fitting offsets are all in decimetres."""


@dataclass(frozen=True)
class AssetFolders:
    """The two data folders: MPFB's ``data`` (base mesh, targets, rigs) and MakeHuman's ``base`` (hair, ...)."""

    mpfb: Path
    makehuman: Path

    @property
    def hair(self) -> Path:
        return self.makehuman / "hair"

    @property
    def shapes(self) -> Path:
        """The targets of face units and visemes, of the repository extra-targets; may be missing."""
        return self.mpfb.parents[1] / "makehuman-extra-targets"


def find_assets(folder: Path | str | None = None) -> AssetFolders:
    """Find the CC0 data.

    Looked for in this order: ``folder``, the environment variable ``PORTRAITKIT_ASSETS``, ``shared/assets`` beside the
    repository.

    Raises:
        UsageError: none of them holds ``mpfb/data/3dobjs/base.obj`` and ``makehuman/base/hair``.
    """
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "assets"
    named = folder or os.environ.get("PORTRAITKIT_ASSETS")
    tried = [Path(named)] if named else [beside]
    for root in tried:
        found = AssetFolders(root / "mpfb" / "data", root / "makehuman" / "base")
        if (found.mpfb / "3dobjs" / "base.obj").is_file() and found.hair.is_dir():
            return found
    raise UsageError(
        f"no MakeHuman/MPFB data in {', '.join(str(t) for t in tried)}: expected mpfb/data/3dobjs/base.obj and "
        "makehuman/base/hair below it.",
        remedy=remedy("name_assets", variable="PORTRAITKIT_ASSETS"),
    )


@dataclass(frozen=True)
class ObjMesh:
    """A Wavefront mesh: polygons of any size, as lists of vertex and texture-coordinate indices, with group names."""

    vertices: FloatArray
    texcoords: FloatArray
    faces: list[list[int]]
    face_texcoords: list[list[int]]
    groups: list[str]

    def triangles(self) -> IntArray:
        """The polygons as fans of triangles, (F, 3)."""
        fans = [(f[0], f[i], f[i + 1]) for f in self.faces for i in range(1, len(f) - 1)]
        return np.asarray(fans, dtype=np.int64)


def read_obj(path: Path) -> ObjMesh:
    """Read a Wavefront ``.obj`` (vertices, texture coordinates, faces, groups; normals and materials are ignored)."""
    vertices: list[list[float]] = []
    texcoords: list[list[float]] = []
    faces: list[list[int]] = []
    face_texcoords: list[list[int]] = []
    groups: list[str] = []
    group = ""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if not words:
                continue
            if words[0] == "v":
                vertices.append([float(x) for x in words[1:4]])
            elif words[0] == "vt":
                texcoords.append([float(x) for x in words[1:3]])
            elif words[0] == "g":
                group = words[1] if len(words) > 1 else ""
            elif words[0] == "f":
                corners = [w.split("/") for w in words[1:]]
                faces.append([int(c[0]) - 1 for c in corners])
                face_texcoords.append([int(c[1]) - 1 if len(c) > 1 and c[1] else 0 for c in corners])
                groups.append(group)
    return ObjMesh(np.asarray(vertices), np.asarray(texcoords or [[0.0, 0.0]]), faces, face_texcoords, groups)


def read_target(path: Path) -> tuple[IntArray, FloatArray]:
    """Read a morph target (``.target``, ``.target.gz``): vertex indices (K,) and displacements (K, 3) in decimetres."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        rows = [line.split() for line in lines if line.strip() and line[0] != "#"]
    index = np.asarray([int(r[0]) for r in rows], dtype=np.int64)
    delta = np.asarray([[float(x) for x in r[1:4]] for r in rows], dtype=np.float64).reshape(-1, 3)
    return index, delta


def fit_mhclo(path: Path, base: FloatArray) -> FloatArray:
    """Place a MakeHuman proxy mesh (hair, clothes, eyebrows) on a base mesh.

    Each proxy vertex is a barycentric mix of three base vertices plus an offset, scaled by how long a named pair of
    base vertices has become along each axis (MakeHuman ``.mhclo`` format).

    Args:
        path: the ``.mhclo`` file.
        base: base-mesh vertices (N, 3) in decimetres.

    Returns:
        Proxy vertices (K, 3) in decimetres, in the order of the ``.obj`` beside the file.
    """
    references: list[tuple[float, ...]] = []
    scales: dict[str, tuple[int, int, float]] = {}
    inside = False
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if not words:
                inside = False
            elif words[0] in ("x_scale", "y_scale", "z_scale"):
                scales[words[0][0]] = (int(words[1]), int(words[2]), float(words[3]))
            elif words[0] == "verts":
                inside = True
            elif words[0] == "delete_verts":
                inside = False
            elif inside and words[0].isdigit():
                if len(words) == 1:
                    references.append((int(words[0]),) * 3 + (1.0, 0.0, 0.0, 0.0, 0.0, 0.0))
                else:
                    references.append(tuple(float(x) for x in words[:9]))
    table = np.asarray(references)
    corner = table[:, :3].astype(np.int64)
    offset = table[:, 6:9].copy()
    for axis, name in enumerate("xyz"):
        if name in scales:
            a, b, length = scales[name]
            offset[:, axis] *= abs(base[a, axis] - base[b, axis]) / length
    return np.einsum("vc,vcx->vx", table[:, 3:6], base[corner]) + offset
