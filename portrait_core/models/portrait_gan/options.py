# SPDX-License-Identifier: Apache-2.0
"""How pictures are made of a published model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from portrait_core.models.portrait_gan.renderer import DEFAULT_MEMORY, Precision
from portrait_core.rendering.renderer import RenderSettings

NEAR = 2.35
"""Where rays begin in the published sampling scripts, metres; the training began at 2.25."""

Conditioning = Literal["separate", "identical"]


@dataclass(frozen=True)
class PictureOptions:
    """How pictures are made of a published model.

    Attributes:
        samples: factor on the published 48 + 48 samples a ray: the scripts take 4 for stills, 2 for videos and poses.
        near: where rays begin, metres; None as in training.
        neural_resolution: side of the rendered picture before super-resolution; None for the model's own.
        cutoff: style rows that truncation touches; None for all.
        conditioning: ``separate``: the mapping sees the frontal camera and no pose, as the published scripts do;
            ``identical``: it sees what is rendered.
        seen_from: yaw and pitch (radians) of the camera that the mapping sees where it is ``separate``.
        noise: the stored noise of planes and background, or none.
        memory: bytes that rays being worked on may take.
        quick: False for the plain path, straight from docs/published/generator.md.
        precision: of convolutions, as `QuickRenderer` takes it; 16 bits on the quick path only.
        compiled: whether that path's super-resolution is compiled by ``torch.compile``.
    """

    samples: int = 2
    near: float | None = NEAR
    neural_resolution: int | None = None
    cutoff: int | None = None
    conditioning: Conditioning = "separate"
    seen_from: tuple[float, float] = (0.0, 0.0)
    noise: Literal["const", "none"] = "const"
    memory: int = DEFAULT_MEMORY
    quick: bool = True
    precision: Precision = "fp32"
    compiled: bool = False

    def settings(self, own: RenderSettings) -> RenderSettings:
        """The sampling of rays."""
        start = own.ray_start if self.near is None or isinstance(own.ray_start, str) else self.near
        return replace(
            own,
            ray_start=start,
            depth_resolution=own.depth_resolution * self.samples,
            depth_resolution_importance=own.depth_resolution_importance * self.samples,
        )
