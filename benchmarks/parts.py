# SPDX-License-Identifier: Apache-2.0
"""Measures the parts of many persons of a starter: ``python -m benchmarks.parts --model FILE [--seeds N]``.

One JSON line a person, then one with the whole: how far the skin is from the world's truth, and how often each fault is
there. Needs the CC0 data, for the truth and for half-closed lids.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts_measures import crossings, folded, lid_gaps, seen_from, slit, stray_share, through
from benchmarks.parts_truth import Truth
from portrait_core.models.load import load_model
from portrait_core.parts.character import Figure, character, meshes
from portrait_core.parts.eyes import SIDES
from portrait_core.parts.part_mesh import triangles_of_quads
from portrait_core.parts.skin import REGIONS
from portrait_core.parts.template import PartsTemplate
from portrait_core.person import PersonOfParts
from portrait_core.recipe import Recipe
from portrait_core.world.assets import DECIMETRE, find_assets

CLOSING = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
"""Shares of a blink at which lids and balls are looked at."""
BLINK = "makehuman-extra-targets/faceunits01/targets/faceunits"
STEP = 0.0003
"""Metres between the lines that look for an eyeball behind its lids, and for teeth behind skin."""
STRAY = 6
"""Cells of an eyeball beside its opening that count as coming through a lid: half a square millimetre."""
DEEP = 0.0002
"""Metres of a crossing of the lips that count as one."""
VIEWS = (-0.6, 0.0, 0.6)
"""Radians to the side from which teeth and the mouth's bag are looked for."""

LIMITS = {
    "slit_mm2": 5.0, "lid_gap_mm": 0.3, "lid_poke": 0, "lip_crossings": 0, "folds": 0, "teeth_through": 0,
    "bag_through": 0,
}  # fmt: skip
"""How much of each a person may have, at level 0."""


@dataclass(frozen=True, eq=False)
class Fixed:
    """What is the same for everybody.

    ``faces`` (F, 3) of the skin's level 0 over welded vertices with the region (F,) of each, ``spokes`` lines of level
    1's vertices across the lids by side, ``blinks`` (C, 3) displacements of the controls by side.
    """

    template: PartsTemplate
    faces: NDArray[np.int32]
    regions: NDArray[np.uint8]
    spokes: dict[str, list[NDArray[np.int64]]]
    blinks: dict[str, NDArray[np.float64]]

    @classmethod
    def of(cls, template: PartsTemplate) -> Fixed:
        skin = template.skin
        faces, of_quad = triangles_of_quads(skin.quads)
        mean = skin.places(template.controls.mean.astype(np.float64))
        spokes = {side: _spokes(skin.fine.quads, np.repeat(skin.regions, 4), mean, side) for side in SIDES}
        return cls(template, faces, skin.regions[of_quad], spokes, {side: blink(template, side) for side in SIDES})

    def among(self, *names: str) -> NDArray[np.bool_]:
        """(F,) which faces are of these regions."""
        return np.isin(self.regions, [REGIONS.index(name) for name in names])


def _spokes(
    quads: NDArray[np.int64], regions: NDArray[np.uint8], places: NDArray[np.float64], side: str
) -> list[NDArray[np.int64]]:
    """For every vertex of a lid's inner border: itself and what lies one or two edges further in."""
    inside = regions == REGIONS.index("sockets")
    own = quads[inside & ((places[quads].mean(axis=1)[:, 0] > 0) == (side == "left"))]
    rim = np.intersect1d(own, quads[~inside])
    lines: list[NDArray[np.int64]] = []
    for vertex in rim:
        known = np.asarray([vertex])
        for _ in range(2):
            known = np.unique(own[np.isin(own, known).any(axis=1)])
        lines.append(known)
    return lines


def blink(template: PartsTemplate, side: str) -> NDArray[np.float64]:
    """Displacements (C, 3) of the controls that close one eye, from the CC0 face units."""
    path = find_assets().makehuman.parents[1] / BLINK / f"eyeBlink{side.capitalize()}.target"
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    index = np.asarray([int(row[0]) for row in rows])
    whole = np.zeros((max(int(template.controls.index.max()), int(index.max())) + 1, 3))
    whole[index] = np.asarray([[float(x) for x in row[1:4]] for row in rows]) * DECIMETRE
    return whole[template.controls.index]


