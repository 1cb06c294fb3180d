# SPDX-License-Identifier: Apache-2.0
"""Where the published networks' landmarks lie on a bust: measured on portraits whose camera and pose are known.

    portrait train data --count 40 --views 6 --size 256 --first 920000 --seed 77 --out FOLDER
    python -m benchmarks.photo_places FOLDER

writes ``portrait_core/photo/bust_places.json``. Each landmark's place is where the rays through what was read meet, by
least squares with rays that pass far away counting less; the spread is the median distance at which they pass. Needs
``portrait photo setup``. The persons are none of those that anything is measured on later.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from portrait_core.cameras import TRAINED_FOCAL
from portrait_core.files.whole_file import whole_file
from portrait_core.photo.bust_places import BODY_COUNT, FACE_COUNT, FILE, ON_HEAD
from portrait_core.photo.persons import NetworkReader
from portrait_core.training.adversarial.data_files import PictureFiles

FACE_TURN, BODY_TURN = np.radians(50), np.radians(75)
"""How far a head may be turned from the camera for its landmarks to count."""
FACE_SURE = 0.8
ROUNDS = 15


@dataclass(frozen=True)
class Ray:
    """A landmark seen: in a frame that is fixed to head or shoulders, from ``origin`` (3,) along the lines that the
    rows of ``normal`` (2, 3) are at right angles to."""

    origin: NDArray[np.float64]
    normals: NDArray[np.float64]
    forward: NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    files = PictureFiles(folder / "images.zip")
    rays: dict[tuple[str, int], list[Ray]] = {}
    truth = [json.loads(line) for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    for facts in truth:
        take(files.pixels(facts["file"]), facts, rays)
    table: dict[str, Any] = {
        "about": "metres x 10,000 at rest; measured by benchmarks/photo_places.py",
        "licence": "CC0",
    }
    for kind, count in (("face", FACE_COUNT), ("body", BODY_COUNT)):
        met = [meeting(rays[kind, number]) for number in range(count)]
        table[kind] = [[round(float(each) * 1e4) for each in place] for place, _ in met]
        table[f"{kind}_spread"] = [round(spread * 1e4) for _, spread in met]
        spreads = np.array(table[f"{kind}_spread"]) / 10
        print(f"{kind}: {len(rays[kind, 0])} pictures, spread {np.median(spreads):.1f} mm, at most {spreads.max():.1f}")
    with whole_file(FILE, overwrite=True) as temporary:
        temporary.write_text(json.dumps(table, separators=(",", ":")) + "\n", encoding="utf-8")
    print(FILE)


def take(picture: NDArray[np.uint8], facts: dict[str, Any], rays: dict[tuple[str, int], list[Ray]]) -> None:
    """The rays through the landmarks of one portrait."""
    persons = NetworkReader().persons(picture)
    if not persons:
        return
    person, size = persons[0], len(picture)
    cam2world = np.asarray(facts["camera"][:16]).reshape(4, 4)
    pose = np.asarray(facts["pose"])
    neck, head = (Rotation.from_rotvec(each).as_matrix() for each in (pose[:3], pose[3:]))
    joint = np.asarray(facts["landmarks"]["head"])
    turn, shift = neck @ head, neck @ joint - neck @ head @ joint
    off = np.arccos(np.clip(float((turn[:, 2] * (cam2world[:3, 3] / 2.7)).sum()), -1, 1))
    if person.face is not None and person.face.score > FACE_SURE and off < FACE_TURN:
        for number, point in enumerate(person.face.points[:, :2] / size):
            rays.setdefault(("face", number), []).append(ray(point, cam2world, turn, shift))
    yaw = np.arctan2(cam2world[0, 3], cam2world[2, 3])
    if person.body is not None:
        for number, point in enumerate(person.body.points[:BODY_COUNT] / size):
            if number < ON_HEAD and off < BODY_TURN:
                rays.setdefault(("body", number), []).append(ray(point, cam2world, turn, shift))
            elif number >= ON_HEAD and abs(yaw) < BODY_TURN:
                rays.setdefault(("body", number), []).append(ray(point, cam2world, np.eye(3), np.zeros(3)))


def ray(
    point: NDArray[np.float64], cam2world: NDArray[np.float64], turn: NDArray[np.float64], shift: NDArray[np.float64]
) -> Ray:
    """Of a point (share of the picture), in the frame of what ``turn`` and ``shift`` move from rest."""
    across, down, forward = cam2world[:3, :3].T
    x, y = (point - 0.5) / TRAINED_FOCAL
    normals = np.stack([across - x * forward, down - y * forward])
    return Ray((cam2world[:3, 3] - shift) @ turn, normals @ turn, forward @ turn)


def meeting(rays: list[Ray]) -> tuple[NDArray[np.float64], float]:
    """Where rays meet best (3,), and the median distance at which they pass by."""
    normals = np.concatenate([each.normals for each in rays])
    sides = np.concatenate([each.normals @ each.origin for each in rays])
    weights = np.ones(len(rays))
    place = np.zeros(3)
    passed = weights
    for _ in range(ROUNDS):
        rows = np.repeat(np.sqrt(weights), 2)
        place = np.linalg.lstsq(normals * rows[:, None], sides * rows, rcond=None)[0]
        passed = np.hypot(*(normals @ place - sides).reshape(-1, 2).T)
        weights = 1 / np.maximum(passed, 0.002)
    return place, float(np.median(passed))


if __name__ == "__main__":
    main()
