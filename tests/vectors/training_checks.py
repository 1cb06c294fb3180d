# SPDX-License-Identifier: Apache-2.0
"""Checks of loss terms, schedules, the legacy shape lattice and the inversion's formulas."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from skimage.measure import marching_cubes
from torch import Tensor

from portrait_core.models.portrait_gan import legacy_grid
from portrait_core.networks.discriminator import PortraitDiscriminator, Portraits
from portrait_core.training import inversion_schedule, schedules
from portrait_core.training.losses import (
    fake_loss,
    generator_loss,
    gradient_penalty,
    judge,
    real_loss,
    real_portraits,
    squared_pose_error,
)
from tests.vectors.files import SECOND_ORDER, WHOLE, VectorFile
from tests.vectors.portrait_checks import discriminator_from

IMAGES_SHOWN = {
    "dmain_blur": 50_000,
    "dmain": 300_000,
    "dreg": 300_000,
    "gmain": 300_000,
    "gmain_late": 500_000,
}
PENALTY_INTERVAL = 16


def check_losses(data: VectorFile) -> None:
    """Reports and gradients of the five phases, and the schedules."""
    config, state = data.config(), data.state("")
    for case in data.names(suffix="/blur_sigma"):
        if case == "sched":
            continue
        network = discriminator_from(config, state)
        data.check(f"{case}/blur_sigma", np.array(schedules.blur_sigma(IMAGES_SHOWN[case])))
        data.check(f"{case}/swapping_prob", np.array(schedules.swap_probability(IMAGES_SHOWN[case])))
        if case.startswith("dmain"):
            _check_discriminator_step(data, case, network)
        elif case == "dreg":
            _check_penalty(data, case, network)
        else:
            _check_generator_step(data, case, network)
        _check_gradients(data, case, network)
    shown = [int(n) for n in data.array("sched/nimg")]
    data.check("sched/blur_sigma", np.array([schedules.blur_sigma(n) for n in shown]))
    data.check("sched/density_noise", np.array([schedules.density_noise(n) for n in shown]))
    data.check("sched/swap_prob", np.array([schedules.swap_probability(n) for n in shown]))
    data.check("sched/neural_res_64_128", np.array([schedules.neural_resolution(n) for n in shown]))
    data.check("sched/ema_beta_b32_rampup", np.array([schedules.average_decay(n, batch=32) for n in shown]))


def _generated(data: VectorFile) -> Portraits:
    names = ("gen_image", "gen_image_raw", "gen_image_mask")
    return Portraits(*(data.tensor(name).requires_grad_() for name in names))


def _report(data: VectorFile, case: str, name: str, value: Tensor) -> None:
    full = f"{case}/report/Loss/{name}"
    if data.has(full):
        data.check(full, value)


def _report_scores(data: VectorFile, case: str, name: str, logits: Tensor) -> None:
    _report(data, case, f"scores/{name}", logits)
    _report(data, case, f"signs/{name}", logits.sign())


def _check_discriminator_step(data: VectorFile, case: str, network: PortraitDiscriminator) -> None:
    sigma = data.number(f"{case}/blur_sigma")
    pose = data.tensor("gen_pose").requires_grad_()
    generated = _generated(data)
    logits, predicted = judge(network, generated, data.tensor("gen_c"), sigma=sigma)
    pose_loss, loss_fake = squared_pose_error(predicted, pose), fake_loss(logits)
    _report_scores(data, case, "fake", logits)
    _report(data, case, "D/Poseloss", pose_loss)
    _report(data, case, "D/loss_gen", loss_fake)
    (loss_fake.mean() + pose_loss.mean()).backward()
    size = generated.raw.shape[-1]
    real = real_portraits(data.tensor("real_image"), data.tensor("real_mask"), size, sigma=sigma)
    logits, _ = judge(network, real, data.tensor("real_c"), sigma=sigma)
    loss_real = real_loss(logits)
    _report_scores(data, case, "real", logits)
    _report(data, case, "D/loss_real", loss_real)
    _report(data, case, "D/loss", loss_fake + loss_real)
    loss_real.mean().backward()
    data.check(f"{case}/grad_gen_pose", cast(Tensor, pose.grad), WHOLE)


def _check_penalty(data: VectorFile, case: str, network: PortraitDiscriminator) -> None:
    sigma = data.number(f"{case}/blur_sigma")
    size = data.array("gen_image_raw").shape[-1]
    real = real_portraits(data.tensor("real_image"), data.tensor("real_mask"), size, sigma=sigma)
    leaves = Portraits(*(x.detach().requires_grad_() for x in (real.image, real.raw, real.mask)))
    logits, _ = judge(network, leaves, data.tensor("real_c"), sigma=sigma)
    penalty = gradient_penalty(logits, leaves)
    _report_scores(data, case, "real", logits)
    _report(data, case, "r1_penalty", penalty.image)
    _report(data, case, "r1_penalty_seg", penalty.mask)
    _report(data, case, "D/reg", penalty.total)
    (penalty.total.mean() * PENALTY_INTERVAL).backward()


def _check_generator_step(data: VectorFile, case: str, network: PortraitDiscriminator) -> None:
    generated, sigma = _generated(data), data.number(f"{case}/blur_sigma")
    pose = data.tensor("gen_pose").requires_grad_()
    logits, _ = judge(network, generated, data.tensor("gen_c"), sigma=sigma)
    adversarial = generator_loss(logits)
    prior = squared_pose_error(pose, data.tensor("coarse_pose"))
    _report_scores(data, case, "fake_posed", logits)
    _report(data, case, "G/Dloss", adversarial)
    _report(data, case, "G/loss", adversarial)
    weighted = prior * schedules.pose_prior_weight(IMAGES_SHOWN[case])
    _report(data, case, "D/input_pose_params_reg_loss", weighted)
    (adversarial.mean() + weighted.mean()).backward()
    for name, leaf in (
        ("image", generated.image),
        ("image_raw", generated.raw),
        ("image_mask", generated.mask),
    ):
        data.check(f"{case}/grad_gen/{name}", cast(Tensor, leaf.grad), WHOLE)
    if data.has(f"{case}/grad_gen_pose"):
        data.check(f"{case}/grad_gen_pose", cast(Tensor, pose.grad), WHOLE)


def _check_gradients(data: VectorFile, case: str, network: PortraitDiscriminator) -> None:
    tolerance = SECOND_ORDER if case == "dreg" else WHOLE
    gradients = {name: p.grad for name, p in network.named_parameters()}
    for name in data.names(f"{case}/gradnorm/"):
        gradient = gradients[name]
        norm = torch.zeros([]) if gradient is None else gradient.norm()
        data.check(f"{case}/gradnorm/{name}", norm, tolerance)
    for name in data.names(f"{case}/grad/"):
        data.check(f"{case}/grad/{name}", cast(Tensor, gradients[name]), tolerance)


def check_inversion(data: VectorFile) -> None:
    """Learning rate and latent noise of every step; regulariser and normalisation of every noise image."""
    steps = int(data.number("num_steps"))
    data.check("lr", np.array([inversion_schedule.learning_rate(k, steps) for k in range(steps)]))
    data.check("w_noise_factor", np.array([inversion_schedule.latent_noise(k, steps) for k in range(steps)]))
    for index in data.names("noise_reg"):
        noise = data.tensor(f"noise{index}")
        data.check(f"noise_reg{index}", inversion_schedule.noise_regularity(noise))
        data.check(f"noise_normalized{index}", inversion_schedule.normalised_noise(noise))


def check_shape_grid(data: VectorFile) -> None:
    """Lattice points with their quirks, the stored volume, and the exported mesh."""
    for size in data.names("grid"):
        count = int(size)
        points = legacy_grid.lattice_points(np.arange(count**3), count)
        data.check(f"grid{size}", points[None])
        data.check(f"voxel{size}", np.array(legacy_grid.voxel_size(count)))
        data.check(f"origin{size}", np.full(3, -legacy_grid.SIDE / 2))
    for size in data.names("sel", "/index"):
        data.check(f"sel{size}/points", legacy_grid.lattice_points(data.array(f"sel{size}/index"), int(size)))
    for size in data.names("field"):
        count = int(size)
        data.check(f"pad{size}", np.array(legacy_grid.border_width(count)))
        stored = legacy_grid.blanked_volume(data.array(f"field{size}"))
        data.check(f"mrc_volume{size}", stored)
        for level in data.names(f"ply_verts{size}_level"):
            mesh = cast(Any, marching_cubes)(legacy_grid.mesh_volume(stored), level=float(level))
            data.check(f"ply_verts{size}_level{level}", mesh[0])
            data.check(f"ply_faces{size}_level{level}", mesh[1])
    sizes = data.array("pads")[:, 0].tolist()
    data.check("pads", np.array([(size, *legacy_grid.pads(size)) for size in sizes]))
