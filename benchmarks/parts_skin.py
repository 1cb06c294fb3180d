# SPDX-License-Identifier: Apache-2.0
"""How true the colour of bare skin is: ``python -m benchmarks.parts_skin --model FILE [--seeds N]``.

Peak signal-to-noise ratios (decibels, sRGB) of held-out persons against the bare skin that the portrait world has for
the same latents: over the skin by its area, the face, and what clothing and hair hide. Needs the CC0 data.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.imaging.colour_space import linear_to_srgb
from portrait_core.models.load import load_model
from portrait_core.person import PersonOfParts
from portrait_core.recipe import Recipe
from portrait_core.training.bare_skin import SkinPoints
from portrait_core.world.appearance import Look, neckline
from portrait_core.world.assets import find_assets
from portrait_core.world.latent import Z_DIM, attributes

POINTS = 40_000


def decibels(error: NDArray[np.floating]) -> float:
    """Of errors of values from 0 to 1."""
    return float(-10 * np.log10(np.mean(np.square(error))))


def measured(person: PersonOfParts, points: SkinPoints, seed: int) -> dict[str, float]:
    """Decibels of one person: of all skin, of the face, of what clothing hides, and the mean differences in sRGB."""
    a = attributes(np.random.RandomState(seed).randn(1, Z_DIM))
    every = np.arange(len(points.points))[None]
    truth = points.truth(every, a)[0]
    linear, _ = person.skin_materials(points.points, np.zeros((len(points.points), 2), np.float32))
    error = linear_to_srgb(linear) - truth
    p = points.sites.p
    face = (np.abs(p[:, 0]) < 0.075) & (p[:, 1] > -0.13) & (p[:, 1] < 0.07) & (p[:, 2] > -0.09)
    dressed = neckline(p[None], Look(a))[0] < 0
    scalp = points.sites.scalp < 0
    rooms = {"skin": np.ones(len(p), bool), "face": face, "dressed": dressed, "scalp": scalp}
    return {name: decibels(error[rows]) for name, rows in rooms.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--first", type=int, default=5000)
    parser.add_argument("--seeds", type=int, default=64)
    given = parser.parse_args()
    model = load_model(given.model, "cpu")
    rows: list[dict[str, float]] = []
    points: SkinPoints | None = None
    for seed in range(given.first, given.first + given.seeds):
        person = cast(PersonOfParts, model.person(Recipe(seed=seed)))
        points = points or SkinPoints(person.parts_template, POINTS, find_assets(), 1, face_share=0.0)
        rows.append(measured(person, points, seed))
        print(json.dumps({"seed": seed, **{name: round(value, 2) for name, value in rows[-1].items()}}), flush=True)
    print(json.dumps(summary(rows)))


def summary(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Means over persons, and the worst."""
    return {
        "persons": len(rows),
        "mean": {name: round(float(np.mean([row[name] for row in rows])), 2) for name in rows[0]},
        "worst": {name: round(float(np.min([row[name] for row in rows])), 2) for name in rows[0]},
    }


if __name__ == "__main__":
    main()
