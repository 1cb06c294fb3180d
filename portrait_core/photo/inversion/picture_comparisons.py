# SPDX-License-Identifier: Apache-2.0
"""Comparisons that need no file beside the model: its discriminator's trunk, colours and their gradients, silhouettes.

A photograph's background is not the model's. Within the mask both pictures are compared as they are; outside, both are
the same grey, so that what stands behind somebody counts for nothing. What sticks out of the mask counts for the
silhouette.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from portrait_core.networks.discriminator import PortraitDiscriminator, Portraits
from portrait_core.networks.resampling import resize
from portrait_core.photo.inversion.target import Target

SMALLEST = 8
"""Pixels of the coarsest scale."""
EPSILON = 1e-8
GRADIENTS = 0.5
"""Weight of gradients beside colours."""


class TrunkComparison:
    """Features of a discriminator's blocks, as LPIPS compares those of other networks: of unit length at each pixel,
    squared differences, the mean over pixels and blocks (Zhang et al. 2018, without its learnt weights)."""

    def __init__(self, judge: PortraitDiscriminator, target: Target, neural_resolution: int) -> None:
        """``judge`` is on the target's device and does not learn."""
        self.judge = judge
        self.inside = target.mask
        raw = resize(target.image, neural_resolution)
        mask = resize(target.mask, neural_resolution).clamp(0, 1)
        with torch.no_grad():
            self.wanted = self.features(Portraits(target.image, raw, mask))

    def features(self, seen: Portraits) -> list[Tensor]:
        """One tensor [1, C, S, S] a block, fine to coarse, of unit length at each pixel."""
        inside = self.inside
        size, raw_size = self.judge.config.img_resolution, seen.raw.shape[-1]
        within = Portraits(
            resize(seen.image * inside, size), seen.raw * resize(inside, raw_size).clamp(0, 1), seen.mask
        )
        return [functional.normalize(each, dim=1, eps=EPSILON) for each in self.judge.stages(within)]

    def __call__(self, seen: Portraits) -> Tensor:
        """See `portrait_core.photo.inversion.comparison.Comparison`; 4 at most."""
        pairs = list(zip(self.features(seen), self.wanted, strict=True))
        apart = [(ours - theirs).square().sum(dim=1).mean() for ours, theirs in pairs]
        return torch.stack(apart).mean()


class ColourComparison:
    """Squared differences of colours, and absolute ones of their steps from pixel to pixel, at every scale from the
    picture's own down to 8 pixels; each scale's is a mean over the person's pixels."""

    def __init__(self, target: Target) -> None:
        self.inside = _pyramid(target.mask)
        self.wanted = _pyramid(target.image * target.mask)

    def __call__(self, seen: Portraits) -> Tensor:
        """See `portrait_core.photo.inversion.comparison.Comparison`."""
        total = seen.image.new_zeros([])
        scales = zip(_pyramid(seen.image * self.inside[0]), self.wanted, self.inside, strict=True)
        for ours, theirs, inside in scales:
            apart, share = ours - theirs, inside.mean().clamp(min=EPSILON)
            total = total + apart.square().mean() / share
            for axis in (2, 3):
                # Where a difference is the same at two neighbours the step between them is right.
                total = total + GRADIENTS * _length(apart.diff(dim=axis)).mean() / share
        return total / len(self.inside)


class MaskComparison:
    """Squared differences of masks, as a share of what is the person's."""

    def __init__(self, target: Target, neural_resolution: int) -> None:
        self.wanted = resize(target.mask, neural_resolution).clamp(0, 1)

    def __call__(self, seen: Portraits) -> Tensor:
        """See `portrait_core.photo.inversion.comparison.Comparison`."""
        return (seen.mask - self.wanted).square().mean() / self.wanted.mean().clamp(min=EPSILON)


def _pyramid(picture: Tensor) -> list[Tensor]:
    """``picture`` [1, C, S, S] and its halves, down to the last that has :data:`SMALLEST` pixels."""
    levels = [picture]
    while levels[-1].shape[-1] >= 2 * SMALLEST:
        levels.append(functional.avg_pool2d(levels[-1], 2))
    return levels


def _length(apart: Tensor) -> Tensor:
    """Absolute values, round at 0."""
    return (apart.square() + 1e-4).sqrt() - 1e-2
