# SPDX-License-Identifier: Apache-2.0
"""Coarse and fine pass of one picture that evaluate only the samples which can be seen.

The same samples as `portrait_core.rendering.renderer.render`, the oracle. A sample is evaluated when its cell of the
occupancy may show something or that of a neighbour on the ray may (densities are averaged between neighbours), when it
is not cropped, and when the light gets as far: all others count as empty. What that leaves out is bounded by
`portrait_core.rendering.occupancy.EMPTY_BELOW` and `DARK`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as nnf
from torch import Tensor

from portrait_core.rendering.jitter import SampleNumbers
from portrait_core.rendering.masks import EMPTY, crop_mask
from portrait_core.rendering.occupancy import Occupancy
from portrait_core.rendering.ray_marching import fill_depth, march_weights
from portrait_core.rendering.renderer import Rendering, RenderSettings
from portrait_core.rendering.sampling import importance_depths, stratified_depths

Evaluator = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Canonical points (N, 3) to raw densities (N,) and features (N, C)."""

Warp = Callable[[Tensor], Tensor]
"""Posed points (N, 3) to canonical ones."""

DARK = 14.0
"""Optical depth behind which nothing is seen: less than 1e-6 of the light."""

_FAINT = 1e-7


def can_render(settings: RenderSettings) -> bool:
    """Whether these settings are of the kind this module knows; the others are the plain renderer's."""
    plain = settings.cull is None and settings.binarize is None and settings.density_noise == 0
    fixed = not isinstance(settings.ray_start, str) and not isinstance(settings.ray_end, str)
    return plain and fixed and not settings.disparity_space_sampling and not settings.white_back


def render_sparse(
    evaluate: Evaluator,
    occupancy: Occupancy,
    origins: Tensor,
    directions: Tensor,
    settings: RenderSettings,
    numbers: SampleNumbers,
    *,
    channels: int,
    warp: Warp | None = None,
    chunk_rays: int = 2048,
) -> Rendering:
    """Render the rays (1, rays, 3) of one picture; see `portrait_core.rendering.renderer.render`.

    Depths of empty rays are the farthest sample's. Raises ``ValueError`` for settings it does not know.
    """
    if origins.shape[0] != 1 or not can_render(settings):
        raise ValueError("sparse rendering takes one picture with fixed bounds and no noise; use the plain renderer")
    count = origins.shape[1]
    jitter = numbers.coarse(1, count, settings.depth_resolution, origins)
    fine_count = settings.depth_resolution_importance
    quantiles = numbers.fine(count, fine_count, origins) if fine_count > 0 else None
    assert not isinstance(settings.ray_start, str) and not isinstance(settings.ray_end, str)
    coarse = stratified_depths(settings.ray_start, settings.ray_end, jitter)[0, :, :, 0].expand(count, -1)
    features = origins.new_zeros(count, channels)
    depth = origins.new_full((count, 1), float("nan"))
    opacity = origins.new_zeros(count, 1)
    for start in range(0, count, chunk_rays):
        part = slice(start, start + chunk_rays)
        lit = _Rays(evaluate, occupancy, origins[0, part], directions[0, part], settings, warp, channels)
        samples = lit.place(coarse[part])
        active = samples.wanted.any(dim=1).nonzero()[:, 0]
        if len(active) == 0:
            continue
        lit, samples = lit.only(active), samples.only(active)
        lit.fill(samples)
        if quantiles is not None:
            weights = march_weights(samples.density[None, ..., None], samples.depth[None, ..., None])
            drawn = importance_depths(samples.depth[None, ..., None], weights, quantiles[part][active])
            samples = samples.merged(lit.place(drawn[0, :, :, 0]))
            lit.fill(samples)
        where = active + start
        features[where], depth[where], opacity[where] = lit.march(samples)
    depth = fill_depth(depth, coarse.amin(), coarse.amax())
    return Rendering(features[None], depth[None], opacity[None])


