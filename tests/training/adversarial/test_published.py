# SPDX-License-Identifier: Apache-2.0
"""The published stages: every default of their commands, and a whole step of their sizes without numbers."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorDeviceMismatchError

from benchmarks.training_plan import check_devices, plan
from portrait_core.training.adversarial.named_configs import NAMED
from portrait_core.training.adversarial.parts import Parts

EVERY_STAGE: dict[str, Any] = {
    "batch": 32, "glr": 0.0025, "dlr": 0.002, "gamma": 1, "gamma_seg": 1, "d_reg_interval": 16, "ema_kimg": 0,
    "ema_rampup": 0.05, "density_reg": 0, "density_reg_p_dist": 0.004, "reg_type": "l1", "pose_loss_weight": 1,
    "pose_way": "published", "pose_prior": 0.5, "pose_prior_kimg": 200, "pose_prior_fade_kimg": 200, "pose_init": 1,
    "gpc_reg_prob": 0.7, "gpc_reg_fade_kimg": 1000, "bcg_reg_prob": 0.2, "style_mixing_prob": 0, "blur_init_sigma": 10,
    "blur_fade_kimg": 200, "density_noise": 1, "density_noise_fade_kimg": 200, "kimg_per_tick": 4, "snap": 50,
    "neural_rendering_resolution_initial": 64, "neural_rendering_resolution_fade_kimg": 1000, "warp": "exact",
    "precision": "fp16", "compile": False, "augment": "none", "augment_p": 0.2, "ada_target": 0.6, "ada_interval": 4,
    "data.mirror": True, "data.back_repeat": 1, "data.rebalance": False,
    "generator.z_dim": 512, "generator.w_dim": 512, "generator.mapping_layers": 2, "generator.plane_resolution": 256,
    "generator.plane_features": 32, "generator.triplane_depth": 3, "generator.channel_base": 32768,
    "generator.channel_max": 512, "generator.decoder_activation": "none", "generator.decoder_hidden": 64,
    "generator.decoder_lr_multiplier": 1, "generator.features": 32, "generator.img_resolution": 512,
    "generator.superresolution": "8XDC", "generator.superresolution_noise": "none", "generator.background": True,
    "generator.background_resolution": 128, "generator.raw_to_rgb": True, "generator.pose_branch": True,
    "generator.symmetric": True, "generator.thickness": 0.25, "generator.c_scale": 1,
    "generator.rendering.ray_start": 2.25, "generator.rendering.ray_end": 3.3,
    "generator.rendering.depth_resolution": 48, "generator.rendering.depth_resolution_importance": 48,
    "generator.rendering.box_warp": 1, "generator.rendering.white_back": False,
    "discriminator.img_resolution": 512, "discriminator.channel_base": 32768, "discriminator.channel_max": 512,
    "discriminator.conv_clamp": 256, "discriminator.mbstd_group_size": 4, "discriminator.mapping_layers": 8,
    "discriminator.symmetric": True, "discriminator.resize_mode": "antialiased",
}  # fmt: skip
BY_STAGE: dict[str, dict[str, Any]] = {
    "full-head": {"kimg": 6000, "resume_kimg": 0, "train_g_pose_branch": True, "neural_rendering_resolution_final": 64},
    "full-head-2": {
        "kimg": 16000, "resume_kimg": 6000, "train_g_pose_branch": False, "neural_rendering_resolution_final": 64,
    },
    "full-head-3": {
        "kimg": 14000, "resume_kimg": 10000, "train_g_pose_branch": False, "neural_rendering_resolution_final": 128,
    },
}  # fmt: skip


def value_of(config: Any, name: str) -> Any:
    for part in name.split("."):
        config = getattr(config, part)
    return config


@pytest.mark.parametrize("stage", BY_STAGE)
def test_every_default_of_the_published_commands(stage: str) -> None:
    config = NAMED[stage]
    wanted = EVERY_STAGE | BY_STAGE[stage]
    assert {name: value_of(config, name) for name in wanted} == wanted
    assert config.share(8) == (4, 4), "four images a card on eight cards"


@pytest.mark.sweep
def test_a_step_of_the_published_size_has_its_shapes_and_arithmetic() -> None:
    """The whole third stage at its end, all phases, on tensors without content."""
    third = dataclasses.replace(NAMED["full-head-3"], batch=1)
    found = plan(third, memory=False)
    assert found.shapes == {"image": (1, 3, 512, 512), "raw": (1, 3, 128, 128), "mask": (1, 1, 128, 128)}
    assert found.parameters == pytest.approx((53.8e6, 49.3e6), rel=0.01)
    assert all(each > 1e11 for each in found.flops.values())
    assert check_devices(dataclasses.replace(third, augment="fixed")) > 10_000


@pytest.mark.sweep
def test_a_step_without_content_is_counted() -> None:
    """The same of the smallest configuration, with the memory of its tensors."""
    found = plan(dataclasses.replace(NAMED["tiny"], warp="exact"))
    assert found.shapes == {"image": (4, 3, 32, 32), "raw": (4, 3, 32, 32), "mask": (4, 1, 32, 32)}
    assert found.total < sum(found.flops.values()) < 5 * found.total, "a penalty is not in every step"
    assert found.memory > 5 * 4 * sum(found.parameters), "networks, averages, moments at least"


SMALL = NAMED["tiny"].changed({"warp": "exact", "augment": "fixed", "density_reg": 1.0, "reuse_fakes": False})


def test_no_operation_mixes_a_card_and_the_processor() -> None:
    assert check_devices(SMALL) > 1000


@pytest.mark.sweep
def test_a_mixed_operation_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Parts, "of", _of_the_processor(Parts.of))
    with pytest.raises(FakeTensorDeviceMismatchError):
        check_devices(SMALL)


def _of_the_processor(of: Any) -> Any:
    def found(parts: Any, iteration: int) -> Any:
        return [
            dataclasses.replace(each, camera=each.camera.new_zeros(each.camera.shape, device=torch.device("cpu")))
            for each in of(parts, iteration)
        ]

    return found
