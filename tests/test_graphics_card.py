# SPDX-License-Identifier: Apache-2.0
"""On a graphics card the same comes out as on the processor; skipped where torch finds none."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.official import psnr
from portrait_core.body.warp_lattice import WarpLattice
from portrait_core.cameras import Camera
from portrait_core.geometry.mesh_queries import MeshQueries
from portrait_core.models.load import load_model
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.models.portrait_gan.renderer import QuickRenderer
from portrait_core.models.starter.model import CanonicalAvatarModel
from portrait_core.networks.precision import exact_convolutions
from portrait_core.pipeline import make_avatar
from portrait_core.recipe import Recipe
from portrait_core.shape.isosurface import extract_surface
from portrait_core.weights.registry import find_model
from tests.published_model import install, label, small_bust

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")

POSE = torch.tensor([[0.1, 0.2, -0.1, 0.15, 0.4, 0.1]])


@pytest.fixture(scope="module")
def bust() -> tuple[PortraitGenerator, Tensor]:
    """A copy on the card: the original serves the tests on the processor."""
    model, ws = small_bust()
    return copy.deepcopy(model).to("cuda"), ws.to("cuda")


@pytest.fixture(scope="module")
def starters() -> dict[str, CanonicalAvatarModel]:
    models = {device: load_model("starter", device) for device in ("cpu", "cuda")}
    assert all(isinstance(model, CanonicalAvatarModel) for model in models.values())
    return models  # type: ignore[return-value]


@pytest.mark.parametrize("posed", [False, True])
def test_published_pictures(bust: tuple[PortraitGenerator, Tensor], posed: bool) -> None:
    pose = POSE if posed else None
    wanted = QuickRenderer(*small_bust()).render(label(0.3), pose=pose)
    found = QuickRenderer(*bust).render(label(0.3).to("cuda"), pose=None if pose is None else pose.to("cuda"))
    assert found["image"].device.type == "cuda"
    for name in ("image", "image_raw", "image_mask"):
        assert psnr(found[name].cpu(), wanted[name]) > 60, name


def test_the_plain_path(bust: tuple[PortraitGenerator, Tensor]) -> None:
    model, ws = bust
    c = label(0.3).to("cuda")
    with torch.inference_mode(), exact_convolutions():
        plain = model.synthesis(ws, c, deform=model.pose_warp(POSE.to("cuda")))
    assert psnr(QuickRenderer(model, ws).render(c, pose=POSE.to("cuda"))["image"], plain["image"]) > 60


@pytest.mark.parametrize(("precision", "share"), [("bf16", 0.015), ("fp16", 0.002)])
def test_half_precision_stays_close(bust: tuple[PortraitGenerator, Tensor], precision: Any, share: float) -> None:
    c = label(0.3).to("cuda")
    exact = QuickRenderer(*bust).render(c)["image"]
    found = QuickRenderer(*bust, precision=precision).render(c)["image"]
    assert not torch.equal(found, exact)
    assert float((found - exact).square().mean().sqrt() / exact.std()) < share


def test_nearest_triangles(bust: tuple[PortraitGenerator, Tensor]) -> None:
    warp = bust[0].pose_warp(POSE.to("cuda"))
    lattices = [WarpLattice(each) for each in (warp, small_bust()[0].pose_warp(POSE))]
    points = torch.rand(50_000, 3, generator=torch.Generator().manual_seed(1)) - 0.5
    found, wanted = lattices[0].exact.nearest(points.to("cuda")).cpu(), lattices[1].exact.nearest(points)
    assert float((found == wanted).float().mean()) > 0.999, "but for ties that rounding decides"
    apart = (lattices[0](points.to("cuda")).cpu() - lattices[1](points)).norm(dim=1)
    assert float(apart.quantile(0.999)) < 1e-4


def test_surfaces_of_the_starter(starters: dict[str, CanonicalAvatarModel]) -> None:
    found, wanted = (
        extract_surface(model.person(Recipe(seed=3)).field, 256) for model in (starters["cuda"], starters["cpu"])
    )
    apart = MeshQueries(wanted.vertices, wanted.faces).closest(found.vertices).distance.max()
    voxel = float(np.ptp(starters["cpu"].person(Recipe(seed=3)).field.bounds, axis=0).max()) / 256
    assert apart < 0.05 * voxel


def test_fields_of_the_starter(starters: dict[str, CanonicalAvatarModel]) -> None:
    fields = {device: model.person(Recipe(seed=3)).field for device, model in starters.items()}
    surface = extract_surface(fields["cpu"], 128)
    for name in ("value", "colour", "roughness", "place"):
        found, wanted = (getattr(fields[device], name)(surface.vertices) for device in ("cuda", "cpu"))
        assert np.quantile(np.abs(found - wanted), 0.999) < 1e-3, name


def test_posed_renders_of_the_starter(starters: dict[str, CanonicalAvatarModel]) -> None:
    pose = {"head": (0.0, 0.4, 0.1)}
    seen = {
        device: model.person(Recipe(seed=3)).render(Camera.orbit(0.4), pose, 128) for device, model in starters.items()
    }
    apart = np.abs(seen["cuda"]["image"].astype(int) - seen["cpu"]["image"])
    assert np.quantile(apart, 0.99) <= 2
    assert np.abs(seen["cuda"]["mask"] - seen["cpu"]["mask"]).mean() < 1e-3


def test_whole_avatars(starters: dict[str, CanonicalAvatarModel]) -> None:
    recipe = Recipe(seed=3, faces=5000, texture_size=512, lattice=128)
    found, wanted = (make_avatar(recipe, starters[device]) for device in ("cuda", "cpu"))
    assert abs(len(found.main.faces) - len(wanted.main.faces)) < 100
    assert found.thumbnail is not None and wanted.thumbnail is not None
    apart = np.abs(found.thumbnail.astype(int) - wanted.thumbnail)
    assert apart.mean() < 1.5
    again = make_avatar(recipe, starters["cuda"])
    assert np.array_equal(again.main.vertices, found.main.vertices)


def test_avatars_of_a_published_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTRAITKIT_MODELS", str(tmp_path))
    install(tmp_path)
    model = load_model(str(find_model("bust")), "cuda")
    avatar = make_avatar(Recipe(model="bust", faces=4000, texture_size=256, lattice=96), model)
    assert len(avatar.main.faces) > 1000 and avatar.main.maps.base_colour.std() > 0
