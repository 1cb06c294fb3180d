# SPDX-License-Identifier: Apache-2.0
"""The skin's map for one picture: of its texels those alone that the picture shows, a fifth of them or less."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Maps
from portrait_core.imaging.colour_space import linear_to_srgb
from portrait_core.pipeline.part_maps import PartPainter


class SkinTexels:
    """A skin's colours, asked for where they are shown. A texel that was asked for is that of
    :meth:`portrait_core.pipeline.part_maps.PartPainter.skin` but for its tolerance and that of a glance."""

    def __init__(self, painter: PartPainter) -> None:
        self._painter = painter
        self._layout, self._kept, self._sample = painter.skin_texels(glance=True)
        self.size = size = self._layout.size
        self._colour = np.zeros((size * size, 3), np.uint8)
        self._known = np.zeros(size * size, bool)

    def maps(self, read: NDArray[np.bool_]) -> Maps:
        """Maps that are right at the texels (size squared,) that are ``read``, and at all former ones."""
        texels = np.flatnonzero(read & ~self._known)
        source = self._layout.sources[texels].astype(np.int64)
        texels, source = texels[source >= 0], source[source >= 0]
        fresh = np.zeros(len(self._known), bool)
        fresh[source] = True
        numbers = np.flatnonzero(fresh & ~self._known)
        if len(numbers) and self._kept.missing(numbers):
            # What is kept of texels costs as much for a few as for many: the first person pays for those to come.
            numbers = np.flatnonzero(self._layout.covered)
        if len(numbers):
            linear = self._sample(numbers, self._layout.covered_places(numbers))[:, :3]
            if not bool(np.isfinite(linear).all()):
                raise ValueError("skin_texels: the network gave colours that are not finite")
            self._colour[numbers] = np.rint(255 * linear_to_srgb(np.clip(linear, 0, 1)))
            self._known[numbers] = True
        self._colour[texels] = self._colour[source]
        self._known[texels] = True
        size = self.size
        return Maps(base_colour=self._painter.finished(self._colour.reshape(size, size, 3)))
