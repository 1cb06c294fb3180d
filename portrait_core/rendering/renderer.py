# SPDX-License-Identifier: Apache-2.0
"""Coarse pass, importance sampling, fine pass, march (docs/published/generator.md, section 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from portrait_core.rendering.jitter import SampleNumbers
from portrait_core.rendering.masks import EMPTY, SOLID, crop_mask, cull_mask
from portrait_core.rendering.ray_marching import fill_depth, march_weights, ray_march
from portrait_core.rendering.rays import auto_bounds
from portrait_core.rendering.sampling import (
    disparity_depths,
    importance_depths,
    merge_by_depth,
    stratified_depths,
)

PointEvaluator = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Canonical points ``[B, N, 3]`` to raw densities ``[B, N, 1]`` and features ``[B, N, C]``."""

PointWarp = Callable[[Tensor], Tensor]
"""Posed points ``[B, N, 3]`` to canonical ones."""


@dataclass(frozen=True)
class RenderSettings:
    """How rays are sampled; lengths in metres, defaults are the published ones.

    ``ray_start`` and ``ray_end`` may both be ``"auto"`` (the box's walls). ``cull`` empties samples less opaque than
    that threshold, ``binarize`` also makes all others solid.
    """

    ray_start: float | Literal["auto"] = 2.25
    ray_end: float | Literal["auto"] = 3.3
    depth_resolution: int = 48
    depth_resolution_importance: int = 48
    disparity_space_sampling: bool = False
    box_warp: float = 1.0
    crop_margin: float = 0.1
    white_back: bool = False
    density_noise: float = 0.0
    cull: float | None = None
    binarize: float | None = None


@dataclass(frozen=True)
class Rendering:
    """What rays see: ``features[B, rays, C]``, ``depth[B, rays, 1]`` (distance, metres), ``opacity[B, rays, 1]``."""

    features: Tensor
    depth: Tensor
    opacity: Tensor


def render(
    evaluate: PointEvaluator,
    origins: Tensor,
    directions: Tensor,
    settings: RenderSettings,
    numbers: SampleNumbers,
    *,
    deform: PointWarp | None = None,
    generator: torch.Generator | None = None,
    chunk_rays: int | None = None,
) -> Rendering:
    """Render rays.

    Args:
        evaluate: density and features of canonical points.
        origins: ``[B, rays, 3]``.
        directions: unit vectors ``[B, rays, 3]``.
        settings: sampling and masks.
        numbers: source of the numbers that place the samples.
        deform: posed to canonical points; None when the body is un-posed.
        generator: source of the density noise; needed only when the settings ask for noise.
        chunk_rays: how many rays of each picture are worked on at a time; None for all. Changes memory, not numbers.
    """
    if settings.density_noise > 0 and generator is None:
        raise ValueError("density noise needs a torch.Generator; pass one, or set density_noise to 0")
    batch, count = origins.shape[:2]
    coarse = _coarse_depths(origins, directions, settings, numbers)
    fine_count = settings.depth_resolution_importance
    quantiles = numbers.fine(batch * count, fine_count, origins) if fine_count > 0 else None
    features: list[Tensor] = []
    depths: list[Tensor] = []
    opacities: list[Tensor] = []
    nearest, farthest = coarse.amin(), coarse.amax()
    for start in range(0, count, chunk_rays or count):
        part = slice(start, start + (chunk_rays or count))
        o, d, t = origins[:, part], directions[:, part], coarse[:, part]

        def at(t: Tensor, o: Tensor = o, d: Tensor = d) -> tuple[Tensor, Tensor, Tensor]:
            density, colour = _evaluate_depths(evaluate, o, d, t, settings, deform, generator)
            return t, colour, density

        samples = at(t)
        if quantiles is not None:
            with torch.no_grad():
                weights = march_weights(samples[2], t)
                own = quantiles.reshape(batch, count, fine_count)[:, part].reshape(-1, fine_count)
                fine = importance_depths(t, weights, own)
            samples = merge_by_depth(samples, at(fine))
            nearest, farthest = torch.minimum(nearest, fine.amin()), torch.maximum(farthest, fine.amax())
        march = ray_march(samples[1], samples[2], samples[0], white_back=settings.white_back)
        features.append(march.colours)
        depths.append(march.depth)
        opacities.append(march.opacity)
    depth = fill_depth(torch.cat(depths, dim=1), nearest, farthest)
    return Rendering(torch.cat(features, dim=1), depth, torch.cat(opacities, dim=1))


def _coarse_depths(origins: Tensor, directions: Tensor, settings: RenderSettings, numbers: SampleNumbers) -> Tensor:
    batch, count = origins.shape[:2]
    jitter = numbers.coarse(batch, count, settings.depth_resolution, origins)
    near: Tensor | float
    far: Tensor | float
    if settings.ray_start == "auto" or settings.ray_end == "auto":
        near, far = auto_bounds(origins, directions, settings.box_warp)
    else:
        near, far = settings.ray_start, settings.ray_end
    place = disparity_depths if settings.disparity_space_sampling else stratified_depths
    return place(near, far, jitter)


def _evaluate_depths(
    evaluate: PointEvaluator,
    origins: Tensor,
    directions: Tensor,
    depths: Tensor,
    settings: RenderSettings,
    deform: PointWarp | None,
    generator: torch.Generator | None,
) -> tuple[Tensor, Tensor]:
    batch, rays, samples, _ = depths.shape
    points = (origins[:, :, None] + depths * directions[:, :, None]).reshape(batch, rays * samples, 3)
    if deform is not None:
        points = deform(points)
    density, features = evaluate(points)
    if settings.density_noise > 0 and generator is not None:
        drawn = torch.randn(density.shape, generator=generator, device=generator.device, dtype=torch.float32).to(
            density
        )
        density = density + drawn * settings.density_noise
    density = density.masked_fill(crop_mask(points, margin=settings.crop_margin, box_warp=settings.box_warp), EMPTY)
    if settings.cull is not None:
        density = density.masked_fill(cull_mask(density, settings.cull), EMPTY)
    if settings.binarize is not None:
        thin = cull_mask(density, settings.binarize)
        density = torch.where(thin, EMPTY, SOLID).to(density.dtype)
    return density.reshape(batch, rays, samples, 1), features.reshape(batch, rays, samples, -1)
