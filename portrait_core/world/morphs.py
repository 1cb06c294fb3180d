# SPDX-License-Identifier: Apache-2.0
"""From attributes to morph-target weights and from weights to the bust's control vertices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from portrait_core.world.base_mesh import BaseMesh
from portrait_core.world.latent import DETAIL, DETAIL_DIMS, NAMES, Attributes

FloatArray = NDArray[np.float64]

_OPPOSITES = (
    ("decr", "incr"), ("down", "up"), ("in", "out"), ("backward", "forward"), ("concave", "convex"),
    ("compress", "uncompress"),
)  # fmt: skip
_UNWANTED = re.compile(
    r"(head|nose|mouth|neck|torso)-trans-(in|out)$|head-angle|torso-trans|torso-muscle-dorsi|torso-vshape|age-"
    r"|measure-(hips|waist|underbust|napetowaist|waisttohip|bust)|neck-trans|head-trans|-asym|mouth-open|jaw-drop"
    r"|lowerlip-middle|lip-ext|upperlip-height|lowerlip-height"
)
_SPREAD = {"head": 0.14, "nose": 0.18, "eyes": 0.18, "mouth": 0.13, "chin": 0.18, "cheek": 0.20, "forehead": 0.16,
           "ears": 0.20, "eyebrows": 0.26, "neck": 0.14, "torso": 0.14}  # fmt: skip
_SHAPES = (("head/head-round", "head/head-rectangular"), ("head/head-oval", "head/head-square"),
           ("head/head-triangular", "head/head-invertedtriangular"))  # fmt: skip

_NAMED_TARGETS: dict[str, tuple[tuple[str, float], ...]] = {
    "nose_width": (("nose/nose-scale-horiz-decr", 0.30), ("nose/nose-nostrils-width-decr", 0.18)),
    "nose_length": (("nose/nose-scale-vert-decr", 0.28), ("nose/nose-point-down", -0.1)),
    "nose_bridge": (("nose/nose-hump-decr", 0.3), ("nose/nose-greek-decr", 0.1)),
    "jaw_width": (("chin/chin-width-decr", 0.3), ("chin/chin-bones-decr", 0.25)),
    "chin_length": (("chin/chin-height-decr", 0.3),),
    "lip_fullness": (("mouth/mouth-upperlip-volume-decr", 0.3), ("mouth/mouth-lowerlip-volume-decr", 0.3)),
    "mouth_width": (("mouth/mouth-scale-horiz-decr", 0.3),),
    "eye_size": (("eyes/l-eye-scale-decr", 0.3),),
    "eye_spacing": (("eyes/l-eye-trans-in", 0.25),),
    "cheek_fullness": (("cheek/l-cheek-volume-decr", 0.4),),
    "ear_size": (("ears/l-ear-scale-decr", 0.35),),
}


@dataclass(frozen=True)
class DetailAxis:
    """One facial detail, named by its negative target: half the difference of two opposites, on both sides of the face.

    Half the difference makes the detail *linear* in its amount, which is what lets the shape basis hold it exactly.
    """

    name: str
    negative: tuple[int, ...]
    positive: tuple[int, ...]
    spread: float


@lru_cache(maxsize=2)
def _axes(names: tuple[str, ...]) -> tuple[DetailAxis, ...]:
    index = {name: i for i, name in enumerate(names)}
    axes: list[DetailAxis] = []
    for name in names:
        folder, _, short = name.partition("/")
        if not short or _UNWANTED.search(name) or short.startswith("r-"):
            continue
        for low, high in _OPPOSITES:
            other = name[: -len(low)] + high
            if not name.endswith("-" + low) or other not in index:
                continue
            negative, positive = [index[name]], [index[other]]
            if short.startswith("l-"):
                negative.append(index[f"{folder}/r-{short[2:]}"])
                positive.append(index[f"{folder}/r-{other.partition('/')[2][2:]}"])
            axes.append(DetailAxis(name, tuple(negative), tuple(positive), _SPREAD[folder]))
    axes += [DetailAxis(a, (index[a],), (index[b],), 0.25) for a, b in _SHAPES if a in index and b in index]
    return tuple(axes)


def detail_axes(base: BaseMesh) -> tuple[DetailAxis, ...]:
    """All detail axes that the base mesh's targets offer, in a fixed order."""
    return _axes(base.target_names)


def detail_mixing(base: BaseMesh) -> FloatArray:
    """(axes, z) matrix from the latent to the amount of every detail axis."""
    axes = detail_axes(base)
    rng = np.random.default_rng(7)
    mix = rng.normal(size=(len(axes), DETAIL_DIMS))
    mix /= np.linalg.norm(mix, axis=1, keepdims=True)
    spread = np.array([axis.spread for axis in axes])
    matrix = np.zeros((len(axes), DETAIL.stop))
    matrix[:, DETAIL] = mix * spread[:, None]
    position = {axis.name: i for i, axis in enumerate(axes)}
    for attribute, targets in _NAMED_TARGETS.items():
        for target, amount in targets:
            matrix[position[target], NAMES.index(attribute)] = amount
    return matrix


def target_weights(base: BaseMesh, a: Attributes) -> FloatArray:
    """Weights (B, T) of all morph targets for attributes of batch B."""
    count = len(a.gender)
    weights = np.zeros((count, len(base.target_names)))
    old = np.clip((a.age - 0.5) / 0.5, 0, 1)
    genders = {"male": a.gender, "female": 1 - a.gender}
    ages = {"young": 1 - old, "old": old}
    ancestries = dict(zip(("african", "asian", "caucasian"), a.ancestry.T, strict=True))
    muscles = _thirds(a.muscle, "muscle")
    masses = _thirds(a.weight, "weight")
    for gender, g in genders.items():
        for age, y in ages.items():
            for ancestry, e in ancestries.items():
                weights[:, base.index(f"{ancestry}-{gender}-{age}")] = e * g * y
            for muscle, m in muscles.items():
                for mass, k in masses.items():
                    weights[:, base.index(f"universal-{gender}-{age}-{muscle}-{mass}")] = g * y * m * k
    weights[:, base.index("head/head-age-decr")] = np.clip(0.5 - a.age, 0, 1) * 3
    weights[:, base.index("mouth/mouth-angles-up")] += 0.30
    weights[:, base.index("neck/neck-scale-vert-decr")] += 0.35
    amounts = a.z @ detail_mixing(base).T
    for column, axis in enumerate(detail_axes(base)):
        for target in axis.positive:
            weights[:, target] += amounts[:, column] / 2
        for target in axis.negative:
            weights[:, target] -= amounts[:, column] / 2
    return weights


def _thirds(value: FloatArray, what: str) -> dict[str, FloatArray]:
    """Split an amount in [0, 1] over the min, average and max targets; smooth in the middle so it can be learnt."""
    x = 2 * value - 1
    soft = np.sqrt(x * x + 0.01) - 0.1
    low, high = (soft - x) / 2, (soft + x) / 2
    return {f"min{what}": low, f"max{what}": high, f"average{what}": 1 - low - high}


def control_vertices(base: BaseMesh, weights: FloatArray) -> FloatArray:
    """Control vertices (B, U, 3) in metres, the identity's own neck joint at the origin."""
    moved = base.rest + np.tensordot(weights, base.targets.astype(np.float64), 1)
    origin = moved[:, base.joints["neck"]].mean(axis=1, keepdims=True)
    return moved - origin
