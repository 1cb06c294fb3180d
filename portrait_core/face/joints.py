# SPDX-License-Identifier: Apache-2.0
"""The joints of a face: the jaw on its hinge and the eyes in their middles, and what each of them moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from portrait_core.face.common import common
from portrait_core.face.sources import source_of
from portrait_core.parts.character import Figure
from portrait_core.parts.eyes import SIDES
from portrait_core.parts.part_mesh import PartMesh
from portrait_core.parts.rest_pose import JOINTS
from portrait_core.rig.skin import strongest

FACE_JOINTS = ("jaw", "left_eye", "right_eye")
"""Children of the head, aligned with the world at rest."""

MOVED_BY_JAW = ("skin", "teeth", "gums", "tongue")
"""Meshes that the jaw moves."""


def has_face_joints(figure: Figure) -> bool:
    """Whether the figure's template says where they are."""
    return figure.template.face is not None


def face_joints(figure: Figure) -> NDArray[np.float64]:
    """Places (3, 3) of :data:`FACE_JOINTS` at rest, metres.

    Raises ``ValueError`` for a template without shapes.
    """
    face = figure.template.face
    if face is None:
        raise ValueError("the template has no shapes of the face, and so no jaw")
    eyes = [figure.template.eyes.eyeball(figure.body, side).middle for side in SIDES]
    return np.stack([face.jaw.hinge(figure.body.controls), *eyes])


def jaw_turn(figure: Figure) -> NDArray[np.float64]:
    """(3,) axis-angle, radians: the jaw joint's turn that does what the shape ``jawOpen`` does at weight one."""
    face = figure.template.face
    if face is None:
        raise ValueError("the template has no shapes of the face, and so no jaw")
    return np.array([face.jaw.turn, 0.0, 0.0])


def moved_by_face(figure: Figure, mesh: PartMesh, first: int = len(JOINTS)) -> PartMesh:
    """The mesh with weights over its joints and :data:`FACE_JOINTS`, which are numbered from ``first``; meshes that no
    joint of the face moves as they are."""
    kind, _, side = mesh.name.partition("_")
    if kind in ("eye", "cornea"):
        share, joint = np.ones(len(mesh.vertices)), FACE_JOINTS.index(f"{side}_eye")
    elif mesh.name in MOVED_BY_JAW and (source := source_of(figure, mesh)) is not None:
        share = np.clip(common(figure.template).jaw_share(source, "jawOpen")[mesh.welded], 0, 1)
        joint = FACE_JOINTS.index("jaw")
    else:
        return mesh
    own = np.zeros((len(mesh.vertices), first + len(FACE_JOINTS)))
    np.add.at(own, (np.arange(len(own))[:, None], mesh.joints.astype(np.int64)), mesh.weights)
    own *= (1 - share)[:, None]
    own[:, first + joint] = share
    skin = strongest(own.astype(np.float32))
    return replace(mesh, joints=skin.joints.astype(np.uint8), weights=skin.weights)
