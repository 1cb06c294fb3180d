# SPDX-License-Identifier: Apache-2.0
"""Measures the face's shapes on many persons: ``python -m benchmarks.faces [--model FILE] [--seeds N] [--blinks N]``.

Eyeballs seen past closed lids and through closing ones, how far the jaw opens the mouth, teeth and the mouth's bag
through lips in every shape and in random pairs, the jaw by its joint against the shape, smiles, eyes, seconds. Prints
a line for each person and writes the whole to ``--out``.

``mouthClose`` is measured on an open jaw, which it is made for.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from benchmarks.faces_measures import distances, opening, rays, seen_ball, stands_out
from portrait_core.face.carry import face_morphs
from portrait_core.face.joints import FACE_JOINTS, face_joints, jaw_turn, moved_by_face
from portrait_core.face.names import ARKIT, VISEMES
from portrait_core.geometry.morphs import Morph
from portrait_core.models.load import load_model
from portrait_core.parts.character import KINDS, Figure, Wanted, meshes
from portrait_core.parts.eyes import SIDES
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.rest_pose import JOINTS
from portrait_core.parts.skin import REGIONS
from portrait_core.person import PersonOfParts
from portrait_core.recipe import Recipe

FloatArray = NDArray[np.float64]

VIEWS = ((0.0, 0.0), (0.6, 0.0), (-0.6, 0.0), (0.0, 0.4), (0.0, -0.5))
"""Yaw and pitch, radians, from where closed eyes are looked at."""
BETWEEN = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875)
EYE_STEP, EYE_SIZE = 0.00015, (0.036, 0.030)
MOUTH_STEP, MOUTH_SIZE = 0.0005, (0.09, 0.10)
SIDES_OF_MOUTH = (-0.5, 0.0, 0.5)
"""Yaws from where teeth are looked for."""
PAIRS = 200
INSIDES = ("teeth", "gums", "tongue", "bag")
KINDS_LOOKED_AT = ("skin", "eyes", "teeth", "tongue")
LIMITS = {
    "closed_pixels": 0, "lid_poke_mm2": 0.3, "opening_mm2": 700.0, "through_mm": 0.5, "jaw_mm": 1.0, "eye_mm": 0.01,
    "iris_mm": 4.5, "smile_mm": 0.0,
}  # fmt: skip


class Face:
    """A person's meshes with their morphs by name."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        made = meshes(figure, KINDS_LOOKED_AT)
        self.meshes: dict[str, PartMesh] = {mesh.name: mesh for mesh in made}
        self.morphs: dict[str, dict[str, Morph]] = {
            mesh.name: {morph.name: morph for morph in found}
            for mesh, found in zip(made, face_morphs(figure, made), strict=True)
        }
        skin, regions = self.meshes["skin"], figure.template.skin.regions
        of_face = regions[skin.quads]
        self.inner = np.isin(of_face, [REGIONS.index("mouth")])
        self.lips = np.unique(skin.faces[np.isin(of_face, [REGIONS.index("lips")])])
        eyes = (figure.look.landmarks["left_eye"] + figure.look.landmarks["right_eye"]) / 2
        self.mouth: FloatArray = np.asarray(eyes, np.float64) + np.array([0.0, -0.08, 0.0])

    def at(self, name: str, weights: Mapping[str, float]) -> FloatArray:
        """(V, 3) a mesh's vertices with morphs pulled."""
        places = self.meshes[name].vertices.astype(np.float64)
        for shape, weight in weights.items():
            morph = self.morphs[name].get(shape)
            if morph is not None:
                places[morph.rows] += weight * morph.moves
        return places


