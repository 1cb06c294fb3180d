# SPDX-License-Identifier: Apache-2.0
"""Arrays with one row for each vertex, by name: one table says what may be there, and whoever hands them on hands on
all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["place", "direction", "texture_place", "joints", "weights", "tangent", "value"]
"""What the numbers mean, and so how a file holds them: directions at length one, texture places with glTF's origin."""


@dataclass(frozen=True)
class VertexAttribute:
    """One row of the table.

    ``width`` columns of numbers of ``kind``. ``gltf`` is the attribute's name in a .glb; None stays out of files.
    ``required``: a finished mesh has it. ``working``: of use only while a mesh is made, a finished one does not have
    it. ``only_with`` names the map without which the array is of no use. ``sparse``: a mesh all of whose rows are zero
    does without.
    """

    name: str
    width: int
    kind: Kind
    gltf: str | None = None
    required: bool = False
    working: bool = False
    only_with: str | None = None
    sparse: bool = False


VERTEX_ATTRIBUTES = {
    each.name: each
    for each in (
        # Metres, world.
        VertexAttribute("vertices", 3, "place", "POSITION", required=True),
        VertexAttribute("normals", 3, "direction", "NORMAL", required=True),
        # Origin at the bottom left.
        VertexAttribute("uvs", 2, "texture_place", "TEXCOORD_0", required=True),
        # The skin: rows of the rig's joint list, and how much each moves the vertex.
        VertexAttribute("joints", 4, "joints", "JOINTS_0", required=True),
        VertexAttribute("weights", 4, "weights", "WEIGHTS_0", required=True),
        # Unit xyz, and in w the handedness, as MikkTSpace gives them.
        VertexAttribute("tangents", 4, "tangent", "TANGENT", only_with="normal"),
        # Of hair: metres along its strand from the root. Who makes curves or joints of hair reads it.
        VertexAttribute("strands", 1, "value", "_STRAND", sparse=True),
        # Places in the field's own space.
        VertexAttribute("lattice", 3, "value", working=True),
        # The number of the vertex that it was before the atlas cut the mesh.
        VertexAttribute("welded", 1, "value", working=True),
    )
}
"""All that a vertex may have. A new row travels through every stage, and into a .glb where it says how it is called
there. In the order of the files."""


class VertexData(Mapping[str, NDArray[Any]]):
    """Arrays of V rows each, by the names of ``VERTEX_ATTRIBUTES``; never changed, only made anew.

    An attribute of one column is (V,), others are (V, width). None as an argument means: not there. Raises
    ``ValueError`` on construction for a name that the table lacks and for arrays that do not fit each other.
    """

    def __init__(self, **arrays: NDArray[Any] | None) -> None:
        unknown = sorted(arrays.keys() - VERTEX_ATTRIBUTES.keys())
        if unknown:
            raise ValueError(f"vertices have no {', '.join(unknown)}; there are {', '.join(VERTEX_ATTRIBUTES)}")
        given = {name: arrays.get(name) for name in VERTEX_ATTRIBUTES}
        self._arrays = {name: array for name, array in given.items() if array is not None}
        count = len(next(iter(self._arrays.values()), ()))
        for name, array in self._arrays.items():
            width = VERTEX_ATTRIBUTES[name].width
            shape = (count,) if width == 1 else (count, width)
            if array.shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {array.shape}")

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def take(self, index: NDArray[np.integer[Any]]) -> VertexData:
        """The vertices that ``index`` (N,) names, in its order, with all that they have."""
        return VertexData(**{name: array[index] for name, array in self.items()})

    def with_(self, **arrays: NDArray[Any] | None) -> VertexData:
        """The same with other or further ``arrays``; None takes one away."""
        return VertexData(**{**self._arrays, **arrays})

    def finished(self, maps: Mapping[str, object]) -> VertexData:
        """What a finished mesh keeps that has ``maps`` by name: no working arrays, none whose map is not there, none
        that says nothing."""
        rows = (VERTEX_ATTRIBUTES[name] for name in self)
        kept = [row for row in rows if not row.working and row.only_with in (None, *maps)]
        return VertexData(**{row.name: self[row.name] for row in kept if not row.sparse or self[row.name].any()})

    def check(self) -> None:
        """Raise ``ValueError`` where a finished mesh cannot be: an array missing, not finite, directions not unit."""
        missing = [row.name for row in VERTEX_ATTRIBUTES.values() if row.required and row.name not in self]
        if missing:
            raise ValueError(f"the vertices lack {', '.join(missing)}")
        for name, array in self.items():
            if not bool(np.isfinite(array).all()):
                raise ValueError(f"{name} holds values that are not finite")
            if VERTEX_ATTRIBUTES[name].kind in ("direction", "tangent"):
                away = np.abs(np.linalg.norm(array[:, :3], axis=1) - 1.0)
                if float(away.max()) > 1e-3:
                    raise ValueError(f"{name} must have length 1")
