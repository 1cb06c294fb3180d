# SPDX-License-Identifier: Apache-2.0
"""The names of a face's shapes: ARKit's 52, the 15 visemes of Oculus, and five that browsers' avatars ask for.

Sources: Apple's ``ARFaceAnchor.BlendShapeLocation`` (left and right are the person's own), the Oculus lip-sync visemes
under the names that glTF avatars give them, and the further shapes of Ready Player Me's avatars.
"""

from __future__ import annotations

ARKIT = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
    "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight",
    "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
    "tongueOut",
)  # fmt: skip
"""The 52 of ARKit."""

VISEMES = tuple(
    f"viseme_{name}" for name in ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U")
)
"""The 15 of Oculus, in its order; ``viseme_sil`` is a mouth at rest and moves nothing."""

COMBINED: dict[str, dict[str, float]] = {
    "mouthOpen": {"jawOpen": 1.0},
    "mouthSmile": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    "eyesClosed": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    "eyesLookUp": {"eyeLookUpLeft": 1.0, "eyeLookUpRight": 1.0},
    "eyesLookDown": {"eyeLookDownLeft": 1.0, "eyeLookDownRight": 1.0},
}
"""Five shapes that are sums of ARKit's, by name with the shares of each."""

SHAPES = (*ARKIT, *VISEMES, *COMBINED)
"""All 72, in the order of files."""

GROUPS: dict[str, tuple[str, ...]] = {
    "brows": tuple(name for name in ARKIT if name.startswith("brow")),
    "eyes": tuple(name for name in ARKIT if name.startswith("eye")),
    "cheeks_nose": tuple(name for name in ARKIT if name.startswith(("cheek", "nose"))),
    "jaw": tuple(name for name in ARKIT if name.startswith("jaw")),
    "mouth": tuple(name for name in ARKIT if name.startswith("mouth")),
    "tongue": ("tongueOut",),
    "visemes": VISEMES,
    "combined": tuple(COMBINED),
}
"""Every shape once, by what it moves."""


def mirrored(name: str) -> str:
    """What the shape ``name`` is called on the other side of the face; itself where it has no side."""
    for one, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(one):
            return name.removesuffix(one) + other
    # Jaw and mouth that go aside are named after where they go.
    return name
