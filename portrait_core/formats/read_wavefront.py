# SPDX-License-Identifier: Apache-2.0
"""The meshes of a Wavefront .obj: places, polygons as triangles, texture places. All else in it is passed over."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.formats.read_carefully import read_bytes


@dataclass(frozen=True)
class ObjMesh:
    """``vertices`` (V, 3) float32, ``faces`` (F, 3) int32, ``uvs`` (V, 2) float32 or (0, 2) without texture places."""

    name: str
    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float32]


@dataclass
class _Object:
    """Corners (place, texture place) of one object's triangles; -1 where there is no texture place."""

    name: str
    corners: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])


def read_obj(path: Path) -> list[ObjMesh]:
    """Every object (``o``) with faces in ``path``; polygons become fans of triangles.

    A vertex is a pair of a place and a texture place. Raises :class:`UsageError` with the line's number for what is not
    a number or leads nowhere.
    """
    places: list[tuple[float, float, float]] = []
    textures: list[tuple[float, float]] = []
    objects = [_Object(path.stem)]
    for number, line in enumerate(read_bytes(path).decode("utf-8", "replace").splitlines(), 1):
        words = line.split()
        if not words or words[0] not in ("v", "vt", "f", "o"):
            continue
        try:
            if words[0] == "v":
                places.append((float(words[1]), float(words[2]), float(words[3])))
            elif words[0] == "vt":
                textures.append((float(words[1]), float(words[2])))
            elif words[0] == "f":
                corners = [_corner(word, len(places), len(textures)) for word in words[1:]]
                if len(corners) < 3:
                    raise ValueError("a face with fewer than three corners")
                for second, third in pairwise(corners[1:]):
                    objects[-1].corners += [corners[0], second, third]
            else:
                objects.append(_Object(" ".join(words[1:]) or path.stem))
        except (ValueError, IndexError) as error:
            raise UsageError(f"{path}, line {number}: {error}; the file is no Wavefront .obj, or damaged.") from None
    return [_mesh(each, places, textures) for each in objects if each.corners]


def _corner(word: str, places: int, textures: int) -> tuple[int, int]:
    parts = word.split("/")
    place = _index(parts[0], places)
    return place, _index(parts[1], textures) if len(parts) > 1 and parts[1] else -1


def _index(text: str, count: int) -> int:
    """Counted from 1, or backwards from the last one so far."""
    number = int(text)
    index = number - 1 if number > 0 else count + number
    if number == 0 or not 0 <= index < count:
        raise ValueError(f"index {number} leads nowhere")
    return index


def _mesh(one: _Object, places: list[tuple[float, float, float]], textures: list[tuple[float, float]]) -> ObjMesh:
    corners = np.array(one.corners, np.int64)
    pairs, inverse = np.unique(corners, axis=0, return_inverse=True)
    vertices = np.array(places, np.float32)[pairs[:, 0]]
    if int(pairs[:, 1].min()) < 0:
        uvs = np.zeros((0, 2), np.float32)
    else:
        uvs = np.array(textures, np.float32)[pairs[:, 1]]
    return ObjMesh(one.name, vertices, inverse.reshape(-1, 3).astype(np.int32), uvs)
