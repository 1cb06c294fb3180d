# SPDX-License-Identifier: Apache-2.0
"""Triangles placed in an image, ready to be painted: what no painted function changes, computed once.

Where many surfaces have one layout, as the persons of a model with parts have, one :class:`Layout` serves them all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.components import component_labels
from textures.raster import Placement, Window

LARGEST_STEP = 8
FINEST_DETAIL = 0.0015
"""The default of ``detail``: what a head in metres needs so that brows, lashes and lips are seen."""


class Layout:
    """``faces`` (F, 3) and ``uvs`` (V, 2, origin at the bottom left) in a ``size`` x ``size`` image.

    ``positions`` (V, 3 or more) are interpolated to the places where a function is asked. ``step`` is the spacing of
    the first texels that are, a power of two: ``detail``, in units of the positions, is the size of the smallest
    feature that must be found. With ``keep`` the pictures of the faces stay, four bytes a texel. Raises ``ValueError``
    for a size below 1.
    """

    def __init__(
        self,
        faces: NDArray[np.int32],
        uvs: NDArray[np.float32],
        positions: NDArray[np.float32],
        size: int,
        *,
        detail: float = FINEST_DETAIL,
        keep: bool = False,
    ) -> None:
        if size < 1:
            raise ValueError(f"bake_image: size must be positive, got {size}")
        self.faces, self.positions, self.size = faces, positions, size
        self.placement = Placement(faces, uvs, size)
        self.charts = charts_of_faces(faces, len(uvs))
        self.step = _first_step(faces, uvs, positions[:, :3], size, detail)
        self._kept: dict[Window, NDArray[np.int32]] | None = {} if keep else None

    def face(self, window: Window) -> NDArray[np.int32]:
        """(H, W) the face of each texel of a window, -1 where there is none."""
        found = None if self._kept is None else self._kept.get(window)
        if found is None:
            found = self.placement.paint(window)
            if self._kept is not None:
                self._kept[window] = found
        return found


def charts_of_faces(faces: NDArray[np.int32], vertices: int) -> NDArray[np.int32]:
    """(F,) the number of each face's chart: faces that share vertices are in one."""
    start, end = faces[:, [0, 1]].ravel(), faces[:, [1, 2]].ravel()
    return component_labels(vertices, start, end).astype(np.int32)[faces[:, 0]]


def _first_step(
    faces: NDArray[np.int32], uvs: NDArray[np.float32], positions: NDArray[np.float32], size: int, detail: float
) -> int:
    """The largest spacing of texels, a power of two, that is no larger than ``detail`` on nearly all of the surface."""
    place, uv = positions[faces], uvs[faces] * np.float32(size)
    area = np.linalg.norm(np.cross(place[:, 1] - place[:, 0], place[:, 2] - place[:, 0]), axis=1)
    one, two = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    texels = np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])
    whole = area > 0
    if not bool(whole.any()):
        return 1
    texel = float(np.sqrt(np.median(area[whole] / np.maximum(texels[whole], 1e-6))))
    step = 1
    while step < LARGEST_STEP and 2 * step * texel <= detail:
        step *= 2
    return step
