# SPDX-License-Identifier: Apache-2.0
"""From a moved slider to the moved mesh, inside Blender, with another busy program beside it.

``python -m benchmarks.sliders 4.5.15`` makes an avatar of parts with a face in Blender's Python module (``make
blender-tests`` makes its environment), moves sliders of every group a hundred times, and tells median and 95th
percentile of the time from the change of the property to the change of all meshes, and how much of it Blender's main
thread was held. ``--alone`` leaves the busy program away; ``--whole`` measures how long the maps take after a slider
was let go, too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from benchmarks.beside import BUSY
from benchmarks.blender_module import built_addon, told_inside

INSIDE = """
import random, statistics
moves, whole = map(int, arguments)
recipe = {"model": "starter", "seed": 7, "topology": "parts", "face": "both", "texture_size": 1024}
bpy.ops.portraitkit.generate(recipe=json.dumps(recipe), name="Ada")
bpy.ops.portraitkit.show_looks()
live, looks, mesh = part("jobs.live").live, part("scene.looks"), part("scene.live_mesh")
avatar = part("scene.identity").selected_avatar(bpy.context)
rig = avatar.armature
names = [name for name in looks.names_of(rig) if not name.startswith(("hair_", "clothing_"))]
draw = random.Random(3)
took, held = [], []
for _ in range(moves):
    name = draw.choice(names)
    rig[looks.property_of(name)] = draw.uniform(-2, 2)
    begin = time.perf_counter()
    live.notice(rig)
    longest = 0.0
    while rig.session_uid in live._open:
        a = time.perf_counter()
        wait = live.step()
        longest = max(longest, time.perf_counter() - a)
        if wait is None or looks.same(mesh.shown_of(avatar), looks.set_of(rig)):
            break
        time.sleep(wait)
    bpy.context.view_layer.update()
    took.append(time.perf_counter() - begin)
    held.append(longest)
cut = statistics.quantiles(took, n=20)
told = {"moves": moves, "median_ms": 1000 * statistics.median(took), "p95_ms": 1000 * cut[-1],
        "longest_block_ms": 1000 * max(held), "median_block_ms": 1000 * statistics.median(held)}
if whole:
    begin = time.perf_counter()
    bpy.ops.portraitkit.regenerate()
    told["whole_s"] = time.perf_counter() - begin
print("TOLD " + json.dumps({key: round(value, 2) for key, value in told.items()}), flush=True)
"""


def measure(version: str, package: Path, moves: int, *, busy: bool, whole: bool) -> dict[str, float]:
    """The figures of one version of Blender, milliseconds and seconds."""
    beside = subprocess.Popen([sys.executable, "-c", BUSY, "1"], stdout=subprocess.PIPE) if busy else None
    try:
        if beside is not None and beside.stdout is not None:
            beside.stdout.readline()
        (told,) = told_inside(version, package, INSIDE, moves, int(whole))
    finally:
        if beside is not None:
            beside.kill()
            beside.wait()
    return json.loads(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="+", help="versions of bpy, as of make blender-tests")
    parser.add_argument("--moves", type=int, default=100)
    parser.add_argument("--alone", action="store_true", help="without the busy program")
    parser.add_argument("--whole", action="store_true", help="also how long the maps take")
    options = parser.parse_args()
    with built_addon() as package:
        for version in options.versions:
            told = measure(version, package, options.moves, busy=not options.alone, whole=options.whole)
            print(version, json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
