# SPDX-License-Identifier: Apache-2.0
"""Expressions: weights of shapes by name, as people ask for them: ``smile=0.6,blink=1``.

A name is a shape's (``jawOpen``) or a short one of :data:`EXPRESSIONS`, which is a sum of shapes. Standard library and
our errors alone: the command line reads it before anything heavy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from portrait_core.errors import UsageError, suggestion
from portrait_core.face.names import SHAPES


def _both(*names: str, weight: float = 1.0) -> dict[str, float]:
    """The left and the right of shapes that have sides."""
    return {f"{name}{side}": weight for name in names for side in ("Left", "Right")}


SHORT: dict[str, dict[str, float]] = {
    "open": {"jawOpen": 1.0},
    "smile": _both("mouthSmile") | _both("cheekSquint", weight=0.3),
    "frown": _both("mouthFrown") | {"mouthShrugLower": 0.3},
    "pout": {"mouthPucker": 0.5, "mouthShrugLower": 0.7},
    "kiss": {"mouthPucker": 1.0},
    "blink": _both("eyeBlink"),
    "wink_left": {"eyeBlinkLeft": 1.0, "cheekSquintLeft": 0.5},
    "wink_right": {"eyeBlinkRight": 1.0, "cheekSquintRight": 0.5},
    "squint": _both("eyeSquint"),
    "wide": _both("eyeWide"),
    "look_up": _both("eyeLookUp"),
    "look_down": _both("eyeLookDown"),
    # Left and right are the person's own.
    "look_left": {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
    "look_right": {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
    "brows_up": {"browInnerUp": 1.0} | _both("browOuterUp"),
    "brows_down": _both("browDown"),
    "puff": {"cheekPuff": 1.0},
    "sneer": _both("noseSneer"),
    "tongue": {"jawOpen": 0.35, "tongueOut": 1.0},
}
"""What one part of the face does, by a short name."""

EMOTIONS: dict[str, dict[str, float]] = {
    "happy": _both("mouthSmile", weight=0.8) | _both("cheekSquint", weight=0.5) | _both("eyeSquint", weight=0.25),
    "laugh": _both("mouthSmile", weight=0.9)
    | _both("cheekSquint", weight=0.8)
    | _both("eyeSquint", weight=0.5)
    | {"jawOpen": 0.35, "browInnerUp": 0.2},
    "sad": _both("mouthFrown", weight=0.6)
    | _both("eyeLookDown", weight=0.2)
    | {"browInnerUp": 0.8, "mouthShrugLower": 0.4},
    "angry": _both("browDown", weight=0.9)
    | _both("noseSneer", weight=0.4)
    | _both("eyeSquint", weight=0.3)
    | _both("mouthPress", weight=0.5),
    "surprise": _both("browOuterUp", weight=0.8)
    | _both("eyeWide", weight=0.8)
    | {"browInnerUp": 0.8, "jawOpen": 0.35, "mouthFunnel": 0.2},
    "fear": _both("eyeWide", weight=0.9)
    | _both("mouthStretch", weight=0.6)
    | _both("browOuterUp", weight=0.2)
    | {"browInnerUp": 0.9, "jawOpen": 0.15},
    "disgust": _both("noseSneer", weight=0.9)
    | _both("mouthUpperUp", weight=0.5)
    | _both("browDown", weight=0.5)
    | _both("eyeSquint", weight=0.4),
    "contempt": {"mouthDimpleLeft": 0.7, "mouthSmileLeft": 0.35, "browDownLeft": 0.2, "browOuterUpRight": 0.25},
    "doubt": {"browOuterUpLeft": 0.8, "browDownRight": 0.6, "mouthLeft": 0.25} | _both("mouthPress", weight=0.3),
    "think": _both("eyeLookUp", weight=0.5)
    | {"eyeLookOutLeft": 0.4, "eyeLookInRight": 0.4, "browInnerUp": 0.35, "mouthLeft": 0.3}
    | _both("mouthPress", weight=0.3),
    "tired": _both("eyeBlink", weight=0.45)
    | _both("eyeLookDown", weight=0.25)
    | _both("mouthFrown", weight=0.2)
    | {"browInnerUp": 0.25},
    "calm": _both("mouthSmile", weight=0.2) | _both("eyeBlink", weight=0.12),
}
"""Twelve for a whole face."""

EXPRESSIONS: dict[str, dict[str, float]] = {**SHORT, **EMOTIONS}
"""Short names with the shapes that each pulls."""

DIGITS = 6
"""Digits behind the point that sums of weights keep."""


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()


_SHAPE_NAMED = {_plain(name): name for name in SHAPES}
_EXPRESSION_NAMED = {_plain(name): name for name in EXPRESSIONS}


def shape_named(name: str) -> str | None:
    """The shape that ``name`` means, whatever its capitals and underlines (``jaw_open``); None where it means none."""
    return _SHAPE_NAMED.get(_plain(name))


def expression_of(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights of shapes alone, in the order of files, for ``weights`` of shapes and short names; those of one shape add
    up, and zeros are left out.

    Raises :class:`UsageError` for a name that is neither, with the nearest ones, and for a weight that is not finite.
    """
    found: dict[str, float] = {}
    for name, weight in weights.items():
        if not math.isfinite(weight):
            raise UsageError(f"expression: {name[:40]} is {weight}; a weight is a number, 0 at rest and 1 in full.")
        shape = shape_named(name)
        short = _EXPRESSION_NAMED.get(_plain(name))
        if shape is None and short is None:
            hint = suggestion(name, [*EXPRESSIONS, *SHAPES], what="names")
            raise UsageError(f"the face has no shape {name[:40]!r}. {hint}")
        for each, share in ({shape: 1.0} if shape is not None else EXPRESSIONS[short or ""]).items():
            found[each] = found.get(each, 0.0) + share * weight
    rounded = {name: round(found[name], DIGITS) for name in SHAPES if name in found}
    return {name: weight for name, weight in rounded.items() if weight}


def parse_expression(text: str) -> dict[str, float]:
    """``smile=0.6,blink=1`` as weights of shapes; a name alone is in full. Commas, semicolons and line breaks part.

    Raises as :func:`expression_of`, and :class:`UsageError` for what is no number.
    """
    weights: dict[str, float] = {}
    for part in re.split(r"[,;\n]", text):
        name, equals, number = (each.strip() for each in part.partition("="))
        if not name and not equals:
            continue
        try:
            weight = float(number) if equals else 1.0
        except ValueError:
            weight = math.nan
        if not name or not math.isfinite(weight):
            raise UsageError(
                f"expression {part.strip()[:60]!r} is not of the form NAME=NUMBER; write smile=0.6,blink=1."
            )
        weights[name] = weights.get(name, 0.0) + weight
    return expression_of(weights)
