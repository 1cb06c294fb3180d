# SPDX-License-Identifier: Apache-2.0
"""Measures the face's shapes on many persons: ``python -m benchmarks.faces [--model FILE] [--seeds N] [--blinks N]``.

Eyeballs seen past closed lids and through closing ones, how far the jaw opens the mouth and what it shows, teeth and
the mouth's bag through lips in every shape and in random pairs, the jaw and the eyes by their joints against shapes,
lids that follow, smiles, seconds. All by geometry; nothing is rendered. Prints a line for each person, keeps it in
``--rows`` and writes the whole to ``--out``. A person whose line is there is not measured again, as long as model,
source and choices are the same: a run can be broken off and gone on with, and parts of it made with ``--first``.

``mouthClose`` goes with an open jaw, which it is made for, in pairs; alone it is measured both ways.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from benchmarks.faces_measures import IntArray, distances, met_first, rays, seen_ball
from benchmarks.faces_mouth import KINDS as KINDS_LOOKED_AT
from benchmarks.faces_mouth import Face, Mouth
from portrait_core.face.carry import face_morphs
from portrait_core.face.closing import lid_edges
from portrait_core.face.joints import FACE_JOINTS, face_joints, jaw_turn, moved_by_face
from portrait_core.face.names import ARKIT, VISEMES
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.models.load import load_model
from portrait_core.parts.character import KINDS, Figure, Wanted, meshes
from portrait_core.parts.eyes import SIDES
from portrait_core.parts.rest_pose import JOINTS
from portrait_core.person import PersonOfParts
from portrait_core.recipe import Recipe
from portrait_core.weights.registry import find_model

VIEWS = ((0.0, 0.0), (0.6, 0.0), (-0.6, 0.0), (0.0, 0.4), (0.0, -0.5))
"""Yaw and pitch, radians, from where closed eyes are looked at."""
BETWEEN = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875)
EYE_STEP, POKE_STEP, EYE_SIZE = 0.00015, 0.0002, (0.036, 0.030)
FAR = 0.2
"""Metres before an eyeball within which something may hide it."""
PAIRS = 200
NEAR_EYE = 0.075
"""Metres from an eyeball's middle within which a face may be one of its lids."""
AT_MOST = {
    "closed_pixels": 0, "lid_poke_mm2": 0.3, "through_mm": 0.5, "pair_mm": 0.5, "jaw_mm": 1.0, "eye_mm": 0.01,
    "ms": 100.0,
}  # fmt: skip
AT_LEAST = {
    "opening_mm2": 700.0, "teeth_mm2": 20.0, "tongue_mm2": 20.0, "iris_mm": 4.5, "sideways_degrees": 24.99,
    "upright_degrees": 20.0, "lid_follows_mm": 0.5, "smile_mm": 0.5,
}  # fmt: skip
"""What each person has to keep."""


def blink(face: Face) -> dict[str, float]:
    """Lines that see an eyeball between closed lids, from all views, and the most that comes through closing ones."""
    closed, poke = 0, 0.0
    skin = face.meshes["skin"]
    for side in SIDES:
        eye, shape = face.figure.template.eyes.eyeball(face.figure.body, side), f"eyeBlink{side.capitalize()}"
        near = skin.faces[np.linalg.norm(skin.vertices[skin.faces].mean(axis=1) - eye.middle, axis=1) < NEAR_EYE]
        balls = [face.meshes[f"{part}_{side}"] for part in ("eye", "cornea")]
        ball = np.concatenate([mesh.vertices for mesh in balls]).astype(np.float64)
        faces = np.concatenate([balls[0].faces, balls[1].faces + np.int32(len(balls[0].vertices))])
        white, lids = MeshQueries(ball, faces), MeshQueries(face.at("skin", {shape: 1.0}), near)
        for view in VIEWS:
            starts, ways, _ = rays(eye.middle, EYE_SIZE, EYE_STEP, *view)
            hits = white.first_hits(starts, ways)
            met = hits.face >= 0
            seen = starts[met] + hits.distance[met, None] * ways[met]
            closed += int((~lids.blocked(seen, -ways[met], FAR)).sum())
        upper = _of_upper_lid(face, side, near)
        starts, ways, table = rays(eye.middle, EYE_SIZE, POKE_STEP, *VIEWS[0])
        before = distances(ball, faces, starts, ways, table)
        for share in BETWEEN:
            lids.move(face.at("skin", {shape: share}))
            behind, of = met_first(lids, starts, ways, table)
            poke = max(poke, seen_ball(before, behind, upper[of])[1] * POKE_STEP * POKE_STEP * 1e6)
    return {"closed_pixels": closed, "lid_poke_mm2": poke}


def _of_upper_lid(face: Face, side: str, faces: IntArray) -> NDArray[np.bool_]:
    """(F,) the faces that are nearer to the edge of the upper lid than to that of the lower one, open as at rest."""
    edges, places = lid_edges(face.figure.template, side), face.figure.skin
    middles = face.meshes["skin"].vertices[faces].mean(axis=1)
    up, down = (cKDTree(places[rows]).query(middles)[0] for rows in (edges.upper, edges.lower))
    return np.asarray(up < down)


