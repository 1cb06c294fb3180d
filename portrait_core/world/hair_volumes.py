# SPDX-License-Identifier: Apache-2.0
"""The MakeHuman hair meshes as solid volumes: one signed-distance grid a style, around the canonical head.

Hair meshes are sheets of cards with gaps. Each becomes a solid: thicken the cards, close the gaps, fill what lies
between the cards and the skull, keep the face free; then a distance transform. Styles can then be blended, thickened
and cut by arithmetic on distances.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from portrait_core.world.assets import DECIMETRE, AssetFolders, find_assets, fit_mhclo, read_obj
from portrait_core.world.base_mesh import load_base_mesh
from portrait_core.world.cache import cached_arrays
from portrait_core.world.canonical_body import EAR, EAR_SIZE, EYE_MIDDLE, BodyDistance, load_canonical_body
from portrait_core.world.latent import STYLES

FloatArray = NDArray[np.float32]


VERSION = "hair-3"
VOXEL = 0.0028
LOW = EYE_MIDDLE + np.array([-0.20, -0.36, -0.32], np.float32)
HIGH = EYE_MIDDLE + np.array([0.20, 0.21, 0.10], np.float32)
CLIP = 0.03
"""Distances are kept up to this far from a style's surface, in metres."""


@dataclass(frozen=True)
class HairVolumes:
    """``styles`` (11, X, Y, Z): signed distances in metres, negative inside; ``low`` the first node's place."""

    styles: NDArray[np.float16]
    low: FloatArray
    voxel: float

    def sample(self, points: FloatArray) -> FloatArray:
        """Distances (N, 11) to every style's surface at canonical points (N, 3)."""
        index = ((points - self.low) / self.voxel).T
        shape = np.array(self.styles.shape[1:])[:, None]
        beyond = np.maximum(np.maximum(-index, index - (shape - 1)), 0).max(axis=0) * self.voxel
        rows = [
            ndimage.map_coordinates(style.astype(np.float32), index, order=1, mode="nearest") for style in self.styles
        ]
        distance = np.stack(rows, -1) + beyond[:, None].astype(np.float32)
        return np.clip(distance, -CLIP, CLIP).astype(np.float32)


@lru_cache(maxsize=2)
def load_hair_volumes(assets: AssetFolders | None = None) -> HairVolumes:
    """The style grids, from the cache when they are there (they take about two minutes to make)."""
    folders = assets or find_assets()
    arrays = cached_arrays(VERSION, folders, lambda: {"styles": _build(folders)})
    return HairVolumes(arrays["styles"].astype(np.float16), LOW, VOXEL)


def _axes() -> list[FloatArray]:
    count = np.ceil((HIGH - LOW) / VOXEL).astype(int)
    return [(LOW[k] + VOXEL * np.arange(int(count[k]))).astype(np.float32) for k in range(3)]


def _build(folders: AssetFolders) -> NDArray[np.float16]:
    base = load_base_mesh(folders)
    axes = _axes()
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    distance_of = BodyDistance(load_canonical_body(folders), base)
    body = np.concatenate([distance_of(chunk)[0] for chunk in np.array_split(nodes, 40)])
    body = np.clip(body, -0.06, 0.06).reshape([len(a) for a in axes])

    # Fitting offsets scale with lengths of the base mesh, so the whole mesh is given in its own unit.
    whole = base.solid_vertices / DECIMETRE
    grids: list[NDArray[np.float16]] = []
    for style in STYLES[1:]:
        folder = folders.hair / style
        mesh = read_obj(folder / f"{style}.obj")
        vertices = fit_mhclo(folder / f"{style}.mhclo", whole) * DECIMETRE
        grids.append(_solid(vertices, mesh.triangles(), body, axes, bridge=0.012 if style == "ponytail01" else 0.022))
    # Bald: the shortest style drawn under the skin, so that blending towards it makes the hair recede.
    bald = (grids[STYLES.index("short04") - 1].astype(np.float32) + 0.011).astype(np.float16)
    return np.stack([bald, *grids])


