# SPDX-License-Identifier: GPL-3.0-or-later
"""German. A test compares the keys with every text of the add-on."""

from __future__ import annotations

from .german_arrivals import ARRIVALS
from .german_attributes import ATTRIBUTES
from .german_engine import ENGINE
from .german_face import FACE
from .german_failures import FAILURES
from .german_operators import OPERATORS
from .german_scene import SCENE
from .german_settings import SETTINGS
from .german_steps import STEPS

GERMAN: dict[str, str] = {
    **ARRIVALS,
    **ATTRIBUTES,
    **ENGINE,
    **FACE,
    **OPERATORS,
    **SCENE,
    **SETTINGS,
    **STEPS,
    **FAILURES,
}

__all__ = ["GERMAN"]
