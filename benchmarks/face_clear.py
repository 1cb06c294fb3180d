# SPDX-License-Identifier: Apache-2.0
"""Whether hair and garments keep clear of a face that moves: ``python -m benchmarks.face_clear [--model FILE]``.

Every style of hair and every garment of a model, worn by young, old, thin and heavy persons, with each of the shapes
and mixtures that move most where hair and collars lie. What is measured is by how much further skin is through what is
worn than at rest, in millimetres; the bar is :data:`LIMIT`. Writes the table to ``--out``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.parts_worn import Sheet, border_points
from benchmarks.shape_sheets import FACES
from portrait_core.face.carry import face_morphs
from portrait_core.geometry.morphs import Morph, morphed
from portrait_core.geometry.normals import vertex_normals
from portrait_core.models.load import load_model
from portrait_core.parts.character import Figure, Wanted, meshes
from portrait_core.parts.hair_maps import hair_maps
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.person import PersonOfParts
from portrait_core.recipe import Recipe

LIMIT = 1.0
"""Millimetres."""
REACH, EDGE = 0.012, 0.003
"""Metres inside skin within which cloth or hair lies that it has come through, and from the border of a part within
which it has not: there one ends in the other."""
STILL = 0.0005
"""Metres that skin moves at least to be looked at."""
OPACITY = 256

MOVES: dict[str, dict[str, float]] = {
    "jawOpen": {"jawOpen": 1.0},
    "cheekPuff": {"cheekPuff": 1.0},
    "mouthSmile": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    "browInnerUp": {"browInnerUp": 1.0},
    "browOuterUp": {"browOuterUpLeft": 1.0, "browOuterUpRight": 1.0},
    "browDown": {"browDownLeft": 1.0, "browDownRight": 1.0},
    "jawForward": {"jawForward": 1.0},
    "jawLeft": {"jawLeft": 1.0},
    "jawRight": {"jawRight": 1.0},
    "jawOpen + jawForward": {"jawOpen": 1.0, "jawForward": 1.0},
    "jawOpen + jawLeft": {"jawOpen": 1.0, "jawLeft": 1.0},
    "jawOpen + mouthSmile": {"jawOpen": 1.0, "mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    "brows up": {"browInnerUp": 1.0, "browOuterUpLeft": 1.0, "browOuterUpRight": 1.0},
    "cheekPuff + browInnerUp": {"cheekPuff": 1.0, "browInnerUp": 1.0},
}

Places = NDArray[np.float32]


def through(part: Sheet, places: Places, faces: NDArray[np.int32], rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """(R,) metres that the skin's vertices ``rows`` lie outside a part, or it inside them; 0 where they are clear of
    it."""
    normals = vertex_normals(places, faces)[rows].astype(np.float64)
    starts = places[rows].astype(np.float64)
    distance, face = part.first(starts, -normals, REACH)
    met = face >= 0
    deep = np.where(met, distance, 0.0)
    outwards = np.zeros(len(rows), np.bool_)
    outwards[met] = np.einsum("ni,ni->n", part.normals[face[met]], normals[met]) > 0.25
    border = border_points(part)
    if len(border):
        foot = starts - normals * deep[:, None]
        outwards &= cKDTree(border).query(foot)[0] > EDGE
    return np.where(outwards, deep, 0.0)


def beyond_rest(
    part: PartMesh,
    skin: PartMesh,
    morphs: tuple[tuple[Morph, ...], tuple[Morph, ...]],
    weights: Mapping[str, float],
    opacity: NDArray[np.floating] | None,
) -> float:
    """Millimetres that skin is further through a part with shapes pulled than at rest; ``morphs`` of the part and of
    the skin."""
    own, moved = (morphed(m.vertices, ms, weights) for m, ms in zip((part, skin), morphs, strict=True))
    shown = np.zeros(len(moved), np.bool_)
    shown[skin.faces] = True
    rows = np.flatnonzero(shown & (np.linalg.norm(moved - skin.vertices, axis=1) > STILL))
    if len(rows) == 0:
        return 0.0
    before = through(Sheet(part.vertices, part.faces, part.uvs, opacity), skin.vertices, skin.faces, rows)
    after = through(Sheet(own, part.faces, part.uvs, opacity), moved, skin.faces, rows)
    return float((after - before).max(initial=0.0)) * 1e3


def worn(person: PersonOfParts, kind: str, name: str) -> dict[str, float]:
    """By move how far skin comes through the hair or the garment ``name``, worn by a person."""
    wanted = Wanted(hair=name) if kind == "hair" else Wanted(garment=name)
    figure = Figure(person.parts_template, person.look, wanted)
    # Skin under a collar that is not shown cannot be seen to cross it.
    made = [mesh for mesh in meshes(figure, ("skin", "garment", kind)) if mesh.name in ("skin", kind)]
    own = dict(zip([mesh.name for mesh in made], zip(made, face_morphs(figure, made), strict=True), strict=True))
    (part, part_morphs), (skin, skin_morphs) = own[kind], own["skin"]
    opacity = None
    if kind == "hair":
        opacity = hair_maps(person.parts_template.hair[name], OPACITY).opacity[..., 0] / 255.0
    return {
        move: round(beyond_rest(part, skin, (part_morphs, skin_morphs), weights, opacity), 3)
        for move, weights in MOVES.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter", help="a model's name or file")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/face_clear.json"))
    words = parser.parse_args()
    model = load_model(words.model, "cpu")
    rows: list[dict[str, Any]] = []
    for face, fields in FACES.items():
        person = cast(PersonOfParts, model.person(Recipe.model_validate({"topology": "parts", **fields})))
        template = person.parts_template
        for kind, names in (("hair", template.hair), ("garment", template.garments)):
            for name in names:
                rows.append({"face": face, "kind": kind, "name": name, "mm": worn(person, kind, name)})
                worst = max(rows[-1]["mm"].items(), key=lambda each: each[1])
                print(f"{face:6} {name:20} {worst[1]:6.2f} mm  {worst[0]}", flush=True)
    over = [row for row in rows if max(row["mm"].values()) > LIMIT]
    print(f"{len(over)} of {len(rows)} over {LIMIT} mm")
    words.out.write_text(json.dumps({"limit_mm": LIMIT, "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
