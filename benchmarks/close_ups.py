# SPDX-License-Identifier: Apache-2.0
"""Avatars of parts and whole busts of the same persons, close to their eyes, mouth, ear, neckline and ends of hair.

    python -m benchmarks.close_ups OUT.jpg [--model starter] [--seeds 1,2,5,9] [--size 256]

A column is what is looked at; of each person the upper row are parts, the lower one the shell, in the same light.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Avatar
from portrait_core.imaging.images import encode_jpeg
from portrait_core.models.load import load_model
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.rendering.layered import avatar_scene

SEEDS = (1, 2, 5, 9)
DISTANCE = 1.2

Places = dict[str, NDArray[np.float32]]
"""Vertices (V, 3) of each part."""


def part_places(avatar: Avatar) -> Places:
    """Those of an avatar of parts."""
    level, begin, result = avatar.main, 0, Places()
    for section in level.sections:
        faces = level.faces[begin : begin + section.count]
        result[section.part] = level.vertices[np.unique(faces)]
        begin += section.count
    return result


def _eyes(places: Places) -> NDArray[np.float64]:
    return np.mean([places[f"eye_{side}"].mean(axis=0) for side in ("left", "right")], axis=0)


def _ear(places: Places) -> NDArray[np.float64]:
    """The outermost skin at the height between eyes and mouth, of the person's left."""
    level = (_eyes(places)[1] + _mouth(places)[1]) / 2
    near = places["skin"][np.abs(places["skin"][:, 1] - level) < 0.03]
    near = near[near[:, 2] < _eyes(places)[2] - 0.03]
    return near[near[:, 0].argmax()].astype(np.float64)


def _mouth(places: Places) -> NDArray[np.float64]:
    return places["teeth"].mean(axis=0) + np.array([0, 0, 0.02])


def _neckline(places: Places) -> NDArray[np.float64]:
    chin = _mouth(places)[1] - 0.13
    # Under a high collar there is no skin at that height.
    seen = np.concatenate([places[part] for part in ("skin", "garment") if part in places])
    front = seen[np.abs(seen[:, 1] - chin) < 0.01]
    return np.array([0, chin - 0.02, front[:, 2].max()])


def _ends(places: Places) -> NDArray[np.float64]:
    """The lowest hair of the left side, or of the head where it is short."""
    if "hair" not in places:
        return _ear(places)
    hair = places["hair"][places["hair"][:, 0] > 0.02]
    low = hair[hair[:, 1] < np.quantile(hair[:, 1], 0.05)].mean(axis=0)
    return low + np.array([0, 0.03, 0])


# What is looked at, from which yaw (radians), how many metres across.
VIEWS: dict[str, tuple[Callable[[Places], NDArray[np.float64]], float, float]] = {
    "eyes": (_eyes, 0.2, 0.13),
    "mouth": (_mouth, 0.35, 0.09),
    "ear": (_ear, 1.25, 0.13),
    "neckline": (_neckline, 0.3, 0.24),
    "hair ends": (_ends, 1.1, 0.22),
}


def camera(target: NDArray[np.float64], yaw: float, across: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """OpenCV ``cam2world`` (4, 4) and ``intrinsics`` (3, 3), in picture sides, of a look at a place."""
    ahead = -np.array([np.sin(yaw), 0.05, np.cos(yaw)])
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0, 1, 0])
    right /= np.linalg.norm(right)
    cam2world = np.eye(4, dtype=np.float32)
    cam2world[:3] = np.stack([right, np.cross(ahead, right), ahead, target - ahead * DISTANCE], axis=1)
    focal = DISTANCE / across
    return cam2world, np.array([[focal, 0, 0.5], [0, focal, 0.5], [0, 0, 1]], np.float32)


def close_ups(model: str, seeds: tuple[int, ...], size: int) -> NDArray[np.uint8]:
    """The picture (H, W, 3)."""
    loaded = load_model(model, "cpu")
    rows: list[NDArray[np.uint8]] = []
    for seed in seeds:
        made = [
            make_avatar(Recipe.model_validate({"seed": seed, "topology": topology, "texture_size": 2048}), loaded)
            for topology in ("parts", "shell")
        ]
        places = part_places(made[0])
        looks = [camera(find(places), yaw, across) for find, yaw, across in VIEWS.values()]
        for scene in map(avatar_scene, made):
            rows.append(np.concatenate([scene.render(*look, size, supersampling=3).image for look in looks], axis=1))
    return np.concatenate(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--size", type=int, default=256)
    words = parser.parse_args()
    picture = close_ups(words.model, tuple(map(int, words.seeds.split(","))), words.size)
    words.out.write_bytes(encode_jpeg(picture))


if __name__ == "__main__":
    main()
