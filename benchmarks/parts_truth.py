# SPDX-License-Identifier: Apache-2.0
"""How far a person's skin is from the person that the portrait world means by the same latent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.parts.part_mesh import triangles_of_quads
from portrait_core.parts.person_look import PersonLook
from portrait_core.parts.template import PartsTemplate
from portrait_core.world.assets import find_assets
from portrait_core.world.base_mesh import load_base_mesh
from portrait_core.world.canonical_body import CUT_X, CUT_Y, EYE_MIDDLE
from portrait_core.world.identity import load_identity_space
from portrait_core.world.latent import Z_DIM, attributes
from portrait_core.world.morphs import control_vertices, target_weights


class Truth:
    """The world's visible skin of any latent, within its bust."""

    def __init__(self) -> None:
        assets = find_assets()
        self.base, self.space = load_base_mesh(assets), load_identity_space(assets)
        at = self.space.vertices
        skin = np.arange(len(at)) < self.space.skins
        # The eyeballs are parts of their own; the crop is not the world's cut.
        self.shown = np.flatnonzero(skin & (at[:, 1] > CUT_Y) & (np.abs(at[:, 0]) < 0.75 * CUT_X))
        eye = at - EYE_MIDDLE
        self.face = skin & (np.abs(eye[:, 0]) < 0.075) & (eye[:, 1] > -0.13) & (eye[:, 1] < 0.07) & (eye[:, 2] > -0.09)

    def places(self, seed: int) -> NDArray[np.float64]:
        """(V, 3) of the world's template for the latent of a seed, arms as modelled."""
        z = np.random.RandomState(seed).randn(1, Z_DIM)
        control = control_vertices(self.base, target_weights(self.base, attributes(z)))[0]
        return self.space.vertices + self.space.displacement(control, self.base)

    def errors(self, template: PartsTemplate, look: PersonLook, seed: int) -> dict[str, float]:
        """Millimetres from the truth's vertices to the person's skin at level 0, arms as modelled: mean of all, mean
        and 95th percentile of the face."""
        skin = template.skin
        own = skin.places(template.controls.places(look.coefficients))[: len(skin.vertices)]
        surface = MeshQueries(own.astype(np.float32), triangles_of_quads(skin.quads)[0])
        away = np.full(len(self.face), np.nan)
        away[self.shown] = surface.closest(self.places(seed)[self.shown]).distance * 1e3
        face = away[self.face & np.isfinite(away)]
        return {
            "truth_mm": float(np.nanmean(away)),
            "truth_face_mm": float(face.mean()),
            "truth_face_p95_mm": float(np.percentile(face, 95)),
        }
