# SPDX-License-Identifier: Apache-2.0
"""How far the border of the shirt's neckline is from the world's closed form: ``python -m benchmarks.parts_necklines
[--model NAME] [--first N] [--seeds N]``.

The border's vertices are rows over the controls, so the canonical body says where on it they and the straight edges
between them lie; the closed form gives the height over the neckline there. Necklines deeper than the deepest that the
garment has are measured against that one, and counted. Needs the CC0 data, for the canonical body.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from portrait_core.geometry.components import component_labels
from portrait_core.models.load import load_model
from portrait_core.parts.code_units import in_metres
from portrait_core.parts.garment import SHIRT, Garment
from portrait_core.parts.neckline import Neckline
from portrait_core.parts.person_look import PersonLook
from portrait_core.person import PersonOfParts
from portrait_core.recipe import Recipe
from portrait_core.training.parts_template.hem import open_edges
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


def neck_loop(garment: Garment, neckline: Neckline) -> NDArray[np.int64]:
    """The numbers, among the neckline's vertices, of those of the outer border, in order around the neck.

    What a hem adds are the last quads: as many for the rim, each beginning with its edge of the border turned round,
    and as many for the inner face.
    """
    edges = len(open_edges(garment.quads)[0])
    rim = garment.quads[-2 * edges : -edges]
    end, begin = rim[:, 0], rim[:, 1]
    label = component_labels(garment.fitting.count, begin, end)[begin]
    place = np.full(garment.fitting.count, -1)
    place[neckline.vertices] = np.arange(len(neckline.vertices))
    high = {
        each: neckline.heights[0, 0][place[begin[label == each]]].mean()
        for each in np.unique(label)
        if (place[begin[label == each]] >= 0).all()
    }
    chosen = label == max(high, key=lambda each: high[each])
    following = dict(zip(begin[chosen].tolist(), end[chosen].tolist(), strict=True))
    order = [int(begin[chosen][0])]
    while (after := following[order[-1]]) != order[0]:
        order.append(after)
    return place[order]


def border_of(neckline: Neckline, look: PersonLook, loop: NDArray[np.int64], body: NDArray[np.float64]) -> Any:
    """(B, 3) where a person's border lies on a canonical body with controls (C, 3)."""
    result = np.zeros((len(loop), 3))
    for depth, shape, share in neckline.shares(look):
        first = (depth * len(neckline.shapes) + shape) * len(neckline.vertices)
        result += share * np.asarray(neckline.rows[first + loop] @ body)
    return result


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
        border = border_of(neckline, look, neck_loop(garment, neckline), mesh.neutral[template.controls.index] - eyes)
        asked = in_metres(look, "neck_depth")
        depth = float(np.clip(asked, neckline.depths[0], neckline.depths[-1]))
        shape = float(np.clip(look.scalars["neck_shape"], neckline.shapes[0], neckline.shapes[-1]))
        held = float(asked > neckline.depths[-1] + 1e-6)
        rows.append({"seed": seed, **measured(border, depth, shape), "depth": depth, "shape": shape, "held": held})
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
