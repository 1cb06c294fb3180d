# SPDX-License-Identifier: Apache-2.0
"""Fewer triangles for the same shape: quadric edge collapse by fast-simplification, then small repairs."""

from __future__ import annotations

import importlib
import logging
from typing import Any

import numpy as np

from portrait_core.errors import UsageError
from portrait_core.shape.extract import outer_shell
from portrait_core.shape.repair import repair
from portrait_core.shape.surface import Surface, inspect_surface

LEAST_FACES = 100
"""A bust with fewer triangles is not recognisable, and collapses begin to turn it inside out."""

_log = logging.getLogger("portraitkit")


def decimate(surface: Surface, faces: int) -> Surface:
    """``surface`` with about ``faces`` triangles (never more); unchanged when it has no more than that already.

    The result has no degenerate or duplicate faces and no edge with more than two faces; whatever is left open is
    reported in the log. Raises ``UsageError`` for fewer than ``LEAST_FACES`` triangles.
    """
    if faces < LEAST_FACES:
        raise UsageError(f"a mesh needs at least {LEAST_FACES} faces, got {faces}")
    if len(surface.faces) <= faces:
        return surface
    simplify: Any = importlib.import_module("fast_simplification").simplify
    # The quadrics are summed in float32 around the origin: centred and scaled to unit size they keep their digits.
    centre = surface.vertices.mean(axis=0, dtype=np.float64)
    size = float(np.abs(surface.vertices - centre).max()) or 1.0
    unit = ((surface.vertices - centre) / size).astype(np.float32)
    points, triangles = simplify(unit, surface.faces, target_count=faces)
    vertices = (np.asarray(points, np.float64) * size + centre).astype(np.float32)
    result = outer_shell(repair(Surface(vertices, np.asarray(triangles, np.int32))))
    report = inspect_surface(result)
    if not report.clean:
        _log.warning("after decimation to %d faces the surface is not clean: %s", faces, report)
    return result
