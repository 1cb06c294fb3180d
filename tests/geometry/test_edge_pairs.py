# SPDX-License-Identifier: Apache-2.0
"""Edges and their half-edges against a dictionary that is filled face by face."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from numpy.typing import NDArray

from portrait_core.geometry.edge_pairs import Edges, face_pairs
from portrait_core.geometry.surface import Surface, inspect_surface
from portrait_core.shape.regions import adjacent_faces


def by_hand(faces: NDArray[np.int32]) -> dict[tuple[int, int], list[tuple[int, bool]]]:
    """Each edge's half-edges in order, and whether they run up."""
    found: dict[tuple[int, int], list[tuple[int, bool]]] = defaultdict(list)
    for number, face in enumerate(faces.tolist()):
        for corner in range(3):
            start, end = face[corner], face[(corner + 1) % 3]
            found[min(start, end), max(start, end)].append((3 * number + corner, start < end))
    return dict(sorted(found.items()))


def tangle(seed: int) -> NDArray[np.int32]:
    """Faces with borders, crowded and twisted edges, leaves and faces without area."""
    return np.random.default_rng(seed).integers(0, 9, (40, 3)).astype(np.int32)


GRID = np.array([[a, a + 1, a + 7] for a in range(30)] + [[a + 1, a + 8, a + 7] for a in range(30)], np.int32)


@pytest.mark.parametrize("faces", [GRID, *(tangle(seed) for seed in range(6)), np.zeros((0, 3), np.int32)])
def test_edges_are_those_that_a_dictionary_finds(faces: NDArray[np.int32]) -> None:
    edges, truth = Edges.of(faces), by_hand(faces)
    up = edges.upwards()
    assert [
        list(zip(edges.half[a : a + n].tolist(), up[a : a + n].tolist(), strict=True))
        for a, n in zip(edges.first, edges.size, strict=True)
    ] == list(truth.values())

    pairs = face_pairs(faces)
    proper = [
        (halves[0][0], halves[1][0])
        for (low, high), halves in truth.items()
        if len(halves) == 2 and (halves[0][1] != halves[1][1] or low == high)
    ]
    assert list(zip(pairs.one.tolist(), pairs.two.tolist(), strict=True)) == proper

    opposite = edges.opposite()
    expected = [
        (max(h for h, way in halves if not way), min(h for h, way in halves if way))
        for halves in truth.values()
        if len({way for _, way in halves}) == 2
    ]
    assert list(zip(opposite.one.tolist(), opposite.two.tolist(), strict=True)) == expected

    start, end = adjacent_faces(faces)
    beside = [(a // 3, b // 3) for halves in truth.values() for (a, _), (b, _) in itertools.pairwise(halves)]
    assert list(zip(start.tolist(), end.tolist(), strict=True)) == beside


@pytest.mark.parametrize("faces", [GRID, *(tangle(seed) for seed in range(6))])
def test_counts_of_faults_are_those_of_the_dictionary(faces: NDArray[np.int32]) -> None:
    truth = by_hand(faces)
    places = np.random.default_rng(0).normal(size=(int(faces.max()) + 1, 3)).astype(np.float32)
    report = inspect_surface(Surface(places, faces))
    assert report.open_edges == sum(len(halves) == 1 for halves in truth.values())
    assert report.crowded_edges == sum(len(halves) > 2 for halves in truth.values())
    assert report.twisted_edges == sum(len(h) == 2 and h[0][1] == h[1][1] for h in truth.values())
