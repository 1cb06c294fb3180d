# SPDX-License-Identifier: Apache-2.0
"""What a picture of the gallery costs beside an avatar, in seconds of processors of the engine's process.

    python -m benchmarks.gallery --people 12

Both are made by turns, so that other work on the machine weighs on both alike, with the requests that the Blender
add-on sends: `preview` of heads, and `generate` of the recipe that it has for new avatars. The file is part of the
avatar, its way into Blender is not.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portrait_core.engine.engine import Engine
from portrait_core.worker.fields import Fields
from portrait_core.worker.jobs import JOBS
from portrait_core.worker.watch import Watch

SIZE = 192
"""Pixels, as the add-on asks for."""
BAR = 0.1


def asked(do: str, engine: Engine, **fields: Any) -> float:
    """Seconds of processors that a request takes."""
    begin = time.process_time()
    JOBS[do](Fields(fields), Watch("r", lambda _: None), engine)
    return time.process_time() - begin


def measured(people: int, topology: str) -> dict[str, float]:
    """Medians of a picture and of an avatar of one topology, and their ratio."""
    engine = Engine()
    with tempfile.TemporaryDirectory() as folder:

        def picture(seed: int) -> float:
            recipe = {"seed": seed, "topology": topology}
            return asked("preview", engine, recipes=[recipe], folder=folder, size=SIZE, framing="head")

        def avatar(seed: int) -> float:
            recipe = {"seed": seed, "topology": topology}
            return asked("generate", engine, recipe=recipe, path=str(Path(folder) / f"{seed}.glb"))

        found: dict[Callable[[int], float], list[float]] = {picture: [], avatar: []}
        for each in found:  # what is made once belongs to nobody
            each(1000)
        for seed in range(people):
            # Others each time: what is known of a person is kept for a while.
            for number, each in enumerate(found):
                found[each].append(each(2 * seed + number))
        one, whole = (statistics.median(times) for times in found.values())
    return {"picture": round(one, 3), "avatar": round(whole, 3), "ratio": round(one / whole, 3)}


def main() -> None:
    """Measure and print a line for each topology."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--topologies", default="parts,shell")
    wanted = parser.parse_args()
    for topology in wanted.topologies.split(","):
        facts = measured(wanted.people, topology)
        print(json.dumps({"topology": topology, **facts, "bar": BAR}))


if __name__ == "__main__":
    main()
