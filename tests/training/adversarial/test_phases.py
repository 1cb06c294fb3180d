# SPDX-License-Identifier: Apache-2.0
"""The steps of an iteration: gradients of the published losses, schedules of the stages, parts, processes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from portrait_core.errors import UsageError
from portrait_core.models.portrait_gan.body import PublishedBody
from portrait_core.networks.discriminator import Portraits
from portrait_core.networks.resampling import blur, resize
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.moments import Moment
from portrait_core.training.adversarial.moments import real_portraits as in_training
from portrait_core.training.adversarial.named_configs import NAMED
from portrait_core.training.adversarial.networks import Networks, body_of, build_networks, with_body
from portrait_core.training.adversarial.parts import Drawing
from portrait_core.training.adversarial.phases import Phases
from portrait_core.training.adversarial.pose_ways import PoseSource
from portrait_core.training.adversarial.processes import Processes, average_gradients
from portrait_core.training.losses import real_portraits
from portrait_core.weights.checkpoint import load_weights
from portrait_core.weights.registry import find_model
from tests.vectors.files import SECOND_ORDER, WHOLE, VectorFile
from tests.vectors.locate import compact_vectors, full_vectors, vector_files
from tests.vectors.portrait_checks import discriminator_from
from tests.vectors.training_checks import IMAGES_SHOWN

RECORDED = [
    path for folder in (compact_vectors(), full_vectors()) if folder for path in vector_files(folder)
    if path.name.split(".")[0] == "losses"
]  # fmt: skip


@pytest.fixture(scope="module")
def body() -> PublishedBody:
    return body_of(load_weights(find_model("starter")), NAMED["tiny"])


class Recorded(Phases):
    """Phases whose generated portraits are recorded ones."""

    def __init__(self, data: VectorFile, discriminator: Any) -> None:
        self.config = NAMED["full-head"]
        self.networks = SimpleNamespace(  # type: ignore[assignment]
            discriminator=discriminator, poses=PoseSource("published", 512), generator=None
        )
        names = ("gen_image", "gen_image_raw", "gen_image_mask")
        self.shown = Portraits(*(data.tensor(name).requires_grad_() for name in names))
        self.poses = data.tensor("gen_pose").requires_grad_()
        self.drawing = Drawing(torch.zeros(len(self.poses), 512), data.tensor("gen_c"), data.tensor("coarse_pose"))

    def generate(self, *_: Any, **__: Any) -> tuple[Portraits, Tensor, Tensor]:
        return self.shown, self.poses, self.poses

    def _drawing(self, *_: Any) -> Drawing:
        return self.drawing


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_gradients_of_every_phase_are_the_published_ones(path: Path) -> None:
    data = VectorFile.load(path)
    checked = 0
    for case, images in IMAGES_SHOWN.items():
        if not data.has(f"{case}/blur_sigma"):
            continue
        network = discriminator_from(data.config(), data.state(""))
        phases = Recorded(data, network)
        moment = Moment.of(phases.config, images)
        data.check(f"{case}/blur_sigma", np.array(moment.sigma))
        size = phases.shown.raw.shape[-1]
        real = real_portraits(data.tensor("real_image"), data.tensor("real_mask"), size, sigma=moment.sigma)
        report: dict[str, list[Tensor]] = {}
        random = torch.Generator()
        if case.startswith("dmain"):
            phases.fake_loss(phases.make(phases.drawing, random, moment), moment, report).backward()
            phases.real_loss(real, data.tensor("real_c"), moment, report).backward()
        elif case == "dreg":
            phases.penalty_loss(real, data.tensor("real_c"), moment, report).backward()
        else:
            rng = np.random.default_rng(0)
            phases.generator_loss(phases.drawing, rng, random, moment, report).backward()
            for name, leaf in (
                ("image", phases.shown.image), ("image_raw", phases.shown.raw), ("image_mask", phases.shown.mask)
            ):  # fmt: skip
                data.check(f"{case}/grad_gen/{name}", leaf.grad, WHOLE)
        if data.has(f"{case}/grad_gen_pose"):
            grad = phases.poses.grad
            data.check(f"{case}/grad_gen_pose", torch.zeros_like(phases.poses) if grad is None else grad, WHOLE)
        tolerance = SECOND_ORDER if case == "dreg" else WHOLE
        gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
        for name in data.names(f"{case}/gradnorm/"):
            found = gradients[name]
            data.check(f"{case}/gradnorm/{name}", torch.zeros([]) if found is None else found.norm(), tolerance)
        for name in data.names(f"{case}/grad/"):
            data.check(f"{case}/grad/{name}", gradients[name], tolerance)
        checked += 1
    assert checked >= 3
    assert [each for each in data.comparisons if not each.passed] == []
    assert len(data.comparisons) > 10


def test_the_published_stages_have_the_published_schedules() -> None:
    first, second, third = (NAMED[name] for name in ("full-head", "full-head-2", "full-head-3"))
    at_start = Moment.of(first, 0)
    assert (at_start.sigma, at_start.density_noise, at_start.swap, at_start.prior) == (10, 1, 1, 0.5)
    assert at_start.resolution == 64
    assert at_start.decay == 0
    late = Moment.of(first, 6_000_000)
    assert (late.sigma, late.density_noise, late.swap, late.prior) == (0, 0, 0.7, 0)
    assert Moment.of(second, 6_000_000).decay == 0.5 ** (32 / 10_000)
    assert Moment.of(second, 6_000_000).swap == 0.7
    assert [Moment.of(third, n).resolution for n in (10_000_000, 10_500_000, 11_000_000)] == [64, 96, 128]
    assert first.batch == 32 and first.gamma == first.gamma_seg == 1 and first.pose_way == "published"
    assert first.warp == "exact" and first.glr == 0.0025 and first.dlr == 0.002
    assert first.train_g_pose_branch and not second.train_g_pose_branch and not third.train_g_pose_branch


def phases_of(config: TrainingConfig, body: PublishedBody, data: Path, processes: Processes | None = None) -> Phases:
    config = with_body(config, body)
    networks: Networks = build_networks(config, body)
    size = config.generator.img_resolution
    return Phases(networks, config, PortraitData(data, size=size), torch.device("cpu"), processes or Processes())


def test_rates_and_moments_are_the_published_ones(small: TrainingConfig, body: PublishedBody, balls: Path) -> None:
    config = dataclasses.replace(small, d_reg_interval=16)
    phases = phases_of(config, body, balls)
    [of_generator], [of_discriminator] = (
        each.param_groups for each in (phases.generator_optimiser, phases.discriminator_optimiser)
    )
    assert of_generator["lr"] == 0.0025 and of_generator["betas"] == (0.0, 0.99)
    assert of_discriminator["lr"] == pytest.approx(0.002 * 16 / 17)
    assert of_discriminator["betas"] == (0.0, pytest.approx(0.99 ** (16 / 17)))
    names = {id(each): name for name, each in phases.networks.generator.named_parameters()}
    learnt = {names[id(each)] for each in phases.of_generator if id(each) in names}
    assert not any("aligned_SMPL" in name for name in learnt)
    assert any("pose_branch" in name for name in learnt)
    frozen = phases.networks.learnt_by_generator(pose_branch=False)
    assert not any("pose_branch" in names[id(each)] for each in frozen)


@pytest.mark.parametrize("way", ["published", "coarse-residual", "distribution"])
@pytest.mark.parametrize("warp", ["lattice", "exact"])
def test_an_iteration_moves_what_it_should(
    small: TrainingConfig, body: PublishedBody, balls: Path, way: Any, warp: Any
) -> None:
    config = dataclasses.replace(small, pose_way=way, warp=warp, batch=2)
    phases = phases_of(config, body, balls)
    networks = phases.networks
    before = {name: each.clone() for name, each in networks.generator.state_dict().items()}
    judge = {name: each.clone() for name, each in networks.discriminator.state_dict().items()}
    correction = [each.clone() for each in networks.poses.parameters()]
    report = phases.iteration(0, 0)
    assert set(report) == {"G", "mask", "prior", "D_fake", "D_pose", "D_real", "R1"}
    assert all(torch.isfinite(each) for each in report.values())
    after = networks.generator.state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert {"backbone.mapping.w_avg", "pose_branch.net.2.weight", "backbone.synthesis.b4.const"} <= moved
    assert not any("renderer" in name for name in moved), "the body stays"
    assert any(not torch.equal(judge[name], each) for name, each in networks.discriminator.state_dict().items())
    assert bool(correction) == (way == "coarse-residual")
    assert all(
        not torch.equal(a, b) for a, b in zip(correction[-1:], list(networks.poses.parameters())[-1:], strict=True)
    )
    for network, average in (
        (networks.generator, networks.generator_average), (networks.discriminator, networks.discriminator_average)
    ):  # fmt: skip
        for ours, theirs in zip(network.parameters(), average.parameters(), strict=True):
            assert torch.equal(ours, theirs), "at the very start the average is the network"
    assert not any(each.requires_grad for each in networks.generator.parameters())


def test_a_frozen_pose_branch_stays(small: TrainingConfig, body: PublishedBody, balls: Path) -> None:
    phases = phases_of(dataclasses.replace(small, train_g_pose_branch=False, pose_way="published"), body, balls)
    before = phases.networks.generator.pose_branch
    assert before is not None
    kept = [each.clone() for each in before.parameters()]
    assert "prior" not in phases.iteration(0, 0)
    assert all(torch.equal(a, b) for a, b in zip(kept, before.parameters(), strict=True))


def test_a_frozen_pose_trunk_changes_no_gradient(small: TrainingConfig, body: PublishedBody, balls: Path) -> None:
    from portrait_core.training.losses import judge

    phases = phases_of(small, body, balls)
    network = phases.networks.discriminator.requires_grad_(True)
    image, mask = phases.data.pictures_of(np.arange(4))
    camera = phases.data.labels_of(np.arange(4))[0]
    found: list[list[Tensor | None]] = []
    for graph in (True, False):
        network.zero_grad(set_to_none=True)
        logits, pose = judge(network, Portraits(image, image, mask), camera, pose_gradient=graph)
        assert pose.requires_grad == graph
        logits.sum().backward()
        found.append([None if each.grad is None else each.grad.clone() for each in network.parameters()])
    for ours, theirs in zip(*found, strict=True):
        assert (ours is None) == (theirs is None)
        assert ours is None or theirs is None or torch.equal(ours, theirs)


def test_reused_fakes_are_those_of_the_generators_step(
    small: TrainingConfig, body: PublishedBody, balls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for reuse, times in ((False, 2), (True, 1)):
        phases = phases_of(dataclasses.replace(small, reuse_fakes=reuse), body, balls)
        generated: list[tuple[Portraits, Tensor, Tensor]] = []
        judged: list[Tensor] = []
        generate, fake_loss = phases.generate, phases.fake_loss

        def kept(*given: Any, generate: Any = generate, generated: Any = generated, **named: Any) -> Any:
            generated.append(generate(*given, **named))
            return generated[-1]

        def heard(fakes: Any, *given: Any, fake_loss: Any = fake_loss, judged: Any = judged) -> Tensor:
            judged.append(fakes.shown.image)
            assert not (fakes.shown.image.requires_grad or fakes.shown.mask.requires_grad or fakes.poses.requires_grad)
            return fake_loss(fakes, *given)

        monkeypatch.setattr(phases, "generate", kept)
        monkeypatch.setattr(phases, "fake_loss", heard)
        before = phases.networks.generator.backbone.mapping.w_avg.clone()
        phases.iteration(0, 0)
        assert len(generated) == times
        assert torch.equal(judged[0], generated[-1][0].image)
        assert not torch.equal(before, phases.networks.generator.backbone.mapping.w_avg)


def test_a_picture_may_grow_without_super_resolution(small: TrainingConfig, body: PublishedBody, balls: Path) -> None:
    growing = dataclasses.replace(
        small, neural_rendering_resolution_initial=8, neural_rendering_resolution_fade_kimg=0.064
    )
    phases = phases_of(growing, body, balls)
    moments = [Moment.of(growing, images) for images in (0, 32, 64, 1000)]
    assert [each.resolution for each in moments] == [8, 12, 16, 16]
    image, mask = phases.data.pictures_of(np.arange(4))
    random = torch.Generator().manual_seed(0)
    for moment in moments:
        shown = phases.make(phases._drawing(np.random.default_rng(0), random, 4), random, moment).shown
        real = in_training(growing, image, mask, moment)
        for each in (shown, real):
            assert each.image.shape == (4, 3, 16, 16)
            assert each.raw.shape == (4, 3, moment.resolution, moment.resolution)
            assert each.mask.shape == (4, 1, moment.resolution, moment.resolution)
        # The full picture tells no more than the rendered one: the discriminator cannot know real ones by their detail.
        assert torch.allclose(real.image, resize(real.raw, 16), atol=1e-5)
        assert torch.allclose(shown.image, resize(shown.raw, 16), atol=1e-5)
    assert torch.equal(in_training(growing, image, mask, moments[-1]).image, image)
    assert all(torch.isfinite(each) for each in phases.iteration(0, 32).values())
    with pytest.raises(UsageError, match="without super-resolution the rendered picture is the final one"):
        dataclasses.replace(small, neural_rendering_resolution_final=8)


def test_labels_of_real_pictures_teach_only_where_asked(
    small: TrainingConfig, body: PublishedBody, balls: Path
) -> None:
    moment = Moment.of(small, 0)
    numbers = np.arange(4)
    gradients: list[Tensor | None] = []
    for weight in (0.0, 0.5, 1.0):
        phases = phases_of(dataclasses.replace(small, pose_label_weight=weight), body, balls)
        network = phases.networks.discriminator.requires_grad_(True)
        image, mask = phases.data.pictures_of(numbers)
        camera, coarse = phases.data.labels_of(numbers)
        report: dict[str, list[Tensor]] = {}
        shown = in_training(small, image, mask, moment)
        phases.real_loss(shown, camera, moment, report, coarse).backward()
        assert ("D_label" in report) == (weight > 0)
        gradients.append(network.pose_branch.net[-1].bias.grad)  # type: ignore[arg-type, union-attr]
    none, half, whole = gradients
    assert none is None and half is not None and whole is not None
    assert torch.allclose(half * 2, whole) and whole.abs().max() > 0


def test_further_real_pictures_are_read_for_their_poses_alone(
    small: TrainingConfig, body: PublishedBody, balls: Path
) -> None:
    reading = dataclasses.replace(small, pose_label_reads=8)
    phases = phases_of(reading, body, balls)
    network = phases.networks.discriminator
    moment = Moment.of(reading, 0)
    part, same = phases.parts.of(0)[0], phases.parts.of(0)[0]
    # The pictures are further ones of the part's own draws; what is read of them is compared with their labels.
    report: dict[str, list[Tensor]] = {}
    network.requires_grad_(True)
    loss = phases.reading_loss("D_label_reads", phases._labelled(part, moment), moment, report)
    numbers = phases.data.draw(same.rng, 8)
    image, mask = phases.data.pictures_of(numbers)
    camera, coarse = phases.data.labels_of(numbers)
    shown = in_training(reading, image, mask, moment)
    read = network.predict_pose(dataclasses.replace(shown, image=blur(shown.image, moment.sigma)), camera)
    assert torch.allclose(loss, (read - coarse).square().sum(dim=1).mean(), rtol=1e-5)
    assert list(report) == ["D_label_reads"]
    # Their step moves what reading depends on, and nothing else.
    loss.backward()
    touched = {id(each) for each in network.parameters() if each.grad is not None}
    assert touched == {id(each) for each in phases.of_reading}
    plain, more = (phases_of(config, body, balls) for config in (small, reading))
    assert "D_label_reads" not in plain.iteration(0, 0)
    assert "D_label_reads" in more.iteration(0, 0)
    one, other = (dict(each.networks.discriminator.named_parameters()) for each in (plain, more))
    assert not torch.equal(one["pose_branch.net.0.weight"], other["pose_branch.net.0.weight"])
    with pytest.raises(UsageError, match="pose_label_reads is 6; it must be a multiple of 4"):
        dataclasses.replace(reading, pose_label_reads=6)


def test_gradients_that_are_no_numbers_are_cleaned() -> None:
    parameter = torch.zeros(4, requires_grad=True)
    parameter.grad = torch.tensor([float("nan"), float("inf"), -float("inf"), 2.0])
    average_gradients([parameter, torch.zeros(1, requires_grad=True)], Processes())
    assert parameter.grad.tolist() == [0, 1e5, -1e5, 2]
