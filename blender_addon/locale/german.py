# SPDX-License-Identifier: GPL-3.0-or-later
"""German. A test compares the keys with every text of the add-on."""

from __future__ import annotations

from .german_arrivals import ARRIVALS
from .german_attributes import ATTRIBUTES
from .german_body import BODY
from .german_describe import DESCRIBE
from .german_engine import ENGINE
from .german_entry import ENTRY
from .german_face import FACE
from .german_failures import FAILURES
from .german_operators import OPERATORS
from .german_rig import RIG
from .german_scene import SCENE
from .german_settings import SETTINGS
from .german_setup import SETUP
from .german_steps import STEPS

GERMAN: dict[str, str] = {
    **ARRIVALS,
    **ATTRIBUTES,
    **BODY,
    **DESCRIBE,
    **ENGINE,
    **ENTRY,
    **FACE,
    **OPERATORS,
    **RIG,
    **SCENE,
    **SETTINGS,
    **SETUP,
    **STEPS,
    **FAILURES,
}

__all__ = ["GERMAN"]