def with_jaw(name: str) -> dict[str, float]:
    return {name: 1.0, "jawOpen": 1.0} if name == "mouthClose" else {name: 1.0}


def without(*shapes: str) -> tuple[str, ...]:
    """What may stand out in shapes."""
    return ("tongue",) if "tongueOut" in shapes else ()


def singles(mouth: Mouth) -> dict[str, Any]:
    """The most that anything stands out in any one shape, and in which."""
    found: dict[str, dict[str, float]] = {}
    for shape in (*ARKIT, *VISEMES):
        for weights in ({shape: 1.0}, with_jaw(shape)) if shape == "mouthClose" else ({shape: 1.0},):
            found[" + ".join(weights)] = mouth.through(weights, without(shape))
    return _worst(found, "through")


def together(mouth: Mouth, pairs: list[list[str]]) -> dict[str, Any]:
    """The same of pairs."""
    found = {" + ".join(pair): mouth.through(with_jaw(pair[0]) | with_jaw(pair[1]), without(*pair)) for pair in pairs}
    return _worst(found, "pair")


def _worst(found: Mapping[str, Mapping[str, float]], name: str) -> dict[str, Any]:
    """The largest of teeth, gums and tongue, where it is, and all that break the limit; of the mouth's bag the largest
    apart: the inside of one lip that hangs before the other is bag before lip, and is no fault that is seen."""
    each = {f"{shape}: {part}": value for shape, parts in found.items() for part, value in parts.items()}
    bag = max((value for where, value in each.items() if where.endswith("bag")), default=0.0)
    each = {where: value for where, value in each.items() if not where.endswith("bag")}
    where = max(each, key=lambda each_: each[each_])
    over = {name_: round(value, 2) for name_, value in each.items() if value > AT_MOST[f"{name}_mm"]}
    return {
        f"{name}_mm": each[where],
        name: where if each[where] > 0 else "",
        f"{name}s_over": over,
        f"{name}_bag_mm": bag,
    }


def joints(face: Face) -> dict[str, float]:
    """How far the joints' version of a shape is from the morph's: the jaw at the lips, the eyes anywhere; how far eyes
    turn, and their lids along: upper ones up and down, both aside."""
    figure, skin = face.figure, face.meshes["skin"]
    places = skin.vertices.astype(np.float64)
    moved, hinge = moved_by_face(figure, skin), face_joints(figure)
    jaw = np.where(moved.joints == len(JOINTS) + FACE_JOINTS.index("jaw"), moved.weights, 0).sum(axis=1)
    matrix = np.asarray(Rotation.from_rotvec(jaw_turn(figure)).as_matrix(), np.float64)
    by_joint = places + jaw[:, None] * ((places - hinge[0]) @ (matrix - np.eye(3)).T)
    apart = np.linalg.norm(by_joint - face.at("skin", {"jawOpen": 1.0}), axis=1)
    result = {"jaw_mm": float(apart[face.lips].max()) * 1e3, "jaw_anywhere_mm": float(apart.max()) * 1e3}
    template, away = figure.template.face, 0.0
    least: dict[str, float] = {}
    assert template is not None
    for name, turn in template.looks.items():
        side = "left" if name.endswith("Left") else "right"
        ball, middle = face.meshes[f"eye_{side}"].vertices.astype(np.float64), hinge[1 + SIDES.index(side)]
        turned = middle + (ball - middle) @ np.asarray(Rotation.from_rotvec(turn).as_matrix(), np.float64).T
        morphed = face.at(f"eye_{side}", {name: 1.0})
        away = max(away, float(np.linalg.norm(turned - morphed, axis=1).max()))
        sight = [(each[0] - middle) / np.linalg.norm(each[0] - middle) for each in (ball, morphed)]
        upright = "Up" in name or "Down" in name
        found = {
            "iris_mm": float(np.linalg.norm(morphed[0] - ball[0])) * 1e3,
            "upright_degrees" if upright else "sideways_degrees": float(np.degrees(np.arccos(sight[0] @ sight[1]))),
        }
        if upright:
            edges = lid_edges(figure.template, side).upper
            lid = np.isin(skin.welded, edges[np.argsort(figure.skin[edges, 0])[len(edges) // 3 : -len(edges) // 3]])
            rises = (face.at("skin", {name: 1.0})[lid] - places[lid])[:, 1].mean() * 1e3
            found["lid_follows_mm"] = float(rises if "Up" in name else -rises)
        for key, value in found.items():
            least[key] = min(least.get(key, np.inf), value)
    return result | {"eye_mm": away * 1e3} | least


def smile(face: Face) -> float:
    """Millimetres that the corners of the mouth rise, the lesser of the two."""
    skin = face.meshes["skin"]
    rim = np.intersect1d(skin.welded[skin.faces[face.inner]], skin.welded[skin.faces[~face.inner]])
    mean = face.figure.template.skin.moves(face.figure.template.controls.mean.astype(np.float64))
    moves = face.at("skin", {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}) - skin.vertices
    corners = [rim[pick(mean[rim, 0])] for pick in (np.argmin, np.argmax)]
    return float(min(moves[skin.welded == corner, 1].min() for corner in corners)) * 1e3


def seconds(figure: Figure) -> float:
    """Processor seconds for all shapes of all parts of a person, once things are prepared."""
    made = meshes(figure, KINDS)
    best = np.inf
    for _ in range(3):
        begin = time.process_time()
        face_morphs(figure, made)
        best = min(best, time.process_time() - begin)
    return float(best)


def measured(person: PersonOfParts, pairs: list[list[str]], *, mouth: bool, eyes: bool) -> dict[str, Any]:
    """One person's measures: of the ``eyes`` blinks, of the ``mouth`` and the rest all others."""
    face = Face(Figure(person.parts_template, person.look, Wanted(kinds=KINDS_LOOKED_AT)))
    row: dict[str, Any] = {}
    if eyes:
        row |= blink(face)
    if mouth:
        inside = Mouth(face)
        row |= {f"{name}_mm2": value for name, value in inside.seen({"jawOpen": 1.0}).items()}
        row |= joints(face) | {"smile_mm": smile(face)} | singles(inside) | together(inside, pairs)
        row["ms"] = seconds(Figure(person.parts_template, person.look)) * 1e3
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter", help="a model's name or file")
    parser.add_argument("--first", type=int, default=0, help="the first person, in order to share persons out")
    parser.add_argument("--seeds", type=int, default=64, help="persons who are measured in whole")
    parser.add_argument("--blinks", type=int, default=200, help="persons whose blinks are looked at")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="random pairs of shapes, all on each person")
    parser.add_argument("--rows", type=Path, help="a file of lines, one a person, that a run goes on from")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/faces.json"))
    given = parser.parse_args()
    model = load_model(given.model, "cpu")
    random = np.random.default_rng(7)
    pairs = [sorted(random.choice(ARKIT, 2, replace=False).tolist()) for _ in range(given.pairs)]
    key = _key(Path(find_model(given.model)), given.pairs)
    kept = _kept(given.rows, key)
    rows: list[dict[str, Any]] = []
    for seed in range(given.first, max(given.seeds, given.blinks)):
        wanted = {"mouth": seed < given.seeds, "eyes": seed < given.blinks}
        row = kept.get((seed, json.dumps(wanted)))
        if row is None:
            person = cast(PersonOfParts, model.person(Recipe(seed=seed)))
            row = {"seed": seed, **measured(person, pairs, **wanted)}
            if given.rows is not None:
                with given.rows.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps({"key": key, "wanted": wanted, "row": row}) + "\n")
        rows.append(row)
        shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}
        print(json.dumps(shown), flush=True)
    result = summary(rows)
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


