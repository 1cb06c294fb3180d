# SPDX-License-Identifier: Apache-2.0
"""Field to triangles: lattice, marching cubes, the one outer shell, cleaning, the shoulder cut, decimation, normals."""

from portrait_core.geometry.normals import vertex_normals
from portrait_core.geometry.surface import Surface, SurfaceReport, inspect_surface
from portrait_core.shape.clean import CleanReport, clean, clean_carrying, level_facts
from portrait_core.shape.cut import open_cut
from portrait_core.shape.decimate import decimate
from portrait_core.shape.isosurface import extract_surface
from portrait_core.shape.seam_decimate import SharedLevel, decimate_seams

__all__ = [
    "CleanReport",
    "SharedLevel",
    "Surface",
    "SurfaceReport",
    "clean",
    "clean_carrying",
    "decimate",
    "decimate_seams",
    "extract_surface",
    "inspect_surface",
    "level_facts",
    "open_cut",
    "vertex_normals",
]
