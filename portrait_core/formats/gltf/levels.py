# SPDX-License-Identifier: Apache-2.0
"""Levels of detail in a glTF file: MSFT_lod, a vendor's extension that is in the public list of them.

The node of the finest level names those of the others, which no scene holds: a program that does not know the extension
shows the finest level alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

EXTENSION, COVERAGE = "MSFT_lod", "MSFT_screencoverage"
FINEST = 0.25
"""The share of the screen's area from which on the finest level has less than a few dozen pixels a triangle; the next
ones have as few at shares in proportion to their faces."""


def name_levels(gltf: Any, nodes: Sequence[int], faces: Sequence[int]) -> list[int]:
    """Name the levels at ``nodes``, the finest first, with ``faces`` each; returns the nodes that the scene holds."""
    first, *others = nodes
    if not others:
        return [first]
    node = gltf.nodes[first]
    node.extensions = {EXTENSION: {"ids": others}}
    # Down to these shares of the screen the levels are shown; the last one always.
    node.extras = {
        **(node.extras or {}),
        COVERAGE: [*(round(FINEST * count / faces[0], 6) for count in faces[1:]), 0.0],
    }
    known: list[str] = list(gltf.extensionsUsed or ())
    gltf.extensionsUsed = [*known, *(() if EXTENSION in known else (EXTENSION,))]
    return [first]