def _key(model: Path, pairs: int) -> str:
    """What a person's line depends on beside the person: the model file, how shapes are carried, how this measures."""
    import portrait_core.face as room

    digest = hashlib.sha256(model.read_bytes() + str(pairs).encode())
    for path in (*sorted(Path(room.__path__[0]).glob("*.py")), *sorted(Path(__file__).parent.glob("faces*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _kept(path: Path | None, key: str) -> dict[tuple[int, str], dict[str, Any]]:
    """The lines of a file that are still true, by seed and what was wanted."""
    if path is None or not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(line["row"]["seed"], json.dumps(line["wanted"])): line["row"] for line in lines if line["key"] == key}


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each measure over those persons who have it: how many they are, its mean, least and most, its limit and how
    many break it; and which shapes and pairs break theirs, on how many persons and by how much."""
    table: dict[str, dict[str, float]] = {}
    over: dict[str, dict[str, list[float]]] = {"throughs_over": {}, "pairs_over": {}}
    for row in rows:
        for kind, found in over.items():
            for name, value in row.get(kind, {}).items():
                found.setdefault(name, []).append(value)
    names = [name for name in dict.fromkeys(n for row in rows for n in row) if name != "seed" and name not in over]
    for name in names:
        values = np.array([row[name] for row in rows if isinstance(row.get(name), int | float)], np.float64)
        if len(values) == 0:
            continue
        table[name] = {
            "persons": len(values), "mean": round(float(values.mean()), 3), "least": round(float(values.min()), 3),
            "most": round(float(values.max()), 3),
        }  # fmt: skip
        if name in AT_MOST:
            table[name] |= {"at_most": AT_MOST[name], "broken_by": int((values > AT_MOST[name]).sum())}
        if name in AT_LEAST:
            table[name] |= {"at_least": AT_LEAST[name], "broken_by": int((values < AT_LEAST[name]).sum())}
    worst = {
        kind: {
            name: {"persons": len(values), "most": max(values)}
            for name, values in sorted(found.items(), key=lambda each: -max(each[1]))
        }
        for kind, found in over.items()
    }
    return {**table, **worst}


if __name__ == "__main__":
    main()
