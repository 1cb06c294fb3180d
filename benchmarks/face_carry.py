# SPDX-License-Identifier: Apache-2.0
"""How shapes are best carried to a person: as they are, or by the person's own scale.

    python -m benchmarks.face_carry [--model FILE] [--seeds 16]

A shape is carried well when it stretches the person's face as it stretches the mean face. So for every edge of the
skin that a shape moves, the share by which it grows is compared with that on the mean person; what is told is the root
mean square of the difference, in per cent of length. Besides, in millimetres, what is left of the opening of a blinked
eye at its worst place, and how far lips come to lie from where the jaw's turn about the person's own hinge takes them.
*Scaled* are displacements multiplied, along each axis, by the extent of what the shape moves on the person by that on
the mean person.
"""

from __future__ import annotations

import argparse
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from benchmarks.shape_sheets import FACES
from portrait_core.face.closing import Closing, closing_of, lid_edges
from portrait_core.face.common import common
from portrait_core.face.sources import SKIN
from portrait_core.models.load import load_model
from portrait_core.parts.character import Figure
from portrait_core.parts.eyes import SIDES
from portrait_core.person import PersonOfParts
from portrait_core.recipe import Recipe

SHOWN = (
    "browDownLeft", "browInnerUp", "cheekPuff", "eyeBlinkLeft", "eyeSquintLeft", "eyeWideLeft", "mouthFrownLeft",
    "mouthFunnel", "mouthPucker", "mouthSmileLeft", "mouthStretchLeft", "noseSneerLeft",
)  # fmt: skip
MUCH = 0.25
"""Share of a shape's largest displacement from which on a vertex counts for the extent of what it moves."""

Array = NDArray[np.float64]


def edges_of(figure: Figure) -> NDArray[np.int64]:
    """(E, 2) of the skin's finest level."""
    quads = figure.template.skin.fine.quads
    ends = np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2)
    return np.unique(np.sort(ends, axis=1), axis=0).astype(np.int64)


def growth(places: Array, moves: Array, edges: NDArray[np.int64]) -> Array:
    """(E,) the share by which edges grow with displacements (V, 3)."""
    before, after = (np.linalg.norm(p[edges[:, 0]] - p[edges[:, 1]], axis=1) for p in (places, places + moves))
    return after / np.maximum(before, 1e-6) - 1


def scaled(moves: Array, places: Array, mean: Array) -> Array:
    """(V, 3) displacements by the person's own scale where they move much."""
    length = np.linalg.norm(moves, axis=1)
    rows = length > MUCH * length.max()
    return moves * (np.ptp(places[rows], axis=0) / np.ptp(mean[rows], axis=0))


def dense(figure: Figure, name: str) -> Array:
    rows, moves = common(figure.template).moved(SKIN)[name]
    result = np.zeros_like(figure.skin)
    result[rows] = moves
    return result


def opening_left(figure: Figure, moves: Array, side: str, closing: Closing | None) -> float:
    """Millimetres along the ball between the edges of blinked lids, at the worst place; below zero they overlap."""
    eye = figure.template.eyes.eyeball(figure.body, side)
    edges = lid_edges(figure.template, side)
    share = np.ones(len(moves)) if closing is None else closing(figure.skin)
    end = figure.skin + moves * share[:, None] - eye.middle
    heights, across = np.arctan2(end[:, 1], end[:, 2]), figure.skin[:, 0]
    # Beside the corners both lids are one.
    low, high = (edge[np.argsort(across[edge])] for edge in (edges.lower, edges.upper))
    begin, last = max(across[low[0]], across[high[0]]), min(across[low[-1]], across[high[-1]])
    at = np.linspace(begin, last, 31)[5:-5]
    gap = np.interp(at, across[high], heights[high]) - np.interp(at, across[low], heights[low])
    return float(gap.max() * eye.radius * 1e3)


def lips_off(figure: Figure, mean: Figure) -> tuple[float, float]:
    """Millimetres by which ``jawOpen`` taken from the mean person, as it is and scaled, misses the turn about the
    person's own hinge at the most where the jaw takes part fully."""
    face = figure.template.face
    assert face is not None
    share = common(figure.template).jaw_share(SKIN, "jawOpen")
    own, theirs = (
        face.jaw.turned(each.skin, face.jaw.hinge(each.body.controls)) * share[:, None] for each in (figure, mean)
    )
    rows = share > 0.9
    both = theirs, scaled(theirs, figure.skin, mean.skin)
    misses = [float(np.linalg.norm(own - way, axis=1)[rows].max()) * 1e3 for way in both]
    return misses[0], misses[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter", help="a model's name or file")
    parser.add_argument("--seeds", type=int, default=16, help="persons besides the four")
    words = parser.parse_args()
    model = load_model(words.model, "cpu")

    def figure_of(fields: dict[str, Any]) -> Figure:
        person = cast(PersonOfParts, model.person(Recipe.model_validate({"topology": "parts", **fields})))
        return Figure(person.parts_template, person.look)

    mean = figure_of({"psi": 0.0})
    people = {name: figure_of(fields) for name, fields in FACES.items()}
    people |= {str(seed): figure_of({"seed": 700_000 + seed}) for seed in range(words.seeds)}
    edges = edges_of(mean)
    print("| shape | as it is, % | scaled, % |\n| --- | --- | --- |")
    sums = np.zeros(2)
    for name in SHOWN:
        moves = dense(mean, name)
        moved = (np.abs(moves).max(axis=1) > 0.0005)[edges].any(axis=1)
        truth = growth(mean.skin, moves, edges[moved])
        errors = np.zeros(2)
        for person in people.values():
            ways = moves, scaled(moves, person.skin, mean.skin)
            off = [growth(person.skin, way, edges[moved]) - truth for way in ways]
            errors += [float(np.sqrt((each**2).mean())) * 100 / len(people) for each in off]
        sums += errors / len(SHOWN)
        print(f"| {name} | {errors[0]:.2f} | {errors[1]:.2f} |", flush=True)
    print(f"| mean | {sums[0]:.2f} | {sums[1]:.2f} |")
    left: list[tuple[float, ...]] = []
    for person in people.values():
        closing = closing_of(person)
        for side in SIDES:
            shape = f"eyeBlink{side.capitalize()}"
            moves = dense(person, shape)
            ways = (moves, None), (scaled(moves, person.skin, mean.skin), None), (moves, closing[shape])
            left.append(tuple(opening_left(person, way, side, own) for way, own in ways))
    for name, column in zip(("as it is", "scaled", "by the own lids"), np.array(left).T, strict=True):
        print(f"blink, {name}: {column.min():.2f} to {column.max():.2f} mm left open")
    off = np.array([lips_off(person, mean) for person in people.values()])
    print(f"jawOpen off the own hinge's turn: as it is {off[:, 0].max():.2f}, scaled {off[:, 1].max():.2f} mm at most")


if __name__ == "__main__":
    main()
