# SPDX-License-Identifier: Apache-2.0
"""A triangle surface, and the facts about it that decide whether it is fit for a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.components import component_labels
from portrait_core.geometry.edge_pairs import Edges

_CHUNK = 1 << 15
"""Faces worked on at once: their corners stay near the processor."""


@dataclass(frozen=True)
class Surface:
    """``vertices`` (V, 3) float32 and ``faces`` (F, 3) int32, counter-clockwise seen from outside."""

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]

    def __post_init__(self) -> None:
        for label, array in (("vertices", self.vertices), ("faces", self.faces)):
            if array.ndim != 2 or array.shape[1] != 3:
                raise ValueError(f"surface: {label} must have shape (N, 3), got {array.shape}")

    def volume(self) -> float:
        """Enclosed volume in cubic units of the vertices; negative where the surface is inside out."""
        return float(signed_volumes(self.vertices, self.faces).sum())


@dataclass(frozen=True)
class SurfaceReport:
    """Counts of what is wrong with a surface; all zero (and a positive volume) for a closed, oriented one."""

    open_edges: int
    crowded_edges: int
    twisted_edges: int
    degenerate_faces: int
    duplicate_faces: int
    loose_vertices: int
    volume: float

    @property
    def watertight(self) -> bool:
        """Every edge has exactly two faces, which run through it in opposite directions, and outside is outside."""
        return self.open_edges == self.crowded_edges == self.twisted_edges == 0 and self.volume > 0.0

    @property
    def clean(self) -> bool:
        """Watertight, and without degenerate or duplicate faces and without vertices that no face uses."""
        return self.watertight and self.degenerate_faces == self.duplicate_faces == self.loose_vertices == 0


def signed_volumes(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> NDArray[np.float64]:
    """(F,) signed volume of the tetrahedron between each face and the surface's centre; they sum to the volume."""
    place = np.ascontiguousarray((vertices - vertices.mean(axis=0, dtype=np.float64)).T)
    volumes = np.empty(len(faces))
    for begin in range(0, len(faces), _CHUNK):
        corners = np.ascontiguousarray(faces[begin : begin + _CHUNK].T)
        (ax, bx, cx), (ay, by, cy), (az, bz, cz) = (axis[corners] for axis in place)
        volumes[begin : begin + _CHUNK] = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
    return volumes / 6.0


def face_cross(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> NDArray[np.float64]:
    """(F, 3) face normals whose length is twice the face's area."""
    place = np.asarray(vertices, np.float64)
    first = place[faces[:, 0]]
    (ax, ay, az), (bx, by, bz) = (place[faces[:, 1]] - first).T, (place[faces[:, 2]] - first).T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)


def inspect_surface(surface: Surface) -> SurfaceReport:
    """Count the faults of ``surface``. Vertices are told apart by index, not by place."""
    faces = surface.faces.astype(np.int64)
    edges = Edges.of(faces)
    uses = edges.size
    ways = np.where(edges.upwards(), 1, -1)
    balance = np.add.reduceat(ways, edges.first) if len(ways) else ways
    same = (faces[:, 0] == faces[:, 1]) | (faces[:, 1] == faces[:, 2]) | (faces[:, 2] == faces[:, 0])
    area = np.linalg.norm(face_cross(surface.vertices, surface.faces), axis=1)
    unique = len(np.unique(np.sort(faces, axis=1), axis=0))
    return SurfaceReport(
        open_edges=int((uses == 1).sum()),
        crowded_edges=int((uses > 2).sum()),
        twisted_edges=int(((uses == 2) & (balance != 0)).sum()),
        degenerate_faces=int((same | (area <= 0.0)).sum()),
        duplicate_faces=len(faces) - unique,
        loose_vertices=len(surface.vertices) - len(np.unique(faces)),
        volume=surface.volume(),
    )


def outer_shell(surface: Surface) -> Surface:
    """Keep the shell of the largest volume: floating pieces, and hulls and hollows inside it, are dropped."""
    return parted_shells(surface)[0]


def parted_shells(surface: Surface) -> tuple[Surface, NDArray[np.float64]]:
    """`outer_shell`, and the volumes (S,) of all shells there were; those of hollows are negative."""
    first, second, third = surface.faces.T
    start, end = np.concatenate([first, second]), np.concatenate([second, third])
    of_face = component_labels(len(surface.vertices), start, end)[surface.faces[:, 0]]
    if len(of_face) and int(of_face.min()) == int(of_face.max()):
        return compact(surface.vertices, surface.faces), np.ones(1)
    summed = np.bincount(of_face, weights=signed_volumes(surface.vertices, surface.faces))
    volumes: NDArray[np.float64] = np.asarray(summed, np.float64)
    # Hollows are inside out, so their volume is negative and they never win.
    return compact(surface.vertices, surface.faces[of_face == int(np.argmax(volumes))]), volumes[volumes != 0.0]


def compact(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> Surface:
    """Drop the vertices that no face uses; the order of the others stays."""
    used = np.zeros(len(vertices), bool)
    used[faces.ravel()] = True
    renumber = np.cumsum(used) - 1
    return Surface(np.ascontiguousarray(vertices[used]), renumber[faces].astype(np.int32))
