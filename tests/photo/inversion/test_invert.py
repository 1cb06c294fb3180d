# SPDX-License-Identifier: Apache-2.0
"""Somebody of a model, looked for in their own picture; and networks that move to show somebody of another one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.published_bust import bust_generator
from portrait_core.errors import UsageError
from portrait_core.models.portrait_gan.options import PictureOptions
from portrait_core.photo.inversion.invert import InversionOptions, invert
from portrait_core.photo.inversion.sight import Sight, frugal, laid_warp
from portrait_core.photo.inversion.styles import conditioning_label, style_statistics
from portrait_core.photo.inversion.target import Target
from portrait_core.photo.inversion.tuning import TuningOptions, tune
from tests.photo.inversion.conftest import CONFIG, PICTURES, World, person

STEPS = 30
QUICK = InversionOptions(steps=STEPS, peak=0.1, pictures=PICTURES, seed=1)


def error(world: World, ws: Tensor) -> float:
    """Root mean square of the colours' differences within the mask."""
    apart = (world.seen(ws).image - world.target.image).square().mean(dim=1, keepdim=True)
    return float(((apart * world.target.mask).sum() / world.target.mask.sum()).sqrt())


def test_somebody_is_found_in_their_own_picture(world: World) -> None:
    found = invert(world.network, world.target, world.comparison, QUICK)
    assert found.steps == STEPS
    assert found.after["total"] < 0.2 * found.before["total"]
    own = error(world, torch.tensor(found.styles)[None])
    mean = style_statistics(world.network, world.target.six).rows(world.network.num_ws)
    seeds = [error(world, person(world.network, seed)) for seed in range(10, 26)]
    assert own < 0.5 * min(*seeds, error(world, mean))


def test_the_same_seed_finds_the_same_and_goes_on(world: World) -> None:
    short = InversionOptions(steps=3, pictures=PICTURES, seed=2)
    first, again = (invert(world.network, world.target, world.comparison, short) for _ in range(2))
    assert np.array_equal(first.styles, again.styles)
    other = invert(world.network, world.target, world.comparison, InversionOptions(3, pictures=PICTURES, seed=3))
    assert not np.array_equal(first.styles, other.styles)
    further = invert(world.network, world.target, world.comparison, short, begin=first.styles)
    assert further.before == pytest.approx(first.after, rel=1e-5)


def test_a_stop_keeps_the_best_so_far(world: World) -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) == 5

    found = invert(world.network, world.target, world.comparison, QUICK, stop=stop)
    assert found.steps == 5
    assert found.after["total"] <= found.before["total"]


def test_noise_pictures_are_moved_where_that_is_asked_for(world: World) -> None:
    own = frugal(world.network, apart=True)
    options = InversionOptions(steps=2, pictures=PICTURES, noise=True)
    found = invert(own, world.target, world.comparison, options)
    layers = [name for name in own.state_dict() if name.startswith("backbone.") and name.endswith("noise_const")]
    assert sorted(found.noise) == sorted(layers)
    for name, image in found.noise.items():
        assert torch.equal(own.state_dict()[name], image)
        assert abs(float(image.mean())) < 0.2 and abs(float(image.square().mean()) - 1) < 0.2
    assert not torch.equal(world.network.state_dict()[layers[0]], own.state_dict()[layers[0]])


def test_statistics_are_those_of_persons_one_by_one(world: World) -> None:
    pose = world.target.six
    label, drawn = conditioning_label(), np.random.RandomState(123)
    rows = []
    for _ in range(20):
        z = torch.tensor(drawn.randn(1, CONFIG.z_dim).astype(np.float32))
        rows.append(world.network.mapping(z, label, pose)[0, 0])
    w = torch.stack(rows)
    found = style_statistics(world.network, pose, draws=20)
    assert torch.allclose(found.mean, w.mean(dim=0), atol=1e-6)
    apart = sum(float((each - w.mean(dim=0)).square().sum()) for each in w)
    assert found.deviation == pytest.approx((apart / 20) ** 0.5, rel=1e-5)


def test_the_warp_is_the_published_one_but_for_its_seams(world: World) -> None:
    six = world.target.six
    laid = laid_warp(world.network, six)
    assert six is not None and laid is not None
    points = (torch.rand(1, 3000, 3, generator=torch.Generator().manual_seed(0)) - 0.5) * 0.7
    exact = world.network.pose_warp(six)(points)
    apart, moved = ((each - exact).norm(dim=2)[0] for each in (laid(points), points))
    assert float(moved.quantile(0.75)) > 0.005
    assert float(apart.median()) < 1e-5 and float(apart.quantile(0.75)) < 2e-4
    assert laid_warp(world.network, None) is None


def test_pieces_change_no_gradient(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Tensor] = []
    for piece in (10**9, 1000):
        monkeypatch.setattr("portrait_core.photo.inversion.sight.PIECE", piece)
        ws = world.somebody.clone().requires_grad_(True)
        world.sight(ws).image.square().mean().backward()
        assert ws.grad is not None
        found.append(ws.grad)
    assert torch.allclose(*found, rtol=1e-3, atol=1e-7)
    assert float(found[0].abs().max()) > 0


def test_networks_move_to_somebody_whom_they_do_not_know(world: World) -> None:
    stranger = frugal(bust_generator(CONFIG, rings=16, segments=16, seed=5))
    with torch.no_grad():
        picture = Sight(stranger, world.target.label, world.target.six, PICTURES)(person(stranger, 0))
    target = Target(picture.image, picture.mask, world.target.camera, world.target.pose)
    strange = World(world.network, world.judge, world.somebody, target)
    styles = world.somebody[0].numpy()
    before = {name: each.clone() for name, each in world.network.state_dict().items()}
    options = TuningOptions(steps=16, rate=5e-3, pictures=PICTURES)
    tuned = tune(world.network, styles, target, strange.comparison, options)
    assert tuned.after["total"] < 0.6 * tuned.before["total"]
    assert all(torch.equal(each, before[name]) for name, each in world.network.state_dict().items())
    changed = [name for name, each in tuned.network.state_dict().items() if not torch.equal(each, before[name])]
    assert changed and not any(name.startswith(("renderer.", "backbone.mapping.", "pose_branch.")) for name in changed)
    loose = tune(
        world.network, styles, target, strange.comparison, TuningOptions(16, 5e-3, kept=0.0, pictures=PICTURES)
    )
    # Others stay nearer to what they were where that counts.
    other, label = person(world.network, 8), world.target.label
    moved = []
    for each in (tuned, loose):
        sight = Sight(world.network, label, None, PictureOptions(samples=1))
        with torch.no_grad():
            moved.append(float((sight.of(each.network, other).image - sight(other).image).square().mean()))
    assert moved[0] < moved[1]


def test_steps_that_are_none_are_refused() -> None:
    with pytest.raises(UsageError, match="0 steps of an inversion: expected 1 to 20000"):
        InversionOptions(steps=0)
    with pytest.raises(UsageError, match="expected 1 to 20000"):
        TuningOptions(steps=20_001)
