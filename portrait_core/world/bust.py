# SPDX-License-Identifier: Apache-2.0
"""A bust of the portrait world: the ground truth of one latent as triangle meshes that can be painted anywhere.

Two parts, body (skin, clothing, eyes) and hair; together their outside is the bust's surface. Geometry is in the
identity's un-posed space, metres, neck joint at the origin. Colours are computed where they are asked for, so they
are as sharp as the procedures behind them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse

from portrait_core.geometry.mesh_queries import Hits
from portrait_core.geometry.normals import vertex_normals
from portrait_core.geometry.subdivision import Sparse
from portrait_core.models.starter.identity_warp import IdentityWarp, Sites
from portrait_core.shape.isosurface import best_march
from portrait_core.world.appearance import (
    HairSites,
    Look,
    SkinSites,
    clothing_colour,
    clothing_thickness,
    eye_colour,
    hair_colour,
    hair_distance,
    hair_sites,
    neckline,
    skin_colour,
    skin_sites_from,
)
from portrait_core.world.assets import AssetFolders, find_assets
from portrait_core.world.base_mesh import BaseMesh, load_base_mesh
from portrait_core.world.cache import cached_arrays
from portrait_core.world.canonical_body import EYE_MIDDLE, BodyDistance, CanonicalBody, load_canonical_body
from portrait_core.world.hair_volumes import VERSION, VOXEL, HairVolumes, load_hair_volumes
from portrait_core.world.identity import LANDMARKS, IdentitySpace, carry, load_identity_space
from portrait_core.world.latent import attributes
from portrait_core.world.morphs import control_vertices, target_weights

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]


HAIR_STEP = 0.0021
"""Spacing of the lattice on which hair is turned into triangles, metres."""

LATTICE_VERSION = f"{VERSION}-lattice-1"
"""To be changed with the lattice or its descriptions: they are kept on disk, because they take a minute."""

HEAD = 15
"""SMPL's head joint, which hair follows."""


@dataclass(frozen=True)
class BustPart:
    """One mesh: ``vertices`` (V, 3) in the identity, ``canonical`` (V, 3) before the warp, ``triangles`` (F, 3),
    ``weights`` (V, 24) SMPL skin weights, ``values`` per-vertex arrays that painting interpolates."""

    vertices: FloatArray
    canonical: FloatArray
    triangles: IntArray
    weights: FloatArray
    values: dict[str, FloatArray]


@dataclass(frozen=True)
class Bust:
    """Parts "body" and (unless bald) "hair", landmarks by name (SMPL joints, eyeball centres) and the look."""

    z: NDArray[np.float64]
    parts: dict[str, BustPart]
    landmarks: dict[str, NDArray[np.float64]]
    look: Look
    displacement: NDArray[np.float64]


