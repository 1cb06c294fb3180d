# SPDX-License-Identifier: Apache-2.0
"""How far the border of the shirt's neckline is from the world's closed form: ``python -m benchmarks.parts_necklines
[--model NAME] [--first N] [--seeds N]``.

The border's vertices are rows over the controls, mixed as a person's border slides, so the canonical body says where on
it they and the straight edges between them lie; the closed form gives the height over the neckline there. Necklines
deeper than the deepest that the garment has are measured against that one, and counted. Needs the CC0 data, for the
canonical body.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from portrait_core.models.load import load_model
from portrait_core.parts.character import prepared
from portrait_core.parts.code_units import in_metres
from portrait_core.parts.garment import SHIRT
from portrait_core.parts.neck_border import NeckBorder
from portrait_core.parts.person_look import PersonLook
from portrait_core.person import PersonOfParts
from portrait_core.recipe import Recipe
from portrait_core.training.parts_template.neck_curve import height_over_neckline
from portrait_core.training.parts_template.whole_mesh import load_whole_mesh
from portrait_core.world.assets import find_assets

FIRST = 9000
"""The first of the seeds that nothing was tuned on."""

STEP = 0.0005
"""Metres between the places of the border that are looked at."""

SLOPE = 0.0005
"""Metres over which the closed form's slope is measured."""

TOOTH = 0.006
"""Metres: what stands out of the border smoothed over this length is a tooth."""

LIMITS = {"off_mm": 1.0, "tooth_mm": 0.5}
"""How much of each a person may have."""


def border_of(border: NeckBorder, look: PersonLook, body: NDArray[np.float64]) -> NDArray[np.float64]:
    """(B, 3) where a person's border lies on a canonical body with controls (C, 3)."""
    neckline = border.neckline
    whole = np.zeros((len(neckline.vertices), 3))
    for depth, shape, share in neckline.shares(look):
        first = (depth * len(neckline.shapes) + shape) * len(neckline.vertices)
        whole += share * np.asarray(neckline.rows[first : first + len(neckline.vertices)] @ body)
    places = np.zeros((int(neckline.vertices.max()) + 1, 3))
    places[neckline.vertices] = border.slide(look).of(whole)
    return border.evened(places)[neckline.vertices[border.along[:, 0]]]


def measured(border: NDArray[np.float64], depth: float, shape: float) -> dict[str, float]:
    """How far a closed border (B, 3), relative to the eyes, is off the closed form, and its largest tooth."""
    after = np.roll(border, -1, axis=0)
    count = np.maximum(np.ceil(np.linalg.norm(after - border, axis=1) / STEP).astype(int), 1)
    shares: list[NDArray[np.float64]] = [np.arange(each) / each for each in count.tolist()]
    share = np.concatenate(shares)[:, None]
    places = np.repeat(border, count, axis=0) * (1 - share) + np.repeat(after, count, axis=0) * share
    height = height_over_neckline(places, depth, shape)
    slope = np.stack(
        [
            height_over_neckline(places + SLOPE * axis, depth, shape)
            - height_over_neckline(places - SLOPE * axis, depth, shape)
            for axis in np.eye(3)
        ],
        1,
    ) / (2 * SLOPE)
    off = height / np.maximum(np.linalg.norm(slope, axis=1), 1)
    even = ndimage.gaussian_filter1d(off, TOOTH / STEP, mode="wrap")
    return {"off_mm": float(np.abs(off).max()) * 1e3, "tooth_mm": float(np.abs(off - even).max()) * 1e3}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="starter", help="a model's name or file")
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--seeds", type=int, default=64)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "parts_necklines.json")
    given = parser.parse_args()
    model = load_model(given.model, "cpu")
    mesh = load_whole_mesh(find_assets())
    eyes = np.mean([mesh.neutral[mesh.joints[f"{side}_eye"]].mean(axis=0) for side in ("left", "right")], axis=0)
    rows: list[dict[str, float]] = []
    for seed in range(given.first, given.first + given.seeds):
        person = cast(PersonOfParts, model.person(Recipe(model=given.model, seed=seed)))
        template, look = person.parts_template, person.look
        garment = template.garments[SHIRT]
        neckline = garment.neckline
        if neckline is None:
            raise SystemExit(f"{given.model}: its {SHIRT} has no neckline of its own")
        border = prepared(template).border(garment)
        assert border is not None
        depth, shape = neckline.held(look)
        held = float(in_metres(look, "neck_depth") > neckline.depths[-1] + 1e-6)
        lies = border_of(border, look, mesh.neutral[template.controls.index] - eyes)
        rows.append({"seed": seed, **measured(lies, depth, shape), "depth": depth, "shape": shape, "held": held})
        print(json.dumps({name: round(value, 3) for name, value in rows[-1].items()}), flush=True)
    result = summary(rows)
    given.out.write_text(json.dumps({"limits": LIMITS, **result}, indent=1) + "\n")
    print(json.dumps(result))


def summary(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Medians and worst values, how many are over each limit, and how many asked for a deeper neckline."""
    return {
        "persons": len(rows),
        "held": int(sum(row["held"] for row in rows)),
        "median": {name: round(float(np.median([row[name] for row in rows])), 3) for name in LIMITS},
        "worst": {name: round(max(row[name] for row in rows), 3) for name in LIMITS},
        "failed": {name: int(sum(row[name] > limit for row in rows)) for name, limit in LIMITS.items()},
    }


if __name__ == "__main__":
    main()
