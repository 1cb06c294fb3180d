# SPDX-License-Identifier: Apache-2.0
"""What pictures are compared by: nothing where they agree, and gradients that finite differences confirm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from portrait_core.cameras import Camera
from portrait_core.errors import UsageError
from portrait_core.metrics.vgg import Vgg16, VggRows
from portrait_core.networks.discriminator import Portraits
from portrait_core.photo.face_landmarks import FaceLandmarks
from portrait_core.photo.inversion import landmark_comparison
from portrait_core.photo.inversion.comparison import Comparison, weights_of
from portrait_core.photo.inversion.feature_comparison import FeatureComparison
from portrait_core.photo.inversion.landmark_comparison import LandmarkComparison
from portrait_core.photo.inversion.picture_comparisons import ColourComparison, MaskComparison, TrunkComparison
from portrait_core.photo.inversion.target import Target
from portrait_core.photo.reading import PhotographError
from tests.photo.inversion.conftest import World, person

Make = Callable[[World], Comparison]
MAKERS: dict[str, Make] = {
    "trunk": lambda world: TrunkComparison(world.judge, world.target, 32),
    "colours": lambda world: ColourComparison(world.target),
    "mask": lambda world: MaskComparison(world.target, 32),
    "features": lambda world: FeatureComparison(lambda picture: picture.flatten(1) ** 2, world.target),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_picture_is_no_distance_from_itself_and_some_from_others(world: World, name: str) -> None:
    comparison = MAKERS[name](world)
    same, other = (world.seen(each) for each in (world.somebody, person(world.network, 9)))
    assert float(comparison(same)) < 1e-5
    assert float(comparison(other)) > 2e-4


def numeric(value: Callable[[Tensor], Tensor], picture: Tensor, way: Tensor, step: float) -> float:
    with torch.no_grad():
        return float((value(picture + step * way) - value(picture - step * way)) / (2 * step))


@pytest.mark.parametrize("name", MAKERS)
def test_gradients_are_what_finite_differences_say(world: World, name: str) -> None:
    comparison, seen = MAKERS[name](world), world.seen(person(world.network, 9))
    doubled = Portraits(seen.image.double(), seen.raw.double(), seen.mask.double())
    wanted = world.target
    exact = World(
        world.network,
        world.judge,
        world.somebody,
        Target(wanted.image.double(), wanted.mask.double(), wanted.camera, wanted.pose),
    )
    if name == "trunk":
        world.judge.double()
    try:
        comparison = MAKERS[name](exact)

        def value(picture: Tensor) -> Tensor:
            return comparison(Portraits(picture[:, :3], picture[:, :3], picture[:, 3:]))

        picture = torch.cat([doubled.image, doubled.mask], dim=1).requires_grad_(True)
        value(picture).backward()
        assert picture.grad is not None
        way = torch.randn(picture.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        told = float((picture.grad * way).sum())
        assert abs(told) > 1e-4
        assert told == pytest.approx(numeric(value, picture.detach(), way, 1e-6), rel=1e-3)
    finally:
        world.judge.float()


def test_what_stands_behind_somebody_counts_for_nothing(world: World) -> None:
    inside = torch.zeros_like(world.target.mask)
    inside[..., 4:, 8:24] = 1
    target = Target(world.target.image, inside, world.target.camera, world.target.pose)
    behind = target.image * inside + (1 - inside) * 0.9
    for make in (ColourComparison(target), TrunkComparison(world.judge, target, 32)):
        assert float(make(Portraits(behind, behind, inside))) < 1e-5
        before = Portraits(behind + 0.2 * inside, behind + 0.2 * inside, inside)
        assert float(make(before)) > 1e-3


def test_names_and_weights() -> None:
    assert weights_of("trunk, colours=2.5,") == {"trunk": 1.0, "colours": 2.5}
    for text, told in (
        ("trnk", "Did you mean trunk"),
        ("mask=0", "the weight of a comparison is a number above 0"),
        ("mask=nan", "the weight of a comparison"),
        ("mask=x", "the weight of a comparison"),
        (" , ", "nothing is named"),
    ):
        with pytest.raises(UsageError, match=told):
            weights_of(text)


def test_vgg_rows_are_lpips_where_its_layers_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the distances that `portrait metrics` has: the squared length of a difference of rows is LPIPS."""
    from portrait_core.metrics import vgg
    from portrait_core.metrics.network_files import NetworkPlaces, Weights

    monkeypatch.setattr(vgg, "STAGES", ((4, 4), (8, 8), (8,), (8,), (8,)))
    torch_seed = torch.Generator().manual_seed(0)
    network = Vgg16(connected=False)
    tensors = {name: torch.randn(each.shape, generator=torch_seed) * 0.2 for name, each in network.state_dict().items()}
    heads = {
        f"lin{stage}.model.1.weight": torch.rand(1, width[-1], 1, 1, generator=torch_seed)
        for stage, width in enumerate(vgg.STAGES)
    }
    found = {"vgg": tensors, "lpips": heads}
    from pathlib import Path

    monkeypatch.setattr(vgg, "read_network", lambda which, _places: Weights(Path(which), "0" * 64, found[which]))
    monkeypatch.setattr(vgg, "is_there", lambda _which, _places: True)
    places, device = NetworkPlaces(), torch.device("cpu")
    a, b = (torch.rand(2, 3, 32, 32, generator=torch_seed) for _ in range(2))
    rows = VggRows(places, device)
    apart = (rows(a * 2 - 1) - rows(b * 2 - 1)).square().sum(dim=1)
    assert rows.exact
    assert torch.allclose(apart, vgg.Lpips(places, device).distances(a, b), rtol=1e-4)
    monkeypatch.setattr(vgg, "is_there", lambda _which, _places: False)
    assert not VggRows(places, device).exact


@pytest.mark.usefixtures("networks")
def test_gradients_through_the_network_of_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(4)) * 2 - 1
    image = functional.interpolate(drawn, (64, 64), mode="bicubic").clamp(-1, 1)
    pixels = ((image[0] + 1) * 127.5).permute(1, 2, 0).round().numpy().astype(np.uint8)
    target = Target.of(pixels, np.ones((64, 64), np.float32), Camera.orbit())
    with pytest.raises(PhotographError, match="no face is read"):
        LandmarkComparison(target)
    turn = np.linspace(0, 2 * np.pi, 468, endpoint=False)
    places = np.stack([128 + 60 * np.cos(turn), 128 + 80 * np.sin(turn), 0 * turn], axis=1)
    found = FaceLandmarks(places, 1.0, "face_mesh")
    monkeypatch.setattr(landmark_comparison, "read_face", lambda _picture, _network: found)
    comparison = LandmarkComparison(target)

    def value(picture: Tensor) -> Tensor:
        return comparison(Portraits(picture, picture, picture[:, :1]))

    assert float(value(target.image)) < 1e-5
    other = (image.flip(3) * 0.5).requires_grad_(True)
    value(other).backward()
    assert other.grad is not None
    way = other.grad / other.grad.norm()
    told = float((other.grad * way).sum())
    assert told == pytest.approx(numeric(value, other.detach(), way, 0.01), rel=0.05)
