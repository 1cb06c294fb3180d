# SPDX-License-Identifier: Apache-2.0
"""Opens a GLB file in Blender (bpy as a module) and reads the value of a shape at every frame.

    python tests/external/bpy_face_check.py A.glb skin jawOpen 60     # in an environment that has bpy

One JSON line: the names of actions, and the values of shape jawOpen of object skin at each frame of 60 a second.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any

os.environ.setdefault("BLENDER_USER_RESOURCES", tempfile.mkdtemp(prefix="blender-user-"))

import bpy


def main(path: str, name: str, shape: str, rate: str) -> None:
    modules: Any = bpy
    modules.ops.wm.read_factory_settings(use_empty=True)
    scene = modules.context.scene
    scene.render.fps = int(rate)
    modules.ops.import_scene.gltf(filepath=path)
    keys = modules.data.objects[name].data.shape_keys
    last = int(max(action.frame_range[1] for action in modules.data.actions))
    values: list[float] = []
    for frame in range(last + 1):
        scene.frame_set(frame)
        values.append(keys.key_blocks[shape].value)
    print(json.dumps({"actions": sorted({each.name for each in modules.data.actions}), "values": values}))


if __name__ == "__main__":
    main(*sys.argv[1:])
