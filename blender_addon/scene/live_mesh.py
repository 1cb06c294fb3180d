# SPDX-License-Identifier: GPL-3.0-or-later
"""The meshes of an avatar follow places that the engine tells, whatever was done to them since.

Every vertex of a mesh moves as the engine's vertices nearest to it do: those at its own place where it is as the engine
made it, else the few around it by their distance, so that sculpted, welded and subdivided meshes follow as well. Only
differences are added. Each mesh says whose places it shows, so that undo, files and overrides never leave it behind its
sliders unnoticed. Nothing here asks the engine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils.kdtree import KDTree
from numpy.typing import NDArray

from .face import rig_face
from .identity import PART_KEY, Avatar

SHOWN_KEY = "portraitkit_shown"
"""Custom property of mesh data: the attributes, as JSON, that the places of its vertices are those of."""
NEAR = 1e-6
"""Metres within which a vertex of the mesh is one of the engine's."""
AROUND = 4
"""How many of the engine's vertices move one that was moved away."""

Places = Mapping[str, NDArray[np.float32]]
"""(V, 3) metres by the name of the part, Blender's axes."""


@dataclass(frozen=True)
class Hold:
    """How the vertices (V,) of a mesh hang on those of the engine: ``rows`` (V, K) of them with ``weights`` (V, K)."""

    rows: NDArray[np.int32]
    weights: NDArray[np.float32]

    def moves(self, engine: NDArray[np.float32]) -> NDArray[np.float32]:
        """(V, 3) for moves (N, 3) of the engine's vertices."""
        if self.rows.shape[1] == 1:
            return engine[self.rows[:, 0]]
        return np.einsum("vk,vkc->vc", self.weights, engine[self.rows]).astype(np.float32)


def blender_axes(places: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 3) of the engine's y-up places as Blender has them."""
    return np.stack([places[:, 0], -places[:, 2], places[:, 1]], axis=1)


def meshes_of(avatar: Avatar) -> Iterator[tuple[str, bpy.types.Object]]:
    """The parts of an avatar that can follow, the finest level first, each data-block once."""
    seen: set[int] = set()
    for mesh in avatar.meshes:
        if PART_KEY in mesh and mesh.data.session_uid not in seen:
            seen.add(mesh.data.session_uid)
            yield str(mesh[PART_KEY]), mesh


def shown_of(avatar: Avatar) -> dict[str, float] | None:
    """The attributes that the meshes show; None where nothing was noted."""
    for _, mesh in meshes_of(avatar):
        try:
            found: object = json.loads(str(mesh.data[SHOWN_KEY]))
        except (KeyError, ValueError):
            return None
        if not isinstance(found, dict):
            return None
        return {str(name): float(value) for name, value in found.items() if isinstance(value, int | float)}
    return None


def note_shown(avatar: Avatar, values: Mapping[str, float]) -> None:
    """Note what the meshes show from now on."""
    text = json.dumps({name: round(float(value), 6) for name, value in sorted(values.items())})
    for _, mesh in meshes_of(avatar):
        if is_own(mesh):
            mesh.data[SHOWN_KEY] = text


def is_own(mesh: bpy.types.Object) -> bool:
    """Whether this file may change the vertices of a mesh."""
    return mesh.data.library is None and mesh.data.override_library is None


def make_own(avatar: Avatar) -> None:
    """Meshes of another file get data of this file's own, which its armature pulls the shapes of."""
    others = [mesh for mesh in avatar.meshes if not is_own(mesh) and mesh.library is None]
    for mesh in others:
        override = mesh.data.override_library
        # A copy of what is overridden would be overridden too, and no override has vertices of its own.
        mesh.data = (mesh.data if override is None else override.reference).copy()
    if others:
        rig_face(avatar)


def hold_of(mesh: bpy.types.Mesh, engine: NDArray[np.float32]) -> Hold:
    """How a mesh hangs on the engine's places (N, 3) of the same person."""
    own = places_of(mesh)
    tree = KDTree(len(engine))
    for number, place in enumerate(engine.tolist()):
        tree.insert(place, number)
    tree.balance()
    nearest = [tree.find(place) for place in own.tolist()]
    if all(found[2] <= NEAR for found in nearest):
        rows = np.array([found[1] for found in nearest], np.int32).reshape(-1, 1)
        return Hold(rows, np.ones((len(own), 1), np.float32))
    count = min(AROUND, len(engine))
    around = [tree.find_n(place, count) for place in own.tolist()]
    rows = np.array([[each[1] for each in found] for found in around], np.int32)
    far = np.array([[each[2] for each in found] for found in around], np.float64)
    weights = 1.0 / np.maximum(far, NEAR) ** 2
    # One at its own place moves it alone.
    exact = far[:, 0] <= NEAR
    weights[exact] = 0.0
    weights[exact, 0] = 1.0
    weights /= weights.sum(axis=1, keepdims=True)
    return Hold(rows, weights.astype(np.float32))


def places_of(mesh: bpy.types.Mesh) -> NDArray[np.float32]:
    """(V, 3) at rest, without any shape."""
    found = np.empty(3 * len(mesh.vertices), np.float32)
    keys = mesh.shape_keys
    (mesh.vertices if keys is None else keys.reference_key.points).foreach_get("co", found)
    return found.reshape(-1, 3)


def move(mesh: bpy.types.Mesh, moves: NDArray[np.float32]) -> None:
    """Add moves (V, 3) to a mesh and to all of its shapes."""
    flat = np.ascontiguousarray(moves, np.float32).ravel()
    _add(mesh.vertices, flat)
    for key in mesh.shape_keys.key_blocks if mesh.shape_keys is not None else ():
        _add(key.points, flat)
    mesh.update()


def _add(points: Any, flat: NDArray[np.float32]) -> None:
    places = np.empty(len(flat), np.float32)
    points.foreach_get("co", places)
    places += flat
    points.foreach_set("co", places)
