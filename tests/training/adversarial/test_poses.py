# SPDX-License-Identifier: Apache-2.0
"""The lattice against the published warp, a body made of a template, the ways of poses, and the errors measured."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from portrait_core.body.template import SMPL_JOINT_NAMES, BodyTemplate
from portrait_core.cameras import Camera
from portrait_core.models.portrait_gan.body import PublishedBody
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.networks.initialise import initialise
from portrait_core.networks.pose_branch import mirror_camera, mirror_pose
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.figures import frechet, pose_figures
from portrait_core.training.adversarial.networks import body_of, template_of
from portrait_core.training.adversarial.pose_ways import PoseCorrection, PoseSource, moment_distance
from portrait_core.training.adversarial.warp import ExactWarp, LatticeWarp
from portrait_core.weights.checkpoint import load_weights
from portrait_core.weights.registry import find_model


@pytest.fixture(scope="module")
def template() -> BodyTemplate:
    return template_of(load_weights(find_model("starter")))


@pytest.fixture(scope="module")
def body(template: BodyTemplate) -> PublishedBody:
    return PublishedBody.of_template(template)


def test_a_body_of_a_template_is_the_template(template: BodyTemplate, body: PublishedBody) -> None:
    np.testing.assert_allclose(body.canonical_vertices().numpy(), template.vertices, atol=1e-5)
    np.testing.assert_allclose(body.canonical_joints().numpy(), template.joints, atol=1e-4)
    rest = body.posed_vertices(torch.zeros(1, 6))[0].numpy()
    np.testing.assert_allclose(rest, template.vertices, atol=1e-5)
    turned = body.posed_vertices(torch.tensor([[0, 0, 0, 0, math.pi / 2, 0]]))[0].numpy()
    head = np.argmax(template.weights[:, SMPL_JOINT_NAMES.index("head")])
    joint = template.joints[SMPL_JOINT_NAMES.index("head")]
    offset = (template.vertices[head] - joint)[[2, 1, 0]] * [1, 1, -1]
    np.testing.assert_allclose(turned[head], joint + offset, atol=2e-3)
    with pytest.raises(ValueError, match="expected SMPL's 24"):
        PublishedBody.of_template(
            BodyTemplate(
                ("a", "b"), np.array([-1, 0], np.int32), template.joints[:2], template.vertices, template.faces,
                np.full((len(template.vertices), 2), 0.5, np.float32),
            )
        )  # fmt: skip


def test_a_body_in_a_weights_file_comes_before_the_template(small: TrainingConfig, body: PublishedBody) -> None:
    loaded = load_weights(find_model("starter"))
    made = body_of(loaded, small)
    assert torch.equal(made.canonical_vertices(), body.canonical_vertices())


def test_motions_a_triangle_are_the_warp_a_point(body: PublishedBody) -> None:
    pose = torch.tensor([[0.2, 0.3, 0.05, -0.1, 0.2, 0.05], [0.0, -0.3, 0.1, 0.2, 0.0, -0.1]], requires_grad=True)
    random = torch.Generator().manual_seed(0)
    points = (torch.rand(2, 500, 3, generator=random) - 0.5) * torch.tensor([0.6, 0.7, 0.6])
    found: list[torch.Tensor] = []
    for warp in (ExactWarp(body, thickness=0.2)(pose), body.warp(pose, thickness=0.2)):
        moved = warp(points)
        found += [moved.detach(), *torch.autograd.grad(moved.square().sum(), pose)]
    assert torch.allclose(found[0], found[2], atol=1e-5)
    assert torch.allclose(found[1], found[3], rtol=1e-3, atol=1e-3)
    still = (found[0] == points).all(dim=2)
    assert 0.05 < still.float().mean() < 0.95, "some are beyond the thickness"


def test_the_lattice_follows_the_published_warp(body: PublishedBody) -> None:
    pose = torch.tensor([[0.2, 0.3, 0.05, -0.1, 0.2, 0.05], [0.0, -0.3, 0.1, 0.2, 0.0, -0.1]])
    near = body.posed_vertices(pose)[:, ::7]
    random = torch.Generator().manual_seed(0)
    points = near + torch.randn(near.shape, generator=random) * 0.015
    points = points.where((points.abs() < 0.3).all(dim=2, keepdim=True), torch.zeros(3))
    exact = body.warp(pose)(points)
    moved = (exact - points).norm(dim=2)
    errors: list[float] = []
    for nodes in (12, 24, 40):
        lattice = LatticeWarp(body, nodes, thickness=0.25)(pose)
        errors.append(float((lattice(points) - exact).norm(dim=2).mean()))
    assert moved.mean() > 0.012
    assert errors[-1] < errors[0], errors
    assert errors[-1] < 0.004, errors
    still = LatticeWarp(body, 16, thickness=0.25)(torch.zeros(2, 6))(points)
    assert (still - points).abs().max() < 1e-4


def test_the_lattice_turns_a_rigid_head_rightly_and_has_gradients(body: PublishedBody) -> None:
    pose = torch.tensor([[0.0, 0.0, 0.0, 0.0, 0.5, 0.0]], requires_grad=True)
    crown = torch.tensor([[[0.03, 0.2, 0.08]]])
    warp = LatticeWarp(body, 32, thickness=0.25)(pose)
    joint = body.canonical_joints()[15]
    turn = torch.tensor([[math.cos(0.5), 0, math.sin(0.5)], [0, 1, 0], [-math.sin(0.5), 0, math.cos(0.5)]])
    assert (warp(crown)[0, 0] - (joint + turn.T @ (crown[0, 0] - joint))).norm() < 0.004
    (gradient,) = torch.autograd.grad(warp(crown).square().sum(), pose)
    assert gradient.abs().max() > 1e-3
    far = torch.tensor([[[0.36, 0.42, -0.3]]])
    assert (warp(far) - far).norm() < 1e-6, "beyond the thickness nothing moves"


def cameras(count: int) -> torch.Tensor:
    rng = np.random.default_rng(1)
    labels = [Camera.orbit(rng.uniform(-np.pi, np.pi), rng.normal() * 0.15).label for _ in range(count)]
    return torch.from_numpy(np.stack(labels))


def test_corrections_of_mirrored_cameras_are_mirrored() -> None:
    correction = PoseCorrection(8)
    initialise(correction, torch.Generator().manual_seed(0))
    random = torch.Generator().manual_seed(1)
    z, coarse, c = torch.randn(16, 8, generator=random), torch.randn(16, 6, generator=random), cameras(16)
    found = correction(z, c, coarse)
    assert torch.allclose(correction(z, mirror_camera(c), mirror_pose(coarse)), mirror_pose(found), atol=1e-6)
    assert (found - correction(z, c, coarse + 0.1)).abs().min() > 1e-6, "it sees the coarse pose"


def test_each_way_ties_poses_in_its_own_manner(small: TrainingConfig) -> None:
    generator = PortraitGenerator(small.generator, seed=0)
    random = torch.Generator().manual_seed(2)
    z, c = torch.randn(64, 16, generator=random), cameras(64)
    coarse = torch.randn(64, 6, generator=random) * 0.2
    crowd = (z, c, coarse)
    branch = list(generator.pose_branch.parameters())  # type: ignore[union-attr]
    for way in ("published", "coarse-residual", "distribution"):
        source = PoseSource(way, 16)
        initialise(source, torch.Generator().manual_seed(3))
        poses = source.poses(generator, z, c, coarse)
        prior, taught = source.prior(generator, z, c, coarse, poses, crowd=crowd)
        of_prior = torch.autograd.grad(prior, branch, allow_unused=True, retain_graph=True)
        if way == "coarse-residual":
            assert torch.allclose(prior, (poses - coarse).square().sum(dim=1).mean())
            assert all(each is None for each in of_prior), "the pose branch is taught, not tied"
            own = torch.autograd.grad(taught, [*branch, *source.parameters()], allow_unused=True)
            assert all(each is not None for each in own[: len(branch)])
            assert all(each is None for each in own[len(branch) :]), "and teaches nobody"
        else:
            assert torch.equal(poses, generator.predict_pose(z, c))
            assert taught == 0
            assert all(each is not None for each in of_prior)
        if way == "published":
            assert torch.allclose(prior, (poses - coarse).square().sum(dim=1).mean())


def test_moments_are_those_of_the_whole_and_of_its_ties_to_the_camera() -> None:
    random = torch.Generator().manual_seed(4)
    c = cameras(4000)
    side = c[:, 3] / c[:, [3, 7, 11]].norm(dim=1)
    wanted = torch.randn(4000, 6, generator=random) * 0.2
    wanted[:, 1] += 0.3 * side
    shuffled = wanted[torch.randperm(4000, generator=random)]
    again = torch.randn(4000, 6, generator=random) * 0.2
    again[:, 1] += 0.3 * side
    assert moment_distance(wanted, wanted, c) == 0
    assert moment_distance(again, wanted, c) < 0.02
    assert moment_distance(shuffled, wanted, c) > 0.1, "the turn no longer follows the camera"
    constant = wanted.mean(dim=0).expand(4000, 6)
    assert moment_distance(constant, wanted, c) > 5, "a constant is far, though its squared error is small"
    assert moment_distance(again + 0.2, wanted, c) > 3


def test_a_shared_turn_is_no_error_of_poses_without_it() -> None:
    random = torch.Generator().manual_seed(5)
    true = torch.randn(300, 6, generator=random) * 0.15
    same = pose_figures(true, true)
    assert same["head_deg"] < 0.01 and same["rms"] == 0
    shifted = true.clone()
    shifted[:, 3] += 0.2
    found = pose_figures(shifted, true)
    assert found["head_deg"] == pytest.approx(math.degrees(0.2), rel=0.05)
    assert found["head_deg_centred"] < 1.5
    assert found["rms"] == pytest.approx(0.2 / math.sqrt(6), rel=1e-3)
    assert found["rms_centred"] < 1e-6
    noisy = pose_figures(true + torch.randn(300, 6, generator=random) * 0.15, true)
    assert 0.6 < noisy["corr"]["nod"] < 0.8


def test_frechet_distance_of_known_normal_distributions() -> None:
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(40_000, 2)), rng.normal(size=(40_000, 2)) * [1, 3] + [2, 0]
    assert frechet(a, b) == pytest.approx(4 + (3 - 1) ** 2, rel=0.05)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
