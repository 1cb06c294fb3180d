# SPDX-License-Identifier: Apache-2.0
"""The template of a few quads with shapes of its own: what carries shapes is asked of it without any model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from portrait_core.face.names import ARKIT
from portrait_core.parts.shape_targets import Bite, Jaw, ShapeTargets, Target
from portrait_core.parts.template import PartsTemplate
from tests.parts.test_template import small_template


def small_shapes(count: int) -> ShapeTargets:
    """Some shapes that move controls, two that turn the jaw, one that moves the teeth and one that turns an eye."""
    random = np.random.default_rng(3)
    rows = {
        "jawOpen": [],
        "eyeBlinkLeft": [],
        "eyeBlinkRight": [],
        "mouthSmileLeft": [3, 4, 10],
        "viseme_aa": [0, 5, 20],
    }
    rows |= {"eyeLookUpLeft": [7]}
    targets = {
        name: Target(np.array(rows.get(name, []), np.int64), 0.004 * random.normal(size=(len(rows.get(name, [])), 3)))
        for name in (*ARKIT, "viseme_sil", "viseme_aa")
    }
    weights = {"jawOpen": np.linspace(1, 0, count), "mouthClose": -np.linspace(0.5, 0, count)}
    jaw = Jaw(weights, np.array([2, 9, 30]), np.array([0.0, -0.01, -0.06]), 0.4)
    bites = {"viseme_aa": Bite(np.array([0.1, 0.0, 0.0]), np.array([0.001, -0.002, 0.0]))}
    return ShapeTargets(targets, {"eyeLookUpLeft": np.array([-0.35, 0.0, 0.0])}, bites, jaw)


def face_template() -> PartsTemplate:
    plain = small_template()
    return replace(plain, face=small_shapes(plain.controls.count))
