# SPDX-License-Identifier: Apache-2.0
"""Linear readings of an identity's coefficients: what the world knows by name and the code does not hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from portrait_core.models.starter.identity_warp import IdentityWarp
from portrait_core.training.parts_template.controls import warped_rows
from portrait_core.world.assets import AssetFolders
from portrait_core.world.base_mesh import load_base_mesh
from portrait_core.world.latent import Z_DIM, attributes
from portrait_core.world.morphs import control_vertices, target_weights

IDENTITIES = 600
STRIDE = 5
"""Every so many vertices tell an identity's coefficients."""

linalg: Any = np.linalg  # numpy's hints lose the element type here


def traits(warp: IdentityWarp, assets: AssetFolders) -> dict[str, NDArray[np.float64]]:
    """Readings (K + 1,) by name: ``masculine`` and ``age``, both 0 to 1, ``weight``, 0 to 1."""
    base = load_base_mesh(assets)
    a = attributes(np.random.default_rng(7).normal(size=(IDENTITIES, Z_DIM)))
    control = control_vertices(base, target_weights(base, a))
    part = warped_rows(warp.vertices[::STRIDE].double().cpu().numpy(), base)
    moved = np.stack([np.asarray(part @ (c - base.neutral)).ravel() for c in control])
    mean = warp.mean[::STRIDE].double().cpu().numpy().ravel()
    directions = warp.basis[::STRIDE].double().cpu().numpy().reshape(len(mean), -1)
    coefficients = linalg.lstsq(directions, (moved - mean).T, rcond=None)[0].T
    system = np.c_[coefficients, np.ones(IDENTITIES)]
    wanted = {"masculine": a.gender, "age": a.age, "weight": a.weight}
    return {name: linalg.lstsq(system, value, rcond=None)[0] for name, value in wanted.items()}
