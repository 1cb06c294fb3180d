# SPDX-License-Identifier: GPL-3.0-or-later
"""What engine and add-on share: protocol, recipe fields, maps, strands, face: ``from .engine_copies import protocol``.

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
    from portrait_core import face, maps, protocol, recipe_fields
    from portrait_core.parts import strands

__all__ = ["face", "face_module", "maps", "protocol", "recipe_fields", "strands"]


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


def _room(name: str) -> Any:
    """A whole room of the engine, or what the zip carries of it."""
    if Path(__file__).with_name(name).is_dir():
        return import_module(f".{name}", __package__)
    folder = Path(__file__).resolve().parents[2] / "portrait_core" / name
    full = f"{__package__}.{name}"
    begin = folder / "__init__.py"
    spec = spec_from_file_location(full, begin, submodule_search_locations=[str(folder)]) if begin.is_file() else None
    if spec is None or spec.loader is None:
        raise ImportError(f"{name} is missing beside engine_copies.py: build the add-on with build_addon.py")
    module = module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module


def face_module(name: str) -> Any:
    """A module of the room ``face``: ``names``, ``emotions``, ``recordings.load``."""
    return import_module(f"{face.__name__}.{name}")


if not TYPE_CHECKING:
    face = _room("face")
    protocol = _copy("protocol")
    recipe_fields = _copy("recipe_fields")
    maps = _copy("maps")
    strands = _copy("strands", "parts")
