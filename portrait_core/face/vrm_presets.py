# SPDX-License-Identifier: Apache-2.0
"""VRM's presets as mixtures of shapes."""

from __future__ import annotations

from collections.abc import Mapping

from portrait_core.face.emotions import EMOTIONS, SHORT

PRESETS: dict[str, Mapping[str, float]] = {
    "happy": EMOTIONS["happy"],
    "angry": EMOTIONS["angry"],
    "sad": EMOTIONS["sad"],
    "relaxed": {"mouthSmileLeft": 0.35, "mouthSmileRight": 0.35, "eyeBlinkLeft": 0.25, "eyeBlinkRight": 0.25},
    "surprised": EMOTIONS["surprise"],
    "aa": {"viseme_aa": 1.0},
    "ih": {"viseme_I": 1.0},
    "ou": {"viseme_U": 1.0},
    "ee": {"viseme_E": 1.0},
    "oh": {"viseme_O": 1.0},
    "blink": SHORT["blink"],
    "blinkLeft": {"eyeBlinkLeft": 1.0},
    "blinkRight": {"eyeBlinkRight": 1.0},
    "lookUp": SHORT["look_up"],
    "lookDown": SHORT["look_down"],
    "lookLeft": SHORT["look_left"],
    "lookRight": SHORT["look_right"],
    "neutral": {},
}
"""VRM's names with weights of shapes; left and right are the person's own in both."""
