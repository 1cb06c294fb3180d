# SPDX-License-Identifier: Apache-2.0
"""Latent, camera and pose to pictures; latent and points to density (docs/published/generator.md).

State-dict keys of the published configuration are exactly those of published checkpoints. Everything runs in float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from portrait_core.body.deformation import PoseWarp
from portrait_core.models.portrait_gan.body import PublishedBody
from portrait_core.models.portrait_gan.config import GeneratorConfig
from portrait_core.networks.decoder import Decoder
from portrait_core.networks.initialise import initialise
from portrait_core.networks.mapping import MappingNetwork
from portrait_core.networks.pose_branch import POSE_SIZE, GeneratorPoseBranch
from portrait_core.networks.resampling import resize
from portrait_core.networks.superresolution import Superresolution
from portrait_core.networks.synthesis import NoiseMode, SynthesisNetwork, ToRGBLayer
from portrait_core.networks.trigrid import sample_trigrid
from portrait_core.rendering.composition import background_rows, compose, mask_picture
from portrait_core.rendering.jitter import Deterministic, SampleNumbers
from portrait_core.rendering.rays import rays_of_labels
from portrait_core.rendering.renderer import PointWarp, Rendering, RenderSettings, render

__all__ = ["Backbone", "GeneratorConfig", "PointSamples", "PortraitGenerator"]

_SAMPLES_AT_ONCE = {"cpu": 200_000, "cuda": 1_000_000}
"""Samples that are worked on at a time where no gradient is asked for. A card has more to do at once, and some gigabyte
for it; others are taken for processors."""


@dataclass(frozen=True)
class PointSamples:
    """Raw densities ``sigma[B, N, 1]`` and ``features[B, N, C]`` at points of canonical space."""

    sigma: Tensor
    features: Tensor


class Backbone(nn.Module):
    """Synthesis of the tri-grid and the mapping that feeds everything; the split only gives the published names."""

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.synthesis = SynthesisNetwork(
            config.w_dim,
            config.plane_resolution,
            config.plane_channels,
            channel_base=config.channel_base,
            channel_max=config.channel_max,
        )
        self.mapping = MappingNetwork(
            config.z_dim,
            config.c_dim + POSE_SIZE if config.c_dim > 0 else 0,
            config.w_dim,
            self.synthesis.num_ws,
            num_layers=config.mapping_layers,
            lr_multiplier=config.mapping_lr_multiplier,
            normalize_z=config.normalize_z,
        )


class PortraitGenerator(nn.Module):
    """The portrait generator.

    Args:
        config: sizes and options; the defaults are the published 512 model without body arrays.
        seed: seed of the random initial weights; None draws them from torch's default generator.
    """

    dataset_label_std: Tensor

    def __init__(self, config: GeneratorConfig = GeneratorConfig(), *, seed: int | None = None) -> None:  # noqa: B008
        super().__init__()
        self.config = config
        if config.label_deviation:
            self.register_buffer("dataset_label_std", torch.zeros(config.c_dim, dtype=torch.float32))
        self.renderer = None if config.body is None else PublishedBody(config.body)
        self.backbone = Backbone(config)
        self.superresolution = (
            None
            if config.superresolution is None
            else Superresolution(config.features, config.superresolution, antialias=config.superresolution_antialias)
        )
        self.decoder: nn.Module = Decoder(
            config.plane_features,
            config.features,
            activation=config.decoder_activation,
            hidden=config.decoder_hidden,
            lr_multiplier=config.decoder_lr_multiplier,
        )
        self.torgb = ToRGBLayer(config.features, 3, w_dim=config.w_dim) if config.raw_to_rgb else None
        self.bcg_synthesis = (
            SynthesisNetwork(
                config.w_dim,
                config.background_resolution,
                config.features,
                channel_base=config.channel_base // 2,
                channel_max=config.channel_max,
            )
            if config.background
            else None
        )
        self.pose_branch = GeneratorPoseBranch(config.z_dim, symmetric=config.symmetric) if config.pose_branch else None
        if seed is not None:
            initialise(self, torch.Generator().manual_seed(seed))

    @property
    def num_ws(self) -> int:
        """Style rows that `mapping` gives and `synthesis` takes."""
        return self.backbone.synthesis.num_ws

    def mapping(
        self,
        z: Tensor,
        c: Tensor | None = None,
        pose: Tensor | None = None,
        *,
        psi: float = 1.0,
        cutoff: int | None = None,
        update_average: bool = False,
    ) -> Tensor:
        """Style rows ``[B, num_ws, w_dim]``.

        Args:
            z: latents ``[B, z_dim]``.
            c: labels of the conditioning cameras ``[B, 25]`` (not needed when ``c_dim`` is 0).
            pose: conditioning poses ``[B, 6]`` in radians; None for zeros.
            psi: truncation towards the average, 1 for none.
            cutoff: how many leading rows are truncated; None for all.
            update_average: move the stored average (training only).
        """
        label: Tensor | None = None
        if self.config.c_dim > 0:
            if c is None:
                raise ValueError("got no camera label; this generator is conditioned on one of shape [B, 25]")
            pose = c.new_zeros(c.shape[0], POSE_SIZE) if pose is None else pose
            label = torch.cat([c, pose], dim=1) * self.config.c_scale
        return self.backbone.mapping(z, label, psi=psi, cutoff=cutoff, update_average=update_average)

    def planes(
        self, ws: Tensor, *, noise_mode: NoiseMode = "const", generator: torch.Generator | None = None
    ) -> Tensor:
        """The tri-grid ``[B, 3, plane_features * triplane_depth, S, S]`` of style rows ``ws[B, num_ws, w_dim]``."""
        picture = self.backbone.synthesis(ws, noise_mode=noise_mode, generator=generator)
        return picture.reshape(picture.shape[0], 3, -1, *picture.shape[2:])

    def evaluate_points(self, planes: Tensor, points: Tensor, ws: Tensor) -> tuple[Tensor, Tensor]:
        """Raw density ``[B, N, 1]`` and features ``[B, N, C]`` at canonical ``points[B, N, 3]``.

        The one place where space is looked up: the renderer and `sample` both come here, so a model with more to
        it (static planes, an identity warp, modulation by ``ws``) overrides this method alone.
        """
        found = sample_trigrid(
            planes, points, depth=self.config.triplane_depth, box_warp=self.config.rendering.box_warp
        )
        return self.decoder(found)

    def sample(
        self,
        points: Tensor,
        ws: Tensor,
        *,
        planes: Tensor | None = None,
        noise_mode: NoiseMode = "const",
        generator: torch.Generator | None = None,
        chunk_points: int | None = None,
    ) -> PointSamples:
        """Query points of canonical (un-posed) space: no pose warp, no crop.

        Args:
            points: ``[B, N, 3]``, metres.
            ws: ``[B, num_ws, w_dim]``.
            planes: what `planes` gave for ``ws``, when it is known already.
            noise_mode: of the tri-grid.
            generator: source of ``random`` noise.
            chunk_points: points worked on at a time, None for all.
        """
        grid = self.planes(ws, noise_mode=noise_mode, generator=generator) if planes is None else planes
        parts = [
            self.evaluate_points(grid, part, ws) for part in torch.split(points, chunk_points or points.shape[1], dim=1)
        ]
        return PointSamples(torch.cat([p[0] for p in parts], dim=1), torch.cat([p[1] for p in parts], dim=1))

    def pose_warp(self, pose: Tensor) -> PoseWarp:
        """The map of posed to canonical points for ``pose[B, 6]`` (radians), from the body this model carries.

        Raises:
            ValueError: the model carries no body.
        """
        if self.renderer is None:
            raise ValueError("this generator carries no body; pass a pose warp of your own as `deform`")
        return self.renderer.warp(pose, thickness=self.config.thickness)

    def predict_pose(self, z: Tensor, c: Tensor) -> Tensor:
        """The pose ``[B, 6]`` (radians) that training found to belong to latents ``[B, z_dim]`` and cameras."""
        if self.pose_branch is None:
            raise ValueError("this generator has no pose branch; give a pose")
        return self.pose_branch.predict(z, c)

    def synthesis(
        self,
        ws: Tensor,
        c: Tensor,
        *,
        deform: PointWarp | None = None,
        numbers: SampleNumbers | None = None,
        settings: RenderSettings | None = None,
        neural_resolution: int | None = None,
        ws_background: Tensor | None = None,
        noise_mode: NoiseMode = "const",
        generator: torch.Generator | None = None,
        planes: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Render portraits.

        Args:
            ws: style rows ``[B, num_ws, w_dim]``.
            c: labels of the rendering cameras ``[B, 25]``.
            deform: posed to canonical points (see `pose_warp`); None renders the un-posed body.
            numbers: source of sample places; None for the deterministic one.
            settings: how rays are sampled; None for the model's own.
            neural_resolution: side R of the rendered picture; None for the model's own.
            ws_background: other style rows for the background.
            noise_mode: noise of tri-grid and background (the published training used ``random``).
            generator: source of ``random`` noise and of density noise.
            planes: what `planes` gave for ``ws``, when it is known already.

        Returns:
            ``image[B, 3, S, S]`` and ``image_raw[B, 3, R, R]`` (nominally in [-1, 1]), ``image_depth[B, 1, R, R]``
            (distance from the camera centre, metres), ``image_mask[B, 1, R, R]`` and, with a background network,
            ``image_background[B, 3, R, R]``.
        """
        size = neural_resolution or self.config.neural_resolution
        settings = settings or self.config.rendering
        grid = self.planes(ws, noise_mode=noise_mode, generator=generator) if planes is None else planes
        seen = self._render(grid, ws, c, size, settings, numbers or Deterministic(), deform, generator)
        features = _as_picture(seen.features, size)
        opacity = _as_picture(seen.opacity, size)
        depth = _as_picture(seen.depth, size)
        if self.config.decoder_activation == "sigmoid":
            features = features * 2 - 1
        pictures: dict[str, Tensor] = {}
        if self.bcg_synthesis is not None:
            rows = background_rows(ws if ws_background is None else ws_background, self.bcg_synthesis.num_ws)
            behind = resize(self.bcg_synthesis(rows, noise_mode=noise_mode, generator=generator), size)
            features = compose(features, opacity, behind)
            pictures["image_background"] = self.to_rgb(behind, rows[:, -1])
        raw = self.to_rgb(features, ws[:, -1])
        image = raw
        if self.superresolution is not None:
            noise = self.config.superresolution_noise
            image = self.superresolution(raw, features, ws, noise_mode=noise, generator=generator)
        return {
            "image": image,
            "image_raw": raw,
            "image_depth": depth,
            "image_mask": mask_picture(opacity),
            **pictures,
        }

    def forward(self, z: Tensor, c: Tensor, pose: Tensor | None = None, *, psi: float = 1.0) -> dict[str, Tensor]:
        """`mapping` and `synthesis` with the same camera and pose, everything else at its default."""
        ws = self.mapping(z, c if self.config.c_dim > 0 else None, pose, psi=psi)
        return self.synthesis(ws, c, deform=None if pose is None else self.pose_warp(pose))

    def to_rgb(self, features: Tensor, w: Tensor) -> Tensor:
        """Colours ``[B, 3, R, R]`` of rendered features ``[B, C, R, R]`` by the style row ``w[B, w_dim]``."""
        return features[:, :3] if self.torgb is None else self.torgb(features, w)

    def _render(
        self,
        planes: Tensor,
        ws: Tensor,
        c: Tensor,
        size: int,
        settings: RenderSettings,
        numbers: SampleNumbers,
        deform: PointWarp | None,
        generator: torch.Generator | None,
    ) -> Rendering:
        origins, directions = rays_of_labels(c, size)
        per_ray = max(settings.depth_resolution, settings.depth_resolution_importance)
        chunk = None
        if not torch.is_grad_enabled():
            at_once = _SAMPLES_AT_ONCE.get(planes.device.type, _SAMPLES_AT_ONCE["cpu"])
            chunk = max(1, at_once // (per_ray * c.shape[0]))

        def evaluate(points: Tensor) -> tuple[Tensor, Tensor]:
            return self.evaluate_points(planes, points, ws)

        return render(
            evaluate,
            origins,
            directions,
            settings,
            numbers,
            deform=deform,
            generator=generator,
            chunk_rays=chunk,
        )


def _as_picture(rays: Tensor, size: int) -> Tensor:
    """Values of rays ``[B, R * R, C]`` as ``[B, C, R, R]``."""
    return rays.transpose(1, 2).reshape(rays.shape[0], -1, size, size)
