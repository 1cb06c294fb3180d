# SPDX-License-Identifier: Apache-2.0
"""Field to meshes: the dense surface, cleaned, and its levels of detail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.body.template import BodyTemplate
from portrait_core.errors import ModelFileError
from portrait_core.field import CutField, Field
from portrait_core.progress import Progress
from portrait_core.shape import Surface, clean_carrying, decimate, extract_surface, level_facts
from portrait_core.shape.decimate import Focus
from portrait_core.shape.reference_surface import DenseSurface

FACE_FROM_HEAD_JOINT = (0.0, 0.02, 0.05)
FACE_REACH = 0.11
"""Metres: where the face lies from SMPL's head joint, and how far around it triangles are smallest."""


CALM = (0.10, 0.135, 12)
"""Normals for maps: kept within the first distance (metres) from the face, smoothed from the second, in this many
passes. Ears lie within, the throat beyond."""

FEW_FACES = (1500, 3000)
FEW_SHIFT = (0.0, -0.01, 0.05)
FEW_REACH = 0.04
"""A level of so few triangles has none to spare for the ears: its focus lies farther in front and lower, between nose
and lips, and is narrower. Seen at 2,000: with the wider one lips close up and lids flatten. With fewer still
there are no lips to save, and the narrow focus costs volume: at 500 twice as much."""


@dataclass(frozen=True)
class Reference:
    """The cleaned dense surface of a field in world metres, its vertices' ``places`` (V, 3) in lattice space, the
    planes of its shoulder cut, and what cleaning did."""

    surface: Surface
    places: NDArray[np.float32]
    planes: NDArray[np.float32] | None
    report: dict[str, Any]


def reference(field: Field, lattice: int, progress: Progress) -> Reference:
    """The dense surface of ``field`` at ``lattice`` cells, in world metres, cleaned.

    Raises :class:`ModelFileError` for a field without a usable surface.
    """
    raw = extract_surface(field, lattice, progress=progress)
    progress("place", 0.0)
    placed = field.place(raw.vertices)
    if not bool(np.isfinite(placed).all()):
        raise ModelFileError("the model's field places vertices at values that are not finite: damaged weights.")
    progress("clean", 0.0)
    planes = field.cut_planes() if isinstance(field, CutField) else None
    voxel = float(np.ptp(field.bounds, axis=0).max()) / lattice
    try:
        cleaned, places, report = clean_carrying(Surface(placed, raw.faces), raw.vertices, planes, voxel)
    except ValueError as error:
        raise ModelFileError(f"the model's field gives no closed surface: {error}") from error
    return Reference(cleaned, places, planes, report.facts())


def dense_surface(base: Reference, focus: Focus, *, calm: bool) -> DenseSurface:
    """What meshes near the surface are compared with. ``calm``: normals fit for a normal map."""
    dense = DenseSurface.of(base.surface, base.places)
    return dense.calmed(np.asarray(focus[0], np.float32), *CALM) if calm else dense


def focus_of(template: BodyTemplate) -> Focus:
    """Where triangles should be smallest: the face of a body with SMPL's head joint."""
    names = template.joint_names
    head = template.joints[names.index("head")] if "head" in names else np.zeros(3)
    return np.asarray(head + FACE_FROM_HEAD_JOINT, np.float32), FACE_REACH


def focus_for(focus: Focus, count: int) -> Focus:
    """``focus`` for a level of ``count`` triangles."""
    if not FEW_FACES[0] <= count <= FEW_FACES[1]:
        return focus
    return np.asarray(focus[0] + np.asarray(FEW_SHIFT), np.float32), FEW_REACH


def level_surfaces(base: Reference, counts: tuple[int, ...], focus: Focus, progress: Progress) -> list[Surface]:
    """Closed meshes of at most ``counts`` triangles, each made from the one before."""
    surfaces: list[Surface] = []
    surface = base.surface
    for number, count in enumerate(counts):
        progress("simplify", number / len(counts))
        surface = decimate(surface, count, focus=focus_for(focus, count), planes=base.planes)
        surfaces.append(surface)
    return surfaces


def facts_of_levels(surfaces: list[Surface]) -> list[dict[str, Any]]:
    """Counts and closedness of every level, for the avatar's report."""
    return [level_facts(surface) for surface in surfaces]
