# SPDX-License-Identifier: GPL-3.0-or-later
"""German. A test compares the keys with every text of the add-on."""

from __future__ import annotations

from .engine import ENGINE
from .filled import FILLED as PLAIN_FILLED
from .operators import OPERATORS
from .scene import SCENE, SCENE_FILLED
from .settings import SETTINGS
from .trouble import TROUBLE

GERMAN: dict[str, str] = {**ENGINE, **OPERATORS, **SCENE, **SETTINGS, **TROUBLE}
FILLED: dict[str, str] = {**PLAIN_FILLED, **SCENE_FILLED}

__all__ = ["FILLED", "GERMAN"]