def _solid(
    vertices: NDArray[np.float64], triangles: NDArray[np.int64], body: FloatArray, axes: list[FloatArray], bridge: float
) -> NDArray[np.float16]:
    low, shape = np.array([a[0] for a in axes]), body.shape
    cards = np.zeros(shape, bool)
    index = np.round((_scatter(vertices, triangles) - low) / VOXEL).astype(int)
    index = index[((index >= 0) & (index < np.array(shape))).all(axis=1)]
    cards[tuple(index.T)] = True
    from_cards = _distance(~cards)
    outside_body = body > 0

    # Thicken the cards, close gaps of up to 14 mm, fill pockets.
    thick = (from_cards < 0.0042) | ~outside_body
    dilated = ndimage.binary_fill_holes(_distance(~thick) < 0.007)
    closed = _distance(dilated) > 0.007
    hair = (closed | thick) & outside_body & (from_cards < 0.03)
    hair |= ndimage.binary_fill_holes(hair | ~outside_body) & outside_body & (from_cards < 0.05)
    hair = ndimage.binary_opening(hair) | ((from_cards < 0.003) & outside_body)

    x, y, z = np.meshgrid(*axes, indexing="ij", sparse=True)
    x, y, z = x - EYE_MIDDLE[0], y - EYE_MIDDLE[1], z - EYE_MIDDLE[2]
    face = ((x / 0.060) ** 2 + ((y + 0.052) / 0.088) ** 2 < 1) & (z > -0.055)
    face = face | (((x / 0.070) ** 2 + ((y + 0.075) / 0.055) ** 2 < 1) & (z > -0.075))
    # Closing gaps must not fill the ears: only the cards themselves may pass there.
    ear = ((np.abs(x) - EAR[0]) / EAR_SIZE[0]) ** 2 + ((y - EAR[1]) / EAR_SIZE[1]) ** 2
    ear = ear + ((z - EAR[2]) / EAR_SIZE[2]) ** 2 < 1
    hair &= ~face & ~(ear & (from_cards > 0.004))
    label, _ = ndimage.label(hair)
    size = np.bincount(label.ravel())
    size[0] = 0
    hair = np.isin(label, np.flatnonzero(size > 0.08 * size.max()))

    # The space between the shell of hair and the skull.
    filled = ndimage.binary_fill_holes(_distance(~(hair | ~outside_body)) < bridge)
    between = (_distance(filled) > bridge) & outside_body & (body < 0.06) & (y > -0.06) & (from_cards < 0.05)
    between &= ~face & ~ear
    hair |= between & (_distance(~hair) < 0.03) & ((z < -0.03) | (y > 0.05))

    # Roots go under the skin, where hair covers it, so that no gap shows between the two.
    in_body = ~outside_body
    depth, nearest = ndimage.distance_transform_edt(in_body, return_indices=True)
    wide = ndimage.binary_dilation(hair)
    hair = hair | (in_body & (depth * VOXEL < 0.022) & wide[tuple(nearest)] & ~ear)
    signed = np.clip(_distance(~hair) - _distance(hair), -0.04, 0.06)
    return ndimage.gaussian_filter(signed.astype(np.float32), 1.4).astype(np.float16)


def _distance(free: NDArray[np.bool_]) -> FloatArray:
    """Distance of every free voxel to the nearest other one, metres."""
    return np.asarray(ndimage.distance_transform_edt(free), np.float32) * np.float32(VOXEL)


def _scatter(vertices: NDArray[np.float64], triangles: NDArray[np.int64], density: float = 2e6) -> NDArray[np.float64]:
    """Points spread evenly over a mesh, ``density`` a square metre."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    rng = np.random.default_rng(0)
    face = rng.choice(len(triangles), int(area.sum() * density), p=area / area.sum())
    u = rng.random((len(face), 2))
    over = u.sum(axis=1) > 1
    u[over] = 1 - u[over]
    return a[face] + u[:, :1] * (b - a)[face] + u[:, 1:] * (c - a)[face]
