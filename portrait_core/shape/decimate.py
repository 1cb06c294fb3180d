# SPDX-License-Identifier: Apache-2.0
"""Fewer triangles for the same shape: quadric edge collapse by fast-simplification, then repairs."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import UsageError
from portrait_core.geometry.surface import Surface
from portrait_core.shape.cut import snap
from portrait_core.shape.edge_flips import flip_caps
from portrait_core.shape.repair import collapse_slivers, make_closed, part_places

LEAST_FACES = 100
"""A bust with fewer triangles is not recognisable, and collapses begin to turn it inside out."""

SCALES = (1000.0, 100.0, 10.0, 1.0)
"""Sizes at which the mesh is simplified, one after the other until the target is reached; see
``_collapse``."""

SPARE = 16
"""Faces fewer in a second try, besides those that lids made too many."""

ROUNDS = 12
"""Tries at most that come down to the target by counting; one or two are usual."""

ON_CUT = 2e-4
"""Metres from a cut plane within which a vertex belongs onto it after the collapses' rounding."""

LEAST_AREA = 1e-11
"""Square metres: smaller faces have no direction in float32, and an unwrap refuses them."""
LEAST_HEIGHT = 0.12
"""Triangles flatter than this share of their longest side tear in poses; the side is flipped where it can be."""
LEAST_EDGE = 1e-4
"""Edges shorter than a tenth of a millimetre hold no texel and fold up when laid flat; they are collapsed."""

Focus = tuple[NDArray[np.floating], float]
"""A point (3,) and a reach in metres: triangles are smallest around the point and grow beyond the reach."""


def decimate(
    surface: Surface,
    faces: int,
    *,
    focus: Focus | None = None,
    planes: NDArray[np.floating] | None = None,
) -> Surface:
    """``surface`` with about ``faces`` triangles, never more; the same object when it has no more than that
    already.

    Lengths are metres. A closed surface gives a closed manifold of one shell, always: where a collapse
    pinches it, it is parted and gets lids. ``focus`` gives the triangles to a region: the mesh is collapsed
    in a space bent by asinh around the point. ``planes`` (K, 4) of the shoulder cut (see ``cut``) stay flat
    to the last bit. Raises ``UsageError`` for fewer than ``LEAST_FACES`` triangles.
    """
    if faces < LEAST_FACES:
        raise UsageError(f"a mesh needs at least {LEAST_FACES} faces, got {faces}")
    if len(surface.faces) <= faces:
        return surface
    bent = _bend(surface.vertices.astype(np.float64), focus)
    centre = bent.mean(axis=0)
    size = float(np.abs(bent - centre).max()) or 1.0
    target = faces
    tries = 0
    while True:
        tries += 1
        points, triangles = _collapse((bent - centre) / size, surface.faces, target)
        vertices = snap(_unbend(points * size + centre, focus), planes, ON_CUT)
        closed = part_places(make_closed(Surface(vertices, triangles)))
        closed = Surface(snap(closed.vertices, planes, ON_CUT), closed.faces)
        result = flip_caps(collapse_slivers(closed, LEAST_AREA, LEAST_EDGE), LEAST_HEIGHT)
        if len(result.faces) <= faces or target <= LEAST_FACES:
            return result
        # A surface of many holes gets as many faces again by lids: it is halved then, so that this ends.
        lower = target - (len(result.faces) - faces) - SPARE if tries < ROUNDS else target // 2
        target = max(LEAST_FACES, lower)


def _bend(points: NDArray[np.float64], focus: Focus | None) -> NDArray[np.float64]:
    """Lengths keep their size at the focus and shrink with distance; planes along the axes stay planes."""
    if focus is None:
        return points
    point, reach = np.asarray(focus[0], np.float64), focus[1]
    return reach * np.arcsinh((points - point) / reach)


def _unbend(points: NDArray[np.float64], focus: Focus | None) -> NDArray[np.float64]:
    if focus is None:
        return points
    point, reach = np.asarray(focus[0], np.float64), focus[1]
    return point + reach * np.sinh(points / reach)


def _collapse(
    unit: NDArray[np.float64], faces: NDArray[np.int32], target: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Collapse edges of a mesh of unit size down to ``target`` faces.

    fast-simplification sweeps over the mesh again and again and collapses whatever costs less than a limit,
    which begins at about 1e-6 squared *units* and grows with every sweep. On a mesh of size one the first
    sweep would reach the target and take whatever comes first; on a large one the cheap collapses of the
    whole mesh come before the dear ones, at four times less error where it matters. A mesh that keeps too
    many faces goes on at a smaller scale.
    """
    simplify: Any = importlib.import_module("fast_simplification").simplify
    for scale in SCALES:
        points, triangles = simplify(unit * scale, faces, target_count=target)
        unit, faces = np.asarray(points, np.float64) / scale, np.asarray(triangles, np.int32)
        if len(faces) <= target:
            break
    return unit, faces
