# SPDX-License-Identifier: Apache-2.0
"""How good an avatar is, measured on the finished asset, without a network and without a second model.

Six measures, each turned into a score from 0 (certainly bad) to 1 (nothing to see); the avatar's score is the least of
them, and each that is below one half is a reason to reject it:

- ``floaters``: pieces apart from the bust, in the mesh or dropped while it was cleaned.
- ``hole``: open edges of a mesh that was to be closed, and tunnels through it.
- ``fused hair and shoulder``: how far around the neck nothing is narrower between head and shoulders.
- ``empty face``: no frontal face, one without relief, or one without contrast (eyes, brows and lips have it).
- ``texture blur``: how little of the face's colours changes from texel to texel, at 512 texels whatever the map's size.
- ``ragged border``: how far the neckline, which is a border of colours, leaves its own smoothed course
  (:mod:`portrait_core.batch.neckline`).

Avatars of parts have measures of their own: :mod:`portrait_core.batch.part_quality`.

The limits were read from the starter's seeds 0 to 39 and from damaged copies of them (docs/batch.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.avatar import Avatar, Level
from portrait_core.batch import neckline, part_quality
from portrait_core.geometry.components import component_labels

LIMITS: dict[str, tuple[float, float]] = {
    "floating_share": (0.0, 0.004),
    "shells_dropped": (12.0, 60.0),
    "open_edges": (0.0, 24.0),
    "genus": (8.0, 24.0),
    "fused_share": (0.35, 0.85),
    "relief_mm": (10.0, 4.0),
    "contrast": (0.03, 0.01),
    "sharpness": (0.0024, 0.0006),
    "neckline_mm": (0.14, 0.26),
}
"""Of each measure, the value that scores 1 and the one that scores 0; between them the score goes straight."""

REASONS = {
    "floating_share": "floaters",
    "shells_dropped": "floaters",
    "open_edges": "hole",
    "genus": "hole",
    "fused_share": "fused hair and shoulder",
    "relief_mm": "empty face",
    "contrast": "empty face",
    "sharpness": "texture blur",
    "neckline_mm": "ragged border",
}
BLUR_SIZE = 512
LOWEST, HIGHEST = -0.35, 0.75
"""Mouth and brows over the head joint, in lengths of the bone from neck to head."""

CHEEKS = (12.0, 25.0)
"""Degrees to the sides where the face stands back from nose and lips; farther out may be hair, as that of a bob."""

AZIMUTHS, HEIGHTS = 48, 10
NARROWER = 0.92
"""The neck is narrower than the head where its radius is below this share of the head's."""


@dataclass(frozen=True)
class Quality:
    """``score`` from 0 to 1, ``reasons`` to reject, and the measures they come from."""

    score: float
    reasons: tuple[str, ...]
    measures: dict[str, float]

    def facts(self) -> dict[str, Any]:
        """Plain JSON data for a manifest."""
        return {"score": self.score, "reasons": list(self.reasons), **self.measures}


def measure(avatar: Avatar) -> Quality:
    """The quality of ``avatar``; the same avatar gives the same numbers."""
    measures = _measures(avatar) if not avatar.main.sections else _measures_of_parts(avatar)
    scores = {name: _score(name, value) for name, value in measures.items()}
    every = REASONS | part_quality.REASONS
    reasons = dict.fromkeys(every[name] for name, score in scores.items() if score < 0.5)
    rounded = {name: round(value, 5) for name, value in measures.items()}
    return Quality(round(min(scores.values()), 4), tuple(reasons), rounded)


def _score(name: str, value: float) -> float:
    good, bad = (LIMITS | part_quality.LIMITS)[name]
    if not np.isfinite(value):
        return 0.0
    return float(np.clip((bad - value) / (bad - good), 0.0, 1.0))


def _measures(avatar: Avatar) -> dict[str, float]:
    level = avatar.main
    surface: dict[str, Any] = dict(avatar.report.get("surface", {}))
    closed = bool(avatar.recipe.get("closed", True))
    head, neck = (np.asarray(avatar.joints[avatar.joint_names.index(name)], np.float64) for name in ("head", "neck"))
    welded, faces = _welded(level)
    relief, contrast, sharpness = _face(level, head, neck)
    ragged = neckline.raggedness(level, neck)
    return {
        "floating_share": _floating(welded, faces),
        "shells_dropped": float(surface.get("shells_dropped", 0)),
        "open_edges": float(_open_edges(faces)) if closed else 0.0,
        "genus": float(surface.get("genus", 0)),
        "fused_share": fused_share(level.vertices, head, neck),
        "relief_mm": relief,
        "contrast": contrast,
        "sharpness": sharpness,
        **({} if ragged is None else {"neckline_mm": 1000 * ragged}),
    }


def _measures_of_parts(avatar: Avatar) -> dict[str, float]:
    """Those of parts, and the relief of the face; how pieces lie and how maps are made is the same for everybody."""
    found = part_quality.measures(avatar)
    skin = dict(avatar.main.pieces()).get("skin")
    if skin is not None:
        head, neck = (
            np.asarray(avatar.joints[avatar.joint_names.index(name)], np.float64) for name in ("head", "neck")
        )
        found["relief_mm"] = _face(skin, head, neck)[0]
    return found


