# SPDX-License-Identifier: Apache-2.0
"""What an independent reader of faces sees in pictures of avatars whose face was moved.

    python -m benchmarks.face_judge [--model NAME] [--seeds 64] [--shape-seeds 16] [--jobs 2] [--out FILE]
        [--sheet FILE.jpg]

MediaPipe's networks (``portrait photo setup``) never saw an avatar of ours. Each person is drawn from the front at
rest, with both eyes closed, the mouth open and smiling; landmarks must say that the eyes close, the mouth opens and its
corners rise. Then, on the first persons, each of ARKit's shapes alone: the network that estimates shapes is asked which
of them has risen most over what it says of the same person at rest.

A person takes about six seconds, with every shape another 25. Each is kept in ``FILE.rows`` beside ``--out`` as soon as
it is done; a run that was broken off goes on from there, unless the model or this judge is another.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.close_ups import camera, part_places
from benchmarks.face_judge_measures import EYES, corner_heights, eye_aspect_ratio, mouth_opening
from portrait_core.avatar import Level
from portrait_core.imaging.images import encode_jpeg
from portrait_core.models.load import load_model
from portrait_core.photo.expression_estimate import ESTIMATED, estimate_expression
from portrait_core.photo.face_landmarks import FaceLandmarks, MeshNetwork, read_face
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.rendering.layered import LayeredScene

FIRST_SEED = 910_000
"""Persons that nothing was fitted to."""
SIZE, ACROSS, RAYS = 320, 0.30, 2
"""Pixels of a picture, metres that it shows at the face, and rays across a pixel. The networks look at 256 pixels of
the face; pictures of 512 change an estimate by 0.02."""
VERSION = 2
"""Of what is measured: rows of another one are not gone on from."""
MESHES: tuple[MeshNetwork, ...] = ("face_mesh", "face_mesh_iris")

SHOWN = 8
"""Persons whose pictures are kept whatever they say."""

EXPRESSIONS: dict[str, dict[str, float]] = {
    "rest": {},
    "blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    "open": {"jawOpen": 1.0},
    "smile": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
}
BLINK, OPEN, KNOWN = 0.35, 5.0, 20
"""Bars: an eye's aspect ratio in a blink by that at rest, at most; a mouth's opening by that at rest, at least; shapes
at which the estimate peaks, at least."""

Image = NDArray[np.uint8]
Weights = Mapping[str, float]


class Sitter:
    """A person before the camera: the finest level of an avatar, and where its face is at rest."""

    def __init__(self, model: Any, seed: int) -> None:
        recipe = {
            "seed": seed,
            "topology": "parts",
            "face": "morphs",
            "texture_size": 512,
            "normal_map": False,
            "lods": [],
        }
        avatar = make_avatar(Recipe.model_validate(recipe), model)
        self.level: Level = avatar.main
        places = part_places(avatar)
        middles = [places[part].mean(axis=0) for part in ("eye_left", "eye_right", "teeth")]
        self._camera = camera(np.mean(middles, axis=0).astype(np.float64), 0.0, ACROSS)

    def picture(self, weights: Weights) -> Image:
        """(S, S, 3): the face with ``weights``, from the front."""
        return (
            LayeredScene(self.level, *self.level.expressed(weights))
            .render(*self._camera, SIZE, supersampling=RAYS)
            .image
        )


@dataclass(frozen=True)
class Seen:
    """What a network sees at rest and with each expression: landmarks by expression, None where it sees no face."""

    landmarks: Mapping[str, FaceLandmarks | None]

    def measures(self) -> dict[str, float | None]:
        """The figures that bars stand for; None where there is no face.

        ``blink``: the larger of both eyes' ratios; ``open``: times; ``smile``: the smaller of both corners' rises, in
        distances between the eyes.
        """
        rest, blink, wide, smile = (self.landmarks[name] for name in ("rest", "blink", "open", "smile"))
        if rest is None:
            return dict.fromkeys(("blink", "open", "smile"))
        at = rest.points
        return {
            "blink": None
            if blink is None
            else max(eye_aspect_ratio(blink.points, s) / eye_aspect_ratio(at, s) for s in EYES),
            "open": None if wide is None else mouth_opening(wide.points) / mouth_opening(at),
            "smile": None if smile is None else min(_rises(at, smile.points).values()),
        }


def _rises(rest: NDArray[np.float64], moved: NDArray[np.float64]) -> dict[str, float]:
    before, after = corner_heights(rest), corner_heights(moved)
    return {side: before[side] - after[side] for side in before}


def held(measures: Mapping[str, float | None]) -> dict[str, bool]:
    """Which bars a person holds."""
    blink, wide, smile = (measures[name] for name in ("blink", "open", "smile"))
    return {
        "blink": blink is not None and blink <= BLINK,
        "open": wide is not None and wide >= OPEN,
        "smile": smile is not None and smile > 0.0,
    }


def judged(sitter: Sitter, seed: int) -> tuple[dict[str, Any], list[Image]]:
    """A person's row, and the pictures of :data:`EXPRESSIONS`."""
    pictures = {name: sitter.picture(weights) for name, weights in EXPRESSIONS.items()}
    row: dict[str, Any] = {"seed": seed}
    for mesh in MESHES:
        measures = Seen({name: read_face(picture, mesh) for name, picture in pictures.items()}).measures()
        row[mesh] = {
            "measures": {name: None if value is None else round(value, 4) for name, value in measures.items()},
            "held": held(measures),
        }
    return row, list(pictures.values())


