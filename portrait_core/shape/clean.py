# SPDX-License-Identifier: Apache-2.0
"""The dense surface made fit for an artist: one shell, a closed manifold, no small tunnels, no terraces, a
flat cut."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.errors import ModelFileError, remedy
from portrait_core.geometry.half_edges import (
    boundary_loops,
    closed_half_edges,
    euler_genus,
    is_closed_manifold,
    shells,
)
from portrait_core.geometry.surface import Surface
from portrait_core.shape.attribute_transfer import by_place, to_added
from portrait_core.shape.cut import ON_PLANE, flatten_cut, straightness
from portrait_core.shape.handle_removal import remove_handles
from portrait_core.shape.repair import make_closed
from portrait_core.shape.smooth import take_off_terraces

TUNNEL = 9.0
"""Voxels: a handle with a loop no longer than this is an accident of the lattice, not a shape; 2 cm at 256
cells."""

MOST_HANDLES, NOISE = 100, 400
"""Handles up to which they are looked for, and beyond which a surface is none of a bust. Busts have up to 40; among 140
the search takes a minute, among 500 it had not ended after 100 seconds."""


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
        return {name: round(value, 9) if isinstance(value, float) else value for name, value in asdict(self).items()}


def clean(surface: Surface, planes: NDArray[np.floating] | None, voxel: float) -> tuple[Surface, CleanReport]:
    """``surface`` in world metres, cleaned, and what was done to it.

    ``planes`` (K, 4) are the cut's (see ``cut``), or None; ``voxel`` is the lattice's spacing in metres.
    Raises ``ValueError`` when nothing closed is left of the surface, ``ModelFileError`` for a sponge.
    """
    result, _, report = clean_carrying(surface, np.zeros((len(surface.vertices), 0), np.float32), planes, voxel)
    return result, report


def clean_carrying(
    surface: Surface, carried: NDArray[np.float32], planes: NDArray[np.floating] | None, voxel: float
) -> tuple[Surface, NDArray[np.float32], CleanReport]:
    """`clean`, and the values ``carried`` (V, K) by the vertices: they go with a vertex that moves, a new one gets
    what its neighbours have."""
    edges = closed_half_edges(surface)
    # Most surfaces are one closed shell already; then there is nothing to part, to close or to drop.
    whole = edges is not None and len(edges.tree[0]) == len(surface.vertices)
    dropped, closed = 0, surface
    if not whole:
        edges = None
        dropped = int(shells(surface)[surface.faces.ravel()].max()) if len(surface.faces) else 0
        closed = make_closed(surface)
        carried = by_place(carried, surface.vertices, closed)
    repaired = len(closed.faces) != len(surface.faces) and dropped == 0
    before, volume = euler_genus(closed), closed.volume()
    if before > NOISE:
        raise ModelFileError(
            f"the surface of this model is noise: a sponge of {before} handles, where a bust has some dozens at most. "
            "Its weights are untrained, damaged or of another program; get the file again or train it further.",
            remedy=remedy("choose_model"),
        )
    # The search looks around every handle as far as all others reach: many are no accidents, and stay.
    walled, tunnels = remove_handles(closed, TUNNEL * voxel, edges) if before <= MOST_HANDLES else (closed, 0)
    carried = to_added(carried, walled)
    smooth, passes, rough = take_off_terraces(walled, voxel, _near(walled, planes, 2.0 * voxel))
    changed = volume if smooth is closed else smooth.volume()
    result = smooth
    if planes is not None:
        result, carried = flatten_cut(smooth, carried, planes, voxel)
    after = changed if result is smooth else result.volume()
    watertight = after > 0.0 and is_closed_manifold(result)
    rims = [] if watertight else boundary_loops(result.faces, len(result.vertices))
    cut = {"beyond_planes": 0.0, "cap_area": 0.0} if planes is None else straightness(result, planes)
    report = CleanReport(
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
    return result, carried, report


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
    normals, offsets = np.asarray(planes, np.float64)[:, :3], np.asarray(planes, np.float64)[:, 3]
    height = surface.vertices.astype(np.float64) @ normals.T - offsets
    return np.asarray((height > -max(reach, ON_PLANE)).any(axis=1), np.bool_)