def _welded(level: Level) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Vertices that the atlas cut apart are one again."""
    # Rows as one number each: sorting rows themselves takes ten times as long.
    rows = np.ascontiguousarray(level.vertices).view(np.dtype((np.void, 12))).ravel()
    _, first, numbers = np.unique(rows, return_index=True, return_inverse=True)
    return level.vertices[first], numbers[level.faces]


def _floating(vertices: NDArray[np.float32], faces: NDArray[np.int64]) -> float:
    labels = component_labels(len(vertices), faces[:, :2].ravel(), faces[:, 1:].ravel())
    counts = np.bincount(labels[faces[:, 0]])
    return 1.0 - float(counts.max()) / len(faces)


def _open_edges(faces: NDArray[np.int64]) -> int:
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    _, counts = np.unique(edges[:, 0] * (int(faces.max()) + 1) + edges[:, 1], return_counts=True)
    return int((counts == 1).sum())


def fused_share(vertices: NDArray[np.float32], head: NDArray[np.float64], neck: NDArray[np.float64]) -> float:
    """The share of directions, sides and back, in which nothing between head and shoulders is narrower than the head.

    Around the line from neck to head: the head's radius is the largest above the head joint, the neck's the least
    between the joints; both are of the outermost vertices.
    """
    bone = head - neck
    up = bone / (np.linalg.norm(bone) or 1.0)
    length = float(np.linalg.norm(bone))
    away = vertices.astype(np.float64) - neck
    height = away @ up / length
    flat = away - np.outer(away @ up, up)
    radius = np.linalg.norm(flat, axis=1)
    azimuth = np.arctan2(flat[:, 0], flat[:, 2])
    column = ((azimuth + np.pi) / (2 * np.pi) * AZIMUTHS).astype(int) % AZIMUTHS
    centres = (np.arange(AZIMUTHS) + 0.5) / AZIMUTHS * 2 * np.pi - np.pi
    looked = np.abs(centres) > np.deg2rad(60)

    skull = np.full(AZIMUTHS, np.nan)
    above = (height > 1.2) & (height < 3.0)
    np.fmax.at(skull, column[above], radius[above])
    row = np.floor((height + 0.2) / 1.2 * HEIGHTS).astype(int)
    between = (row >= 0) & (row < HEIGHTS)
    rings = np.full((HEIGHTS, AZIMUTHS), np.nan)
    np.fmax.at(rings, (row[between], column[between]), radius[between])
    with np.errstate(all="ignore"):
        narrow = np.fmin.reduce(rings, axis=0)
        known = looked & np.isfinite(narrow) & np.isfinite(skull)
        fused = known & (narrow >= NARROWER * skull)
    return float(fused.sum() / max(1, known.sum()))


def _face(level: Level, head: NDArray[np.float64], neck: NDArray[np.float64]) -> tuple[float, float, float]:
    """Relief (mm), contrast and sharpness of the frontal face: the vertices before the head joint, from mouth to brows.

    Zeros where there is none.
    """
    away = level.vertices.astype(np.float64) - head
    bone = float(np.linalg.norm(head - neck)) or 1.0
    azimuth = np.abs(np.arctan2(away[:, 0], away[:, 2]))
    frontal = (azimuth < np.deg2rad(50)) & (away[:, 1] > LOWEST * bone) & (away[:, 1] < HIGHEST * bone)
    if int(frontal.sum()) < 20:
        return 0.0, 0.0, 0.0
    away, azimuth = away[frontal], azimuth[frontal]
    distance = np.hypot(away[:, 0], away[:, 2])
    middle, cheeks = azimuth < np.deg2rad(10), (azimuth > np.deg2rad(CHEEKS[0])) & (azimuth < np.deg2rad(CHEEKS[1]))
    relief = 0.0
    if middle.any() and cheeks.any():
        relief = 1000.0 * float(distance[middle].max() - np.median(distance[cheeks]))
    grey = _grey(level.maps.base_colour)
    size = len(grey)
    uv = level.uvs[frontal]
    x = np.clip((uv[:, 0] * size).astype(int), 1, size - 2)
    y = np.clip(((1.0 - uv[:, 1]) * size).astype(int), 1, size - 2)
    around = 0.25 * (grey[y - 1, x] + grey[y + 1, x] + grey[y, x - 1] + grey[y, x + 1])
    return relief, float(grey[y, x].std()), float(np.abs(grey[y, x] - around).mean())


def _grey(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Brightness (sRGB, 0 to 1) with at most :data:`BLUR_SIZE` texels along an edge."""
    picture = Image.fromarray(image).convert("L")
    step = max(1, picture.width // BLUR_SIZE)
    return np.asarray(picture.reduce(step) if step > 1 else picture, np.float32) / np.float32(255)
