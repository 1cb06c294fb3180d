# SPDX-License-Identifier: GPL-3.0-or-later
"""The place in the scene that a point of a 3D view shows: a surface, else the floor, else as deep as the 3D cursor."""

from __future__ import annotations

import bpy
from bpy_extras import view3d_utils
from mathutils import Vector

FAR = 100.0
"""Metres: a floor farther away than this is the horizon."""


def place_at(
    region: bpy.types.Region, view: bpy.types.RegionView3D, x: float, y: float, context: bpy.types.Context
) -> Vector:
    """World place behind the pixel ``(x, y)`` of a region of a 3D view."""
    point = (x, y)
    origin = view3d_utils.region_2d_to_origin_3d(region, view, point)
    towards = view3d_utils.region_2d_to_vector_3d(region, view, point)
    return place_along(origin, towards, context) or view3d_utils.region_2d_to_location_3d(
        region, view, point, context.scene.cursor.location
    )


def place_along(origin: Vector, towards: Vector, context: bpy.types.Context) -> Vector | None:
    """Where a ray meets the first thing that is shown, or the floor through the world's origin; None if neither."""
    layer = context.view_layer
    hit, place, *_ = context.scene.ray_cast(layer.depsgraph, origin, towards)
    if hit:
        return place
    if abs(towards.z) < 1e-6:
        return None
    away = -origin.z / towards.z
    return origin + away * towards if 0.0 < away < FAR else None


def dropped_at(context: bpy.types.Context, event: bpy.types.Event) -> Vector | None:
    """The place under the mouse where something was let go over a 3D view; None elsewhere."""
    area, region = context.area, context.region
    if area is None or area.type != "VIEW_3D" or region is None or region.type != "WINDOW":
        return None
    view = getattr(context, "region_data", None)
    if view is None:
        return None
    return place_at(region, view, event.mouse_region_x, event.mouse_region_y, context)
