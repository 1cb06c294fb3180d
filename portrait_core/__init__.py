# SPDX-License-Identifier: Apache-2.0
"""Portraitkit's engine: from a recipe to a rigged, textured head-and-shoulders avatar.

The names below are what programs use; each is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portrait_core.formats.gltf.writer import write_glb
    from portrait_core.models.load import load_model
    from portrait_core.pipeline.make import make_avatar
    from portrait_core.recipe import Recipe

__version__ = "0.1.0"
__all__ = ["Recipe", "__version__", "load_model", "make_avatar", "write_glb"]

_PLACES = {
    "Recipe": "portrait_core.recipe",
    "load_model": "portrait_core.models.load",
    "make_avatar": "portrait_core.pipeline.make",
    "write_glb": "portrait_core.formats.gltf.writer",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
