# SPDX-License-Identifier: Apache-2.0
"""The jobs of a worker by name: each reads its fields, works, and returns the result to send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portrait_core.engine.engine import Engine
from portrait_core.worker.fields import Fields
from portrait_core.worker.jobs import library, making, people, photographs, pictures, reading, settings
from portrait_core.worker.watch import Watch

Job = Callable[[Fields, Watch, Engine], dict[str, Any]]

JOBS: dict[str, Job] = {
    "configure": settings.configure,
    "preview": pictures.preview,
    "attributes": people.attributes,
    "vary": people.vary,
    "blend": people.blend,
    "randomise": people.randomise,
    "generate": making.generate,
    "batch": making.batch,
    "library": library.library,
    "bake": making.bake,
    "read_pose": reading.pose,
    "read_motion": reading.motion,
    "read_recipe": reading.recipe,
    "photo": photographs.photo,
    "photo_view": photographs.view,
    "photo_setup": photographs.set_up,
}
