# SPDX-License-Identifier: Apache-2.0
"""The quick renderer against the generator's own synthesis, straight from the specification."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.official import psnr
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.models.portrait_gan.renderer import QuickRenderer
from portrait_core.rendering.jitter import Drawn
from portrait_core.rendering.rays import rays_of_labels
from portrait_core.rendering.sparse_render import can_render, render_sparse
from tests.published_model import label, latent, small_bust

POSE = torch.tensor([[0.1, 0.2, -0.1, 0.15, 0.4, 0.1]])


@pytest.fixture(scope="module")
def bust() -> tuple[PortraitGenerator, Tensor]:
    return small_bust()


def compare(found: dict[str, Tensor], wanted: dict[str, Tensor], least: float) -> None:
    assert found.keys() == wanted.keys()
    for name in ("image", "image_raw", "image_mask", "image_background"):
        assert psnr(found[name], wanted[name]) > least, name
    seen = wanted["image_mask"] > 0.5
    assert float(seen.float().mean()) > 0.1, "there is a bust to see"
    apart = (found["image_depth"] - wanted["image_depth"]).abs()[seen]
    assert float(apart.quantile(0.99)) < 1e-3


@pytest.mark.parametrize("yaw", [0.0, 1.2, 3.1])
def test_pictures_are_the_oracle_s(bust: tuple[PortraitGenerator, Tensor], yaw: float) -> None:
    model, ws = bust
    c = label(yaw, 0.1)
    compare(QuickRenderer(model, ws).render(c), model.synthesis(ws, c), 80.0)


def test_drawn_numbers_are_the_same_numbers(bust: tuple[PortraitGenerator, Tensor]) -> None:
    model, ws = bust
    c = label(0.3)
    numbers = [Drawn(torch.Generator().manual_seed(4)) for _ in range(2)]
    found = QuickRenderer(model, ws).render(c, numbers=numbers[0])
    compare(found, model.synthesis(ws, c, numbers=numbers[1]), 80.0)


def test_fog_is_rendered_in_full() -> None:
    """Where everything can be seen there is nothing to skip, and the picture is still the oracle's."""
    model, _ = small_bust()
    ws = model.mapping(latent(7), label()).detach()
    thin = replace(model.config.rendering, depth_resolution=10, depth_resolution_importance=7)
    found = QuickRenderer(model, ws).render(label(0.5), settings=thin)
    wanted = model.synthesis(ws, label(0.5), settings=thin)
    for name in ("image", "image_raw", "image_mask"):
        assert psnr(found[name], wanted[name]) > 60, name


def test_posed_pictures(bust: tuple[PortraitGenerator, Tensor]) -> None:
    model, ws = bust
    c = label(0.3)
    wanted = model.synthesis(ws, c, deform=model.pose_warp(POSE))
    quick = QuickRenderer(model, ws)
    found = quick.render(c, pose=POSE)
    assert psnr(found["image"], wanted["image"]) > 60
    assert psnr(found["image"], quick.render(c)["image"]) < 35, "the pose is to be seen"


def test_little_memory_changes_nothing(bust: tuple[PortraitGenerator, Tensor]) -> None:
    model, ws = bust
    a, b = QuickRenderer(model, ws).render(label()), QuickRenderer(model, ws, memory=1 << 20).render(label())
    torch.testing.assert_close(a["image"], b["image"], atol=1e-5, rtol=1e-5)


def test_most_samples_are_left_out(bust: tuple[PortraitGenerator, Tensor]) -> None:
    model, ws = bust
    quick = QuickRenderer(model, ws)
    evaluated = 0

    def counting(points: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal evaluated
        evaluated += len(points)
        return quick.decoder(points)

    settings = model.config.rendering
    origins, directions = rays_of_labels(label(), 64)
    from portrait_core.rendering.jitter import Deterministic

    with torch.inference_mode():
        render_sparse(
            counting, quick.occupancy, origins, directions, settings, Deterministic(), channels=model.config.features
        )
    assert quick.occupancy.share < 0.3
    assert 0 < evaluated < 0.5 * 64 * 64 * 48


@pytest.mark.parametrize(
    "change", [{"cull": 0.5}, {"density_noise": 0.1}, {"ray_start": "auto", "ray_end": "auto"}, {"white_back": True}]
)
def test_other_settings_go_to_the_plain_path(bust: tuple[PortraitGenerator, Tensor], change: dict[str, Any]) -> None:
    model, ws = bust
    settings = replace(model.config.rendering, depth_resolution=6, depth_resolution_importance=6, **change)
    assert not can_render(settings)
    with pytest.raises(ValueError, match="plain renderer"):
        render_sparse(None, None, torch.zeros(1, 1, 3), torch.zeros(1, 1, 3), settings, None, channels=1)  # type: ignore[arg-type]
    if settings.density_noise == 0:
        found = QuickRenderer(model, ws).render(label(), settings=settings)
        wanted = model.synthesis(ws, label(), settings=settings)
        torch.testing.assert_close(found["image"], wanted["image"], atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(("precision", "share"), [("bf16", 0.015), ("fp16", 0.002)])
def test_half_precision_stays_close(bust: tuple[PortraitGenerator, Tensor], precision: Any, share: float) -> None:
    """The error is a small share of the picture's own contrast: for one of ordinary contrast about a grey level."""
    exact = QuickRenderer(*bust).render(label(0.3))["image"]
    found = QuickRenderer(*bust, precision=precision).render(label(0.3))["image"]
    assert found.dtype == torch.float32 and not torch.equal(found, exact)
    assert float((found - exact).square().mean().sqrt() / exact.std()) < share


def test_compiling_is_asked_of_torch(bust: tuple[PortraitGenerator, Tensor], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever torch makes of it is what runs; compiling itself needs a compiler and a minute."""
    asked: list[object] = []

    def compile_it(function: Any) -> Any:
        asked.append(function)
        return lambda *arguments, **options: function(*arguments, **options) + 1

    plain = QuickRenderer(*bust).render(label())["image"]
    monkeypatch.setattr(torch, "compile", compile_it)
    made = QuickRenderer(*bust, compiled=True).render(label())["image"]
    assert len(asked) == 1
    torch.testing.assert_close(made, plain + 1)


def test_random_noise_is_refused(bust: tuple[PortraitGenerator, Tensor]) -> None:
    with pytest.raises(ValueError, match="random noise"):
        QuickRenderer(*bust, noise_mode="random")
