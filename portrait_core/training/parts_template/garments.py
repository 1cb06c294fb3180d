# SPDX-License-Identifier: Apache-2.0
"""The garments of a template, from the clothes of the CC0 set: cropped like the bust, hemmed at every open border."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.geometry.subdivision import catmull_clark
from portrait_core.parts.controls import Controls
from portrait_core.parts.garment import SHIRT, Garment
from portrait_core.parts.part_mesh import cut_seams
from portrait_core.training.parts_template.cloth_texture import cloth_images
from portrait_core.training.parts_template.garment_cut import onto_cut, within
from portrait_core.training.parts_template.hair_shaping import smoothstep
from portrait_core.training.parts_template.hem import hemmed
from portrait_core.training.parts_template.levels import coarser
from portrait_core.training.parts_template.neck_curve import height_over_neckline
from portrait_core.training.parts_template.neckline import DEPTHS, SHAPES, Slides, finer_border, with_places
from portrait_core.training.parts_template.piece import Piece
from portrait_core.training.parts_template.proxy_mesh import Proxy, read_proxy
from portrait_core.training.parts_template.worn import Mannequin, deleted_vertices, fitting_of, halves, quads_of

GARMENTS: dict[str, str] = {
    "female_casualsuit01": "",
    "female_casualsuit02": "",
    "female_elegantsuit01": "",
    "male_casualsuit01": "",
    "male_casualsuit02": "",
    "male_casualsuit03": "",
    "male_casualsuit04": "",
    "male_casualsuit05": "red",
    "male_casualsuit06": "",
    "male_elegantsuit01": "light",
}
"""The garments of the set that are built, and what of them keeps a white of its own: what is ``red`` or ``light`` in
the set's texture. Not ``female_sportsuit01``, whose armpits stay in the skin of some persons."""

APART = 0.0025
"""Cloth lies at least this far over the skin, metres."""

TOGETHER = 0.03
"""Cloth within this distance of cloth that is lifted goes along, less and less, metres."""

LOW = 0.045
"""Metres from the bust's cut within which all skin under cloth is left out; twice that where the set leaves it out."""

CLEAR = 0.008
"""Metres below the deepest neckline from which on skin may be left out."""

COVER_REACH = 0.035
"""Skin with cloth over it within this reach is covered, metres."""


def garment_proxy(folder: Path, name: str, mannequin: Mannequin) -> Proxy:
    """The mesh of one garment of the set's ``clothes`` folder."""
    return read_proxy(folder / name / f"{name}.mhclo", len(mannequin.places))


def garment(folder: Path, proxy: Proxy, piece: Piece, mannequin: Mannequin, controls: Controls) -> Garment:
    """Build the garment in ``folder`` from its proxy and the cropped piece of it; the controls must have all vertices
    that the piece hangs on."""
    piece = lifted(piece, mannequin)
    images = cloth_images(folder, piece.quads, piece.corners, piece.uvs, GARMENTS.get(folder.name, ""))
    deleted = np.zeros(len(mannequin.places), bool)
    deleted[deleted_vertices(folder / f"{folder.name}.mhclo")] = True
    low = low_under(proxy, deleted, mannequin)
    hidden = covered(piece, deleted, mannequin, low)
    piece = replace(piece, uvs=images.uvs)
    slides = Slides(piece, mannequin) if folder.name == SHIRT else None
    if slides is not None:
        # What the deepest necklines show is not under the shirt, however low.
        at = mannequin.mesh.neutral - mannequin.canonical_eyes
        for shape in SHAPES:
            low &= height_over_neckline(at, max(DEPTHS), shape) < -CLEAR
        hidden = np.ones(len(deleted), bool)
        for (depth, _), slid in slides.every.items():
            if depth == max(DEPTHS):
                hidden &= covered(with_places(piece, slid), np.zeros_like(deleted), mannequin, low)
    whole = hemmed(piece.places, piece.quads, piece.corners, piece.uvs) if slides is None else slides.hemmed(piece)
    rows = piece.rows[whole.source]
    canonical = piece.canonical[whole.source]
    own = replace(proxy, rows=rows, offsets=np.zeros((len(whole.places), 3)))
    weights = mannequin.weights_at(piece.places)[whole.source]
    heights = np.zeros(len(whole.uvs), np.float32)
    heights[whole.corners.ravel()] = (canonical[:, 1] - mannequin.canonical_eyes[1])[whole.quads.ravel()]
    made = Garment(
        fitting=fitting_of(own, controls, weights, whole.places, mannequin.places),
        quads=whole.quads,
        corners=whole.corners,
        uvs=whole.uvs,
        heights=heights,
        hidden=hidden[controls.index],
        shade=images.shade,
        normals=images.normals,
        coarse=(),
    )
    made = replace(made, coarse=coarser(made.topologies[0], whole.places))
    return made if slides is None else replace(made, neckline=slides.neckline(whole, proxy, controls))


