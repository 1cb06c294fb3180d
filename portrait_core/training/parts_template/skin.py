# SPDX-License-Identifier: Apache-2.0
"""Builds the skin and the lids' margins, on the mean person of a starter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from portrait_core.body.template import SMPL_JOINT_NAMES
from portrait_core.geometry.subdivision import catmull_clark
from portrait_core.parts.controls import Controls
from portrait_core.parts.eyes import SIDES, EyesTemplate
from portrait_core.parts.part_mesh import cut_seams, triangles_of_quads
from portrait_core.parts.skin import REGIONS, SkinTemplate
from portrait_core.progress import Progress
from portrait_core.training.parts_template.crop import Crop
from portrait_core.training.parts_template.islands import islands, loop_between
from portrait_core.training.parts_template.layout import lay_out
from portrait_core.training.parts_template.levels import SHARES, collapsed
from portrait_core.training.parts_template.lips import OPEN_TARGET, OPENED, find_contact
from portrait_core.training.parts_template.regions import (
    behind_ears,
    densities,
    edge_graph,
    over_shoulders,
    quad_regions,
)
from portrait_core.training.parts_template.whole_mesh import WholeMesh
from portrait_core.world.assets import DECIMETRE, AssetFolders, read_target
from portrait_core.world.canonical_body import EYE_MIDDLE

SMALLER_BAG = 0.12
"""How much smaller the bag of the mouth is made, about its middle: it comes through thin cheeks otherwise."""
BAG_FROM, BAG_TO = 0.004, 0.014
"""Metres from the mouth's rim between which that begins."""


def build_skin(
    mesh: WholeMesh,
    mean: NDArray[np.float64],
    cropped: Crop,
    controls: Controls,
    assets: AssetFolders,
    progress: Progress,
) -> tuple[SkinTemplate, EyesTemplate]:
    """The skin's template, and the eyes'; ``mean`` (N, 3) are the mean person's places of the whole base mesh."""
    own, corner_uvs = cropped.own, mesh.corner_uvs[cropped.quads]
    island = islands(corner_uvs)
    arms = np.asarray(
        mesh.weights[cropped.vertices][:, [SMPL_JOINT_NAMES.index(f"{s}_shoulder") for s in SIDES]].sum(axis=1)
    ).ravel()
    fine = catmull_clark(own, len(cropped.vertices), corner_uvs)
    neutral = np.asarray(fine.matrix @ mesh.neutral[cropped.vertices])[: len(cropped.vertices)]
    regions = quad_regions(neutral, own, island, arms)
    adjust = sparse.csr_matrix(cropped.border + _bag(neutral, own, regions == REGIONS.index("mouth")))
    whole = sparse.csr_matrix(fine.matrix @ (sparse.identity(len(neutral)) + adjust))
    closed = np.asarray(whole @ mean[cropped.vertices])
    index, delta = read_target(assets.mpfb / OPEN_TARGET)
    opening = np.zeros_like(mean)
    opening[index] = delta * DECIMETRE * OPENED
    inside = np.repeat(regions == REGIONS.index("mouth"), 4)
    lips = find_contact(closed + np.asarray(whole @ opening[cropped.vertices]), closed, fine.quads, inside)
    progress("texture layout", 0.5)
    layout = lay_out(
        own,
        corner_uvs,
        neutral,
        densities(own, regions, len(neutral)),
        np.concatenate([behind_ears(neutral, own), over_shoulders(neutral, own, island, arms)]),
        np.abs(neutral - EYE_MIDDLE)[:, 2] < 0.2,
    )
    progress("coarse levels", 0.8)
    welded, uvs, cut = cut_seams(own, layout.uvs[layout.corners])
    at_rest = closed[: len(neutral)]
    template = SkinTemplate(
        vertices=controls.rows_of(cropped.vertices),
        quads=own,
        corners=layout.corners,
        uvs=layout.uvs,
        regions=regions,
        adjust=adjust,
        lips=lips,
        coarse=collapsed(at_rest, welded, triangles_of_quads(cut)[0], uvs, SHARES, EYE_MIDDLE.astype(np.float64)),
    )
    rims = {side: _lid_border(closed, fine.quads, regions, side) for side in SIDES}
    return template, EyesTemplate({side: _lower_half(closed, loop) for side, loop in rims.items()}, rims)


def _bag(places: NDArray[np.float64], quads: NDArray[np.int64], mouth: NDArray[np.bool_]) -> Any:
    """(V, V) what is added to the vertices of the mouth's bag to make it smaller about its middle."""
    count = len(places)
    own = np.unique(quads[mouth])
    rim = np.intersect1d(own, np.unique(quads[~mouth]))
    graph = edge_graph(quads[mouth], count).tocoo()
    length = np.linalg.norm(places[graph.row] - places[graph.col], axis=1)
    away = dijkstra(sparse.csr_matrix((length, (graph.row, graph.col)), (count, count)), indices=rim, min_only=True)
    share = np.clip((away[own] - BAG_FROM) / (BAG_TO - BAG_FROM), 0, 1)
    weight = SMALLER_BAG * share * share * (3 - 2 * share)
    # A few vertices far from each other stand for the middle: few numbers, and mirror images of one another.
    deep = own[away[own] > BAG_TO]
    middle = places[deep].mean(axis=0)
    ends = np.unique([deep[np.argmax((places[deep] - middle) @ d)] for d in _directions()])
    moved = own[weight > 0]
    weight = weight[weight > 0]
    rows = np.concatenate([moved, np.repeat(moved, len(ends))])
    columns = np.concatenate([moved, np.tile(ends, len(moved))])
    values = np.concatenate([-weight, np.repeat(weight / len(ends), len(ends))])
    return sparse.csr_matrix((values, (rows, columns)), (count, count))


def _directions() -> NDArray[np.float64]:
    corners = np.stack(np.meshgrid((-1.0, 1.0), (-1.0, 1.0), (-1.0, 1.0), indexing="ij"), -1).reshape(-1, 3)
    return corners * (1.0, 0.7, 0.9)


def _lid_border(
    places: NDArray[np.float64], quads: NDArray[np.int64], regions: NDArray[np.uint8], side: str
) -> NDArray[np.int64]:
    """(R,) the inner border of a side's lids, in order, for ``places`` (V1, 3) of level 1."""
    middle = places[quads].mean(axis=1)
    socket = np.repeat(regions == REGIONS.index("sockets"), 4)
    return loop_between(quads, ~socket, socket & ((middle[:, 0] > 0) == (side == "left")))


def _lower_half(places: NDArray[np.float64], loop: NDArray[np.int64]) -> NDArray[np.int64]:
    """(T,) the lower lid's part of a border (R,), from the nose outwards."""
    loop = np.roll(loop, -int(np.argmin(np.abs(places[loop][:, 0]))))
    outer = int(np.argmax(np.abs(places[loop][:, 0])))
    halves = loop[: outer + 1], np.concatenate([loop[outer:], loop[:1]])[::-1]
    return min(halves, key=lambda half: float(places[half][:, 1].mean()))
