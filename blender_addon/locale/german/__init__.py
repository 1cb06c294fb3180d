# SPDX-License-Identifier: GPL-3.0-or-later
"""German. A test compares the keys with every text of the add-on."""

from __future__ import annotations

from .engine import ENGINE
from .failures import FAILURES
from .filled import FILLED as PLAIN_FILLED
from .operators import OPERATORS
from .scene import SCENE, SCENE_FILLED
from .settings import SETTINGS

GERMAN: dict[str, str] = {**ENGINE, **OPERATORS, **SCENE, **SETTINGS, **FAILURES}
FILLED: dict[str, str] = {**PLAIN_FILLED, **SCENE_FILLED}

__all__ = ["FILLED", "GERMAN"]
