# SPDX-License-Identifier: Apache-2.0
"""Discriminator with mask input and pose prediction (docs/published/discriminator.md)."""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from portrait_core.networks.conv2d import Conv2dLayer
from portrait_core.networks.fully_connected import FullyConnectedLayer
from portrait_core.networks.mapping import MappingNetwork
from portrait_core.networks.pose_branch import CAMERA_SIZE, POSE_SIZE, PoseBranch, camera_is_left, mirror_pose
from portrait_core.networks.resampling import ResizeMode, blur, resample_filter, resize

HALF = math.sqrt(0.5)


@dataclass(frozen=True)
class DiscriminatorConfig:
    """Sizes of a discriminator; the defaults are the published ones."""

    img_resolution: int = 512
    img_channels: int = 3
    seg_channels: int = 1
    channel_base: int = 32768
    channel_max: int = 512
    conv_clamp: float | None = 256.0
    mbstd_group_size: int = 4
    mapping_layers: int = 8
    symmetric: bool = True
    resize_mode: ResizeMode = "antialiased"

    def channels(self, resolution: int) -> int:
        """Channels at a resolution."""
        return min(self.channel_base // resolution, self.channel_max)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings, as JSON gives them back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DiscriminatorConfig:
        """What `to_dict` wrote. Raises ``ValueError`` for a name that this version does not know."""
        unknown = sorted(set(values) - {each.name for each in dataclasses.fields(cls)})
        if unknown:
            raise ValueError(f"discriminator configuration: unknown setting {unknown[0]!r}")
        return cls(**values)


@dataclass(frozen=True)
class Portraits:
    """What a discriminator looks at: ``image[B, 3, S, S]``, ``raw[B, 3, R, R]`` and ``mask[B, 1, R, R]`` in [0, 1]."""

    image: Tensor
    raw: Tensor
    mask: Tensor

    def detached(self) -> Portraits:
        """The same pictures without gradients."""
        return Portraits(self.image.detach(), self.raw.detach(), self.mask.detach())

    def mirrored_where(self, flags: Tensor) -> Portraits:
        """The same pictures, those with ``flags[B]`` set being mirrored left to right."""

        def choose(x: Tensor) -> Tensor:
            return torch.where(flags[:, None, None, None], x.flip(3), x)

        return Portraits(choose(self.image), choose(self.raw), choose(self.mask))


def minibatch_std(x: Tensor, group_size: int) -> Tensor:
    """Append one channel: the mean deviation of each sample's group (``[B, C, H, W]`` -> ``[B, C + 1, H, W]``).

    Members of a group are *strided*: with G = min(group_size, B), sample ``g (B / G) + n`` belongs to group n.
    """
    batch, channels, height, width = x.shape
    group = min(group_size, batch)
    if batch % group:
        raise ValueError(f"got a batch of {batch}; expected a multiple of the group size {group}")
    grouped = x.reshape(group, batch // group, channels, height, width)
    variance = (grouped - grouped.mean(dim=0)).square().mean(dim=0)
    deviation = (variance + 1e-8).sqrt().mean(dim=(1, 2, 3))
    tiled = deviation.repeat(group)[:, None, None, None].expand(batch, 1, height, width)
    return torch.cat([x, tiled.to(x.dtype)], dim=1)


class DiscriminatorBlock(nn.Module):
    """Residual block that halves the resolution; the first one also takes the pictures in (``in_channels`` 0)."""

    resample_filter: Tensor
    working_dtype: torch.dtype | None = None
    """What the block computes in, None for what it is given; parameters stay as they are."""

    def __init__(
        self,
        in_channels: int,
        width: int,
        out_channels: int,
        *,
        picture_channels: int,
        conv_clamp: float | None,
    ) -> None:
        super().__init__()
        self.register_buffer("resample_filter", resample_filter())
        self.takes_pictures = in_channels == 0
        if self.takes_pictures:
            self.fromrgb = Conv2dLayer(picture_channels, width, 1, activation="lrelu", conv_clamp=conv_clamp)
        self.conv0 = Conv2dLayer(width, width, 3, activation="lrelu", conv_clamp=conv_clamp)
        self.conv1 = Conv2dLayer(width, out_channels, 3, activation="lrelu", down=2, conv_clamp=conv_clamp)
        self.skip = Conv2dLayer(width, out_channels, 1, bias=False, down=2)

    def forward(self, x: Tensor) -> Tensor:
        """``[B, C, H, H]`` to ``[B, C', H / 2, H / 2]``."""
        x = x if self.working_dtype is None else x.to(self.working_dtype)
        if self.takes_pictures:
            x = self.fromrgb(x)
        shortcut = self.skip(x, gain=HALF)
        return shortcut + self.conv1(self.conv0(x), gain=HALF)


class DiscriminatorEpilogue(nn.Module):
    """4x4 features to the flat feature vector and, by two more layers, to the logit's vector."""

    def __init__(self, channels: int, cmap_dim: int, *, group_size: int, conv_clamp: float | None) -> None:
        super().__init__()
        self.group_size = group_size
        self.conv = Conv2dLayer(channels + 1, channels, 3, activation="lrelu", conv_clamp=conv_clamp)
        self.fc = FullyConnectedLayer(channels * 16, channels, activation="lrelu")
        self.out = FullyConnectedLayer(channels, cmap_dim)

    def features(self, x: Tensor) -> Tensor:
        """``[B, C, 4, 4]`` to ``[B, 16 C]``."""
        return self.conv(minibatch_std(x, self.group_size)).flatten(1)

    def forward(self, features: Tensor) -> Tensor:
        """``[B, 16 C]`` to ``[B, cmap_dim]``."""
        return self.out(self.fc(features))


class PortraitDiscriminator(nn.Module):
    """Judges portraits against their camera and pose, and predicts the pose from the portraits.

    Because of the mini-batch deviation, logits and predicted poses depend on the other pictures of a batch: predict
    one picture at a time outside training.
    """

    resample_filter: Tensor

    def __init__(self, config: DiscriminatorConfig = DiscriminatorConfig()) -> None:
        super().__init__()
        self.config = config
        top, base = config.img_resolution, config.channels(4)
        self.resolutions = [2**power for power in range(top.bit_length() - 1, 2, -1)]
        self.register_buffer("resample_filter", resample_filter())
        self.pose_branch = PoseBranch(16 * base + CAMERA_SIZE, (2048, 512, 128, 32))
        for resolution in self.resolutions:
            block = DiscriminatorBlock(
                config.channels(resolution) if resolution < top else 0,
                config.channels(resolution),
                config.channels(resolution // 2),
                picture_channels=2 * config.img_channels + config.seg_channels,
                conv_clamp=config.conv_clamp,
            )
            self.add_module(f"b{resolution}", block)
        self.mapping = MappingNetwork(0, CAMERA_SIZE + POSE_SIZE, base, None, num_layers=config.mapping_layers)
        self.b4 = DiscriminatorEpilogue(base, base, group_size=config.mbstd_group_size, conv_clamp=config.conv_clamp)

    def shown(
        self, image: Tensor, mask: Tensor, neural_resolution: int, *, sigma: float, mode: ResizeMode
    ) -> Portraits:
        """Pictures of any size as this network reads poses from them (docs/published/discriminator.md 5).

        Args:
            image: ``[B, 3, S, S]`` in [-1, 1]. mask: ``[B, 1, M, M]`` in [0, 1].
            neural_resolution: side of the raw picture and of the mask.
            sigma: blur of both pictures. mode: how raw picture and mask are resized.
        """
        picture = resize(image, self.config.img_resolution)
        raw = blur(resize(picture, neural_resolution, mode), sigma)
        return Portraits(blur(picture, sigma), raw, resize(mask, neural_resolution, mode))

    def trunk(self, portraits: Portraits) -> Tensor:
        """The flat feature vectors ``[B, 16 C]``."""
        x = deque(self.stages(portraits), maxlen=1)[0]
        return self.b4.features(x if x.dtype == torch.float64 else x.float())

    def stages(self, portraits: Portraits) -> Iterator[Tensor]:
        """What each block gives, fine to coarse: ``[B, C, S / 2, S / 2]`` down to ``[B, C, 4, 4]``."""
        size, mode = self.config.img_resolution, self.config.resize_mode
        raw, mask = resize(portraits.raw, size, mode), resize(portraits.mask, size, mode)
        x = torch.cat([portraits.image, raw, 2 * mask - 1], dim=1)
        for resolution in self.resolutions:
            x = cast(Tensor, self.get_submodule(f"b{resolution}")(x))
            yield x

    def pose_features(self, portraits: Portraits, c: Tensor) -> Tensor:
        """Features ``[B, 16 C]`` the pose is read from: those of pictures mirrored where the camera is left."""
        if not self.config.symmetric:
            return self.trunk(portraits)
        return self.trunk(portraits.mirrored_where(camera_is_left(c)))

    def predict_pose(self, portraits: Portraits, c: Tensor) -> Tensor:
        """Poses ``[B, 6]`` of pictures taken by cameras ``c[B, 25]``.

        The label given to the branch is the original one even where the pictures are mirrored: the published
        weights were trained that way.
        """
        pose = self.pose_branch(self.pose_features(portraits, c), c)
        if not self.config.symmetric:
            return pose
        return torch.where(camera_is_left(c)[:, None], mirror_pose(pose), pose)

    def reading_parameters(self) -> list[nn.Parameter]:
        """Parameters that :meth:`predict_pose` depends on: all but what makes logits of features."""
        of_logits = ("mapping.", "b4.fc.", "b4.out.")
        return [each for name, each in self.named_parameters() if not name.startswith(of_logits)]

    def forward(
        self,
        portraits: Portraits,
        c: Tensor,
        pose: Tensor | None = None,
        *,
        pose_gradient: bool = True,
        label_noise: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Logits ``[B, 1]`` and predicted poses ``[B, 6]``.

        Args:
            portraits: the pictures.
            c: camera labels ``[B, 25]``.
            pose: pose the logit is conditioned on, ``[B, 6]``; None takes the predicted one without its gradient.
            pose_gradient: whether the predicted poses carry their gradient. Where only logits count, the second pass
                of the trunk needs no graph.
            label_noise: noise added to the label in units of its deviation over the batch.
            generator: source of that noise.
        """
        with torch.set_grad_enabled(pose_gradient and torch.is_grad_enabled()):
            predicted = self.predict_pose(portraits, c)
        label = torch.cat([c, predicted.detach() if pose is None else pose], dim=1)
        if label_noise > 0:
            if generator is None:
                raise ValueError("label noise needs a torch.Generator; pass one, or set label_noise to 0")
            drawn = torch.randn(label.shape, generator=generator, device=generator.device, dtype=torch.float32).to(
                label
            )
            label = label + drawn * label.std(dim=0) * label_noise
        h = self.b4(self.trunk(portraits))
        cmap = self.mapping(None, label)
        return (h * cmap).sum(dim=1, keepdim=True) / math.sqrt(cmap.shape[1]), predicted
