# SPDX-License-Identifier: Apache-2.0
"""Field to triangles: lattice, marching cubes, the one outer shell, decimation, normals."""

from portrait_core.shape.decimate import decimate
from portrait_core.shape.extract import extract_surface
from portrait_core.shape.normals import vertex_normals
from portrait_core.shape.surface import Surface, SurfaceReport, inspect_surface

__all__ = ["Surface", "SurfaceReport", "decimate", "extract_surface", "inspect_surface", "vertex_normals"]
