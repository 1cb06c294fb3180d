# SPDX-License-Identifier: Apache-2.0
"""VRM's expressions as shapes: its presets as mixtures, ARKit's 52 as custom ones under their own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portrait_core.face.emotions import EMOTIONS, SHORT
from portrait_core.face.names import ARKIT

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

_MOOD = ("happy", "angry", "sad", "relaxed", "surprised")
"""Presets that stay while blinks, looks and visemes come on top."""


def expressions(targets: Mapping[int, Sequence[str]]) -> dict[str, Any]:
    """VRM's ``expressions`` for the names of the targets of each mesh, by the numbers of their nodes."""
    there = {name for names in targets.values() for name in names}
    return {
        "preset": {name: _expression(name, weights, targets) for name, weights in PRESETS.items()},
        "custom": {name: _expression(name, {name: 1.0}, targets) for name in ARKIT if name in there},
    }


def _expression(name: str, weights: Mapping[str, float], targets: Mapping[int, Sequence[str]]) -> dict[str, Any]:
    binds = [
        {"node": node, "index": names.index(shape), "weight": weight}
        for shape, weight in weights.items()
        for node, names in targets.items()
        if shape in names
    ]
    found: dict[str, Any] = {"isBinary": False, **_overrides(name, weights)}
    return {**found, "morphTargetBinds": binds} if binds else found


def _overrides(name: str, weights: Mapping[str, float]) -> dict[str, str]:
    """What a mood keeps down while it shows: blinks where it narrows the eyes, looks where it turns them, visemes where
    it opens the mouth. The more it shows, the more: eyes half shut that blink in full would go through the cheek."""
    moods = name in _MOOD
    kept_down = {
        "overrideBlink": any(shape.startswith(("eyeBlink", "eyeSquint")) for shape in weights),
        "overrideLookAt": any(shape.startswith("eyeLook") for shape in weights),
        "overrideMouth": any(shape in ("jawOpen", "mouthFunnel", "mouthPucker") for shape in weights),
    }
    return {key: "blend" if moods and down else "none" for key, down in kept_down.items()}
