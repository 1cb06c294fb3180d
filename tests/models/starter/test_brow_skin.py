# SPDX-License-Identifier: Apache-2.0
"""Under brows, which are parts of their own, there is skin: nothing of those that the world paints."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from portrait_core.models.load import load_model
from portrait_core.models.starter import skin_colour
from portrait_core.models.starter.brow_skin import FADED, WHOLE, BrowBand, brow_band
from portrait_core.models.starter.person import CanonicalPerson
from portrait_core.recipe import Recipe
from portrait_core.weights.registry import shipped_folder

EYES = torch.tensor([0.03, 0.14, 0.11])


def places(aside: float, high: float) -> torch.Tensor:
    """Both sides of the face, relative to the eyes' height."""
    return torch.tensor([[side * aside, high + 0.14, 0.13] for side in (1.0, -1.0)])


def test_the_band_is_where_the_world_paints_brows() -> None:
    inside = brow_band(places(0.02, 0.0165), EYES)
    assert torch.equal(inside.rows, torch.arange(2))
    torch.testing.assert_close(inside.share, torch.ones(2))
    for beyond in (places(0.02, 0.0165 + FADED + 0.001), places(0.02, 0.004), places(0.001, 0.015), places(0.08, 0.01)):
        assert len(brow_band(beyond, EYES).rows) == 0
    behind = places(0.02, 0.0165) - torch.tensor([0.0, 0.0, 0.2])
    assert len(brow_band(behind, EYES).rows) == 0


def test_its_skin_is_from_beyond_it() -> None:
    high = torch.linspace(0.0085, 0.026, 40)
    points = torch.stack([torch.full((40,), 0.02), high + 0.14, torch.full((40,), 0.13)], 1)
    band = brow_band(points, EYES)
    whole = band.share > 0.999
    assert whole.sum() > 10
    assert len(brow_band(band.above[whole], EYES).rows) == 0
    assert len(brow_band(band.below[whole], EYES).rows) == 0
    assert bool((band.above[:, 1] > points[band.rows, 1] - 1e-6).all())
    assert bool((band.below[:, 1] < points[band.rows, 1]).all())
    # Near a border it is from there.
    assert band.upper[-1] > 0.95
    assert band.upper[0] < 0.05
    assert WHOLE < FADED


@pytest.mark.skipif(not (shipped_folder() / "starter.safetensors").is_file(), reason="no starter weights here")
def test_no_step_is_left_where_painted_brows_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the bridge of the nose to the brows the skin's colour changes little; the branch alone shows an edge."""
    model = load_model("starter", "cpu")

    def band(points: torch.Tensor, _eyes: torch.Tensor) -> BrowBand:
        none = torch.zeros(0)
        return BrowBand(none.long(), none, points[:0], points[:0], none)

    for seed in (3, 12):
        person = cast(CanonicalPerson, model.person(Recipe(model="starter", seed=seed)))
        found = step(person.skin_materials, person)
        with monkeypatch.context() as patch:
            patch.setattr(skin_colour, "brow_band", band)
            alone = step(person.skin_materials, person)
        assert found < 0.25 * alone, (seed, found, alone)


def step(
    materials: Callable[[NDArray[np.float32], NDArray[np.float32]], tuple[NDArray[np.float32], NDArray[np.float32]]],
    person: CanonicalPerson,
) -> float:
    """How much darker, linear, the skin gets within 4 mm where brows begin, more than above the brows."""
    network = person.network
    eyes = torch.tensor(network.options.eye_place)
    aside = torch.tensor([0.0095, 0.0135])

    def mean(high: float) -> NDArray[np.float32]:
        rows = torch.linspace(high - 0.003, high + 0.003, 25)
        points = torch.cartesian_prod(aside, rows + eyes[1], torch.tensor([0.14]))
        where = network.identity_warp.foot(points)[0].numpy()
        colour, _ = materials(where, np.zeros((len(where), 2), np.float32))
        return colour.mean(axis=1).reshape(2, -1).mean(axis=1)

    brows, above = mean(0.0155), mean(0.032)
    return float(abs((brows[0] - brows[1]) - (above[0] - above[1])))
