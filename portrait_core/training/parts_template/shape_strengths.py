# SPDX-License-Identifier: Apache-2.0
"""How strong the face's shapes are, against their targets.

At full weight a shape goes as far as faces do: animators turn down what is too much, but recordings stop at one. Many
targets go half as far, and two pull the corners of the mouth up, so that dimples and pressed lips looked like smiles.
Factors stand by axis: across the face, up, forth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Shapes = dict[str, NDArray[np.float64]]

STRENGTHS: dict[str, tuple[float, float, float]] = {
    "browInnerUp": (1.5, 1.5, 1.5),
    "browOuterUp": (1.3, 1.3, 1.3),
    "browDown": (1.25, 1.25, 1.25),
    "eyeWide": (1.15, 1.15, 1.15),
    "eyeLookDown": (1.2, 1.2, 1.2),
    "noseSneer": (1.6, 1.6, 1.6),
    "mouthUpperUp": (1.35, 1.35, 1.35),
    "mouthLowerDown": (1.45, 1.45, 1.45),
    "mouthFrown": (1.3, 1.3, 1.3),
    "mouthStretch": (1.2, 1.3, 1.2),
    "mouthShrugLower": (1.35, 1.35, 1.35),
    "mouthShrugUpper": (1.0, 0.7, 1.6),
    "mouthRollLower": (1.2, 1.2, 1.2),
    "mouthDimple": (0.9, 0.3, 1.2),
    "mouthPress": (0.2, 0.2, 0.5),
    "mouthFunnel": (0.9, 0.7, 1.1),
}
"""By name without its side."""
JAW_ASIDE = 1.5
"""How much farther the jaw goes aside than in the targets: ten millimetres, as far as jaws go."""
ROLLED = 0.6
"""Share of rolled lips in pressed ones, of the side that is pressed."""
ROLLED_TO = 0.4
"""Share of the way from the middle of the mouth to its corner over which a pressed side goes over into the other."""


def strengthened(shapes: Shapes) -> Shapes:
    """The shapes (N, 3), each as strong as it should be."""
    result: Shapes = {}
    for name, moves in shapes.items():
        base = name.removesuffix("Left").removesuffix("Right")
        factors = (JAW_ASIDE,) * 3 if base == "jaw" else STRENGTHS.get(base, (1.0, 1.0, 1.0))
        result[name] = moves * np.asarray(factors)
    return result


def pressed(shapes: Shapes, side: str, places: NDArray[np.float64], corner: float) -> NDArray[np.float64]:
    """(V, 3) what rolls the lips of the pressed ``side``, for ``shapes`` over vertices at ``places`` (V, 3) and a mouth
    whose corners are ``corner`` metres from its middle."""
    outwards = 1.0 if side == "Left" else -1.0
    across = np.clip(0.5 + 0.5 * outwards * places[:, 0] / (ROLLED_TO * corner), 0, 1)
    share = across * across * (3 - 2 * across)
    return ROLLED * share[:, None] * (shapes["mouthRollLower"] + shapes["mouthRollUpper"])