def risen(sitter: Sitter) -> dict[str, dict[str, float]]:
    """By shape that was set alone: by how much the estimate of each shape rose from rest. Shapes that the avatar lacks,
    and pictures in which no face is seen, are left out."""
    there = {morph.name for morph in sitter.level.morphs}
    rest = _estimate(sitter.picture({}))
    result: dict[str, dict[str, float]] = {}
    for name in ESTIMATED:
        found = _estimate(sitter.picture({name: 1.0})) if rest and name in there else None
        if rest and found:
            result[name] = {other: round(found[other] - rest[other], 4) for other in ESTIMATED}
    return result


def _estimate(picture: Image) -> dict[str, float] | None:
    landmarks = read_face(picture, "face_mesh_iris")
    return None if landmarks is None else estimate_expression(landmarks)


def shapes_summary(persons: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """For each shape: where the mean rise peaks, which three rise most, for how many persons it is the shape, and with
    which shape its own estimate rises most (``highest_with``)."""
    means: dict[str, dict[str, float]] = {}
    for name in ESTIMATED:
        seen = [person[name] for person in persons if name in person]
        if seen:
            means[name] = {other: float(np.mean([each[other] for each in seen])) for other in ESTIMATED}
    rows: dict[str, Any] = {}
    for name, mean in means.items():
        seen = [person[name] for person in persons if name in person]
        most = sorted(mean, key=lambda other: -mean[other])[:3]
        rows[name] = {
            "peaks": most[0] == name,
            "most": {other: round(mean[other], 3) for other in most},
            "own": round(mean[name], 3),
            "highest_with": max(means, key=lambda other: means[other][name]),
            "persons": sum(max(each, key=lambda other: each[other]) == name for each in seen),
            "of": len(seen),
        }
    peaks = [name for name, row in rows.items() if row["peaks"]]
    highest = [name for name, row in rows.items() if row["highest_with"] == name]
    return {"known": len(peaks), "bar": KNOWN, "peak_at": peaks, "highest_at": highest, "shapes": rows}


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How many persons hold each bar by each mesh, the worst figure, and who fails."""
    result: dict[str, Any] = {}
    for mesh in MESHES:
        for bar in ("blink", "open", "smile"):
            figures = [row[mesh]["measures"][bar] for row in rows if row[mesh]["measures"][bar] is not None]
            fails = [row["seed"] for row in rows if not row[mesh]["held"][bar]]
            worst = (max if bar == "blink" else min)(figures, default=None)
            middle = round(float(np.median(figures)), 4) if figures else None
            result[f"{mesh}.{bar}"] = {
                "held": len(rows) - len(fails), "of": len(rows), "median": middle, "worst": worst, "fails": fails,
            }  # fmt: skip
    return result


_model = cache(partial(load_model, device="cpu"))


def judge(model: str, seed: int, shapes: bool) -> tuple[dict[str, Any], Image]:
    """One person of ``model``: its row, with what rises by each shape if ``shapes``, and its pictures side by side."""
    sitter = Sitter(_model(model), seed)
    row, pictures = judged(sitter, seed)
    if shapes:
        row["risen"] = risen(sitter)
    return row, np.concatenate(pictures, axis=1)


class Kept:
    """Rows of persons in a file of lines, the first of which says what was judged."""

    def __init__(self, path: Path | None, mark: Mapping[str, Any]) -> None:
        self._path = path
        self.rows: dict[int, dict[str, Any]] = {}
        if path is None:
            return
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        if lines and json.loads(lines[0]) == mark:
            self.rows = {row["seed"]: row for row in map(json.loads, lines[1:])}
        else:
            path.write_text(json.dumps(mark) + "\n", encoding="utf-8")

    def add(self, row: dict[str, Any]) -> None:
        self.rows[row["seed"]] = row
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--seeds", type=int, default=64)
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--shape-seeds", type=int, default=16, help="persons whose shapes are each set alone")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sheet", type=Path, help="the pictures of the first persons of this run, and of who fails")
    words = parser.parse_args()
    begin = time.monotonic()
    seeds = range(words.first, words.first + words.seeds)
    swept = set(seeds[: words.shape_seeds])
    mark = {"model": _model(words.model).header.digest, "version": VERSION, "size": SIZE}
    kept = Kept(words.out and words.out.with_name(words.out.name + ".rows"), mark)
    open_ones = [seed for seed in seeds if seed not in kept.rows or (seed in swept and "risen" not in kept.rows[seed])]
    shown: list[Image] = []
    with ProcessPoolExecutor(words.jobs, mp_context=get_context("spawn")) as pool:
        for job in as_completed([pool.submit(judge, words.model, seed, seed in swept) for seed in open_ones]):
            row, strip = job.result()
            kept.add(row)
            print(json.dumps({name: value for name, value in row.items() if name != "risen"}), flush=True)
            if len(shown) < SHOWN or not all(all(row[mesh]["held"].values()) for mesh in MESHES[1:]):
                shown.append(strip)
    rows = [kept.rows[seed] for seed in seeds]
    whole = {
        "model": Path(words.model).stem,
        "seeds": [words.first, words.first + words.seeds - 1],
        "size": SIZE,
        "bars": summary(rows),
        "estimate": shapes_summary([row["risen"] for row in rows if "risen" in row]),
        "seconds": round(time.monotonic() - begin),
    }
    print(json.dumps(whole))
    if words.out:
        persons = [{name: value for name, value in row.items() if name != "risen"} for row in rows]
        words.out.write_text(json.dumps({**whole, "persons": persons}, indent=1) + "\n", encoding="utf-8")
    if words.sheet and shown:
        words.sheet.write_bytes(encode_jpeg(np.concatenate(shown)))


if __name__ == "__main__":
    main()
