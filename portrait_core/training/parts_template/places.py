# SPDX-License-Identifier: Apache-2.0
"""Where the skin's vertices lie in the canonical head: see :mod:`portrait_core.parts.skin_places`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.skin import REGIONS, SkinTemplate
from portrait_core.parts.skin_places import INSIDE, SkinPlaces
from portrait_core.training.parts_template.crop import Crop
from portrait_core.training.parts_template.whole_mesh import WholeMesh

ROOMS = {"mouth": "mouth", "socket": "sockets"}
"""Regions of the columns."""


def skin_places(skin: SkinTemplate, mesh: WholeMesh, cropped: Crop) -> SkinPlaces:
    """Those of a skin that was cropped from the base ``mesh``."""
    canonical = np.asarray(skin.fine.matrix @ mesh.neutral[cropped.vertices])
    regions = _of_vertices(skin, len(canonical))
    inside = np.stack([regions == REGIONS.index(ROOMS[name]) for name in INSIDE], 1)
    return SkinPlaces(canonical.astype(np.float32), inside.astype(np.float32))


def _of_vertices(skin: SkinTemplate, count: int) -> NDArray[np.int64]:
    """(V1,) the region of each vertex: inside, only where all around is."""
    result = np.full(count, -1)
    order = [name for name in REGIONS if name not in ROOMS.values()]
    for name in (*ROOMS.values(), *order):
        quads = skin.fine.quads[np.repeat(skin.regions == REGIONS.index(name), 4)]
        result[quads.ravel()] = REGIONS.index(name)
    return result
