# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol module that client and worker share: ``from .protocol_copy import protocol``.

The zip carries a copy of it beside this file (``build_addon.py`` puts it there). In the source tree there is no copy,
so that there is one source of truth: it is loaded from the engine's folder, as a file, without importing the engine.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portrait_core import protocol
elif Path(__file__).with_name("protocol.py").is_file():
    from . import protocol
else:
    protocol = None

__all__ = ["protocol"]


def _from_source_tree() -> Any:
    path = Path(__file__).resolve().parents[2] / "portrait_core" / "protocol.py"
    name = f"{__package__}.protocol"
    spec = spec_from_file_location(name, path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise ImportError("protocol.py is missing beside protocol_copy.py: build the add-on with build_addon.py")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if not TYPE_CHECKING and protocol is None:
    protocol = _from_source_tree()
