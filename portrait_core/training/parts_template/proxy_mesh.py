# SPDX-License-Identifier: Apache-2.0
"""Reads a MakeHuman proxy mesh (``.obj`` with its ``.mhclo``) as a part that is fitted to the controls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.parts.controls import Controls
from portrait_core.parts.fitted import Fitted
from portrait_core.world.assets import DECIMETRE, read_obj


@dataclass(frozen=True, eq=False)
class Proxy:
    """A mesh over the N vertices of the base mesh: ``rows`` (V, N), the rest as in :class:`Fitted`, ``pairs`` being
    vertices of the base mesh."""

    rows: Any
    offsets: NDArray[np.float64]
    pairs: NDArray[np.int64]
    lengths: NDArray[np.float64]
    polygons: NDArray[np.int64]
    corners: NDArray[np.int64]
    uvs: NDArray[np.float64]

    @property
    def used(self) -> NDArray[np.int64]:
        """The base mesh's vertices that the proxy hangs on, growing."""
        return np.unique(np.concatenate([self.rows.indices.astype(np.int64), self.pairs.ravel()]))

    def places(self, base: NDArray[np.float64]) -> NDArray[np.float64]:
        """(V, 3) on a base mesh (N, 3)."""
        a, b = self.pairs.T
        axes = np.arange(3)
        scale = np.where(a == b, 1.0, np.abs(base[a, axes] - base[b, axes]) / self.lengths)
        return np.asarray(self.rows @ base) + self.offsets * scale

    def part(self, polygons: NDArray[np.int64], corners: NDArray[np.int64]) -> Proxy:
        """The same with other polygons (F, 4) over its vertices and its places in the texture, and what they use of
        both."""
        used, known = np.unique(polygons[polygons >= 0]), np.unique(corners)
        return replace(
            self,
            rows=self.rows[used],
            offsets=self.offsets[used],
            polygons=np.where(polygons < 0, -1, np.searchsorted(used, polygons)),
            corners=np.searchsorted(known, corners),
            uvs=self.uvs[known],
        )

    def fitted(self, controls: Controls) -> Fitted:
        """The mesh over the controls; raises ``KeyError`` when they lack a vertex."""
        return Fitted(
            rows=over_controls(self.rows, controls),
            offsets=self.offsets.astype(np.float32),
            pairs=controls.rows_of(self.pairs),
            lengths=self.lengths.astype(np.float32).astype(np.float64),
            polygons=self.polygons,
            corners=self.corners,
            uvs=self.uvs.astype(np.float32),
        )


def read_proxy(path: Path, count: int) -> Proxy:
    """Read ``path``, an ``.mhclo`` file, with the ``.obj`` that it names; the base mesh has ``count`` vertices.

    Raises ``ValueError`` for a file whose vertices are not as many as its mesh has.
    """
    corners: list[tuple[int, int, int]] = []
    shares: list[tuple[float, float, float]] = []
    offsets: list[tuple[float, float, float]] = []
    pairs, lengths = np.full((3, 2), -1), np.ones(3)
    obj, inside = path.with_suffix(".obj"), False
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            inside = inside and bool(words)
        elif words[0] in ("x_scale", "y_scale", "z_scale"):
            axis = "xyz".index(words[0][0])
            pairs[axis], lengths[axis] = (int(words[1]), int(words[2])), float(words[3]) * DECIMETRE
        elif words[0] == "obj_file":
            obj = path.parent / words[1]
        elif words[0] in ("verts", "delete_verts"):
            inside = words[0] == "verts"
        elif inside and words[0].isdigit():
            single = len(words) == 1
            first = int(words[0])
            corners.append((first, first, first) if single else (first, int(words[1]), int(words[2])))
            shares.append((1.0, 0.0, 0.0) if single else (float(words[3]), float(words[4]), float(words[5])))
            offsets.append((0.0, 0.0, 0.0) if single else (float(words[6]), float(words[7]), float(words[8])))
    mesh = read_obj(obj)
    if len(corners) != len(mesh.vertices):
        raise ValueError(f"{path.name}: {len(corners)} vertices; {obj.name} has {len(mesh.vertices)}")
    pairs = np.where(pairs < 0, corners[0][0], pairs)  # an axis without a pair keeps its length
    rows = np.repeat(np.arange(len(corners)), 3)
    values = np.asarray(shares).ravel()
    kept = values != 0
    matrix = sparse.csr_matrix((values[kept], (rows[kept], np.asarray(corners).ravel()[kept])), (len(corners), count))
    return Proxy(
        rows=matrix,
        offsets=np.asarray(offsets) * DECIMETRE,
        pairs=pairs,
        lengths=lengths,
        polygons=_of_four(mesh.faces, -1),
        corners=_of_four(mesh.face_texcoords, None),
        uvs=mesh.texcoords,
    )


def _of_four(faces: list[list[int]], last: int | None) -> NDArray[np.int64]:
    """(F, 4); the last of a triangle's is ``last``, or its third again.

    Raises ``ValueError`` for polygons of more than four corners.
    """
    if any(len(face) not in (3, 4) for face in faces):
        raise ValueError("a proxy mesh with polygons of more than four corners")
    return np.asarray([face if len(face) == 4 else [*face, face[2] if last is None else last] for face in faces])


def over_controls(rows: Any, controls: Controls) -> Any:
    """Rows over the base mesh (V, N) as rows over the controls (V, C)."""
    found = rows.tocoo()
    columns = controls.rows_of(found.col.astype(np.int64))
    return sparse.csr_matrix((found.data, (found.row, columns)), (rows.shape[0], controls.count))
