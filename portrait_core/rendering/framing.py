# SPDX-License-Identifier: Apache-2.0
"""Cameras that show a whole bust, whatever its hair and shoulders; the published camera crops both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from portrait_core.cameras import ORBIT_RADIUS, Camera

View = Literal["bust", "head"]
"""What pictures of a gallery show: the avatar as its thumbnail does, or its head alone."""

MARGIN = 1.06
"""Picture edge over bust size: a little air on every side."""


@dataclass(frozen=True)
class Framing:
    """The look-at point's height (metres above the neck joint) and the focal length (picture sides) of a bust."""

    height: float
    focal: float

    def camera(self, yaw: float = 0.0, pitch: float = 0.0) -> Camera:
        """The camera of this framing at ``yaw`` and ``pitch`` in radians; see :meth:`Camera.orbit`."""
        return Camera.orbit(yaw, pitch, pivot=(0.0, self.height, 0.0), focal=self.focal)


def frame_bust(vertices: NDArray[np.float32]) -> Framing:
    """A framing that holds all ``vertices`` (V, 3), world metres, from every side: one size for a whole turntable."""
    low, high = float(vertices[:, 1].min()), float(vertices[:, 1].max())
    around = float(np.hypot(vertices[:, 0], vertices[:, 2]).max())
    height = 0.5 * (low + high)
    # The nearest part of the surface looks largest; it is at most `around` closer than the axis.
    half = max(0.5 * (high - low), around) * MARGIN
    return Framing(height, (ORBIT_RADIUS - around) / (2.0 * half))


SHOULDERS = -0.125
"""Metres below the neck joint down to which a picture of head and shoulders goes."""


def frame_shoulders(vertices: NDArray[np.float32]) -> Framing:
    """A framing of head and shoulders of ``vertices`` (V, 3), world metres, at rest: the shoulders' outer ends and the
    chest may be cut off, the hair is not."""
    above = vertices[vertices[:, 1] > 0.0]
    if len(above) == 0:
        return frame_bust(vertices)
    high, around = float(above[:, 1].max()), float(np.hypot(above[:, 0], above[:, 2]).max())
    low = max(SHOULDERS, float(vertices[:, 1].min()))
    half = max(0.5 * (high - low), around) * MARGIN
    return Framing(0.5 * (low + high), (ORBIT_RADIUS - around) / (2.0 * half))


CHIN, CROWN, HAIR = -0.105, 0.165, 0.195
"""Metres from the joint of the head: below the chin, above a bald head, and so far up as hair is shown."""
FACE = 0.13
"""Metres from the axis to the foremost parts of a face, which are to fit."""


def frame_head(vertices: NDArray[np.float32], head: NDArray[np.float32]) -> Framing:
    """A framing of the head of ``vertices`` (V, 3), world metres, at rest, whose joint is at ``head`` (3,): from below
    the chin to above the hair, as far as hair is no higher than usual. Wide hair and the shoulders may be cut off."""
    middle = float(head[1])
    low = middle + CHIN
    high = float(np.clip(vertices[:, 1].max(initial=middle), middle + CROWN, middle + HAIR))
    half = 0.5 * (high - low) * MARGIN
    return Framing(0.5 * (low + high), (ORBIT_RADIUS - FACE) / (2.0 * half))
