# SPDX-License-Identifier: Apache-2.0
"""Pictures of one identity of a published generator, quickly: what does not change from view to view is made once.

`PortraitGenerator.synthesis` is the oracle, straight from docs/published/generator.md. Here the planes,
their tables, the occupancy and the background belong to the identity; the lattice of the warp belongs to the pose.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Literal, cast

import torch
from torch import Tensor

from portrait_core.body.warp_lattice import WarpLattice
from portrait_core.models.portrait_gan.folded_decoder import FoldedTrigridDecoder
from portrait_core.models.portrait_gan.fused_synthesis import fused_network, fused_superresolution
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.models.portrait_gan.point_decoder import GatheredDecoder
from portrait_core.networks.decoder import Decoder
from portrait_core.networks.folded_planes import Axes
from portrait_core.networks.precision import exact_convolutions
from portrait_core.networks.resampling import resize
from portrait_core.networks.synthesis import NoiseMode
from portrait_core.rendering.composition import background_rows, compose, mask_picture
from portrait_core.rendering.jitter import Deterministic, SampleNumbers
from portrait_core.rendering.occupancy import Occupancy
from portrait_core.rendering.rays import rays_of_labels
from portrait_core.rendering.renderer import RenderSettings
from portrait_core.rendering.sparse_render import can_render, render_sparse
from portrait_core.runtime.torch_threads import one_torch_thread

SAMPLE_BYTES = 700
"""Memory that one sample of a ray takes while its chunk of rays is worked on."""

DEFAULT_MEMORY = 1 << 30

Precision = Literal["fp32", "tf32", "bf16", "fp16"]
_TYPES = {"fp32": None, "tf32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


class QuickRenderer:
    """Renders one identity, given by its style rows.

    Args:
        model: the generator, in evaluation mode.
        ws: style rows (1, num_ws, w_dim).
        ws_background: other rows for the background, or None.
        noise_mode: ``const`` or ``none``, for planes and background.
        memory: bytes that rays being worked on may take, beside the networks.
        precision: ``bf16`` and ``fp16``, of the super-resolution's convolutions, and ``tf32``, of all convolutions on a
            CUDA card, pay where the device has them in hardware; the picture then differs by about a grey level.
        compiled: compile the super-resolution by ``torch.compile``. That takes a minute the first time, needs a C++
            compiler on processors, and pays for many pictures on graphics cards.
    """

    def __init__(
        self,
        model: PortraitGenerator,
        ws: Tensor,
        *,
        ws_background: Tensor | None = None,
        noise_mode: NoiseMode = "const",
        memory: int = DEFAULT_MEMORY,
        precision: Precision = "fp32",
        compiled: bool = False,
    ) -> None:
        if noise_mode == "random":
            raise ValueError("quick rendering takes the stored noise or none; use PortraitGenerator for random noise")
        self.model, self.ws, self.memory = model, ws, memory
        self.noise_mode: NoiseMode = noise_mode
        self.precision: Precision = precision
        self._super: Any = cast(Any, torch).compile(fused_superresolution) if compiled else fused_superresolution
        self.ws_background = ws if ws_background is None else ws_background
        self._planes: Tensor | None = None
        self._decoder: GatheredDecoder | None = None
        self._occupancy: Occupancy | None = None
        self._background: Tensor | None = None
        self._pose: tuple[bytes, WarpLattice] | None = None

    @property
    def planes(self) -> Tensor:
        """The tri-grid (1, 3, F * depth, S, S)."""
        if self._planes is None:
            with torch.inference_mode(), self._convolutions(), one_torch_thread():
                picture = fused_network(self.model.backbone.synthesis, self.ws, noise_mode=self.noise_mode)
                self._planes = picture.reshape(1, 3, -1, *picture.shape[2:])
        return self._planes

    @property
    def occupancy(self) -> Occupancy:
        """Where this identity can be seen at all."""
        if self._occupancy is None:
            config = self.model.config
            decoder = cast(Decoder, self.model.decoder)
            with torch.inference_mode():

                def on_lattice(axes: Axes) -> FoldedTrigridDecoder:
                    return FoldedTrigridDecoder(decoder, self.planes, axes, depth=config.triplane_depth)

                nothing = self.planes.new_zeros(1, 3, 1, config.plane_features)
                outside = float(decoder(nothing)[0])
                box = config.rendering.box_warp
                self._occupancy = Occupancy.of(on_lattice, outside, box_warp=box, device=self.ws.device)
        return self._occupancy

    def warp(self, pose: Tensor) -> WarpLattice:
        """The warp of ``pose`` (1, 6), radians; that of the last pose is kept."""
        key = pose.detach().cpu().numpy().tobytes()
        if self._pose is None or self._pose[0] != key:
            self._pose = (key, WarpLattice(self.model.pose_warp(pose)))
        return self._pose[1]

    def render(
        self,
        c: Tensor,
        *,
        pose: Tensor | None = None,
        settings: RenderSettings | None = None,
        numbers: SampleNumbers | None = None,
        neural_resolution: int | None = None,
    ) -> dict[str, Tensor]:
        """A portrait by the camera ``c`` (1, 25), posed by ``pose`` (1, 6) or not.

        The results are those of `PortraitGenerator.synthesis`; settings that the quick path does not know go there.
        """
        settings = settings or self.model.config.rendering
        size = neural_resolution or self.model.config.neural_resolution
        with torch.inference_mode(), self._convolutions():
            if not can_render(settings) or self.model.config.canonical is not None:
                return self._plainly(c, pose, settings, numbers, size)
            origins, directions = rays_of_labels(c, size)
            samples = settings.depth_resolution + settings.depth_resolution_importance
            seen = render_sparse(
                self.decoder,
                self.occupancy,
                origins,
                directions,
                settings,
                numbers or Deterministic(),
                channels=self.model.config.features,
                warp=None if pose is None else self.warp(pose),
                chunk_rays=max(16, self.memory // (samples * SAMPLE_BYTES)),
            )
            features, depth, opacity = (
                each.transpose(1, 2).reshape(1, -1, size, size) for each in (seen.features, seen.depth, seen.opacity)
            )
            return self._picture(features, depth, opacity, size)

    def _convolutions(self) -> AbstractContextManager[None]:
        return exact_convolutions(self.precision != "tf32")

    @property
    def decoder(self) -> GatheredDecoder:
        """Density and features at scattered points."""
        if self._decoder is None:
            config = self.model.config
            with torch.inference_mode():
                self._decoder = GatheredDecoder(
                    cast(Decoder, self.model.decoder),
                    self.planes,
                    depth=config.triplane_depth,
                    box_warp=config.rendering.box_warp,
                )
        return self._decoder

    def _plainly(
        self, c: Tensor, pose: Tensor | None, settings: RenderSettings, numbers: SampleNumbers | None, size: int
    ) -> dict[str, Tensor]:
        return self.model.synthesis(
            self.ws,
            c,
            deform=None if pose is None else self.model.pose_warp(pose),
            numbers=numbers,
            settings=settings,
            neural_resolution=size,
            ws_background=self.ws_background,
            noise_mode=self.noise_mode,
            planes=self.planes,
        )

    def _picture(self, features: Tensor, depth: Tensor, opacity: Tensor, size: int) -> dict[str, Tensor]:
        model = self.model
        if model.config.decoder_activation == "sigmoid":
            features = features * 2 - 1
        pictures: dict[str, Tensor] = {}
        if model.bcg_synthesis is not None:
            rows = background_rows(self.ws_background, model.bcg_synthesis.num_ws)
            if self._background is None:
                self._background = fused_network(model.bcg_synthesis, rows, noise_mode=self.noise_mode)
            behind = resize(self._background, size)
            features = compose(features, opacity, behind)
            pictures["image_background"] = model.to_rgb(behind, rows[:, -1])
        raw = model.to_rgb(features, self.ws[:, -1])
        image = raw
        if model.superresolution is not None:
            noise = model.config.superresolution_noise
            if noise == "random":
                raise ValueError("this model adds random noise in its super-resolution; render it plainly")
            dtype = _TYPES[self.precision]
            with torch.autocast(raw.device.type, dtype=dtype, enabled=dtype is not None):
                image = self._super(model.superresolution, raw, features, self.ws, noise_mode=noise)
        masks = {"image_depth": depth, "image_mask": mask_picture(opacity)}
        return {"image": image, "image_raw": raw, **masks, **pictures}
