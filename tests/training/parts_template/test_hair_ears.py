# SPDX-License-Identifier: Apache-2.0
"""A head with one ear that stands off: hair before it goes, hair behind it and on the head stays."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import trimesh

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.training.parts_template.hair_ears import off_ears
from portrait_core.training.parts_template.worn import Mannequin

RADIUS, OUT, THICK = 0.08, 0.012, 0.004


def test_hair_before_an_ear_goes_and_hair_behind_it_stays() -> None:
    ball = trimesh.creation.icosphere(4, RADIUS)
    ear = trimesh.creation.box((THICK, 0.05, 0.03))
    eyes = np.array([0.0, 1.5, 0.1])
    places = np.concatenate([ball.vertices, ear.vertices + np.array([RADIUS + OUT, 0, 0])])
    faces = np.concatenate([ball.faces, ear.faces + len(ball.vertices)]).astype(np.int32)
    mannequin = cast(
        Mannequin,
        SimpleNamespace(
            places=places + eyes,
            eyes=eyes,
            triangles=faces,
            skin=MeshQueries(places.astype(np.float32), faces),
            # The scalp around the ear is told as ear as well.
            ears=(places[:, 0] > RADIUS * 0.8).astype(np.float64),
        ),
    )
    outside = RADIUS + OUT + THICK / 2
    on, within, far = ([outside + out, 0.003, 0.002] for out in (0.0005, -0.001, 0.006))
    behind, other = [RADIUS + 0.003, 0.003, 0.002], [-RADIUS, 0.003, 0.002]
    over, crown = [RADIUS - 0.01, 0.03, 0.0], [0.0, RADIUS + 0.002, 0.0]
    assert off_ears(np.array([on, within]), mannequin).max() == 0
    assert off_ears(np.array([far, behind, other, over, crown]), mannequin).min() == 1