def blink(face: Face) -> dict[str, float]:
    """Lines that see an eyeball between closed lids, from all views, and the most that comes through closing ones."""
    closed, poke = 0, 0.0
    skin = face.meshes["skin"]
    for side in SIDES:
        eye, shape = face.figure.template.eyes.eyeball(face.figure.body, side), f"eyeBlink{side.capitalize()}"
        balls = [face.meshes[f"{part}_{side}"] for part in ("eye", "cornea")]
        ball = np.concatenate([mesh.vertices for mesh in balls]).astype(np.float64)
        faces = np.concatenate([balls[0].faces, balls[1].faces + np.int32(len(balls[0].vertices))])
        for view in VIEWS:
            starts, ways, table = rays(eye.middle, EYE_SIZE, EYE_STEP, *view)
            white = distances(ball, faces, starts, ways, table)
            lids = distances(face.at("skin", {shape: 1.0}), skin.faces, starts, ways, table)
            closed += seen_ball(white, lids)[0]
            if view == VIEWS[0]:
                for share in BETWEEN:
                    lids = distances(face.at("skin", {shape: share}), skin.faces, starts, ways, table)
                    poke = max(poke, seen_ball(white, lids)[1] * EYE_STEP * EYE_STEP * 1e6)
    return {"closed_pixels": closed, "lid_poke_mm2": poke}


def through(face: Face, weights: Mapping[str, float]) -> dict[str, float]:
    """Millimetres that teeth, gums, tongue and the mouth's bag stand out of the face."""
    skin, places = face.meshes["skin"], face.at("skin", weights)
    near = (np.abs(places[skin.faces].mean(axis=1) - face.mouth) < 0.075).all(axis=1)
    outer = skin.faces[~face.inner & near]
    result: dict[str, float] = {name: 0.0 for name in INSIDES}
    for yaw in SIDES_OF_MOUTH:
        starts, ways, _ = rays(face.mouth, MOUTH_SIZE, MOUTH_STEP, yaw, 0.0)
        for name in INSIDES:
            if name == "bag":
                inside = places, skin.faces[face.inner]
            elif name in face.meshes:
                inside = face.at(name, weights), face.meshes[name].faces
            else:
                continue
            result[name] = max(result[name], stands_out(inside, (places, outer), starts, ways) * 1e3)
    return result


def with_jaw(name: str) -> dict[str, float]:
    return {name: 1.0, "jawOpen": 1.0} if name == "mouthClose" else {name: 1.0}


def worst_through(face: Face, shapes: tuple[str, ...]) -> tuple[float, str]:
    """The most that anything stands out in any one of ``shapes``, and in which; tongues may in ``tongueOut``."""
    worst, where = 0.0, ""
    for shape in shapes:
        for name, value in through(face, with_jaw(shape)).items():
            if value > worst and not (name == "tongue" and shape == "tongueOut"):
                worst, where = value, f"{shape}: {name}"
    return worst, where


def joints(face: Face) -> dict[str, float]:
    """How far the joints' version of a shape is from the morph's: the jaw at the lips, the eyes anywhere."""
    figure, skin = face.figure, face.meshes["skin"]
    places = skin.vertices.astype(np.float64)
    moved, hinge = moved_by_face(figure, skin), face_joints(figure)
    jaw = np.where(moved.joints == len(JOINTS) + FACE_JOINTS.index("jaw"), moved.weights, 0).sum(axis=1)
    matrix = np.asarray(Rotation.from_rotvec(jaw_turn(figure)).as_matrix(), np.float64)
    by_joint = places + jaw[:, None] * ((places - hinge[0]) @ (matrix - np.eye(3)).T)
    apart = np.linalg.norm(by_joint - face.at("skin", {"jawOpen": 1.0}), axis=1)
    result = {"jaw_mm": float(apart[face.lips].max()) * 1e3, "jaw_anywhere_mm": float(apart.max()) * 1e3}
    template, away, iris = figure.template.face, 0.0, np.inf
    assert template is not None
    for name, turn in template.looks.items():
        side = "left" if name.endswith("Left") else "right"
        ball, middle = face.meshes[f"eye_{side}"].vertices.astype(np.float64), hinge[1 + SIDES.index(side)]
        turned = middle + (ball - middle) @ np.asarray(Rotation.from_rotvec(turn).as_matrix(), np.float64).T
        morphed = face.at(f"eye_{side}", {name: 1.0})
        away = max(away, float(np.linalg.norm(turned - morphed, axis=1).max()))
        iris = min(iris, float(np.linalg.norm(morphed[0] - ball[0])))
    return result | {"eye_mm": away * 1e3, "iris_mm": iris * 1e3}


