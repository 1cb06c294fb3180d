# SPDX-License-Identifier: GPL-3.0-or-later
"""What a .glb or .gltf file says of how it was made. Knows nothing of Blender."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..core.failure import Failure
from ..core.text import Text

KEY = "portraitkit"
"""The extra, and the custom property, that holds the facts as JSON text."""
_HEAD = 20
_MOST = 64 * 1024 * 1024


def read_tree(path: Path) -> dict[str, Any]:
    """The JSON of a .glb or .gltf; raises :class:`Failure` for a file that is neither."""
    try:
        with path.open("rb") as file:
            start = file.read(_HEAD)
            if start[:4] == b"glTF" and len(start) == _HEAD and start[16:20] == b"JSON":
                length = int.from_bytes(start[12:16], "little")
                if length > _MOST:
                    raise _damaged("{file}: its description is larger than any avatar's; the file is damaged.", path)
                content = file.read(length)
            elif path.suffix.lower() == ".gltf":
                content = start + file.read(_MOST)
            else:
                message = Text("{file} is no .glb file.", file=path.name)
                raise Failure("file", message, "Choose a file that Portraitkit or Blender wrote.")
        tree: object = json.loads(content)
    except FileNotFoundError:
        message = Text("{file} is not there any more.", file=path.name)
        raise Failure("file", message, "Choose another file.") from None
    except (ValueError, RecursionError):
        raise _damaged("{file} is damaged: its description cannot be read.", path) from None
    if not isinstance(tree, dict):
        raise _damaged("{file} is damaged: its description is no JSON object.", path)
    return tree


def _damaged(template: str, path: Path) -> Failure:
    return Failure("file", Text(template, file=path.name))


def facts_in(tree: dict[str, Any]) -> dict[str, Any] | None:
    """The recipe, provenance and report in a glTF tree; None where Portraitkit did not make it."""
    own = (tree.get("asset") or {}).get("extras")
    if isinstance(own, dict) and isinstance(own.get("recipe"), dict):
        return own
    for kind in ("nodes", "meshes", "scenes"):
        for entry in tree.get(kind) or ():
            extras = entry.get("extras") if isinstance(entry, dict) else None
            text = extras.get(KEY) if isinstance(extras, dict) else None
            found = parse_facts(text)
            if found is not None:
                return found
    return None


def parse_facts(text: object) -> dict[str, Any] | None:
    """Facts out of the custom property's text; None where it is none of ours."""
    if not isinstance(text, str):
        return None
    try:
        facts: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) and isinstance(facts.get("recipe"), dict) else None
