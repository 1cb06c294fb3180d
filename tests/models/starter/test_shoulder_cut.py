# SPDX-License-Identifier: Apache-2.0
"""The shoulder cut moves inwards where the box of the lattice ends the solid first, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from portrait_core.models.load import load_model
from portrait_core.models.starter.shoulder_cut import SPARE, ShoulderCut, cut_within_walls
from portrait_core.pipeline.surfaces import reference
from portrait_core.progress import silent
from portrait_core.recipe import Recipe
from portrait_core.shape.cut import ON_PLANE
from portrait_core.weights.registry import shipped_folder

WANTED = ShoulderCut(-0.15, 0.25)
CENTRE, HALF = torch.tensor([0.0, 0.07, 0.04]), 0.27


def bar(points: Tensor) -> Tensor:
    """A beam along x at the height of the arms."""
    return torch.hypot(points[:, 1] + 0.1, points[:, 2]) - 0.04


def found(squeeze: float, lean: float = 0.0, solid: object = bar) -> ShoulderCut:
    """The cut of a solid squeezed sideways, and by ``lean`` more in front than behind."""

    def warp(points: Tensor) -> Tensor:
        share = squeeze - lean * points[:, 2]
        return torch.stack([points[:, 0] * share, points[:, 1], points[:, 2]], 1)

    return cut_within_walls(WANTED, CENTRE, HALF, roughly=warp, warp=warp, distance=solid)  # type: ignore[arg-type]


def test_a_solid_that_passes_the_planes_within_the_box_is_cut_there() -> None:
    assert found(1.0) == WANTED
    assert found(1.2) == WANTED


def test_the_plane_moves_to_where_the_whole_end_is_in_the_box() -> None:
    assert found(0.85).x == pytest.approx(0.27 * 0.85 - SPARE)
    leaning = found(0.9, lean=1.0)
    assert 0.27 * (0.9 - 0.046) - SPARE <= leaning.x + 1e-6 <= 0.27 * (0.9 - 0.034) - SPARE + 1e-3
    assert leaning.y == WANTED.y


def test_walls_without_solid_do_not_count() -> None:
    assert found(0.8, solid=lambda points: bar(points) + 0.5) == WANTED
    assert found(0.8, solid=lambda points: points.norm(dim=1) - 0.1) == WANTED


def test_it_never_cuts_into_the_head() -> None:
    assert found(0.1).x == pytest.approx(0.6 * WANTED.x)


@pytest.mark.skipif(not (shipped_folder() / "starter.safetensors").is_file(), reason="no starter weights here")
@pytest.mark.parametrize("seed", [8, 30])
def test_the_arms_of_wide_shoulders_end_flat(seed: int) -> None:
    """Seen from the side, both ends of the arms are in their planes, though the box ends before the usual ones."""
    model = load_model("starter", "cpu")
    field = model.person(Recipe(seed=seed)).field
    assert field.identity.shoulders.x < 0.25
    base = reference(field, 160, silent)
    assert base.planes is not None
    corners = base.surface.vertices.astype(np.float64)[base.surface.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1)
    outer = np.abs(corners[:, :, 0]).mean(axis=1) > np.abs(base.surface.vertices[:, 0]).max() - 0.004
    ends = outer & (np.abs(normal[:, 0]) > 0.95 * area)
    planes = base.planes.astype(np.float64)
    off = np.min([np.abs(corners @ plane[:3] - plane[3]).max(axis=1) for plane in planes], axis=0)
    assert area[ends].sum() / 2 > 0.003  # two arms, 15 square centimetres each at least
    assert area[ends & (off <= ON_PLANE)].sum() > 0.97 * area[ends].sum()
