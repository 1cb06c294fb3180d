# SPDX-License-Identifier: Apache-2.0
"""VRM's expressions as shapes: its presets as mixtures, ARKit's 52 as custom ones under their own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portrait_core.face.names import ARKIT
from portrait_core.face.vrm_presets import PRESETS

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
