# SPDX-License-Identifier: Apache-2.0
"""Which nodes a glTF file shows, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.formats.gltf.reader import GltfFile

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Graph:
    """``world`` (4, 4) of every node by number, and the numbers of those that are ``shown``, in the file's order."""

    world: dict[int, Matrix]
    shown: tuple[int, ...]


def read_graph(gltf: GltfFile) -> Graph:
    """The nodes of the file's scene: the default one, else the first; all nodes where no scene says what is shown.

    Levels of detail (MSFT_lod) of a node that is shown count as shown; what is hidden (KHR_node_visibility) does not.
    Raises :class:`UsageError` for a node with two parents and a transform that is not made of numbers.
    """
    nodes = gltf.entries("nodes")
    children = [indices(node.get("children"), len(nodes)) for node in nodes]
    # A level of detail stands where the node does that it is a level of.
    levels = [indices(extension(node, "MSFT_lod").get("ids"), len(nodes)) for node in nodes]
    parents: dict[int, int] = {}
    for number, below in enumerate(children):
        for child in below:
            if child in parents:
                raise UsageError(f"{gltf.path}: node {child} has two parents; the file is damaged.")
            parents[child] = number
    for number, others in enumerate(levels):
        for other in others:
            if number in parents and other not in parents and other != number:
                parents[other] = parents[number]
    world = _world(gltf, nodes, parents)
    return Graph(world, _shown(gltf, nodes, children, levels))


def _world(gltf: GltfFile, nodes: list[dict[str, Any]], parents: dict[int, int]) -> dict[int, Matrix]:
    below: dict[int, list[int]] = {}
    for child, parent in parents.items():
        below.setdefault(parent, []).append(child)
    waiting = [(number, np.eye(4)) for number in range(len(nodes)) if number not in parents]
    world: dict[int, Matrix] = {}
    with np.errstate(all="ignore"):
        while waiting:
            number, above = waiting.pop()
            world[number] = above @ _local(gltf.path, nodes[number])
            waiting += [(child, world[number]) for child in below.get(number, ())]
    return world


def _shown(
    gltf: GltfFile, nodes: list[dict[str, Any]], children: list[list[int]], levels: list[list[int]]
) -> tuple[int, ...]:
    scenes = gltf.entries("scenes")
    if not scenes:
        return tuple(range(len(nodes)))
    default: object = gltf.tree.get("scene", 0)
    number = default if isinstance(default, int) and 0 <= default < len(scenes) else 0
    found = _reached(scenes[number], nodes, children, levels)
    if not any("mesh" in nodes[each] for each in found):  # a scene of lights and cameras: the others have the mesh
        found = {each for scene in scenes for each in _reached(scene, nodes, children, levels)}
    return tuple(sorted(found))


def _reached(
    scene: dict[str, Any], nodes: list[dict[str, Any]], children: list[list[int]], levels: list[list[int]]
) -> set[int]:
    found: set[int] = set()
    waiting = indices(scene.get("nodes"), len(nodes))
    while waiting:
        number = waiting.pop()
        if number not in found and extension(nodes[number], "KHR_node_visibility").get("visible") is not False:
            found.add(number)
            waiting += [*children[number], *levels[number]]
    return found


def indices(listed: object, count: int) -> list[int]:
    """The numbers from 0 to ``count`` - 1 in a list of a file; anything else in it is passed over."""
    values = cast("list[object]", listed) if isinstance(listed, list) else []
    return [each for each in values if isinstance(each, int) and not isinstance(each, bool) and 0 <= each < count]


def extension(entry: dict[str, Any], name: str) -> dict[str, Any]:
    """The extension ``name`` of an entry; an empty object where there is none."""
    found: object = entry.get("extensions")
    value: object = cast("dict[str, Any]", found).get(name) if isinstance(found, dict) else None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _local(path: Path, node: dict[str, Any]) -> Matrix:
    try:
        if "matrix" in node:
            return np.array(node["matrix"], np.float64).reshape(4, 4).T
        turn = np.array(node.get("rotation", (0, 0, 0, 1)), np.float64).reshape(4)
        x, y, z, w = turn / max(float(np.linalg.norm(turn)), 1e-30)
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        matrix = np.eye(4)
        matrix[:3, :3] = (np.eye(3) + 2 * w * cross + 2 * cross @ cross) * np.array(
            node.get("scale", (1, 1, 1)), np.float64
        ).reshape(3)
        matrix[:3, 3] = np.array(node.get("translation", (0, 0, 0)), np.float64).reshape(3)
        return matrix
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{path}: a node's transform is not made of numbers; the file is damaged.") from None
