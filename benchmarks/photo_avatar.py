# SPDX-License-Identifier: Apache-2.0
"""What an avatar from a photograph costs and how much it resembles: ``portrait photo FILE`` in a process of its own.

    python -m benchmarks.photo_avatar FILE... [--out FOLDER] [--descriptors PYTHON]

The bars are 20 seconds on two cores, 1.5 GB, and a distance of dlib's face descriptor to the photograph of 0.5 in front
and 0.6 turned by 40 degrees. No network that tells faces apart comes with Portraitkit: ``--descriptors`` names the
Python of an environment with ``dlib-bin`` and ``face-recognition-models``. ``--out`` keeps the avatars, and a sheet of
each: the photograph, the avatar in front, and turned. Needs ``portrait photo setup``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from portrait_core.models.load import load_model
from portrait_core.photo.estimate import estimate_portraits
from portrait_core.photo.head import head_of
from portrait_core.photo.persons import NetworkReader
from portrait_core.photo.reading import read_photograph
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.rendering.framing import frame_head
from portrait_core.rendering.layered import LayeredScene

SIDE = 512
YAWS = (0.0, 0.7)
"""Radians at which avatars are compared: in front, and turned by 40 degrees."""
BESIDE = Path(__file__).with_name("photo_descriptors.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--descriptors", type=Path, default=None)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = words.out or Path(folder)
        sheets: list[Path] = []
        for path in words.files:
            line, recipe = row(path, out)
            print(line, flush=True)
            if recipe is not None and (words.out or words.descriptors):
                sheets.append(sheet(path, recipe, out / f"{path.stem}.sheet.png"))
        if words.descriptors and sheets:
            told(words.descriptors, sheets)


def row(path: Path, out: Path) -> tuple[str, Recipe | None]:
    """One photograph: seconds by the clock and of the processor, megabytes at most, what was made, what was said."""
    line = [sys.executable, "-m", "cli.main", "photo", str(path), "--out", str(out), "--overwrite", "--json"]
    begin = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as events:
        child = subprocess.Popen(line, stdout=events, stderr=said, text=True)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        events.seek(0)
        errors, made = said.read().strip().splitlines(), events.read().strip().splitlines()
    seconds = time.perf_counter() - begin
    cost = f"{seconds:5.1f} s, {used.ru_utime + used.ru_stime:5.1f} CPU s, {used.ru_maxrss / 1024:5.0f} MB"
    if child.returncode:
        return f"{path.name:30} {cost}  {errors[-1] if errors else ''}", None
    event: dict[str, Any] = json.loads(made[-1])
    recipe = Recipe.model_validate(event["recipe"])
    hair = recipe.hair_style if recipe.hair != "none" else "close or none"
    return f"{path.name:30} {cost}  hair {hair}", recipe


def sheet(path: Path, recipe: Recipe, target: Path) -> Path:
    """A row of squares: the photograph's head, and the avatar at each of :data:`YAWS`."""
    photograph = read_photograph(path)
    head = head_of(photograph, estimate_portraits(photograph, only=1)[0], NetworkReader())
    squares = [np.asarray(Image.fromarray(head.picture).resize((SIDE, SIDE), Image.Resampling.BOX))]
    avatar = make_avatar(recipe.model_copy(update={"lods": (), "face": "none"}), load_model("starter", "cpu"))
    scene = LayeredScene(avatar.main, *avatar.posed())
    frame = frame_head(avatar.main.vertices, avatar.joints[avatar.joint_names.index("head")])
    for yaw in YAWS:
        camera = frame.camera(yaw=yaw)
        squares.append(scene.render(camera.cam2world, camera.intrinsics, SIDE).image)
    Image.fromarray(np.concatenate(squares, axis=1)).save(target)
    return target


def told(python: Path, sheets: list[Path]) -> None:
    """The descriptor's distances, a line a photograph."""
    done = subprocess.run([python, str(BESIDE), *sheets], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        facts = json.loads(line)
        front, turned = facts["distances"]
        print(f"{facts['name']:30} front {front:.2f}, turned {turned:.2f}, nearest avatar {facts['nearest']}")


if __name__ == "__main__":
    main()
