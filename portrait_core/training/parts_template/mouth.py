# SPDX-License-Identifier: Apache-2.0
"""The inside of the mouth: teeth and gums from a proxy mesh with fewer triangles, the tongue from the base mesh."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.subdivision import catmull_clark
from portrait_core.parts.controls import Controls
from portrait_core.parts.fitted import Fitted
from portrait_core.parts.part_mesh import cut_seams, triangles_of_quads
from portrait_core.training.parts_template.islands import corner_ids
from portrait_core.training.parts_template.levels import SHARES, collapsed
from portrait_core.training.parts_template.proxy_mesh import Proxy, read_proxy
from portrait_core.training.parts_template.whole_mesh import WholeMesh
from portrait_core.world.assets import AssetFolders

TEETH = "teeth_base"
TEETH_SHARE, GUMS_SHARE = 0.5, 0.25
"""Triangles that are left of the proxy's."""
FOCUS = np.array([0.0, 0.065, 0.15])
"""Where the front teeth are, metres, in the canonical body."""


def inside_of_mouth(mesh: WholeMesh, assets: AssetFolders) -> dict[str, Proxy]:
    """``teeth``, ``gums`` and ``tongue``."""
    both = read_proxy(assets.makehuman / "teeth" / TEETH / f"{TEETH}.mhclo", len(mesh.rest))
    # Every tooth is a piece of its own; the gums are the largest piece.
    label = component_labels(len(both.offsets), both.polygons.ravel(), np.roll(both.polygons, -1, axis=1).ravel())[
        both.polygons[:, 0]
    ]
    gums = label == np.bincount(label).argmax()
    return {
        "teeth": _fewer(both.part(both.polygons[~gums], both.corners[~gums]), mesh.neutral, TEETH_SHARE),
        "gums": _fewer(both.part(both.polygons[gums], both.corners[gums]), mesh.neutral, GUMS_SHARE),
        "tongue": _tongue(mesh),
    }


def with_levels(part: Proxy, controls: Controls, mesh: WholeMesh) -> Fitted:
    """A part of the mouth over the controls, with the coarser levels that the skin has."""
    fitted = part.fitted(controls)
    top = fitted.topology(controls, "teeth")
    return replace(fitted, coarse=collapsed(part.places(mesh.neutral), top.welded, top.faces, top.uvs, SHARES, FOCUS))


def _fewer(proxy: Proxy, base: NDArray[np.float64], share: float) -> Proxy:
    """A proxy mesh of quads with about ``share`` of its triangles."""
    welded, uvs, cut = cut_seams(proxy.polygons, proxy.uvs[proxy.corners])
    faces = collapsed(proxy.places(base), welded, triangles_of_quads(cut)[0], uvs, (share,), FOCUS)[0]
    polygons = np.concatenate([welded[faces], np.full((len(faces), 1), -1)], 1).astype(np.int64)
    corners = faces[:, [0, 1, 2, 2]].astype(np.int64)
    return Proxy(proxy.rows, proxy.offsets, proxy.pairs, proxy.lengths, polygons, corners, uvs.astype(np.float64)).part(
        polygons, corners
    )


def _tongue(mesh: WholeMesh) -> Proxy:
    """The base mesh's own tongue at the places that subdivision would give it."""
    chosen = mesh.groups == "helper-tongue"
    quads, uvs = mesh.quads[chosen], mesh.corner_uvs[chosen]
    used = np.unique(quads)
    own = np.searchsorted(used, quads)
    smooth = catmull_clark(own, len(used), uvs).matrix[: len(used)].tocoo()
    ids = corner_ids(uvs)
    table = np.zeros((int(ids.max()) + 1, 2))
    table[ids] = uvs
    return Proxy(
        rows=sparse.csr_matrix((smooth.data, (smooth.row, used[smooth.col])), (len(used), len(mesh.rest))),
        offsets=np.zeros((len(used), 3)),
        pairs=np.full((3, 2), used[0]),
        lengths=np.ones(3),
        polygons=own,
        corners=ids,
        uvs=table,
    )
