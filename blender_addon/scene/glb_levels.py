# SPDX-License-Identifier: GPL-3.0-or-later
"""Levels of detail in an avatar's file, for Blender's importer: it knows no MSFT_lod. Knows nothing of Blender."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .glb_facts import read_tree

EXTENSION = "MSFT_lod"
_HEAD = 12


@contextmanager
def with_levels_shown(path: Path) -> Iterator[Path]:
    """A file like ``path`` whose scene holds all levels of detail; ``path`` itself where there is nothing to change.

    A .glb is copied into a temporary folder, a .gltf beside itself, where its images are. Both are gone afterwards.
    """
    tree = read_tree(path)
    if not show_levels(tree):
        yield path
        return
    content = path.read_bytes()
    if content[:4] != b"glTF":
        copy = path.with_name(f".{path.stem[:60]}.levels.gltf")
        try:
            copy.write_text(json.dumps(tree), encoding="utf-8")
        except OSError:  # a folder that is only read: the finest level comes alone
            yield path
            return
        try:
            yield copy
        finally:
            copy.unlink(missing_ok=True)
        return
    with tempfile.TemporaryDirectory(prefix="portraitkit-") as folder:
        copy = Path(folder) / path.name
        copy.write_bytes(_replaced(content, tree))
        yield copy


def show_levels(tree: dict[str, Any]) -> bool:
    """Put the levels that nodes of a scene name into the scene as well, and tell whether there were any."""
    nodes = tree.get("nodes") or []
    found = False
    for scene in tree.get("scenes") or []:
        shown = scene.get("nodes") or []
        levels = [each for number in shown for each in _levels(nodes, number) if each not in shown]
        if levels:
            scene["nodes"] = [*shown, *dict.fromkeys(levels)]
            found = True
    if found:
        for node in nodes:
            (node.get("extensions") or {}).pop(EXTENSION, None)
            if node.get("extensions") == {}:
                del node["extensions"]
        used = [each for each in tree.get("extensionsUsed") or [] if each != EXTENSION]
        tree.pop("extensionsUsed", None)
        if used:
            tree["extensionsUsed"] = used
    return found


def _levels(nodes: list[Any], number: object) -> list[int]:
    if not isinstance(number, int) or not 0 <= number < len(nodes) or not isinstance(nodes[number], dict):
        return []
    named = ((nodes[number].get("extensions") or {}).get(EXTENSION) or {}).get("ids")
    return [each for each in named or [] if isinstance(each, int) and 0 <= each < len(nodes)]


def _replaced(content: bytes, tree: dict[str, Any]) -> bytes:
    """The .glb ``content`` with ``tree`` as its description."""
    length = int.from_bytes(content[_HEAD : _HEAD + 4], "little")
    text = json.dumps(tree, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    rest = content[_HEAD + 8 + length :]
    size = (_HEAD + 8 + len(text) + len(rest)).to_bytes(4, "little")
    return content[:8] + size + len(text).to_bytes(4, "little") + b"JSON" + text + rest