def cropped(proxy: Proxy, mannequin: Mannequin, *, fine: bool = False) -> Piece:
    """The part of a garment over the bust, its border on the bust's cuts; subdivided once if ``fine``, its highest
    border once more."""
    quads, corners, uvs = quads_of(proxy)
    canonical, places = proxy.places(mannequin.mesh.neutral), proxy.places(mannequin.places)
    inside = within(canonical, mannequin)
    keep = (inside[quads] > 0).any(axis=1)
    quads, corners = quads[keep], corners[keep]
    used, quads = np.unique(quads, return_inverse=True)
    seen, corners = np.unique(corners, return_inverse=True)
    quads, corners = quads.reshape(-1, 4), corners.reshape(-1, 4)
    slide = onto_cut(quads, inside[used])
    moved = np.asarray(slide @ places[used]), np.asarray(slide @ canonical[used])
    # The texture goes along, chart by chart.
    at_corner = np.zeros(len(seen))
    at_corner[corners.ravel()] = inside[used][quads.ravel()]
    uvs = np.asarray(onto_cut(corners, at_corner) @ uvs[seen].astype(np.float64)).astype(np.float32)
    piece = Piece(sparse.csr_matrix(slide @ proxy.rows[used]), *moved, quads, corners, uvs)
    return finer_border(subdivided(piece)) if fine else piece


def subdivided(piece: Piece) -> Piece:
    """The piece with four quads for each."""
    finer = catmull_clark(piece.quads, len(piece.places), piece.uvs[piece.corners].astype(np.float64))
    _, uvs, corners = cut_seams(finer.quads, finer.corner_uvs)
    rows = sparse.csr_matrix(finer.matrix @ piece.rows)
    places, canonical = np.asarray(finer.matrix @ piece.places), np.asarray(finer.matrix @ piece.canonical)
    return Piece(rows, places, canonical, finer.quads, corners.astype(np.int64), uvs)


def lifted(piece: Piece, mannequin: Mannequin) -> Piece:
    """The piece nowhere nearer to the mannequin's skin than :data:`APART`."""
    away = piece.places - mannequin.eyes
    hits = mannequin.skin.closest(away.astype(np.float32))
    corner, share = mannequin.triangles[hits.face], np.asarray(hits.weights, np.float64)[..., None]
    foot = (mannequin.places[corner] * share).sum(axis=1)
    normal = (mannequin.normals[corner] * share).sum(axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    over = ((piece.places - foot) * normal).sum(axis=1)
    near = hits.distance < 0.03
    push = np.where(near, np.clip(APART - over, 0, None), 0)
    # What is near goes along, in the same sheet or in one above it, so that sheets stay apart and smooth.
    tree = cKDTree(piece.places)
    around = tree.sparse_distance_matrix(tree, TOGETHER, output_type="coo_matrix")
    share = 1 - smoothstep(np.asarray(around.data, np.float64), TOGETHER / 6, TOGETHER)
    alike = (normal[around.row] * normal[around.col]).sum(axis=1) > 0.3
    pulled = push.copy()
    np.maximum.at(pulled, around.row, push[around.col] * share * alike)
    moved = piece.places + normal * pulled[:, None]
    return replace(piece, places=moved)


def low_under(proxy: Proxy, deleted: NDArray[np.bool_], mannequin: Mannequin) -> NDArray[np.bool_]:
    """(N,) the skin near or beyond the bust's cut that the uncropped garment covers, or that the set says it does: all
    of it can go, else pieces of skin would hang in the cloth when looked at from below."""
    inside = within(mannequin.mesh.neutral, mannequin)
    places, quads = proxy.places(mannequin.places), quads_of(proxy)[0]
    under = _fronted(places, quads, mannequin) & (inside < LOW) | deleted & (inside < 2 * LOW)
    return (inside < 0) | under


def covered(
    piece: Piece, deleted: NDArray[np.bool_], mannequin: Mannequin, low: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(N,) which vertices of the skin lie under the cloth and away from its borders: those that have cloth in front,
    that the set says are hidden or that are ``low``, less a ring beside what is seen."""
    used = np.linalg.norm(mannequin.normals, axis=1) > 0.5
    under = _fronted(piece.places, piece.quads, mannequin) | low | (deleted & used)
    quads = mannequin.mesh.quads_of("body")
    seen = ~under & used
    near = seen.copy()
    near[quads[seen[quads].any(axis=1)]] = True
    return under & ~near


def _fronted(places: NDArray[np.float64], quads: NDArray[np.int64], mannequin: Mannequin) -> NDArray[np.bool_]:
    """(N,) which vertices of the skin have the outer face of cloth (K, 3), (Q, 4) before them."""
    at, faces = places - mannequin.eyes, halves(quads)
    cloth = MeshQueries(at.astype(np.float32), faces.astype(np.int32))
    skin, normals = mannequin.places - mannequin.eyes, mannequin.normals
    hits = cloth.first_hits((skin - 0.012 * normals).astype(np.float32), normals.astype(np.float32), COVER_REACH)
    a, b, c = (at[faces[hits.face]][:, k] for k in range(3))
    outer = (np.cross(b - a, c - a) * normals).sum(axis=1) > 0  # an arm is not covered by the cloth on the chest
    used = np.linalg.norm(normals, axis=1) > 0.5
    return (hits.face >= 0) & (hits.distance < COVER_REACH) & outer & used


def pieces_of(corners: NDArray[np.int64]) -> NDArray[np.int64]:
    """(Q,) the connected chart of each quad."""
    label = component_labels(int(corners.max()) + 1, corners.ravel(), np.roll(corners, -1, axis=1).ravel())
    return label[corners[:, 0]]
