# SPDX-License-Identifier: Apache-2.0
"""Shapes of published models as their own scripts give them, and as one would wish: volumes, surfaces, posed surfaces.

``raw``: level 15, the cube of side 0.8 with its border blanked, x reversed in the volume, vertices in voxel units
(z, y, x reversed): what the published scripts write (docs/published/scripts.md 5), without the shear of their
fractional indices. Otherwise level 10 over the whole crop, in world metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import ModelFileError, remedy
from portrait_core.geometry.normals import vertex_normals
from portrait_core.models.portrait_gan.legacy_grid import SIDE, mesh_volume, voxel_size
from portrait_core.progress import Progress, silent
from portrait_core.rig.skinning import joint_motions, skinned
from portrait_core.rig.weight_transfer import skin_from_template
from portrait_core.shape.isosurface import best_march, extract_surface

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portrait_core.body.template import BodyTemplate
    from portrait_core.models.portrait_gan.field import TrigridField

RAW_LEVEL = 15.0
"""Raw density of the surface in the published still script."""


@dataclass(frozen=True)
class Shape:
    """Triangles: ``vertices`` (V, 3) float32 in ``unit`` and ``faces`` (F, 3) int32."""

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    unit: str


def density_volume(
    field: TrigridField, count: int, *, side: float = SIDE, progress: Progress = silent
) -> NDArray[np.float32]:
    """Raw densities (count, count, count) over x, y, z on the cube of ``side`` about the origin.

    Lattice points are ``-side / 2 + index * side / (count - 1)``, as in the published script, with whole indices.
    """
    axis = np.arange(count, dtype=np.float64) * voxel_size(count, side) - side / 2
    read = field.on_lattice((axis, axis, axis))
    volume = np.empty((count, count, count), np.float32)
    rest = np.stack(np.meshgrid(np.arange(count), np.arange(count), indexing="ij"), -1).reshape(-1, 2)
    index = np.empty((len(rest), 3), np.int64)
    index[:, 1:] = rest
    for layer in range(count):
        progress("lattice", layer / count)
        index[:, 0] = layer
        volume[layer] = read(index).reshape(count, count)
    volume += np.float32(field.level)
    return volume


def raw_mesh(stored: NDArray[np.float32], level: float = RAW_LEVEL) -> Shape:
    """The surface of a stored volume (`blanked_volume`) as the published script exports it: vertices (z, y, reversed
    x) in voxels.

    Raises :class:`ModelFileError` when the volume has no surface at ``level``.
    """
    if not bool((stored > level).any()):
        raise ModelFileError(
            f"the densest place of this shape is {float(stored.max()):.1f}, below the level {level:g}: there is no "
            "surface.",
            remedy=remedy("lower_level", below=float(stored.max())),
        )
    vertices, faces = best_march()(np.ascontiguousarray(mesh_volume(stored) - np.float32(level)))
    return Shape(vertices.astype(np.float32), faces.astype(np.int32), "voxels (z, y, x reversed)")


def surface(field: TrigridField, count: int, *, progress: Progress = silent) -> Shape:
    """The surface of a field at its level, in world metres, closed at the walls of its box."""
    found = extract_surface(field, count, progress=progress)
    return Shape(found.vertices, found.faces, "metres")


def posed(shape: Shape, template: BodyTemplate, pose: Mapping[str, tuple[float, float, float]]) -> Shape:
    """``shape`` (in metres) moved by the skin of the body ``template``; the published scripts cannot do this."""
    normals = vertex_normals(shape.vertices, shape.faces)
    skin = skin_from_template(template, shape.vertices, normals, shape.faces)
    motions = joint_motions(template.joint_names, template.parents, template.joints, pose)
    moved, _ = skinned(shape.vertices, normals, skin, motions)
    return Shape(moved.astype(np.float32), shape.faces, shape.unit)
