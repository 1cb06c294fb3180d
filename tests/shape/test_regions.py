# SPDX-License-Identifier: Apache-2.0
"""Regions of a bust: where they lie, and that the face is one disc."""

from __future__ import annotations

import numpy as np
import pytest

from portrait_core.geometry.components import component_labels
from portrait_core.shape import Surface, extract_surface
from portrait_core.shape.regions import Region, adjacent_faces, face_regions
from tests.analytic import SMPL_PLACES, AnalyticField, ball, bust_field, union

HEAD, NECK = SMPL_PLACES["head"], SMPL_PLACES["neck"]


@pytest.fixture(scope="module")
def bust() -> Surface:
    return extract_surface(bust_field(), 96)


@pytest.fixture(scope="module")
def labels(bust: Surface) -> np.ndarray:
    return face_regions(bust.vertices, bust.faces, head=HEAD, neck=NECK)


def euler(faces: np.ndarray) -> int:
    edges = np.unique(np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1), axis=0)
    return len(np.unique(faces)) - len(edges) + len(faces)


def is_disc(faces: np.ndarray, chosen: np.ndarray) -> bool:
    own = faces[chosen]
    start, end = adjacent_faces(own)
    return int(component_labels(len(own), start, end).max()) == 0 and euler(own) == 1


def test_the_face_is_one_disc_with_nose_and_eyes(bust: Surface, labels: np.ndarray) -> None:
    face = labels == Region.FACE
    assert is_disc(bust.faces, face)
    centre = bust.vertices[bust.faces].mean(axis=1)
    front = (np.abs(centre[:, 0]) < 0.04) & (centre[:, 1] > 0.115) & (centre[:, 1] < 0.17) & (centre[:, 2] > 0.08)
    assert front.sum() > 100 and face[front].all()  # the nose with its underside as well
    azimuth = np.abs(np.arctan2(centre[face, 0] - HEAD[0], centre[face, 2] - HEAD[2]))
    assert np.percentile(azimuth, 99) < np.deg2rad(62) and azimuth.max() > np.deg2rad(50)
    assert (centre[face, 1] > 0.02).all() and (centre[face, 1] < 0.24).all()


def test_the_others_lie_where_their_names_say(bust: Surface, labels: np.ndarray) -> None:
    centre = bust.vertices[bust.faces].mean(axis=1)
    assert (labels[centre[:, 1] > 0.26] == Region.HEAD).all()
    assert (labels[centre[:, 2] < -0.04][centre[centre[:, 2] < -0.04][:, 1] > 0.12] == Region.HEAD).all()
    assert (labels[np.abs(centre[:, 0]) > 0.15] != Region.HEAD).all()
    assert (labels == Region.NECK).any() and (labels == Region.TORSO).any()
    cap = centre[:, 1] < bust.vertices[:, 1].min() + 1e-4
    assert (labels[cap] == Region.CAP).mean() > 0.98
    assert (labels == Region.CAP).sum() <= cap.sum() * 1.02


def test_pieces_in_front_of_the_face_do_not_tear_it() -> None:
    # Two balls that hang into the face, as hair does: they belong to the disc around them.
    curls = union(bust_field().value, ball((0.03, 0.21, 0.12), 0.02), ball((-0.03, 0.2, 0.125), 0.02))
    surface = extract_surface(AnalyticField(curls, bust_field().bounds), 96)
    labels = face_regions(surface.vertices, surface.faces, head=HEAD, neck=NECK)
    assert is_disc(surface.faces, labels == Region.FACE)


def test_a_mesh_behind_the_head_has_no_face() -> None:
    surface = extract_surface(AnalyticField(ball((0.0, 0.1, -0.3), 0.1), ((-0.2, -0.1, -0.5), (0.2, 0.3, -0.1))), 32)
    labels = face_regions(surface.vertices, surface.faces, head=HEAD, neck=NECK)
    assert not (labels == Region.FACE).any()
