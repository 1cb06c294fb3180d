# SPDX-License-Identifier: Apache-2.0
"""What :mod:`portrait_core.rendering.layered_rays` does in kernels, in NumPy and layer by layer: the obvious way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Level
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.rendering.layered import LayeredScene, coats_of
from portrait_core.rendering.layered_rays import LAYERS, REST, STEP
from portrait_core.rendering.lighting import LEAST_ROOM, PARTED, bounced, glint, shade
from portrait_core.rendering.preview import blend
from portrait_core.rendering.vertex_shares import VertexShares


def seen_slowly(
    level: Level, scene: LayeredScene, cam2world: NDArray[np.float32], directions: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Linear colours (N, 3), what comes through (N,), metres to what covers at least half (N,)."""
    coats = coats_of(level)
    coat_of = np.repeat(np.arange(len(coats)), [len(coat.faces) for coat in coats])
    queries, shares = MeshQueries(scene.vertices, level.faces), VertexShares(scene.lit, cam2world)
    colour, through = np.zeros((len(directions), 3)), np.ones(len(directions))
    nearest, passed = np.full(len(directions), np.inf), np.zeros(len(directions), np.float32)
    going = np.arange(len(directions))
    for layer in range(LAYERS):
        hits = queries.first_hits(cam2world[:3, 3] + directions[going] * passed[going, None], directions[going])
        met = hits.face >= 0
        going, hits = going[met], hits.take(met)
        if len(going) == 0:
            break
        passed[going] += hits.distance + np.float32(STEP)
        corner = level.faces[hits.face]
        uvs = blend(level.uvs, corner, hits.weights)
        alpha, gloss, albedo = np.ones(len(going)), np.zeros(len(going)), np.zeros((len(going), 3), np.float32)
        shine, least = np.ones(len(going)), np.zeros(len(going), np.float32)
        for number, coat in enumerate(coats):
            rows = coat_of[hits.face] == number
            if rows.any():
                alpha[rows], albedo[rows], gloss[rows] = coat.alphas(uvs[rows]), coat.colours(uvs[rows]), coat.gloss
                shine[rows], least[rows] = coat.shine, coat.seeps
        if layer == LAYERS - 1:
            alpha[:] = 1
        shown = np.flatnonzero(alpha > 0)
        line, fine = shares.of(hits.take(shown), scene.mesh.opaque[hits.face[shown]])
        found = blend(shares.table, corner[shown], hits.weights[shown])
        found[line >= 0, 3:] = fine[line[line >= 0]]
        normals = found[:, :3] / np.linalg.norm(found[:, :3], axis=1, keepdims=True)
        to_eye = -directions[going[shown]]
        normals *= np.where(np.einsum("ni,ni->n", normals, to_eye) < -0.3, -1, 1)[:, None].astype(np.float32)
        seeps = (least[shown] * np.minimum(found[:, 3] / PARTED, 1)).astype(np.float32)
        lamps = np.maximum(found[:, 4:], seeps[:, None]).T.copy()
        room = bounced(found[:, 3], albedo[shown], np.maximum(seeps, LEAST_ROOM))
        light = shade(albedo[shown], normals, to_eye, room, lamps, cam2world, shine[shown])
        film = gloss[shown] * glint(normals, to_eye, lamps, cam2world)
        open_share = through[going[shown], None]
        colour[going[shown]] += open_share * (alpha[shown, None] * light + film[:, None])
        solid = (alpha >= 0.5) & ~np.isfinite(nearest[going])
        nearest[going[solid]] = passed[going[solid]]
        through[going] *= 1 - alpha
        going = going[through[going] > REST]
    return colour.astype(np.float32), through.astype(np.float32), nearest.astype(np.float32)
