# SPDX-License-Identifier: Apache-2.0
"""How far a job is over all its stages, from measured shares of the time.

The seconds below were measured on two CPU cores; only their proportions count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from portrait_core.recipe import Recipe

EARLY = 0.1
"""The share of the work after which its pace is known."""

MOST_ASSUMED = 0.95
"""The share of a silent stage that is thought to be done at most."""


@dataclass(frozen=True)
class Step:
    """A stage as the engine reports it, and its share of the time."""

    stage: str
    seconds: float


def model_steps(*, loaded: bool) -> list[Step]:
    """Loading the model, unless it is there."""
    return [Step("model", 0.01 if loaded else 1.7)]


def generate_steps(recipe: Recipe, formats: int = 1, *, pictures: bool = False) -> list[Step]:
    """The stages of an avatar from its latent to its files; ``pictures``: its maps are painted from the model's own."""
    written = Step("write", (0.05 + 0.05 * (recipe.texture_size / 1024) ** 2) * formats)
    if recipe.topology == "parts":
        area = (recipe.texture_size / 1024) ** 2
        return [Step("shape", 0.1), Step("texture", 0.1 + 0.35 * area), Step("thumbnail", 0.3), written]
    cells = recipe.lattice / 256
    levels = (recipe.faces, *(recipe.lods if recipe.lod_maps == "own" else ()))
    steps = [*_surface_steps(cells), Step("simplify", 0.03 + 0.8 * cells**2 * (1 + 0.2 * len(recipe.lods)))]
    for number, faces in enumerate(levels):
        # Skin and normals are made beside the unwrap and take hardly any time of their own.
        steps += [
            Step("rig", 0.01),
            Step("unwrap", 0.2 + 1.0 * (faces / 20_000) ** 0.8),
            # Waits for the dense surface, which is made beside the unwrap.
            Step("tangents", 0.1 + 1.7 * (faces / 20_000) ** 0.8),
            *_paint_steps(recipe, max(recipe.texture_size >> number, 256), pictures=pictures),
        ]
    return [*steps, Step("thumbnail", 0.6), written]


def bake_steps(recipe: Recipe) -> list[Step]:
    """The stages of maps for a mesh that is there."""
    size = recipe.texture_size
    return [*_surface_steps(recipe.lattice / 256), *_paint_steps(recipe, size), Step("write", 0.1 * (size / 1024) ** 2)]


def _surface_steps(cells: float) -> list[Step]:
    return [
        Step("latent", 0.35),
        Step("lattice", 0.08 + 0.5 * cells**2),
        Step("surface", 0.01 + 0.15 * cells**2),
        Step("place", 0.04 + 0.28 * cells**2),
        Step("clean", 0.02 + 0.5 * cells**2),
    ]


def _paint_steps(recipe: Recipe, size: int, *, pictures: bool = False) -> list[Step]:
    area = (size / 1024) ** 2
    views = [Step("views", 60.0)] if pictures or recipe.texture == "views" else []
    occlusion = [Step("occlusion", 0.06 * area)] if recipe.occlusion else []
    normals = [Step("normals", 0.02 * area)] if recipe.normal_map else []
    return [*views, Step("texture", 0.05 + 0.4 * area), *occlusion, *normals]


class Estimate:
    """Where a job is among its steps. Stages that are not among them do not move it; it never goes back."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = list(steps)
        self._total = sum(step.seconds for step in steps) or 1.0
        self._at = -1
        self._before = 0.0
        self.overall = 0.0

    def update(self, stage: str, fraction: float) -> float:
        """The overall share after the engine reported ``fraction`` of ``stage``."""
        self._find(stage)
        if 0 <= self._at < len(self._steps) and self._steps[self._at].stage == stage:
            done = self._before + self._steps[self._at].seconds * min(max(fraction, 0.0), 1.0)
            self.overall = max(self.overall, min(1.0, done / self._total))
        return self.overall

    def assume(self, stage: str, silent: float, elapsed: float) -> float:
        """The overall share when ``stage`` said nothing for ``silent`` of ``elapsed`` seconds: by its usual time.

        It comes near the stage's end but never there, however long it takes.
        """
        if not 0 <= self._at < len(self._steps) or self._steps[self._at].stage != stage:
            return self.overall
        step = self._steps[self._at]
        # How long things take here, as the stages before told.
        pace = (elapsed - silent) / self._before if self._before > EARLY * self._total else 1.0
        passed = 1.0 - math.exp(-silent / max(1e-3, step.seconds * pace))
        self.overall = max(self.overall, (self._before + MOST_ASSUMED * step.seconds * passed) / self._total)
        return self.overall

    def _find(self, stage: str) -> None:
        if self._at >= 0 and self._steps[self._at].stage == stage:
            return
        for index in range(self._at + 1, len(self._steps)):
            if self._steps[index].stage == stage:
                self._at = index
                self._before = sum(step.seconds for step in self._steps[:index])
                return