def smile(face: Face) -> float:
    """Millimetres that the corners of the mouth rise, the lesser of the two."""
    places = face.meshes["skin"].vertices.astype(np.float64)
    after = face.at("skin", {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0})
    corners = [face.lips[pick(places[face.lips, 0])] for pick in (np.argmin, np.argmax)]
    return float(min(after[corner, 1] - places[corner, 1] for corner in corners)) * 1e3


def seconds(figure: Figure) -> float:
    """Processor seconds for all shapes of all parts of a person, once things are prepared."""
    made = meshes(figure, KINDS)
    best = np.inf
    for _ in range(3):
        begin = time.process_time()
        face_morphs(figure, made)
        best = min(best, time.process_time() - begin)
    return float(best)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter", help="a model's name or file")
    parser.add_argument("--seeds", type=int, default=64)
    parser.add_argument("--blinks", type=int, default=200, help="persons whose blinks are looked at")
    parser.add_argument("--shapes", type=int, default=8, help="persons on whom every shape is looked through")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="random pairs of shapes, one a person in turn")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/faces.json"))
    given = parser.parse_args()
    model = load_model(given.model, "cpu")
    rows: list[dict[str, Any]] = []
    random = np.random.default_rng(7)
    pairs = [sorted(random.choice(ARKIT, 2, replace=False).tolist()) for _ in range(given.pairs)]
    for seed in range(max(given.seeds, given.blinks)):
        person = cast(PersonOfParts, model.person(Recipe(seed=seed)))
        face = Face(Figure(person.parts_template, person.look, Wanted(kinds=KINDS_LOOKED_AT)))
        row: dict[str, Any] = {"seed": seed}
        if seed < given.blinks:
            row |= blink(face)
        if seed < given.seeds:
            row["opening_mm2"] = opening(
                face.at("skin", {"jawOpen": 1.0}), face.meshes["skin"].faces, face.inner, face.mouth
            )
            row |= joints(face) | {"smile_mm": smile(face)}
            row["ms"] = seconds(Figure(person.parts_template, person.look)) * 1e3
            own = pairs[seed :: given.seeds]
            found = [(through(face, with_jaw(one) | with_jaw(two)), one, two) for one, two in own]
            for each, one, two in found:
                worst = max((v, n) for n, v in each.items() if n != "tongue" or "tongueOut" not in (one, two))
                if worst[0] > row.get("pair_mm", -1.0):
                    row |= {"pair_mm": worst[0], "pair": f"{one} + {two}: {worst[1]}"}
        if seed < given.shapes:
            row["through_mm"], row["through"] = worst_through(face, (*ARKIT, *VISEMES))
        rows.append(row)
        shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}
        print(json.dumps(shown), flush=True)
    result = summary(rows)
    given.out.write_text(json.dumps({"limits": LIMITS, **result}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each measure over those persons who have it: how many they are, its mean, its least and its most."""
    names = [name for name in dict.fromkeys(n for row in rows for n in row) if name not in ("seed", "pair", "through")]
    table: dict[str, dict[str, float]] = {}
    for name in names:
        values = np.array([row[name] for row in rows if name in row], np.float64)
        table[name] = {
            "persons": len(values), "mean": round(float(values.mean()), 3), "least": round(float(values.min()), 3),
            "most": round(float(values.max()), 3),
        }  # fmt: skip
    return table


if __name__ == "__main__":
    main()
