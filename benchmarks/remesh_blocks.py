# SPDX-License-Identifier: Apache-2.0
"""How long Remesh and Bake holds Blender's main thread at once: `python -m benchmarks.remesh_blocks 4.5.15`.

Makes an avatar in one piece in Blender's Python module (`make blender-tests` makes its environment), presses the button
as in a window and calls the session's step as its timer does. It tells the longest calls with what was going on then,
on the clock and in the thread's own processor time, which other programs do not lengthen; and how long all of it took.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSIDE = """
import importlib, json, os, sys, time
import bpy
package, faces, quads, size = sys.argv[1], *map(int, sys.argv[2:5])
bpy.ops.extensions.package_install_files(filepath=package, repo="user_default", enable_on_install=True)
part = lambda name: importlib.import_module("bl_ext.user_default.portraitkit." + name)
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
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
session.close()
os._exit(0)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="+", help="versions of bpy, as of make blender-tests")
    parser.add_argument("--faces", type=int, default=20000, help="triangles of the avatar (default: 20000)")
    parser.add_argument("--quads", type=int, default=6000, help="quads asked for (default: 6000)")
    parser.add_argument("--texture-size", type=int, default=2048, help="side of its maps (default: 2048)")
    parser.add_argument("--zip", type=Path, help="an add-on built before")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        package = options.zip
        if package is None:
            build = [sys.executable, str(ROOT / "build_addon.py"), "--dist", folder]
            subprocess.run(build, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
            (package,) = Path(folder).glob("portraitkit-*.zip")
        for version in options.versions:
            python = ROOT / ".cache" / f"bpy-{version}" / "bin" / "python"
            numbers = (options.faces, options.quads, options.texture_size)
            environment = {**os.environ, "BLENDER_USER_RESOURCES": folder, "PORTRAITKIT_ENGINE_PYTHON": sys.executable}
            done = subprocess.run(
                [str(python), "-c", INSIDE, str(package), *map(str, numbers)],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=900,
            )
            told = [line.removeprefix("TOLD ") for line in done.stdout.splitlines() if line.startswith("TOLD ")]
            print("\n".join(told) or (done.stdout + done.stderr)[-3000:], flush=True)


if __name__ == "__main__":
    main()
