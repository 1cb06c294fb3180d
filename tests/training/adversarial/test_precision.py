# SPDX-License-Identifier: Apache-2.0
"""Half precision and compiled networks against float32 as it is written."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from portrait_core.models.portrait_gan.body import PublishedBody
from portrait_core.networks.discriminator import DiscriminatorBlock
from portrait_core.networks.superresolution import Superresolution
from portrait_core.networks.synthesis import SynthesisBlock
from portrait_core.training.adversarial.config import TrainingConfig
from portrait_core.training.adversarial.data import PortraitData
from portrait_core.training.adversarial.named_configs import NAMED
from portrait_core.training.adversarial.networks import body_of, build_networks, with_body
from portrait_core.training.adversarial.phases import Phases
from portrait_core.training.adversarial.precision import set_precision
from portrait_core.weights.checkpoint import load_weights
from portrait_core.weights.registry import find_model

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def body() -> PublishedBody:
    return body_of(load_weights(find_model("starter")), NAMED["tiny"])


def gradients(config: TrainingConfig, body: PublishedBody, data: Path) -> tuple[dict[str, float], dict[str, Tensor]]:
    """Losses of an iteration with a penalty, and the gradients of its three steps, by step and parameter."""
    config = with_body(config, body)
    phases = Phases(build_networks(config, body), config, PortraitData(data, size=16), CPU)
    found: dict[str, Tensor] = {}
    names = {
        id(parameter): name for room in phases.networks.named().values() for name, parameter in room.named_parameters()
    }
    for optimiser in (phases.generator_optimiser, phases.discriminator_optimiser):

        def keep(optimiser: Any = optimiser) -> None:
            kind = "GDR"[len({name[0] for name in found})]
            own = [each for each in optimiser.param_groups[0]["params"] if each.grad is not None]
            found.update({f"{kind}.{names[id(each)]}": each.grad.clone() for each in own})

        optimiser.step = keep  # type: ignore[method-assign]
    report = phases.iteration(0, 0)
    return {name: float(each) for name, each in report.items()}, found


def apart(ours: dict[str, Tensor], theirs: dict[str, Tensor], kind: str) -> float:
    """Distance of two gradients of a step, in lengths of the first."""
    names = [name for name in ours if name.startswith(kind)]
    assert names and ours.keys() == theirs.keys()
    return float(
        sum((ours[name] - theirs[name]).square().sum() for name in names) ** 0.5
        / sum(ours[name].square().sum() for name in names) ** 0.5
    )


def test_half_precision_stays_near(small: TrainingConfig, body: PublishedBody, balls: Path) -> None:
    """Eight bits of fraction: losses within 2 %; gradients within 5 % of their length (generator), 8 % (discriminator)
    and 10 % (penalty)."""
    # Poses of the branch: with coarse ones heads are turned further, and a picture's rounding weighs more.
    plain = dataclasses.replace(small, pose_way="distribution", pose_prior=0.5, pose_prior_kimg=4)
    exact, wanted = gradients(plain, body, balls)
    half, found = gradients(dataclasses.replace(plain, precision="bf16"), body, balls)
    for name, value in exact.items():
        assert half[name] == pytest.approx(value, rel=0.02, abs=0.01), name
    for kind, limit in (("G", 0.05), ("D", 0.08), ("R", 0.1)):
        assert 1e-5 < apart(wanted, found, kind) < limit, kind
    assert all(each.dtype == torch.float32 for each in found.values())


def test_which_layers_work_in_half_precision() -> None:
    with torch.device("meta"):
        sr = Superresolution(8, "8XDC")
    blocks = [each for each in sr.modules() if isinstance(each, SynthesisBlock)]
    assert len(blocks) == 2
    config = NAMED["full-head"]
    assert config.precision == "fp16", "as published"
    from portrait_core.networks.discriminator import PortraitDiscriminator

    with torch.device("meta"):
        judge = PortraitDiscriminator(config.discriminator)
    networks: Any = type("Networks", (), {})()
    networks.generator = type("Generator", (), {"superresolution": sr})()
    networks.discriminator = judge
    of_judge = [each for each in judge.modules() if isinstance(each, DiscriminatorBlock)]
    for precision, device, dtype in (
        ("fp16", torch.device("cuda"), torch.float16),
        ("fp16", CPU, None),
        ("bf16", CPU, torch.bfloat16),
        ("tf32", torch.device("cuda"), None),
        ("fp32", torch.device("cuda"), None),
    ):
        set_precision(networks, precision, device)
        assert [each.working_dtype for each in blocks] == [dtype] * 2
        assert [each.working_dtype for each in of_judge] == [dtype] * 4 + [None] * 3


@pytest.mark.skipif("PORTRAITKIT_COMPILE" not in os.environ, reason="compiling takes minutes: set PORTRAITKIT_COMPILE")
def test_compiled_networks_are_as_written(small: TrainingConfig, body: PublishedBody, balls: Path) -> None:
    exact, wanted = gradients(small, body, balls)
    quick, found = gradients(dataclasses.replace(small, compile=True), body, balls)
    for name, value in exact.items():
        assert quick[name] == pytest.approx(value, rel=1e-4, abs=1e-5), name
    for kind in "GDR":
        assert apart(wanted, found, kind) < 1e-3, kind