class PortraitWorld:
    """Builds and paints busts; everything slow is loaded once."""

    def __init__(self, assets: AssetFolders | None = None) -> None:
        """Raises UsageError where the CC0 data is not found."""
        folders = assets or find_assets()
        self.base: BaseMesh = load_base_mesh(folders)
        self.body: CanonicalBody = load_canonical_body(folders)
        self.hair: HairVolumes = load_hair_volumes(folders)
        self.space: IdentitySpace = load_identity_space(folders)
        self.distance = BodyDistance(self.body, self.base)
        self.warp: IdentityWarp = self.space.warp()
        self._normals = vertex_normals(self.space.vertices, self.space.triangles)
        self._values = {
            name: getattr(self.body, name)[self.space.body_vertices] for name in ("ao", "lip", "lid", "mouth")
        }
        self._closed, self._end_rows = _close_ends(self.space)
        extent = VOXEL * (np.array(self.hair.styles.shape[1:]) - 1)
        self._shape = tuple(int(c) for c in np.floor(extent / HAIR_STEP))
        arrays = cached_arrays(LATTICE_VERSION, folders, self._hair_lattice)
        self._nodes: IntArray = arrays.pop("nodes")
        self._node_sites = HairSites(**arrays)

    def _hair_lattice(self) -> dict[str, NDArray[Any]]:
        """The lattice nodes near any style by number, and the fields of their descriptions."""
        axes = [self.hair.low[k] + HAIR_STEP * np.arange(self._shape[k]) for k in range(3)]
        nodes = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
        near = [self.hair.sample(chunk).min(axis=1) < 0.022 for chunk in np.array_split(nodes, 16)]
        kept = np.flatnonzero(np.concatenate(near))
        sites = hair_sites(self.hair, nodes[kept])
        return {"nodes": kept, **{each.name: getattr(sites, each.name) for each in fields(sites)}}

    def build(self, z: NDArray[np.float64]) -> Bust:
        """The bust of a latent (66,)."""
        a = attributes(z)
        look = Look(a)
        control = control_vertices(self.base, target_weights(self.base, a))[0]
        displacement = self.space.displacement(control, self.base)
        landmarks = dict(zip(LANDMARKS, self.space.landmarks(control), strict=True))
        parts = {"body": self._build_body(look, displacement)}
        hair = self._build_hair(look, displacement)
        if hair is not None:
            parts["hair"] = hair
        return Bust(np.asarray(z), parts, landmarks, look, displacement)

    def _build_body(self, look: Look, displacement: NDArray[np.float64]) -> BustPart:
        space = self.space
        heights = neckline(_eye_relative(space.vertices), look)[0][space.triangles]
        # The step at the neckline is finer than the mesh: two rounds of halving edges there.
        rim = (heights.min(axis=1) < 0.006) & (heights.max(axis=1) > -0.018)
        rim &= (space.triangles < space.skins).all(axis=1)
        rim = np.concatenate([rim, np.zeros(len(self._closed) - len(rim), bool)])
        spread, triangles = _refine(self._closed, self._end_rows, rim, rounds=2)
        bare = np.asarray(spread @ space.vertices)
        sites = self.skin(bare.astype(np.float32), {k: np.asarray(spread @ v) for k, v in self._values.items()})
        height = neckline(sites.p, look)
        eye = np.asarray(spread @ (np.arange(len(space.vertices)) >= space.skins).astype(float)) > 0.5
        thickness = np.where(eye, 0, clothing_thickness(sites, look, height)[0])
        canonical = (bare + np.asarray(spread @ self._normals) * thickness[:, None]).astype(np.float32)
        vertices = (bare + np.asarray(spread @ displacement)).astype(np.float32)
        clothed = np.flatnonzero(thickness > 1e-6)
        vertices[clothed] = carry(self.warp, self._sites(canonical[clothed]), displacement)
        weights = np.asarray(spread @ (space.matrix @ self.base.weights), np.float32)
        values = {k: np.asarray(spread @ v, np.float32) for k, v in self._values.items()}
        values |= {"bare": bare.astype(np.float32), "eye": eye.astype(np.float32)}
        return BustPart(vertices, canonical, triangles, weights, values)

    def _build_hair(self, look: Look, displacement: NDArray[np.float64]) -> BustPart | None:
        volume = np.full(int(np.prod(self._shape)), 0.03, np.float32)
        volume[self._nodes] = hair_distance(self._node_sites, look)[0]
        padded = np.pad(volume.reshape(self._shape), 1, constant_values=0.03)
        vertices, triangles = best_march()(padded)
        if len(vertices) < 100:
            return None
        canonical = (self.hair.low + (vertices - 1) * HAIR_STEP).astype(np.float32)
        # Hair that the skull hides is dropped; what remains reaches a little under the skin.
        above = self.distance(canonical)[0]
        triangles = triangles[(above > -0.004)[triangles].any(axis=1)].astype(np.int64)
        if len(triangles) == 0:
            return None
        used = np.unique(triangles)
        place = np.full(len(canonical), -1)
        place[used] = np.arange(len(used))
        canonical, triangles, above = canonical[used], place[triangles], above[used]
        outward = vertex_normals(canonical, triangles) * (canonical - canonical.mean(axis=0))
        if outward.sum() < 0:
            triangles = triangles[:, ::-1]
        weights = np.zeros((len(canonical), self.base.weights.shape[1]), np.float32)
        weights[:, HEAD] = 1
        placed = carry(self.warp, self._sites(canonical), displacement)
        return BustPart(placed, canonical, triangles, weights, {"above": above})

    def paint(self, bust: Bust, part: str, hits: Hits) -> FloatArray:
        """Albedo (N, 3), sRGB, at points of a part given by triangle and barycentric weights."""
        mesh, look = bust.parts[part], bust.look
        at = {k: np.asarray(hits.interpolated(v, mesh.triangles), np.float32) for k, v in mesh.values.items()}
        if part == "hair":
            canonical = hits.interpolated(mesh.canonical, mesh.triangles).astype(np.float32)
            return hair_colour(hair_sites(self.hair, canonical), look, at["above"][None])[0].astype(np.float32)
        sites = self.skin(at["bare"], at)
        height = neckline(sites.p, look)
        locks = hair_distance(hair_sites(self.hair, at["bare"]), look)
        cloth = clothing_colour(sites, look, height)[0]
        skin = skin_colour(sites, look, locks)[0]
        clothed = np.asarray(height[0][:, None] < 0, np.bool_)
        colour = np.asarray(np.where(clothed, cloth, skin), np.float32)
        eye = np.flatnonzero(at["eye"] > 0.5)
        if len(eye):
            place = hits.take(eye).interpolated(mesh.vertices, mesh.triangles)
            left = place[:, :1] > 0
            direction = place - np.where(left, bust.landmarks["left_eye"], bust.landmarks["right_eye"])
            direction /= np.linalg.norm(direction, axis=1, keepdims=True)
            colour[eye] = eye_colour(direction.astype(np.float32), look.iris[0, 0])
        return colour

    def skin(self, bare: FloatArray, values: dict[str, FloatArray]) -> SkinSites:
        """Describe body points (N, 3) whose interpolated vertex values are given."""
        return skin_sites_from(bare, self.hair, {k: values[k] for k in ("ao", "lip", "lid", "mouth")})

    def _sites(self, points: FloatArray) -> Sites:
        return self.warp.sites(torch.as_tensor(np.ascontiguousarray(points)))


