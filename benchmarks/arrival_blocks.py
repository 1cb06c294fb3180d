# SPDX-License-Identifier: Apache-2.0
"""How long an arriving avatar holds Blender's main thread at once.

``python -m benchmarks.arrival_blocks 4.5.15`` makes avatars of parts with faces in Blender's Python module (``make
blender-tests`` makes its environment) and has each come in as in a window, where the main loop has its turn between
two steps. It tells the longest step, how long all of them took, and what Blender's evaluation of the scene took
afterwards; then the same of one that is made anew in its place. Times are on the clock, and of the thread's own
processor time, which other programs do not lengthen. ``--published`` takes avatars in one piece instead; ``--times``
sets how many of each.

A real window draws besides: ``tests/blender/window/arrival.py`` measures there.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.blender_module import built_addon, told_inside

INSIDE = """
import shutil, statistics, tempfile
from pathlib import Path
times, topology = int(arguments[0]), arguments[1]
arrivals = part("jobs.arrivals").arrivals
Arrival, asked_from = part("jobs.arrival").Arrival, part("scene.undisturbed").asked_from
open_file, workflows = part("jobs.files").open_file, part("jobs.workflows")
recipe = {"model": "starter", "seed": 7, "topology": topology, "face": "both", "texture_size": 1024}
kept = Path(tempfile.mkdtemp()) / "ada.glb"
bpy.ops.portraitkit.generate(recipe=json.dumps(recipe), name="Ada", filepath=str(kept))
arrivals.at_once = False
told = {"arrival": [], "anew": []}

def steps(arrival, kind):
    arrivals.arrive(arrival)
    clock, own = [], []
    while arrivals.waiting:
        a, b = time.perf_counter(), time.thread_time()
        arrivals.step()
        clock.append(time.perf_counter() - a)
        own.append(time.thread_time() - b)
        assert not any(each.by_hand for each in arrivals.waiting), arrivals.waiting[0].why
    a, b = time.perf_counter(), time.thread_time()
    bpy.context.view_layer.update()
    told[kind].append((max(clock), max(own), sum(clock), sum(own), time.perf_counter() - a, time.thread_time() - b))

for number in range(times):
    copy = Path(shutil.copy2(kept, kept.with_name(f"{number}.glb")))
    steps(Arrival(copy, f"Bea {number}", open_file(), asked_from(bpy.context)), "arrival")
avatar = part("scene.identity").avatars_of()[-1]
for number in range(times):
    copy = Path(shutil.copy2(kept, kept.with_name(f"anew-{number}.glb")))
    steps(Arrival(copy, "anew", open_file(), asked_from(bpy.context), replaces=avatar.identity), "anew")
names = ("longest", "longest own", "all", "all own", "evaluation", "evaluation own")
found = {kind: {name: round(1000 * statistics.median(each), 1) for name, each in zip(names, zip(*rows))}
         for kind, rows in told.items()}
print("TOLD " + json.dumps(found), flush=True)
"""


def measure(version: str, package: Path, times: int, topology: str) -> dict[str, dict[str, float]]:
    """Medians of one version of Blender, milliseconds."""
    (told,) = told_inside(version, package, INSIDE, times, topology)
    return json.loads(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="+", help="versions of bpy, as of make blender-tests")
    parser.add_argument("--times", type=int, default=5, help="arrivals of each kind (default: 5)")
    parser.add_argument("--published", action="store_true", help="avatars in one piece")
    options = parser.parse_args()
    with built_addon() as package:
        for version in options.versions:
            told = measure(version, package, options.times, "shell" if options.published else "parts")
            print(version, json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
