# SPDX-License-Identifier: Apache-2.0
"""Canonical points with everything that is the same for all identities, for training on as many identities as wished.

In the canonical head the body hardly moves and the hair styles are fixed volumes, so the slow part (closest points,
look-ups, noise) depends on the point alone. It is done once for a few million points; the truth of any identity at any
of them is then a handful of array operations.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from portrait_core.world.appearance import (
    HairSites,
    Look,
    SkinSites,
    clothing_colour,
    clothing_thickness,
    hair_colour,
    hair_distance,
    hair_sites,
    neckline,
    skin_colour,
    skin_sites,
)
from portrait_core.world.assets import AssetFolders, find_assets
from portrait_core.world.base_mesh import load_base_mesh
from portrait_core.world.cache import cached_arrays
from portrait_core.world.canonical_body import (
    BOX_CENTRE,
    BOX_HALF,
    EYE_MIDDLE,
    BodyDistance,
    load_canonical_body,
)
from portrait_core.world.hair_volumes import HairVolumes, load_hair_volumes
from portrait_core.world.latent import STYLES, Attributes

FloatArray = NDArray[np.float32]

VERSION = "points-5"
NECK_CENTRE = np.array([0.0, 0.0, 0.04])
NECK_HALF = np.array([0.09, 0.11, 0.08])
"""A box around the neck, metres."""


@dataclass(frozen=True)
class Truth:
    """What the fields are at points of a batch of identities: (B, M), colours (B, M, 3) sRGB, lengths in metres."""

    body: FloatArray
    hair: FloatArray
    neckline: FloatArray
    eye: NDArray[np.bool_]
    skin: FloatArray
    cloth: FloatArray
    hair_colour: FloatArray


@dataclass(frozen=True)
class CanonicalPoints:
    """Points (N, 3) in metres and what is known of them; ``body`` (N,) is the signed distance to the bare body."""

    points: FloatArray
    body: FloatArray
    eye: NDArray[np.bool_]
    skin: SkinSites
    hair: HairSites

    def __len__(self) -> int:
        return len(self.points)

    def truth(self, index: NDArray[np.int64], a: Attributes) -> Truth:
        """The fields at points ``index`` (B, M) for a batch of B identities."""
        look = Look(a)
        flat = index.ravel()
        skin, hair = _shaped(self.skin[flat], index.shape), _shaped(self.hair[flat], index.shape)
        height = neckline(skin.p, look)
        body = self.body[flat].reshape(index.shape) - clothing_thickness(skin, look, height)
        locks = hair_distance(hair, look)
        return Truth(
            body=body,
            hair=locks,
            neckline=height,
            eye=self.eye[flat].reshape(index.shape),
            skin=skin_colour(skin, look, locks),
            cloth=clothing_colour(skin, look, height),
            hair_colour=hair_colour(hair, look, self.body[flat].reshape(index.shape)),
        )


_Sites = TypeVar("_Sites", SkinSites, HairSites)


def _shaped(sites: _Sites, shape: tuple[int, ...]) -> _Sites:
    """Arrays (B * M, ...) as (B, M, ...) float32."""
    values = {f.name: np.asarray(getattr(sites, f.name), np.float32) for f in fields(sites)}
    return type(sites)(**{name: v.reshape(shape + v.shape[1:]) for name, v in values.items()})


def describe(points: FloatArray, body: BodyDistance, hair: HairVolumes) -> CanonicalPoints:
    """Everything about canonical points (N, 3) that no identity changes."""
    distance, bary, face = body(points)
    eye = np.asarray((body.triangles[face] >= body.body.skins).all(axis=1), np.bool_)
    return CanonicalPoints(points, distance, eye, skin_sites(body, hair, bary, face), hair_sites(hair, points))


@dataclass(frozen=True)
class TrainingPoints:
    """Points near the body, points near each hair style, points where both need help, and points anywhere in the box.

    ``groups`` holds, per kind, the range of indices into ``known``: "body", "anywhere", "neck" (the neckline and the
    air under the chin), "ends" (inside long hair, where it may be cut) and the styles' names.
    """

    known: CanonicalPoints
    groups: dict[str, tuple[int, int]]

    def draw(
        self,
        style: FloatArray,
        count: int,
        rng: np.random.Generator,
        shares: tuple[float, ...] = (0.44, 0.28, 0.06, 0.07, 0.08),
    ) -> NDArray[np.int64]:
        """Indices (B, count): shares near the body, near the hair that each identity wears, at the neck, in the
        ends of hair and deep inside; the rest anywhere.

        ``style`` (B, 11) are the style weights.
        """
        near_body, near_hair, neck, ends, inside = (int(count * s) for s in shares)
        batch = len(style)
        rows = np.empty((batch, count), np.int64)
        rows[:, :near_body] = self._pick("body", (batch, near_body), rng)
        for b in range(batch):
            weights = np.concatenate([[0.0], np.asarray(style[b, 1:], np.float64)])
            weights = weights / weights.sum() if weights.sum() > 0 else np.full(len(STYLES), 1 / len(STYLES))
            kind = rng.choice(len(STYLES), near_hair, p=weights)
            low = np.array([self.groups.get(s, self.groups["body"])[0] for s in STYLES])[kind]
            high = np.array([self.groups.get(s, self.groups["body"])[1] for s in STYLES])[kind]
            rows[b, near_body : near_body + near_hair] = rng.integers(low, high)
        start = near_body + near_hair
        rows[:, start : start + neck] = self._pick("neck", (batch, neck), rng)
        rows[:, start + neck : start + neck + ends] = self._pick("ends", (batch, ends), rng)
        start += neck + ends
        rows[:, start : start + inside] = self._pick("inside", (batch, inside), rng)
        start += inside
        rows[:, start:] = self._pick("anywhere", (batch, count - start), rng)
        return rows

    def _pick(self, group: str, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.int64]:
        return rng.integers(*self.groups[group], size=shape)


def load_training_points(assets: AssetFolders | None = None, scale: float = 1.0) -> TrainingPoints:
    """The points of the training, from the cache when they are there (they take about three minutes to make).

    ``scale`` multiplies their number; tests use a small one.
    """
    folders = assets or find_assets()
    arrays = cached_arrays(f"{VERSION}-{scale:g}", folders, lambda: _build(folders, scale))
    get = arrays.__getitem__
    skin = SkinSites(**{f.name: get(f"skin_{f.name}") for f in fields(SkinSites)})
    hair = HairSites(**{f.name: get(f"hair_{f.name}") for f in fields(HairSites)})
    ranges = arrays["groups"].astype(int)
    names = ("body", "anywhere", "neck", "ends", "inside", *STYLES[1:])
    groups = {name: (int(a), int(b)) for name, (a, b) in zip(names, ranges, strict=True)}
    return TrainingPoints(CanonicalPoints(get("points"), get("body"), get("eye"), skin, hair), groups)


def _build(folders: AssetFolders, scale: float) -> dict[str, NDArray[Any]]:
    base, shell = load_base_mesh(folders), load_canonical_body(folders)
    body, hair = BodyDistance(shell, base), load_hair_volumes(folders)
    rng = np.random.default_rng(20)
    sets = [_near_body(body, int(1_300_000 * scale), rng), _anywhere(int(260_000 * scale), rng)]
    sets += [_neck(body, int(200_000 * scale), rng), _ends(hair, int(200_000 * scale), rng)]
    sets.append(_inside(body, int(110_000 * scale), rng))
    sets += [_near_style(hair, k, int(125_000 * scale), rng) for k in range(1, len(STYLES))]
    ends = np.cumsum([0, *(len(s) for s in sets)])
    points = np.concatenate(sets).astype(np.float32)
    parts = [describe(chunk, body, hair) for chunk in np.array_split(points, max(1, len(points) // 100_000))]
    arrays: dict[str, NDArray[Any]] = {
        "points": points,
        "body": np.concatenate([p.body for p in parts]),
        "eye": np.concatenate([p.eye for p in parts]),
        "groups": np.stack([ends[:-1], ends[1:]], -1),
    }
    for prefix, kind in (("skin", SkinSites), ("hair", HairSites)):
        for f in fields(kind):
            column = np.concatenate([getattr(getattr(p, prefix), f.name) for p in parts])
            # Positions and distances need their precision; everything else is a shade.
            exact = f.name in ("p", "styles", "lid", "mouth", "scalp")
            arrays[f"{prefix}_{f.name}"] = column.astype(np.float32 if exact else np.float16)
    return arrays


def importance(points: FloatArray) -> FloatArray:
    """How much more often surface points of face, lips and eyes are drawn than others."""
    x, y, z = (points - EYE_MIDDLE).T
    weight = 1 + 4.0 * ((np.abs(x) < 0.075) & (y > -0.13) & (y < 0.07) & (z > -0.09))
    weight += 14.0 * ((((np.abs(x) - 0.03) / 0.024) ** 2 + ((y - 0.004) / 0.020) ** 2 < 1) & (z > -0.05))
    weight += 6.0 * (((x / 0.032) ** 2 + ((y + 0.075) / 0.018) ** 2 < 1) & (z > -0.05))
    ears = (np.abs(x) > 0.06) & (np.abs(x) < 0.12) & (y > -0.07) & (y < 0.05) & (z > -0.16) & (z < -0.06)
    return (weight + 2.0 * ears).astype(np.float32)


def _near_body(body: BodyDistance, count: int, rng: np.random.Generator) -> FloatArray:
    vertices, triangles = body.body.vertices, body.triangles
    corner = vertices[triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    area = np.linalg.norm(normal, axis=1)
    normal /= np.maximum(area, 1e-12)[:, None]
    centre = corner.mean(axis=1)
    inside = (centre[:, 1] > -0.21) & (np.abs(centre[:, 0]) < 0.275)
    chance = area * inside * importance(centre)
    face = rng.choice(len(triangles), count, p=chance / chance.sum())
    r, t = np.sqrt(rng.random(count)), rng.random(count)
    bary = np.stack([1 - r, r * (1 - t), r * t], -1).astype(np.float32)
    at = np.einsum("nc,ncx->nx", bary, corner[face])
    # On the surface, near it, and further away; over the clothed chest the surface stands off the body.
    spread = rng.choice([0.0006, 0.0025, 0.010], count, p=[0.4, 0.38, 0.22])
    clothed = at[:, 1] < EYE_MIDDLE[1] - 0.15
    away = rng.normal(size=count) * spread + clothed * rng.uniform(0.0, 0.0085, count)
    return (at + normal[face] * away[:, None] + rng.normal(size=(count, 3)) * 0.0006).astype(np.float32)


def _neck(body: BodyDistance, count: int, rng: np.random.Generator) -> FloatArray:
    """Around neck and neckline: half close to the surface, half in the air that the chin shades."""
    corner = body.body.vertices[body.triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    area = np.linalg.norm(normal, axis=1)
    normal /= np.maximum(area, 1e-12)[:, None]
    centre = corner.mean(axis=1)
    inside = (centre[:, 1] > -0.14) & (centre[:, 1] < 0.075) & (np.abs(centre[:, 0]) < 0.14)
    face = rng.choice(len(corner), count, p=area * inside / (area * inside).sum())
    r, t = np.sqrt(rng.random(count)), rng.random(count)
    at = np.einsum("nc,ncx->nx", np.stack([1 - r, r * (1 - t), r * t], -1), corner[face])
    away = np.where(rng.random(count) < 0.5, rng.uniform(-0.002, 0.009, count), rng.uniform(0.0, 0.032, count))
    return (at + normal[face] * away[:, None]).astype(np.float32)


def _ends(hair: HairVolumes, count: int, rng: np.random.Generator) -> FloatArray:
    """Inside the long styles below the jaw: the cut may come anywhere there."""
    inside = np.asarray((hair.styles.astype(np.float32) < 0.002).any(axis=0), np.bool_)
    height = hair.low[1] + hair.voxel * np.arange(int(inside.shape[1]))
    below = np.asarray(height < EYE_MIDDLE[1] - 0.045, np.bool_)
    near = np.argwhere(inside & below[None, :, None])
    node = near[rng.integers(0, len(near), count)]
    return (hair.low + (node + rng.uniform(-0.5, 0.5, (count, 3))) * hair.voxel).astype(np.float32)


def _inside(body: BodyDistance, count: int, rng: np.random.Generator) -> FloatArray:
    """At least two millimetres under the skin, anywhere in the bust, four times as often in the neck."""
    found: list[FloatArray] = []
    while sum(map(len, found)) < count:
        wide = BOX_CENTRE + rng.uniform(-1, 1, (max(count, 1000), 3)) * BOX_HALF
        neck = NECK_CENTRE + rng.uniform(-1, 1, (max(count // 4, 250), 3)) * NECK_HALF
        points = np.concatenate([wide[wide[:, 1] > -0.2], neck]).astype(np.float32)
        inner = points[body(points)[0] < -0.002]
        found.append(inner[rng.permutation(len(inner))])
    return np.concatenate(found)[:count]


def _near_style(hair: HairVolumes, style: int, count: int, rng: np.random.Generator) -> FloatArray:
    near = np.argwhere(np.abs(hair.styles[style].astype(np.float32)) < 0.009)
    node = near[rng.integers(0, len(near), count)]
    return (hair.low + (node + rng.uniform(-0.5, 0.5, (count, 3))) * hair.voxel).astype(np.float32)


def _anywhere(count: int, rng: np.random.Generator) -> FloatArray:
    return (BOX_CENTRE + rng.uniform(-1, 1, (count, 3)) * BOX_HALF).astype(np.float32)
