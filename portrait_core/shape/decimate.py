# SPDX-License-Identifier: Apache-2.0
"""Fewer triangles for the same shape: quadric edge collapse by fast-simplification, then small repairs."""

from __future__ import annotations

import importlib
import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.shape.extract import outer_shell
from portrait_core.shape.repair import repair
from portrait_core.shape.surface import Surface, inspect_surface

LEAST_FACES = 100
"""A bust with fewer triangles is not recognisable, and collapses begin to turn it inside out."""

SCALES = (1000.0, 100.0, 10.0, 1.0)
"""Sizes at which the mesh is simplified, one after the other until the target is reached; see ``_collapse``."""

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
    centre = surface.vertices.mean(axis=0, dtype=np.float64)
    size = float(np.abs(surface.vertices - centre).max()) or 1.0
    points, triangles = _collapse((surface.vertices - centre) / size, surface.faces, faces)
    vertices = (points * size + centre).astype(np.float32)
    result = outer_shell(repair(Surface(vertices, triangles)))
    report = inspect_surface(result)
    if not report.clean:
        _log.warning("after decimation to %d faces the surface is not clean: %s", faces, report)
    return result


def _collapse(
    unit: NDArray[np.float64], faces: NDArray[np.int32], target: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Collapse edges of a mesh of unit size down to ``target`` faces.

    fast-simplification sweeps over the mesh again and again and collapses whatever costs less than a limit, which
    begins at about 1e-6 squared *units* and grows with every sweep. On a mesh of size one the first sweep would reach
    the target and take whatever comes first; on a large one the cheap collapses of the whole mesh come before the dear
    ones, at four times less error where it matters. A mesh that keeps too many faces goes on at a smaller scale.
    """
    simplify: Any = importlib.import_module("fast_simplification").simplify
    for scale in SCALES:
        points, triangles = simplify(unit * scale, faces, target_count=target)
        unit, faces = np.asarray(points, np.float64) / scale, np.asarray(triangles, np.int32)
        if len(faces) <= target:
            break
    return unit, faces
