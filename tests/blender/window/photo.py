# SPDX-License-Identifier: Apache-2.0
"""A photograph in the window: the question what it is for, the person of it, its pose and camera on an avatar.

Run as `stage.py` says, with PORTRAITKIT_PICTURE naming a photograph and PORTRAITKIT_PHOTO the folder of the networks.
Pictures: the question, the person, the view by the photograph's camera.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import stage


def ask(photograph: str) -> None:
    """What dropping does."""
    area = stage.view()
    with bpy.context.temp_override(window=stage.window(), area=area, region=stage.region(area, "WINDOW")):
        bpy.ops.portraitkit.from_photo("INVOKE_DEFAULT", filepath=photograph)


def story() -> stage.Story:
    session = stage.part("jobs.session").session
    photograph = os.environ["PORTRAITKIT_PICTURE"]
    area = stage.view()
    yield from stage.sidebar()
    session.wake()
    yield from stage.until(lambda: session.capabilities is not None)
    ask(photograph)
    yield 1.5
    stage.picture("photo-question")
    yield from stage.key("RET", stage.middle(stage.region(area, "WINDOW")))
    assert session.tasks, "it is made"
    yield from stage.until(lambda: not session.tasks)
    assert session.notices.error is None, session.notices.error
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    (avatar,) = stage.part("scene.identity").avatars_of()
    area.spaces.active.shading.type = "MATERIAL"
    yield 15.0
    stage.picture("photo-person")
    with bpy.context.temp_override(window=stage.window(), area=area, region=stage.region(area, "WINDOW")):
        stage.part("scene.selection").select_only(avatar.armature)
        bpy.ops.portraitkit.from_photo(filepath=photograph, what="POSE")
    yield from stage.until(lambda: not session.tasks)
    assert session.notices.error is None, session.notices.error
    yield 20.0
    stage.picture("photo-pose")


stage.play(story)
