# SPDX-License-Identifier: Apache-2.0
"""The dense surface made fit for an artist: one shell, a closed manifold, no small tunnels, no terraces, a
flat cut."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.shape.cut import ON_PLANE, flatten_cut, straightness
from portrait_core.shape.repair import make_closed
from portrait_core.shape.smooth import take_off_terraces
from portrait_core.shape.surface import Surface
from portrait_core.shape.topology import boundary_loops, euler_genus, is_closed_manifold, shells
from portrait_core.shape.tunnels import close_tunnels

TUNNEL = 9.0
"""Voxels: a handle with a loop no longer than this is an accident of the lattice, not a shape; 2 cm at 256
cells."""


@dataclass(frozen=True)
class CleanReport:
    """What was wrong with the dense surface and what was done: plain numbers for the avatar's report.

    ``shells_dropped`` floating pieces and hollows, ``repaired`` whether edges or holes needed repair,
    ``genus_before`` and ``genus`` handles, ``tunnels_closed`` those removed, ``roughness`` in voxels before
    smoothing, ``smoothing`` pairs of passes, ``volume`` in cubic metres, ``volume_change`` the share by
    which repair, tunnels and smoothing changed it, ``cut_volume_change`` the share by which the flat cut
    did, ``beyond_planes`` metres, ``cap_area`` square metres.
    """

    shells_dropped: int
    repaired: bool
    genus_before: int
    tunnels_closed: int
    genus: int
    roughness: float
    smoothing: int
    volume: float
    volume_change: float
    cut_volume_change: float
    beyond_planes: float
    cap_area: float
    watertight: bool
    open_edges: int

    def facts(self) -> dict[str, Any]:
        """As plain JSON data."""
        return {
            name: round(value, 9) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def clean(surface: Surface, planes: NDArray[np.floating] | None, voxel: float) -> tuple[Surface, CleanReport]:
    """``surface`` in world metres, cleaned, and what was done to it.

    ``planes`` (K, 4) are the cut's (see ``cut``), or None; ``voxel`` is the lattice's spacing in metres.
    Raises ``ValueError`` when nothing closed is left of the surface.
    """
    dropped = int(shells(surface)[surface.faces.ravel()].max()) if len(surface.faces) else 0
    closed = make_closed(surface)
    repaired = len(closed.faces) != len(surface.faces) and dropped == 0
    before, volume = euler_genus(closed), closed.volume()
    walled, tunnels = close_tunnels(closed, TUNNEL * voxel)
    fixed = _near(walled, planes, 2.0 * voxel)
    smooth, passes, rough = take_off_terraces(walled, voxel, fixed)
    changed = volume if smooth is closed else smooth.volume()
    result = smooth if planes is None else flatten_cut(smooth, planes, voxel)
    after = result.volume()
    watertight = is_closed_manifold(result) and after > 0.0
    rims = [] if watertight else boundary_loops(result.faces, len(result.vertices))
    cut = {"beyond_planes": 0.0, "cap_area": 0.0} if planes is None else straightness(result, planes)
    return result, CleanReport(
        shells_dropped=dropped,
        repaired=repaired,
        genus_before=before,
        tunnels_closed=tunnels,
        genus=before - tunnels,
        roughness=rough,
        smoothing=passes,
        volume=after,
        volume_change=changed / volume - 1.0,
        cut_volume_change=after / changed - 1.0,
        beyond_planes=cut["beyond_planes"],
        cap_area=cut["cap_area"],
        watertight=watertight,
        open_edges=sum(len(ring) for ring in rims),
    )


def level_facts(surface: Surface) -> dict[str, Any]:
    """What a file's report says of one level: counts, watertightness, handles; plain JSON data."""
    closed = is_closed_manifold(surface)
    rims = [] if closed else boundary_loops(surface.faces, len(surface.vertices))
    return {
        "faces": len(surface.faces),
        "vertices": len(surface.vertices),
        "watertight": closed and surface.volume() > 0.0,
        "open_edges": sum(len(ring) for ring in rims),
        "genus": euler_genus(surface) if closed else None,
        "volume": round(surface.volume(), 9),
    }


def _near(surface: Surface, planes: NDArray[np.floating] | None, reach: float) -> NDArray[np.bool_] | None:
    if planes is None:
        return None
    near = np.zeros(len(surface.vertices), bool)
    for plane in np.asarray(planes, np.float64):
        near |= surface.vertices.astype(np.float64) @ plane[:3] - plane[3] > -max(reach, ON_PLANE)
    return near
