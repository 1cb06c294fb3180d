# SPDX-License-Identifier: Apache-2.0
"""What a picture of the gallery costs beside an avatar, in seconds of processors of the engine's process.

    python -m benchmarks.gallery --rounds 3

Both are made by turns, so that other work on the machine weighs on both alike, with the requests that the Blender
add-on sends: `preview` of twelve heads, and `generate` of the recipe that it has for new avatars. The file is part of
the avatar, its way into Blender is not. A gallery counts as the mean of its pictures, and of galleries and avatars the
medians are compared. Hair, cloth and skin of styles that nobody had before are made once a process: the galleries and
avatars before the first round pay for most of them, and are told apart.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from portrait_core.engine.engine import Engine
from portrait_core.worker.fields import Fields
from portrait_core.worker.jobs import JOBS
from portrait_core.worker.watch import Watch

SIZE = 192
"""Pixels, as the add-on asks for."""
PICTURES = 12
"""Of a gallery, as the add-on asks for."""
AVATARS = 4
"""After each gallery."""
BAR = 0.1


def asked(do: str, engine: Engine, **fields: Any) -> float:
    """Seconds of processors that a request takes."""
    begin = time.process_time()
    JOBS[do](Fields(fields), Watch("r", lambda _: None), engine)
    return time.process_time() - begin


def measured(rounds: int, topology: str) -> dict[str, float]:
    """Medians of a gallery's mean picture and of an avatar of one topology, their ratio, and the first gallery's mean
    picture."""
    engine = Engine()
    # Others each time: what is known of a person is kept for a while.
    seeds = itertools.count()
    with tempfile.TemporaryDirectory() as folder:

        def gallery() -> float:
            recipes = [{"seed": next(seeds), "topology": topology} for _ in range(PICTURES)]
            return asked("preview", engine, recipes=recipes, folder=folder, size=SIZE, framing="head") / PICTURES

        def avatar() -> float:
            recipe = {"seed": next(seeds), "topology": topology}
            return asked("generate", engine, recipe=recipe, path=str(Path(folder) / f"{recipe['seed']}.glb"))

        avatar()
        first = gallery()
        pictures: list[float] = []
        avatars: list[float] = []
        for _ in range(rounds):
            pictures.append(gallery())
            avatars += [avatar() for _ in range(AVATARS)]
    one, whole = statistics.median(pictures), statistics.median(avatars)
    found = {"picture": one, "avatar": whole, "ratio": one / whole, "first gallery's": first}
    return {name: round(value, 3) for name, value in found.items()}


def main() -> None:
    """Measure and print a line for each topology."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--topologies", default="parts,shell")
    wanted = parser.parse_args()
    for topology in wanted.topologies.split(","):
        facts = measured(wanted.rounds, topology)
        print(json.dumps({"topology": topology, **facts, "bar": BAR}))


if __name__ == "__main__":
    main()
