# SPDX-License-Identifier: Apache-2.0
"""The add-on below Blender. Its package imports bpy at the top, so these tests stand in for that one module."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

if "blender_addon" not in sys.modules:
    _package = ModuleType("blender_addon")
    _package.__path__ = [str(Path(__file__).resolve().parents[2] / "blender_addon")]
    sys.modules["blender_addon"] = _package
