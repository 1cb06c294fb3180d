# SPDX-License-Identifier: Apache-2.0
"""How long Remesh and Bake holds Blender's main thread at once: `python -m benchmarks.remesh_blocks 4.5.15`.

Makes an avatar in one piece in Blender's Python module (`make blender-tests` makes its environment), presses the button
as in a window and calls the session's step as its timer does. It tells the longest calls with what was going on then,
on the clock and in the thread's own processor time, which other programs do not lengthen; and how long all of it took.
"""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path

from benchmarks.blender_module import built_addon, told_inside

INSIDE = """
faces, quads, size = map(int, arguments)
session = part("jobs.session").session
recipe = {"model": "starter", "seed": 7, "topology": "shell", "faces": faces, "texture_size": size}
bpy.ops.portraitkit.generate(recipe=json.dumps(recipe), name="Ada")
bpy.context.view_layer.objects.active = part("scene.identity").avatars_of()[0].mesh
session.waits = False
calls = []

def timed(what, call):
    a, b = time.perf_counter(), time.thread_time()
    call()
    calls.append((1000 * (time.perf_counter() - a), 1000 * (time.thread_time() - b), what))

begin = time.perf_counter()
timed("button", lambda: bpy.ops.portraitkit.remesh_bake(faces=quads))
task = session.tasks[-1]
while not task.ended:
    timed(task.stage or "start", session.step)
    time.sleep(0.01)
assert task.state == "done", task.failure and task.failure.sentence
own = bpy.context.active_object
print(f"TOLD {bpy.app.version_string}: {faces} faces, {len(own.data.polygons)} quads, maps of {size}: "
      f"{time.perf_counter() - begin:.1f} s in all; longest calls, ms (own):", flush=True)
for clock, thread, what in sorted(calls, reverse=True)[:4]:
    print(f"TOLD   {clock:6.0f} ({thread:.0f})  {what}", flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="+", help="versions of bpy, as of make blender-tests")
    parser.add_argument("--faces", type=int, default=20000, help="triangles of the avatar (default: 20000)")
    parser.add_argument("--quads", type=int, default=6000, help="quads asked for (default: 6000)")
    parser.add_argument("--texture-size", type=int, default=2048, help="side of its maps (default: 2048)")
    parser.add_argument("--zip", type=Path, help="an add-on built before")
    options = parser.parse_args()
    with built_addon() if options.zip is None else nullcontext(options.zip) as package:
        for version in options.versions:
            numbers = (options.faces, options.quads, options.texture_size)
            print("\n".join(told_inside(version, package, INSIDE, *numbers)), flush=True)


if __name__ == "__main__":
    main()