class _Samples:
    """Samples of some rays, (rays, n) each: depth, place (rays, n, 3), what is known of them and what was evaluated."""

    def __init__(
        self, depth: Tensor, place: Tensor, wanted: Tensor, cropped: Tensor, least: Tensor, density: Tensor, row: Tensor
    ) -> None:
        self.depth, self.place, self.wanted, self.cropped = depth, place, wanted, cropped
        self.least, self.density, self.row = least, density, row

    def _each(self) -> tuple[Tensor, ...]:
        return self.depth, self.place, self.wanted, self.cropped, self.least, self.density, self.row

    def only(self, rays: Tensor) -> _Samples:
        return _Samples(*(each[rays] for each in self._each()))

    def merged(self, other: _Samples) -> _Samples:
        """Both, by depth."""
        both = [torch.cat(pair, dim=1) for pair in zip(self._each(), other._each(), strict=True)]
        depth, order = torch.sort(both[0], dim=1)
        place = both[1].gather(1, order[:, :, None].expand(-1, -1, 3))
        return _Samples(depth, place, *(each.gather(1, order) for each in both[2:]))


class _Rays:
    def __init__(
        self,
        evaluate: Evaluator,
        occupancy: Occupancy,
        origins: Tensor,
        directions: Tensor,
        settings: RenderSettings,
        warp: Warp | None,
        channels: int,
    ) -> None:
        self.evaluate, self.occupancy, self.settings, self.warp = evaluate, occupancy, settings, warp
        self.origins, self.directions = origins, directions
        # Row 0 is what samples count as that are not evaluated.
        self.table = origins.new_zeros(1, channels)

    def only(self, rays: Tensor) -> _Rays:
        return _Rays(
            self.evaluate,
            self.occupancy,
            self.origins[rays],
            self.directions[rays],
            self.settings,
            self.warp,
            self.table.shape[1],
        )

    def place(self, depth: Tensor) -> _Samples:
        """Samples at ``depth`` (rays, n), none evaluated."""
        place = self.origins[:, None] + depth[..., None] * self.directions[:, None]
        if self.warp is not None:
            place = self.warp(place.reshape(-1, 3)).reshape(place.shape)
        cropped = crop_mask(place, margin=self.settings.crop_margin, box_warp=self.settings.box_warp)[..., 0]
        cell = self.occupancy.cell(place)
        wanted = self.occupancy.may_show[cell] & ~cropped
        least = self.occupancy.least[cell].masked_fill(cropped, EMPTY)
        density = torch.full_like(depth, EMPTY)
        return _Samples(depth, place, wanted, cropped, least, density, torch.zeros_like(depth, dtype=torch.int64))

    def fill(self, samples: _Samples) -> None:
        """Evaluate those that count and are not known yet."""
        beside = nnf.max_pool1d(samples.wanted[None].float(), 3, stride=1, padding=1)[0] > 0
        steps = samples.depth[:, 1:] - samples.depth[:, :-1]
        thin = nnf.softplus((samples.least[:, :-1] + samples.least[:, 1:]) / 2 - 1) * steps
        # The light that has passed all intervals before a sample's own.
        dark = torch.zeros_like(samples.wanted)
        dark[:, 2:] = thin.cumsum(dim=1)[:, :-1] > DARK
        needed = beside & ~samples.cropped & ~dark & (samples.row == 0)
        density, features = self.evaluate(samples.place[needed])
        samples.density[needed] = density
        samples.row[needed] = torch.arange(len(density), device=density.device) + len(self.table)
        self.table = torch.cat([self.table, features])

    def march(self, samples: _Samples) -> tuple[Tensor, Tensor, Tensor]:
        """Composite features (rays, C), depth (rays, 1) and opacity (rays, 1), as by the mid-point rule."""
        weights = march_weights(samples.density[None, ..., None], samples.depth[None, ..., None])[0, :, :, 0]
        opacity = weights.sum(dim=1, keepdim=True)
        middle = (samples.depth[:, 1:] + samples.depth[:, :-1]) / 2
        depth = (weights * middle).sum(dim=1, keepdim=True) / opacity
        # An interval shows the mean of its ends: each sample counts with half of the intervals beside it.
        share = (nnf.pad(weights, (0, 1)) + nnf.pad(weights, (1, 0))) / 2
        share = torch.where(share > _FAINT, share, torch.zeros_like(share))
        features = nnf.embedding_bag(samples.row, self.table, per_sample_weights=share, mode="sum")
        return features, depth, opacity