def faults(fixed: Fixed, figure: Figure) -> dict[str, float]:
    """How much of each fault a person has; see :data:`LIMITS`."""
    skin, look, level = figure.template.skin, figure.look, len(figure.template.skin.vertices)
    places = figure.skin[:level]
    eyes = (look.landmarks["left_eye"] + look.landmarks["right_eye"]) / 2
    mouth = eyes + np.array([0.0, -0.075, 0.0])
    inner = fixed.among("mouth")
    result = {"slit_mm2": slit(places, fixed.faces, inner, mouth)}
    gaps: list[float] = []
    poke = 0
    for side in SIDES:
        ball = figure.template.eyes.eyeball(figure.body, side)
        gaps.append(float(lid_gaps(figure.skin, fixed.spokes[side], ball.middle, ball.radius).max()) * 1e3)
        closing = skin.moves(fixed.blinks[side])[:level]
        made = {mesh.name: mesh for mesh in meshes(figure, ("eyes",))}
        for share in CLOSING:
            lids = places + share * closing
            for name in ("eye", "cornea"):
                mesh = made[f"{name}_{side}"]
                seen = _in_front(lids, fixed.faces, mesh.vertices.astype(np.float64), mesh.faces, ball.middle)
                stray = stray_share(seen)[1]
                poke += int(stray > STRAY)
    lips = fixed.faces[fixed.among("lips", "mouth")]
    crossed, depth = crossings(places, lips)
    # Folds deep in the bag touch each other, where nobody sees them.
    shown = places[lips[crossed]].mean(axis=1)[:, 2] > places[lips].reshape(-1, 3)[:, 2].max() - 0.010
    result |= {"lid_gap_mm": max(gaps), "lid_poke": poke, "lip_crossings": int((shown & (depth > DEEP)).sum())}
    result["lip_depth_mm"] = float(depth[shown].max(initial=0)) * 1e3
    result["folds"] = len(folded(places, skin.quads))
    teeth = 0
    bag = 0
    outer = fixed.faces[~inner]
    for mesh in meshes(figure, ("teeth", "tongue")):
        for yaw in VIEWS:
            teeth += through(mesh.vertices.astype(np.float64), mesh.faces, places, outer, mouth, yaw, STEP)
    for yaw in VIEWS:
        bag += through(places, fixed.faces[inner], places, outer, mouth, yaw, STEP)
    slit_cells = result["slit_mm2"] / (STEP * STEP * 1e6)
    result["teeth_through"] = max(teeth - 3 * slit_cells, 0)
    result["bag_through"] = max(bag - 3 * 3 * slit_cells - STRAY, 0)
    return result


def _in_front(
    skin: NDArray[np.float64],
    faces: NDArray[np.int32],
    ball: NDArray[np.float64],
    ball_faces: NDArray[np.int32],
    middle: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Where, seen from the front, an eyeball is in front of the skin."""
    size = (0.044, 0.044)
    near = faces[(np.linalg.norm(skin[faces].mean(axis=1) - middle, axis=1) < 0.045)]
    _, lid = seen_from(skin, near, middle, size, STEP)
    met, eye = seen_from(ball, ball_faces, middle, size, STEP)
    return (met >= 0) & (eye < lid)


def seconds(template: PartsTemplate, look: Any) -> float:
    """Processor seconds for all parts of a person at level 0, once things are prepared."""
    best = np.inf
    for _ in range(3):
        begin = time.process_time()
        character(template, look)
        best = min(best, time.process_time() - begin)
    return float(best)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=64)
    parser.add_argument("--no-truth", action="store_true", help="leave the world's truth out")
    given = parser.parse_args()
    model = load_model(given.model, "cpu")
    rows: list[dict[str, float]] = []
    fixed: Fixed | None = None
    truth = None if given.no_truth else Truth()
    for seed in range(given.first, given.first + given.seeds):
        person = cast(PersonOfParts, model.person(Recipe(seed=seed)))
        template = person.parts_template
        fixed = fixed or Fixed.of(template)
        figure = Figure(template, person.look)
        row = {"seed": seed, **faults(fixed, figure), "ms": seconds(template, person.look) * 1e3}
        if truth is not None:
            row |= truth.errors(template, person.look, seed)
        rows.append(row)
        print(json.dumps({name: round(value, 4) for name, value in row.items()}), flush=True)
    print(json.dumps(summary(rows)))


def summary(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Means and worst values over persons, and in how many each limit is broken."""
    names = [name for name in rows[0] if name != "seed"]
    failed = {name: int(sum(row[name] > limit for row in rows)) for name, limit in LIMITS.items()}
    return {
        "persons": len(rows),
        "mean": {name: round(float(np.mean([row[name] for row in rows])), 4) for name in names},
        "worst": {name: round(float(np.max([row[name] for row in rows])), 4) for name in names},
        "failed": failed,
    }


if __name__ == "__main__":
    main()
