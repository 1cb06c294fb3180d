# SPDX-License-Identifier: Apache-2.0
"""What MediaPipe's detectors say, in boxes and points: they look at the whole picture in a square, and answer for each
cell of a few grids.

Sources: Liu et al., "SSD: Single Shot MultiBox Detector" (2016); Bazarevsky et al., "BlazeFace" (2019) and "BlazePose"
(2020); the published constants of MediaPipe's graphs: values of -1 to 1; boxes and points relative to the middle of a
cell, in the network's pixels; overlapping finds are blended by their scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from portrait_core.photo.crop import FloatArray, Picture, Square, around, cut
from portrait_core.photo.networks.published import NetworkName
from portrait_core.photo.networks.store import load_network

OVERLAP = 0.3
"""Share of their union that two boxes have in common from which on they are one thing."""


@dataclass(frozen=True)
class Found:
    """Something found: ``score`` of 0 to 1, its box's ``middle`` (2,) and ``size`` (2,), and ``points`` (N, 2), all in
    pixels."""

    score: float
    middle: FloatArray
    size: FloatArray
    points: FloatArray


@dataclass(frozen=True)
class BoxDetector:
    """A network, its ``grids`` (cells a side, answers a cell) and how many ``points`` each answer has."""

    network: NetworkName
    grids: tuple[tuple[int, int], ...]
    points: int

    @cached_property
    def anchors(self) -> FloatArray:
        """(A, 2): the middles of the cells that the answers are relative to, x and y of 0 to 1."""
        found: list[FloatArray] = []
        for cells, count in self.grids:
            steps = (np.arange(cells) + 0.5) / cells
            x, y = np.meshgrid(steps, steps)
            found.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), count, axis=0))
        return np.concatenate(found)

    def find(self, picture: Picture, score: float) -> list[Found]:
        """What is in a picture with at least ``score``, the surest first.

        Raises :class:`portrait_core.errors.ModelFileError` where the network is not set up.
        """
        return self.look(picture).above(score)

    def look(self, picture: Picture) -> Answers:
        """All that the network answers to a picture; raises like :meth:`find`."""
        network = load_network(self.network)
        size = network.input_shape[0]
        square = around(picture)
        boxes, scores = network.read(cut(picture, square, size, beyond="black") / 127.5 - 1.0)
        sure = 1.0 / (1.0 + np.exp(-np.clip(scores[:, 0].astype(np.float64), -100.0, 100.0)))
        # Of each: middle and size of its box, then its points, as shares of the network's picture.
        places = boxes.astype(np.float64).reshape(-1, 2 + self.points, 2) / size
        places[:, [0, *range(2, 2 + self.points)]] += self.anchors[:, None]
        return Answers(places, sure, square)


@dataclass(frozen=True)
class Answers:
    """Of every anchor its ``places`` (A, P, 2), box and points as shares of a ``square``, and its ``scores`` (A,)."""

    places: FloatArray
    scores: NDArray[np.float64]
    square: Square

    def above(self, score: float) -> list[Found]:
        """What has at least ``score``, the surest first."""
        kept = np.flatnonzero(self.scores >= score)
        found: list[Found] = []
        for share, blended in blend(self.places[kept], self.scores[kept]):
            moved = self.square.to_picture(blended)
            found.append(Found(share, moved[0], blended[1] * self.square.side, moved[2:]))
        return found


def blend(places: FloatArray, scores: NDArray[np.float64]) -> list[tuple[float, FloatArray]]:
    """Finds that overlap the surest of them, blended by their scores: its score and the places (P, 2) of each group.

    ``places`` (N, P, 2): the middle and the size of a box, then points.
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
