# SPDX-License-Identifier: Apache-2.0
"""Where faces are in a picture: BlazeFace, the detector of MediaPipe for faces that are near.

Sources: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019), and the published
constants of MediaPipe's graph: 128 pixels of -1 to 1; anchors two a cell on a grid of 16, six on one of 8; boxes and
points relative to an anchor in the network's pixels; overlapping finds are blended by their scores.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.photo.crop import FloatArray, Picture, around, cut
from portrait_core.photo.networks.store import load_network

SCORE = 0.5
"""What a find must have at least, of 0 to 1."""
OVERLAP = 0.3
"""Share of their union that two boxes have in common from which on they are one face."""
GRIDS = ((16, 2), (8, 6))
"""Cells a side, and anchors in each of them."""


@dataclass(frozen=True)
class FoundFace:
    """A face: ``score`` of 0 to 1, its box's ``middle`` (2,) and ``size`` (2,), and ``points`` (6, 2), all in pixels.

    The points are the person's right and left eye, the tip of the nose, the mouth, the right and the left ear.
    """

    score: float
    middle: FloatArray
    size: FloatArray
    points: FloatArray


def find_faces(picture: Picture, *, score: float = SCORE) -> list[FoundFace]:
    """The faces in a picture, the surest first. It fires on hair and patterns too: what it finds is to be looked at
    by a network of landmarks, which has a score of its own.

    Raises :class:`portrait_core.errors.ModelFileError` where the network is not set up.
    """
    network = load_network("face_detector")
    size = network.input_shape[0]
    square = around(picture)
    boxes, scores = network.read(cut(picture, square, size, beyond="black") / 127.5 - 1.0)
    sure = 1.0 / (1.0 + np.exp(-np.clip(scores[:, 0].astype(np.float64), -100.0, 100.0)))
    kept = np.flatnonzero(sure >= score)
    # Of each: middle and size of its box, then six points, as shares of the network's picture.
    places = boxes[kept].astype(np.float64).reshape(-1, 8, 2) / size
    places[:, [0, *range(2, 8)]] += anchors()[kept][:, None]
    faces: list[FoundFace] = []
    for share, blended in blend(places, sure[kept]):
        moved = square.to_picture(blended)
        faces.append(FoundFace(share, moved[0], blended[1] * square.side, moved[2:]))
    return faces


def anchors() -> FloatArray:
    """(896, 2): the middles of the cells that the network's finds are relative to, x and y of 0 to 1."""
    found: list[FloatArray] = []
    for cells, count in GRIDS:
        steps = (np.arange(cells) + 0.5) / cells
        x, y = np.meshgrid(steps, steps)
        found.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), count, axis=0))
    return np.concatenate(found)


def blend(places: FloatArray, scores: NDArray[np.float64]) -> list[tuple[float, FloatArray]]:
    """Finds that overlap the surest of them, blended by their scores: its score and the places (8, 2) of each group.

    ``places`` (N, 8, 2): the middle and the size of a box, then points.
    """
    groups: list[tuple[float, FloatArray]] = []
    left = np.argsort(-scores, kind="stable")
    while len(left):
        same = overlap(places[left[0], :2], places[left, :2]) > OVERLAP
        same[0] = True
        group = left[same]
        groups.append((float(scores[left[0]]), np.average(places[group], axis=0, weights=scores[group])))
        left = left[~same]
    return groups


def overlap(one: FloatArray, boxes: FloatArray) -> FloatArray:
    """(N,) shares of their union that a box (2, 2) and ``boxes`` (N, 2, 2) have in common; middle, then size."""
    low = np.maximum(one[0] - one[1] / 2, boxes[:, 0] - boxes[:, 1] / 2)
    high = np.minimum(one[0] + one[1] / 2, boxes[:, 0] + boxes[:, 1] / 2)
    common = np.clip(high - low, 0.0, None).prod(axis=1)
    return common / np.maximum(one[1].prod() + boxes[:, 1].prod(axis=1) - common, 1e-12)
