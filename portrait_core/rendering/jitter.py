# SPDX-License-Identifier: Apache-2.0
"""Where the renderer's random numbers come from: a generator, given arrays, or none at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class SampleNumbers(Protocol):
    """Source of the uniform numbers in [0, 1) that place samples on rays."""

    def coarse(self, batch: int, rays: int, count: int, like: Tensor) -> Tensor:
        """Jitter inside the strata, ``[batch, rays, count, 1]``, of the type and device of ``like``."""
        ...

    def fine(self, rows: int, count: int, like: Tensor) -> Tensor:
        """Quantiles for importance sampling, ``[rows, count]``; row = batch index * rays + ray."""
        ...


@dataclass(frozen=True)
class Deterministic:
    """The middle of every stratum, and evenly spread quantiles: the same picture at every call."""

    def coarse(self, batch: int, rays: int, count: int, like: Tensor) -> Tensor:
        """0.5 everywhere."""
        return torch.full((batch, rays, count, 1), 0.5, dtype=like.dtype, device=like.device)

    def fine(self, rows: int, count: int, like: Tensor) -> Tensor:
        """``(k + 0.5) / count`` in every row."""
        steps = (torch.arange(count, dtype=like.dtype, device=like.device) + 0.5) / count
        return steps.expand(rows, count)


@dataclass(frozen=True)
class Drawn:
    """Fresh numbers of a generator."""

    generator: torch.Generator

    def coarse(self, batch: int, rays: int, count: int, like: Tensor) -> Tensor:
        """Uniform numbers."""
        return self._uniform((batch, rays, count, 1), like)

    def fine(self, rows: int, count: int, like: Tensor) -> Tensor:
        """Uniform numbers."""
        return self._uniform((rows, count), like)

    def _uniform(self, shape: tuple[int, ...], like: Tensor) -> Tensor:
        return torch.rand(shape, generator=self.generator, device=self.generator.device, dtype=torch.float32).to(like)


@dataclass(frozen=True)
class Given:
    """Stored numbers, as of a recorded run: ``[B, rays, n, 1]`` and ``[B * rays, m]`` (None if never asked for)."""

    coarse_numbers: Tensor
    fine_numbers: Tensor | None = None

    def coarse(self, batch: int, rays: int, count: int, like: Tensor) -> Tensor:
        """The stored coarse numbers; their shape must be the one asked for."""
        return _fitting(self.coarse_numbers, (batch, rays, count, 1), like)

    def fine(self, rows: int, count: int, like: Tensor) -> Tensor:
        """The stored fine numbers; their shape must be the one asked for."""
        return _fitting(self.fine_numbers, (rows, count), like)


def _fitting(numbers: Tensor | None, shape: tuple[int, ...], like: Tensor) -> Tensor:
    if numbers is None or numbers.shape != shape:
        got = None if numbers is None else list(numbers.shape)
        raise ValueError(f"got stored sample numbers of shape {got}; this rendering needs {list(shape)}")
    return numbers.to(like)
