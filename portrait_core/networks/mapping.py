# SPDX-License-Identifier: Apache-2.0
"""Latent and label to style vectors (docs/published/generator.md, section 3)."""

from __future__ import annotations

import itertools
from typing import cast

import torch
from torch import Tensor, nn

from portrait_core.networks.bias_act import ActivationName
from portrait_core.networks.fully_connected import FullyConnectedLayer


def normalise_second_moment(x: Tensor) -> Tensor:
    """``x / sqrt(mean(x^2, dim=1) + 1e-8)`` for rows ``x[B, N]``."""
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)


class MappingNetwork(nn.Module):
    """Latent ``z`` and label ``c`` to ``num_ws`` style rows.

    Args:
        z_dim: length of ``z``; 0 for a network of the label alone (the discriminator's).
        c_dim: length of the label; 0 for none, then there is no ``embed`` layer.
        w_dim: length of a style row.
        num_ws: rows to broadcast to; None returns ``[B, w_dim]`` and keeps no average.
        num_layers: how many layers ``fc0 ... fc{n-1}``.
        layer_features: width between layers (default ``w_dim``).
        embed_features: width of the embedded label (default ``w_dim``).
        activation: activation of the ``fc`` layers.
        lr_multiplier: learning-rate multiplier of the ``fc`` layers (``embed`` has 1).
        w_avg_beta: decay of the running average ``w_avg`` used by truncation.
        normalize_z: scale ``z`` to unit second moment first. The published network does; a network whose
            latent coordinates carry meaning in units of standard deviations must not.
    """

    w_avg: Tensor

    def __init__(
        self,
        z_dim: int,
        c_dim: int,
        w_dim: int,
        num_ws: int | None,
        *,
        num_layers: int = 8,
        layer_features: int | None = None,
        embed_features: int | None = None,
        activation: ActivationName = "lrelu",
        lr_multiplier: float = 0.01,
        w_avg_beta: float = 0.998,
        normalize_z: bool = True,
    ) -> None:
        super().__init__()
        if z_dim <= 0 and c_dim <= 0:
            raise ValueError(f"got z_dim {z_dim} and c_dim {c_dim}; a mapping network needs at least one of them > 0")
        if num_layers < 1:
            raise ValueError(f"got num_layers {num_layers}; a mapping network has at least one layer")
        self.z_dim = z_dim
        self.c_dim = c_dim
        self.w_dim = w_dim
        self.num_ws = num_ws
        self.num_layers = num_layers
        self.w_avg_beta = w_avg_beta
        self.normalize_z = normalize_z
        embedded = (w_dim if embed_features is None else embed_features) if c_dim > 0 else 0
        inner = w_dim if layer_features is None else layer_features
        if c_dim > 0:
            self.embed = FullyConnectedLayer(c_dim, embedded)
        widths = [max(z_dim, 0) + embedded] + [inner] * (num_layers - 1) + [w_dim]
        for index, (width_in, width_out) in enumerate(itertools.pairwise(widths)):
            layer = FullyConnectedLayer(width_in, width_out, activation=activation, lr_multiplier=lr_multiplier)
            self.add_module(f"fc{index}", layer)
        if num_ws is not None:
            self.register_buffer("w_avg", torch.zeros(w_dim, dtype=torch.float32))

    def single(self, z: Tensor | None, c: Tensor | None = None) -> Tensor:
        """The style vector ``[B, w_dim]`` before broadcast and truncation.

        Args:
            z: ``[B, z_dim]``; ignored (may be None) when ``z_dim`` is 0.
            c: ``[B, c_dim]``; ignored (may be None) when ``c_dim`` is 0.
        """
        parts: list[Tensor] = []
        if self.z_dim > 0:
            latent = _checked(z, self.z_dim, "z")
            parts.append(normalise_second_moment(latent) if self.normalize_z else latent)
        if self.c_dim > 0:
            parts.append(normalise_second_moment(self.embed(_checked(c, self.c_dim, "label"))))
        x = torch.cat(parts, dim=1)
        for index in range(self.num_layers):
            x = cast(Tensor, self.get_submodule(f"fc{index}")(x))
        return x

    def forward(
        self,
        z: Tensor | None,
        c: Tensor | None = None,
        *,
        psi: float = 1.0,
        cutoff: int | None = None,
        update_average: bool = False,
    ) -> Tensor:
        """Style rows ``[B, num_ws, w_dim]`` (``[B, w_dim]`` when ``num_ws`` is None).

        Args:
            z: ``[B, z_dim]`` or None, see `single`.
            c: ``[B, c_dim]`` or None, see `single`.
            psi: truncation; 1 leaves ``w`` alone, 0 gives the average.
            cutoff: how many leading rows are truncated; None for all.
            update_average: move ``w_avg`` towards the mean of this batch (training only).

        Raises:
            ValueError: truncation or averaging is asked of a network that keeps no average.
        """
        x = self.single(z, c)
        if self.num_ws is None:
            if psi != 1 or update_average:
                raise ValueError("this mapping network keeps no average w; build it with num_ws to truncate")
            return x
        if update_average:
            with torch.no_grad():
                self.w_avg.copy_(x.detach().mean(dim=0).lerp(self.w_avg, self.w_avg_beta))
        ws = x.unsqueeze(1).repeat(1, self.num_ws, 1)
        return self.truncate(ws, psi, cutoff)

    def truncate(self, ws: Tensor, psi: float, cutoff: int | None = None) -> Tensor:
        """Pull the first ``cutoff`` rows of ``ws[B, n, w_dim]`` towards the average: ``w_avg + psi (w -
        w_avg)``."""
        if psi == 1:
            return ws
        rows = ws.shape[1] if cutoff is None else cutoff
        return torch.cat([self.w_avg.lerp(ws[:, :rows], psi), ws[:, rows:]], dim=1)


def _checked(x: Tensor | None, width: int, name: str) -> Tensor:
    if x is None:
        raise ValueError(f"got no {name}; this mapping network needs one of shape [B, {width}]")
    if x.ndim != 2 or x.shape[1] != width:
        raise ValueError(f"got {name} of shape {list(x.shape)}; this mapping network needs [B, {width}]")
    return x if x.dtype == torch.float64 else x.to(torch.float32)
