# SPDX-License-Identifier: Apache-2.0
"""Where the published networks' landmarks lie on a bust: the mean person of the portrait world at rest.

The networks name their points by numbers alone. Their places were measured (``python -m benchmarks.photo_places``):
portraits of the world were read by the networks, and since camera and pose of each are known, each point's place is
where the rays through what was read meet. ``spread`` is how far rays of other persons pass by it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from portrait_core.photo.crop import FloatArray

FILE = Path(__file__).with_name("bust_places.json")
FACE_COUNT, BODY_COUNT, ON_HEAD = 468, 13, 11
"""Points of the face mesh, those of the body that are used, and how many of these are on the head (the others are the
shoulders)."""


@dataclass(frozen=True)
class BustPlaces:
    """Metres, at rest: ``face`` (468, 3) and ``body`` (13, 3) with ``face_spread`` (468,) and ``body_spread`` (13,)."""

    face: FloatArray
    face_spread: FloatArray
    body: FloatArray
    body_spread: FloatArray


@cache
def bust_places() -> BustPlaces:
    """The measured places, read once."""
    table: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    # Stored in tenths of a millimetre.
    face, face_spread, body, body_spread = (
        np.asarray(table[name], np.float64) * 1e-4 for name in ("face", "face_spread", "body", "body_spread")
    )
    return BustPlaces(face, face_spread, body, body_spread)
