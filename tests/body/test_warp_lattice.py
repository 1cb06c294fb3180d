# SPDX-License-Identifier: Apache-2.0
"""The warp on a lattice against the warp of the specification."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchmarks.published_bust import bust_body
from portrait_core.body.deformation import PoseWarp
from portrait_core.body.warp_lattice import TOLERANCE, TriangleMotions, WarpLattice
from tests.slow_search import slow_search

POSE = torch.tensor([[0.1, 0.2, -0.1, 0.15, 0.4, 0.1]])


@pytest.fixture(scope="module")
def warp() -> PoseWarp:
    return bust_body(40, 32).warp(POSE)


@pytest.fixture(scope="module")
def points() -> torch.Tensor:
    return (torch.rand(6000, 3, generator=torch.Generator().manual_seed(0)) - 0.5) * torch.tensor([1.0, 1.0, 0.8])


def test_triangle_motions_are_the_exact_warp(warp: PoseWarp, points: torch.Tensor) -> None:
    exact = replace(warp, search=slow_search)(points[None])[0]
    apart = (TriangleMotions.of(warp)(points) - exact).norm(dim=1)
    assert float(apart.max()) < 1e-5


def test_interpolation_stays_within_its_tolerance(warp: PoseWarp, points: torch.Tensor) -> None:
    lattice = WarpLattice(warp)
    apart = (lattice(points) - lattice.exact(points)).norm(dim=1)
    assert lattice.share > 0.7, "most of space is smooth"
    assert float(apart.quantile(0.995)) < 2 * TOLERANCE
    assert float((apart > 0.001).float().mean()) < 0.002


def test_no_tolerance_is_the_exact_warp(warp: PoseWarp, points: torch.Tensor) -> None:
    lattice = WarpLattice(warp, tolerance=0.0)
    moved = lattice.exact(points)
    same = (lattice(points) - moved).norm(dim=1) < 1e-5
    assert float(same.float().mean()) > 0.99


def test_far_points_stay(warp: PoseWarp) -> None:
    far = torch.tensor([[0.0, 0.9, 0.0], [2.0, 0.0, 0.0], [0.0, 0.1, -0.62]])
    assert torch.equal(WarpLattice(warp)(far), far)


def test_one_body_at_a_time(warp: PoseWarp) -> None:
    with pytest.raises(ValueError, match="2 bodies"):
        TriangleMotions.of(bust_body(20, 16).warp(torch.zeros(2, 6)))
