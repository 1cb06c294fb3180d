# SPDX-License-Identifier: Apache-2.0
"""What the mesh stages need from a model: where the surface is, its colour, and how lattice space maps to the world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


class Field(Protocol):
    """A bust as a function of space. Arrays in and out are float32; the caller chooses the number N of points.

    *Lattice space* is where the model is evaluated and where the surface is extracted and simplified; *world* is the
    un-posed bust in metres. Models without an identity warp use one space for both: ``place`` and ``unplace`` then
    return their argument.
    """

    @property
    def bounds(self) -> NDArray[np.float32]:
        """(2, 3): the lower and the upper corner of the lattice-space box that holds the surface.

        A surface that runs out of this box is cut by its wall and closed there with a flat cap.
        """
        ...

    def value(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 3) lattice points -> (N,): positive inside, negative outside, zero on the surface."""
        ...

    def colour(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 3) lattice points -> (N, 3): linear RGB albedo, 0 to 1."""
        ...

    def place(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 3) lattice points -> (N, 3) un-posed world points in metres."""
        ...

    def unplace(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 3) un-posed world points in metres -> (N, 3) lattice points: the inverse of :meth:`place`."""
        ...


@runtime_checkable
class StructuredField(Field, Protocol):
    """A field that is quick at the points of a regular lattice, because they share coordinates."""

    def on_lattice(
        self, axes: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
    ) -> Callable[[NDArray[np.int64]], NDArray[np.float32]]:
        """Prepare a lattice with coordinates ``axes``, (nx,), (ny,), (nz,), in lattice space.

        The result maps lattice indices (N, 3) to values (N,): those of :meth:`value` near the surface, and of the same
        sign away from it.
        """
        ...


@runtime_checkable
class MaterialField(Field, Protocol):
    """A field that knows what its surface is made of: skin, hair, cloth, eyes."""

    def roughness(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 3) lattice points -> (N,): glTF roughness, 0 to 1."""
        ...

    def materials(self, points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, 3) lattice points -> :meth:`Field.colour` (N, 3) and :meth:`roughness` (N,) for the price of one."""
        ...


@runtime_checkable
class CutField(Field, Protocol):
    """A field whose solid ends at flat cuts."""

    def cut_planes(self) -> NDArray[np.float32]:
        """(K, 4): unit normals that point out of the solid and offsets d, world metres; n.x <= d holds inside."""
        ...
