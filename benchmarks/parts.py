# SPDX-License-Identifier: Apache-2.0
"""Measures the parts of many persons of a starter: ``python -m benchmarks.parts [--model NAME] [--seeds N]``.

One JSON line a person, then one with the whole: how far the skin is from the world's truth, and how often each fault is
there. Needs the CC0 data, for the truth and for half-closed lids. ``--out`` keeps the whole.
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
"""Metres between the lines that look for teeth and the mouth's bag behind skin."""
EYE_STEP, EYE_SIZE = 0.0001, 0.034
"""Metres between the lines that look for an eyeball behind its lids, and the width of what they look at, all of a ball:
close enough that the sliver which a closing eye has at last stays in few pieces."""
STRAY_MM2 = 0.3
"""Square millimetres of an eyeball beside its opening that count as coming through a lid."""
STRAY = 6
"""Lines that meet the mouth's bag and count as none."""
NEAR_EYE = 0.045
"""Metres from an eyeball's middle within which a face may be one of its lids."""
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
    strays: list[float] = []
    for side in SIDES:
        ball = figure.template.eyes.eyeball(figure.body, side)
        gaps.append(float(lid_gaps(figure.skin, fixed.spokes[side], ball.middle, ball.radius).max()) * 1e3)
        closing = skin.moves(fixed.blinks[side])[:level]
        made = {mesh.name: mesh for mesh in meshes(figure, ("eyes",))}
        balls = [_from_front(made[f"{name}_{side}"].vertices, made[f"{name}_{side}"].faces, ball.middle)
                 for name in ("eye", "cornea")]  # fmt: skip
        for share in CLOSING:
            lids = places + share * closing
            near = fixed.faces[np.linalg.norm(lids[fixed.faces].mean(axis=1) - ball.middle, axis=1) < NEAR_EYE]
            lid = _from_front(lids, near, ball.middle)
            strays += [stray_share(each, lid)[1] * EYE_STEP * EYE_STEP * 1e6 for each in balls]
    lips = fixed.faces[fixed.among("lips", "mouth")]
    crossed, depth = crossings(places, lips)
    # Folds deep in the bag touch each other, where nobody sees them.
    shown = places[lips[crossed]].mean(axis=1)[:, 2] > places[lips].reshape(-1, 3)[:, 2].max() - 0.010
    result |= {"lid_gap_mm": max(gaps), "lid_poke": sum(each > STRAY_MM2 for each in strays)}
    result |= {"lid_poke_mm2": max(strays), "lip_crossings": int((shown & (depth > DEEP)).sum())}
    result["lip_depth_mm"] = float(depth[shown].max(initial=0)) * 1e3
    result["folds"] = len(folded(places, skin.quads))
    outer = fixed.faces[~inner]
    insides = [(mesh.vertices.astype(np.float64), mesh.faces) for mesh in meshes(figure, ("teeth", "tongue"))]
    *teeth, bag = through([*insides, (places, fixed.faces[inner])], (places, outer), mouth, VIEWS, STEP).sum(axis=1)
    slit_cells = result["slit_mm2"] / (STEP * STEP * 1e6)
    result["teeth_through"] = max(int(sum(teeth)) - 3 * slit_cells, 0)
    result["bag_through"] = max(int(bag) - 3 * 3 * slit_cells - STRAY, 0)
    return result


def _from_front(
    vertices: NDArray[np.floating], faces: NDArray[np.int32], middle: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The distances (R, C) of a surface along lines towards an eye from its front; infinite where it is not met."""
    return seen_from(vertices.astype(np.float64), faces, middle, (EYE_SIZE, EYE_SIZE), EYE_STEP)[1]


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
    parser.add_argument("--model", default="starter", help="a model's name or file")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=64)
    parser.add_argument("--out", type=Path, help="a file that the line with the whole is written to")
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
    result = summary(rows)
    if given.out is not None:
        first = {"first": given.first, "limits": LIMITS}
        given.out.write_text(json.dumps({**first, **result}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


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
