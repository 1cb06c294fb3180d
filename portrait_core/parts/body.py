# SPDX-License-Identifier: Apache-2.0
"""What all parts of one person are placed by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portrait_core.parts.arrays import Sparse
from portrait_core.parts.controls import Controls
from portrait_core.parts.person_look import PersonLook
from portrait_core.parts.rest_pose import RestPose, joints_of


@dataclass(frozen=True, eq=False)
class Body:
    """One person's controls.

    Attributes:
        look: the person.
        modelled: (C, 3) float64, the controls in the base mesh's pose, which offsets of fitted meshes are scaled by.
        controls: (C, 3) float64, the same with the arms lowered: what parts are rows over.
        joints: (24, 3) the SMPL joints with the arms lowered.
        weights: (C, 24) the controls' skin weights.
    """

    look: PersonLook
    modelled: NDArray[np.float64]
    controls: NDArray[np.float64]
    joints: NDArray[np.float64]
    weights: Sparse


def body_of(look: PersonLook, controls: Controls, rest: RestPose) -> Body:
    """The body of a person."""
    modelled, joints = controls.places(look.coefficients), joints_of(look.landmarks)
    if look.moves is not None:
        modelled = modelled + look.moves
    lowered = rest.lowered(modelled, controls.weights, joints)
    return Body(look, modelled, lowered, rest.lowered_joints(joints), controls.weights)