def _eye_relative(points: NDArray[np.float64]) -> FloatArray:
    return (points - EYE_MIDDLE).astype(np.float32)


def _close_ends(space: IdentitySpace) -> tuple[IntArray, Sparse]:
    """The template's triangles with its ends (chest and upper arms, beyond the cut) closed by fans.

    Returns the triangles and the (V', V) matrix of all vertices: the template's, then the middle of every end. The
    ends lie outside the shoulder cut; closing them tells inside from outside there.
    """
    skin = space.triangles[(space.triangles < space.skins).all(axis=1)]
    directed = np.stack([skin, np.roll(skin, -1, axis=1)], -1).reshape(-1, 2)
    count = len(space.vertices)
    border = directed[~np.isin(directed[:, 0] * count + directed[:, 1], directed[:, 1] * count + directed[:, 0])]
    at = space.vertices[border[:, 0]]
    following = {int(a): int(b) for a, b in border[(at[:, 1] < -0.12) | (np.abs(at[:, 0]) > 0.2)]}
    rows: list[Sparse] = [sparse.identity(count, format="csr")]
    faces = [space.triangles]
    while following:
        loop = [next(iter(following))]
        while loop[-1] in following:
            loop.append(following.pop(loop[-1]))
        ring = np.asarray(loop[:-1] if loop[0] == loop[-1] else loop)
        middle = count + len(rows) - 1
        share = np.full(len(ring), 1 / len(ring))
        rows.append(sparse.csr_matrix((share, (np.zeros(len(ring), int), ring)), (1, count)))
        faces.append(np.stack([np.roll(ring, -1), ring, np.full(len(ring), middle)], -1))
    return np.concatenate(faces), sparse.csr_matrix(sparse.vstack(rows))


def _refine(triangles: IntArray, start: Sparse, marked: NDArray[np.bool_], rounds: int) -> tuple[Sparse, IntArray]:
    """Halve the edges of marked triangles some times: (V', V) matrix of the new vertices, and the new triangles.

    ``start`` is the matrix of the vertices there already. Neighbours that are not marked keep their edges: their shape
    is flat enough there for the seam to stay closed.
    """
    spread = start
    for _ in range(rounds):
        part = triangles[marked]
        ends = np.sort(np.stack([part, np.roll(part, -1, axis=1)], -1).reshape(-1, 2), axis=1)
        edges, which = np.unique(ends, axis=0, return_inverse=True)
        middle = which.reshape(-1, 3) + spread.shape[0]
        rows = np.repeat(np.arange(len(edges)), 2)
        halves = sparse.csr_matrix((np.full(len(rows), 0.5), (rows, edges.ravel())), (len(edges), spread.shape[0]))
        a, b, c = part.T
        ab, bc, ca = middle.T
        split = np.stack([(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)], 0).transpose(0, 2, 1).reshape(-1, 3)
        spread = sparse.csr_matrix(sparse.vstack([spread, halves @ spread]))
        triangles = np.concatenate([triangles[~marked], split])
        marked = np.concatenate([np.zeros(int((~marked).sum()), bool), np.ones(len(split), bool)])
    return spread, triangles
