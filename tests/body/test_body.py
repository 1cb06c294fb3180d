# SPDX-License-Identifier: Apache-2.0
"""Skinning and the pose warp on the synthetic body of the vectors."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from portrait_core.body.smpl import HEAD, NECK, joint_rotations, rodrigues
from portrait_core.models.portrait_gan.body import BodySizes, PublishedBody
from tests.slow_search import slow_search
from tests.vectors.files import VectorFile, load_state
from tests.vectors.locate import compact_vectors


@pytest.fixture(scope="module")
def body() -> PublishedBody:
    data = VectorFile.load(compact_vectors() / "deformation.npz")
    state = data.state("renderer/")
    body = PublishedBody(BodySizes.of_state(state))
    load_state(body, state)
    return body


def points_near(body: PublishedBody, count: int = 400) -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    return (torch.rand(1, count, 3, generator=random) - 0.5) * 0.9


def test_rotations_are_rotations_and_turn_the_right_way():
    vectors = torch.tensor([[0.0, 0, 0], [0, math.pi / 2, 0], [0.3, -0.2, 0.9]])
    matrices = rodrigues(vectors)
    assert torch.allclose(matrices @ matrices.transpose(1, 2), torch.eye(3).expand(3, 3, 3), atol=1e-6)
    assert torch.allclose(matrices[0], torch.eye(3), atol=1e-7)
    assert torch.allclose(matrices[1] @ torch.tensor([0.0, 0, 1]), torch.tensor([1.0, 0, 0]), atol=1e-6)


def test_only_neck_and_head_turn():
    rotations = joint_rotations(torch.arange(6.0)[None])
    assert torch.equal(rotations[0, NECK], torch.tensor([0.0, 1, 2]))
    assert torch.equal(rotations[0, HEAD], torch.tensor([3.0, 4, 5]))
    assert rotations.abs().sum() == 15


def test_rest_pose_moves_nothing(body):
    rest = torch.zeros(2, 6)
    assert torch.allclose(body.posed_vertices(rest), body.canonical_vertices().expand(2, -1, -1), atol=1e-6)
    points = points_near(body).expand(2, -1, -1)
    assert torch.allclose(body.warp(rest)(points), points, atol=1e-6)


def test_a_triangle_takes_its_first_corner_home_and_keeps_lengths(body):
    """The map is rigid: exact at the frame's origin, and distances from it survive although the mesh stretches."""
    warp = body.warp(torch.tensor([[0.1, 0.3, 0.0, 0.0, 0.4, 0.1]]))
    index = torch.arange(len(warp.faces))[None]
    every = torch.ones_like(index, dtype=torch.bool)
    corners = warp.posed[:, warp.faces]
    first, second = (warp.move(corners[:, :, k], index, every) for k in (0, 1))
    assert torch.allclose(first[0], warp.canonical[warp.faces[:, 0]], atol=1e-6)
    before = (corners[:, :, 1] - corners[:, :, 0]).norm(dim=-1)
    assert torch.allclose((second - first).norm(dim=-1), before, atol=1e-6)


def test_far_points_stay(body):
    far = torch.tensor([[[2.0, 2.0, 2.0]]])
    assert torch.equal(body.warp(torch.tensor([[0, 0.4, 0, 0, 0.4, 0.0]]))(far), far)


def test_fast_search_gives_the_slow_warp(body):
    fast = body.warp(torch.tensor([[0.1, 0.3, 0.0, 0.0, 0.4, 0.1]]))
    slow = dataclasses.replace(fast, search=slow_search)
    points = points_near(body)
    assert torch.equal(fast(points), slow(points))


def test_batch_of_three_is_three_times_one(body):
    """A published slip took cross products over the batch when it had three members."""
    poses = torch.tensor([[0.1, 0.2, 0, 0, 0.1, 0], [0, 0.3, 0, 0.2, 0, 0], [0, 0, 0.2, 0, 0.4, 0]])
    points = points_near(body, 60)
    together = body.warp(poses)(points.expand(3, -1, -1))
    for row in range(3):
        alone = body.warp(poses[row : row + 1])(points)
        assert torch.allclose(together[row], alone[0], atol=1e-6)


def test_wrong_batch_is_told(body):
    with pytest.raises(ValueError, match="holds 1"):
        body.warp(torch.zeros(1, 6))(torch.zeros(2, 4, 3))
