# SPDX-License-Identifier: Apache-2.0
"""The starter's decoder: features of canonical points -> distances and colours of the parts of a bust.

Beside the planes that the backbone makes for each identity it looks up static planes, learnt once and shared by
everybody, and it is modulated by the identity's style (FiLM, Perez et al. 2018). It tells the parts apart:
the body, the
hair, the border of the clothing and the opening of the eyelids are each a smooth field of their own, so that the edges
between them stay sharp; colours are mixtures of the identity's known colours (a palette), shaded and corrected.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from portrait_core.networks.fully_connected import FullyConnectedLayer

DISTANCE_SCALE = 0.05
"""Distances leave the last layer in units of this many metres."""

SKIN_ROUGHNESS, LIP_ROUGHNESS, EYE_ROUGHNESS, CLOTH_ROUGHNESS, HAIR_ROUGHNESS = 0.55, 0.40, 0.15, 0.85, 0.62
"""glTF roughness of the parts; not learnt."""

SKIN_COLOURS = 6
FIXED_TONES = ((0.06, 0.045, 0.04), (0.70, 0.45, 0.38))
_OUTPUTS = 4 + (SKIN_COLOURS + 4) + 5 + 4


@dataclass(frozen=True)
class CanonicalSample:
    """Fields at points, leading dimensions (B, N).

    ``body``, ``hair``: signed distances in metres, negative inside; ``neckline``: signed distance to the border of the
    clothing, negative on the clothing; ``eye``: logit of being on the eyeball; ``skin``, ``cloth``, ``hair_colour``:
    sRGB albedo (B, N, 3); ``lips``: how much of the skin is lip (B, N), 0 to 1.
    """

    body: Tensor
    hair: Tensor
    neckline: Tensor
    eye: Tensor
    skin: Tensor
    cloth: Tensor
    hair_colour: Tensor
    lips: Tensor

    def distance(self) -> Tensor:
        """Signed distance to body and hair together."""
        return torch.minimum(self.body, self.hair)

    def colour(self, eye: Tensor | None = None, sharpness: float = 1.0) -> Tensor:
        """Albedo (B, N, 3) of whatever surface is nearest; ``eye`` (B, N, 3) is the eyeballs' own colour.

        The borders between parts are as soft as half a millimetre divided by ``sharpness``.
        """
        eyeball, clothed, hairy = (share[..., None] for share in self._shares(sharpness))
        below = self.skin if eye is None else torch.lerp(self.skin, eye, eyeball)
        dressed = torch.lerp(below, self.cloth, clothed)
        return torch.lerp(dressed, self.hair_colour, hairy)

    def roughness(self, *, eyes: bool = False, sharpness: float = 1.0) -> Tensor:
        """Roughness (B, N) of whatever surface is nearest, 0 to 1, with the borders of :meth:`colour`.

        Only with ``eyes`` may it be an eyeball: far from the eyes that field says nothing.
        """
        eyeball, clothed, hairy = self._shares(sharpness)
        body = SKIN_ROUGHNESS + self.lips * (LIP_ROUGHNESS - SKIN_ROUGHNESS)
        if eyes:
            body = body + eyeball * (EYE_ROUGHNESS - body)
        dressed = body + clothed * (CLOTH_ROUGHNESS - body)
        return dressed + hairy * (HAIR_ROUGHNESS - dressed)

    def _shares(self, sharpness: float) -> tuple[Tensor, Tensor, Tensor]:
        """Shares (B, N) of the eyeball in the body, of the clothing over the body, of the hair over all."""
        width = 0.0005 / sharpness
        return (
            torch.sigmoid(2 * self.eye),
            torch.sigmoid(-self.neckline / width),
            torch.sigmoid((self.body - self.hair) / width),
        )


class PlaneSpacing(nn.Module):
    """Places plane texels more densely around a point: an asinh map of each axis onto [-1, 1]."""

    centre: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centre", torch.tensor([0.0, 0.09, 0.15], dtype=torch.float32))
        self.register_buffer("scale", torch.tensor([0.30, 0.38, 0.55], dtype=torch.float32))

    def forward(self, points: Tensor) -> Tensor:
        """Points (..., 3) in [-1, 1] -> plane coordinates in [-1, 1]."""
        low = torch.asinh((-1 - self.centre) / self.scale)
        high = torch.asinh((1 - self.centre) / self.scale)
        return (torch.asinh((points - self.centre) / self.scale) - low) / (high - low) * 2 - 1


class CanonicalDecoder(nn.Module):
    """Planes, style and palette -> :class:`CanonicalSample` at canonical points.

    Args:
        plane_channels: features a plane of the backbone.
        static_channels, static_resolution: features and side of the static planes.
        style_dim: length of the style vector.
        hidden: width of the two hidden layers.
        octaves: how many octaves of sines and cosines of the position are added.
    """

    def __init__(
        self,
        plane_channels: int,
        *,
        static_channels: int = 12,
        static_resolution: int = 384,
        style_dim: int = 128,
        hidden: int = 64,
        octaves: int = 4,
    ) -> None:
        super().__init__()
        self.plane_channels = plane_channels
        self.octaves = octaves
        self.hidden = hidden
        self.spacing = PlaneSpacing()
        self.static_planes = nn.Parameter(
            torch.zeros(3, static_channels, static_resolution, static_resolution, dtype=torch.float32)
        )
        features = 3 * (plane_channels + static_channels) + 6 * octaves
        self.fc0 = FullyConnectedLayer(features, hidden)
        self.fc1 = FullyConnectedLayer(hidden, hidden)
        self.film0 = FullyConnectedLayer(style_dim, 2 * hidden)
        self.film1 = FullyConnectedLayer(style_dim, 2 * hidden)
        self.out = FullyConnectedLayer(hidden, _OUTPUTS)
        self.register_buffer("fixed_colours", torch.tensor(FIXED_TONES, dtype=torch.float32), persistent=False)

    fixed_colours: Tensor

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Start values: small static planes, modulation near one, small outputs."""
        with torch.no_grad():
            self.static_planes.normal_(0, 0.02, generator=generator)
            for layer in (self.film0, self.film1):
                layer.weight.mul_(0.2)
            self.out.weight.mul_(0.3)

    def features(self, planes: Tensor, points: Tensor) -> Tensor:
        """Planes (B, 3, C, R, R) and points (B, N, 3) in [-1, 1] -> features (B, N, F)."""
        batch, count, _ = points.shape
        q = self.spacing(points)
        # Plane axes: (x, y), (z, y), (x, z).
        grid = torch.stack([q[..., [0, 1]], q[..., [2, 1]], q[..., [0, 2]]], 1)
        dynamic = _sample(planes.flatten(0, 1), grid.reshape(batch * 3, count, 1, 2))
        dynamic = dynamic.reshape(batch, 3 * self.plane_channels, count).transpose(1, 2)
        static = _sample(self.static_planes, grid.transpose(0, 1).reshape(3, batch * count, 1, 2))
        static = static.permute(2, 0, 1).reshape(batch, count, -1)
        parts = [dynamic, static]
        if self.octaves:
            angle = torch.cat([points * (math.pi * 2**i) for i in range(self.octaves)], -1)
            parts += [angle.sin(), angle.cos()]
        return torch.cat(parts, -1)

    def forward(self, planes: Tensor, points: Tensor, style: Tensor, palette: Tensor) -> CanonicalSample:
        """Fields of a batch of identities.

        Args:
            planes: (B, 3, C, R, R) of the backbone.
            points: (B, N, 3), canonical, the lattice box scaled to [-1, 1].
            style: (B, style_dim).
            palette: (B, 6, 3) sRGB: skin, lips, hair, clothing, stripes, iris.
        """
        x = self._hidden(planes, points, style)
        batch, count, _ = x.shape
        return self.read(self.out(x.reshape(-1, self.hidden)).reshape(batch, count, -1), palette)

    def read(self, y: Tensor, palette: Tensor) -> CanonicalSample:
        """The fields that the last layer's outputs (B, N, outputs) stand for, with palettes (B, 6, 3) sRGB."""
        fixed = self.fixed_colours.to(palette).expand(len(y), -1, -1)
        skin, lip, hair, cloth, stripe = (palette[:, i : i + 1] for i in range(5))
        tones = torch.cat([skin, lip, hair, hair * 0.6, fixed], 1)
        # PyTorch is ten times slower along a short last axis.
        shares = torch.softmax(y[..., 4 : 4 + SKIN_COLOURS].mT, -2).mT
        k = 4 + SKIN_COLOURS
        striped = torch.lerp(cloth, stripe, torch.sigmoid(y[..., k + 4 : k + 5]))
        return CanonicalSample(
            body=y[..., 0] * DISTANCE_SCALE,
            hair=y[..., 1] * DISTANCE_SCALE,
            neckline=y[..., 2] * DISTANCE_SCALE,
            eye=y[..., 3] * 8,
            skin=shaded(shares @ tones, y[..., k : k + 4]),
            cloth=shaded(striped, y[..., k + 5 : k + 9]),
            hair_colour=shaded(hair, y[..., k + 9 : k + 13]),
            lips=shares[..., 1],
        )

    def distance(self, planes: Tensor, points: Tensor, style: Tensor) -> Tensor:
        """Only :meth:`CanonicalSample.distance` (B, N), for surfaces: the last layer's first two rows suffice."""
        x = self._hidden(planes, points, style)
        bias = self.out.bias
        assert bias is not None
        y = x @ (self.out.weight[:2] * self.out.weight_gain).t() + bias[:2]
        return y.amin(-1) * DISTANCE_SCALE

    def _hidden(self, planes: Tensor, points: Tensor, style: Tensor) -> Tensor:
        """The second hidden layer (B, N, hidden)."""
        x = self.first_hidden(planes, points, style)
        batch, count, _ = x.shape
        return self._modulate(self.fc1(x.reshape(-1, self.hidden)).reshape(batch, count, -1), self.film1(style))

    def first_hidden(self, planes: Tensor, points: Tensor, style: Tensor) -> Tensor:
        """The first hidden layer (B, N, hidden)."""
        x = self.features(planes, points)
        batch, count, width = x.shape
        return self._modulate(self.fc0(x.reshape(-1, width)).reshape(batch, count, -1), self.film0(style))

    def _modulate(self, x: Tensor, film: Tensor) -> Tensor:
        scale, shift = film[:, None].chunk(2, -1)
        return nnf.leaky_relu(x * (1 + scale) + shift, 0.2)


def shaded(colour: Tensor, correction: Tensor) -> Tensor:
    """Colour times a shade plus a small correction; ``correction`` (..., 4)."""
    shade = torch.exp(torch.tanh(correction[..., :1]) * 0.8)
    return colour * shade + torch.tanh(correction[..., 1:]) * 0.15


def _sample(planes: Tensor, grid: Tensor) -> Tensor:
    """Bilinear look-up with the border repeated: (P, C, R, R), (P, N, 1, 2) -> (P, C, N)."""
    return nnf.grid_sample(planes, grid, mode="bilinear", padding_mode="border", align_corners=False)[..., 0]
