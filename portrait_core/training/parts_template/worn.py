# SPDX-License-Identifier: Apache-2.0
"""What hair and garments share when they are built: the mean person to try them on, skin weights, polygons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.geometry.normals import vertex_normals
from portrait_core.parts.controls import Controls
from portrait_core.parts.fitting import Fitting
from portrait_core.training.parts_template.proxy_mesh import Proxy, over_controls
from portrait_core.training.parts_template.whole_mesh import BODY, WholeMesh
from portrait_core.world.canonical_body import EAR, EAR_SIZE

BESIDE_EAR = 0.064
"""Metres from the middle of the head to where ears begin."""


@dataclass(frozen=True, eq=False)
class Mannequin:
    """The mean person: the base mesh with ``places`` (N, 3) of its vertices in its own pose, metres."""

    mesh: WholeMesh
    places: NDArray[np.float64]

    @cached_property
    def eyes(self) -> NDArray[np.float64]:
        """(3,) the middle of the eyes."""
        return np.mean(
            [self.places[self.mesh.joints[f"{side}_eye"]].mean(axis=0) for side in ("left", "right")], axis=0
        )

    @cached_property
    def canonical_eyes(self) -> NDArray[np.float64]:
        """(3,) the same of the canonical body, which stripes and necklines are told by."""
        joints, at = self.mesh.joints, self.mesh.neutral
        return np.mean([at[joints[f"{side}_eye"]].mean(axis=0) for side in ("left", "right")], axis=0)

    @cached_property
    def triangles(self) -> NDArray[np.int32]:
        """(F, 3) the skin."""
        quads = self.mesh.quads_of(BODY)
        return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)

    @cached_property
    def skin(self) -> MeshQueries:
        """The skin, with the middle of the eyes as the origin."""
        return MeshQueries((self.places - self.eyes).astype(np.float32), self.triangles)

    @cached_property
    def head(self) -> MeshQueries:
        """The same without the ears, which hair lies behind."""
        kept = self.triangles[~(self.ears > 0)[self.triangles].any(axis=1)]
        return MeshQueries((self.places - self.eyes).astype(np.float32), kept)

    @cached_property
    def ears(self) -> NDArray[np.float64]:
        """(N,) 1 on ears, 0 elsewhere."""
        at = self.mesh.neutral - self.canonical_eyes
        at[:, 0] = np.abs(at[:, 0])
        inside = ((((at - EAR) / (1.25 * EAR_SIZE)) ** 2).sum(axis=1) < 1) & (at[:, 0] > BESIDE_EAR)
        return inside.astype(np.float64)

    @cached_property
    def normals(self) -> NDArray[np.float64]:
        """(N, 3) of the skin; zero elsewhere."""
        own = vertex_normals(self.places.astype(np.float32), self.triangles).astype(np.float64)
        used = np.zeros(len(own), bool)
        used[self.triangles] = True
        return np.where(used[:, None], own, 0.0)

    def weights_at(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """(K, 24) skin weights of the skin's closest points to ``places`` (K, 3)."""
        hits = self.skin.closest((places - self.eyes).astype(np.float32))
        corner = self.triangles[hits.face]
        table = np.asarray(self.mesh.weights.todense(), np.float64)
        found = (table[corner] * np.asarray(hits.weights, np.float64)[..., None]).sum(axis=1)
        found = np.clip(found, 0, None)
        return found / found.sum(axis=1, keepdims=True)


def fitting_of(
    proxy: Proxy,
    controls: Controls,
    weights: NDArray[np.float64],
    moved: NDArray[np.float64],
    mean: NDArray[np.float64],
) -> Fitting:
    """A fitting that has the proxy's vertices at ``moved`` (K, 3) on the person with the base mesh ``mean`` (N, 3)."""
    a, b = proxy.pairs.T
    axes = np.arange(3)
    scale = np.where(a == b, 1.0, np.abs(mean[a, axes] - mean[b, axes]) / proxy.lengths)
    offsets = (moved - np.asarray(proxy.rows @ mean)) / scale
    kept = np.where(weights > 0.004, weights, 0)
    return Fitting(
        rows=over_controls(proxy.rows, controls),
        offsets=offsets.astype(np.float32),
        pairs=controls.rows_of(proxy.pairs),
        lengths=proxy.lengths,
        weights=sparse.csr_matrix(kept / kept.sum(axis=1, keepdims=True)),
    )


def quads_of(proxy: Proxy) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Quads (Q, 4), their corners (Q, 4) in ``uvs`` (U, 2). Raises ``ValueError`` for a mesh of other polygons.

    Of quads that lie on each other, which some meshes of the set have, one is left: two would flicker.
    """
    if bool((proxy.polygons < 0).any()):
        raise ValueError("a mesh of hair or cloth with polygons that are no quads")
    kept = np.sort(np.unique(np.sort(_places(proxy)[proxy.polygons], axis=1), axis=0, return_index=True)[1])
    return proxy.polygons[kept], proxy.corners[kept], proxy.uvs.astype(np.float32)


def _places(proxy: Proxy) -> NDArray[np.int64]:
    """(V,) a number for each vertex, the same for those that lie at one place of every person."""
    rows: Any = proxy.rows.tocsr()
    offsets = np.round(proxy.offsets, 7)

    def key(vertex: int) -> bytes:
        own = slice(rows.indptr[vertex], rows.indptr[vertex + 1])
        indices, data = (np.asarray(each[own], np.float64) for each in (rows.indices, rows.data))
        return np.concatenate([indices, np.round(data, 6), offsets[vertex]]).tobytes()

    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(key(vertex), len(numbers)) for vertex in range(len(offsets))], np.int64)


def halves(quads: NDArray[Any]) -> NDArray[Any]:
    """Triangles (2Q, 3) of quads (Q, 4)."""
    return np.stack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]], 1).reshape(-1, 3)


def deleted_vertices(path: Path) -> NDArray[np.int64]:
    """The vertices of the base mesh that an ``.mhclo`` file says are hidden, growing: ``3 7 - 9`` is 3, 7, 8, 9."""
    words: list[str] = []
    inside = False
    for line in path.read_text(encoding="utf-8").splitlines():
        own = line.split()
        if own and own[0] == "delete_verts":
            inside, own = True, own[1:]
        elif own and not own[0].isdigit():
            inside = False
        if inside:
            words += own
    found: list[int] = []
    place = 0
    while place < len(words):
        ranged = place + 2 < len(words) and words[place + 1] == "-"
        found += range(int(words[place]), int(words[place + 2] if ranged else words[place]) + 1)
        place += 3 if ranged else 1
    return np.unique(np.asarray(found, np.int64))
