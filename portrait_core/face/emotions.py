# SPDX-License-Identifier: Apache-2.0
"""Short names for what a face does, each a sum of ARKit's shapes: ``smile``, ``blink``, and twelve emotions.

Standard library alone: the Blender add-on carries a copy.
"""

from __future__ import annotations


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
    | _both("mouthUpperUp", weight=0.35)
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
