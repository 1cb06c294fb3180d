# SPDX-License-Identifier: GPL-3.0-or-later
"""What engine and add-on share: protocol, recipe fields, maps, strands: ``from .engine_copies import protocol``.

The zip carries copies of them beside this file (``build_addon.py`` puts them there). In the source tree there are none,
so that there is one source of truth: they are loaded from the engine's folder, as files, without importing the engine.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portrait_core import maps, protocol, recipe_fields
    from portrait_core.parts import strands

__all__ = ["maps", "protocol", "recipe_fields", "strands"]


def _copy(name: str, room: str = "") -> Any:
    if Path(__file__).with_name(f"{name}.py").is_file():
        return import_module(f".{name}", __package__)
    path = Path(__file__).resolve().parents[2] / "portrait_core" / room / f"{name}.py"
    full = f"{__package__}.{name}"
    spec = spec_from_file_location(full, path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise ImportError(f"{name}.py is missing beside engine_copies.py: build the add-on with build_addon.py")
    module = module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module


if not TYPE_CHECKING:
    protocol = _copy("protocol")
    recipe_fields = _copy("recipe_fields")
    maps = _copy("maps")
    strands = _copy("strands", "parts")
