# SPDX-License-Identifier: Apache-2.0
"""The tolerance path: on another processor numbers differ in their last digits, and what is cut at them by much more.

What is held of a golden file is small: its surface as places and colours, and its pictures made small.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scipy.spatial
from numpy.typing import NDArray
from PIL import Image

from tests.golden.digests import Glb, key_paths, without_places

STEP = 2e-5
"""Metres of one unit of the places that are held."""

SAMPLES = 3000
NEAR = 0.002
"""Metres: the distance of held places to the nearest of the made file's points, which lie as densely as triangles."""


def held(glb: Glb) -> dict[str, NDArray[Any]]:
    """What is held of a file."""
    places, colours, normals = _points(glb)
    counts = [
        [len(glb.array(each["attributes"]["POSITION"])), glb.array(each["indices"]).size] for each in glb.primitives()
    ]
    return {
        "places": np.rint(places / STEP).astype(np.int16),
        "normals": np.rint(normals * 100).astype(np.int8),
        "colours": colours,
        "counts": np.array(counts, np.int32),
        "images": np.array([glb.pixels(n).shape[:2] for n in range(len(glb.json.get("images", [])))], np.int32),
        "paths": np.array(sorted(key_paths(without_places(glb.json)))),
    }


def held_picture(path: Path) -> NDArray[np.float32]:
    """A picture, small."""
    with Image.open(path) as image:
        full = np.asarray(image).astype(np.float32)
    side = 8
    rows = full.reshape(full.shape[0] // side, side, full.shape[1] // side, side, -1)
    return rows.mean(axis=(1, 3)).astype(np.float32)


def assert_like(glb: Glb, kept: dict[str, NDArray[Any]]) -> None:
    """The file is as the held one, within what another processor changes."""
    made = held(glb)
    assert made["paths"].tolist() == kept["paths"].tolist(), "the JSON has other keys"
    assert made["images"].tolist() == kept["images"].tolist(), "the images have other sizes"
    assert made["counts"].shape == kept["counts"].shape
    assert np.allclose(made["counts"], kept["counts"], rtol=0.03), (made["counts"], kept["counts"])
    everywhere, colours, normals = _points(glb, None)
    found, nearest = scipy.spatial.cKDTree(everywhere).query(kept["places"] * STEP, k=4)
    assert np.quantile(found[:, 0], 0.5) < NEAR and np.quantile(found[:, 0], 0.98) < 4 * NEAR, np.quantile(
        found[:, 0], [0.5, 0.98]
    )
    difference = np.abs(colours[nearest[:, 0]].astype(float) - kept["colours"])
    assert np.median(difference) < 4 and difference.mean() < 8, (np.median(difference), difference.mean())
    agree = np.einsum("nk,nk->n", normals[nearest[:, 0]], kept["normals"] / 100.0)
    assert np.quantile(agree, 0.1) > 0.8, np.quantile(agree, 0.1)


def assert_picture_like(path: Path, kept: NDArray[np.float32]) -> None:
    """The picture is as the held one, within what another processor changes."""
    made = held_picture(path)
    assert made.shape == kept.shape
    known = (made < 60_000) & (kept < 60_000) if kept.max() > 255 else np.ones(kept.shape, bool)
    scale = max(float(kept[known].max()), 1.0)
    error = np.abs(made - kept)[known] / scale
    assert error.mean() < 0.02 and np.quantile(error, 0.95) < 0.08, (error.mean(), np.quantile(error, 0.95))


def _points(glb: Glb, count: int | None = SAMPLES) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Vertices of the finest level: places (N, 3), their base colours (N, 3), normals (N, 3); ``count`` of them."""
    first = glb.primitives()[0]
    names = first["attributes"]
    places, normals = glb.array(names["POSITION"]), glb.array(names["NORMAL"])
    uvs = glb.array(names["TEXCOORD_0"])
    material = glb.json["materials"][first["material"]]["pbrMetallicRoughness"]
    image = glb.pixels(glb.json["textures"][material["baseColorTexture"]["index"]]["source"])[:, :, :3]
    size = image.shape[0]
    column, row = (np.clip((uvs * size).astype(int), 0, size - 1)).T
    colours = image[row, column]
    if count is None or len(places) <= count:
        return places, colours, normals
    chosen = np.linspace(0, len(places) - 1, count).astype(int)
    return places[chosen], colours[chosen], normals[chosen]
