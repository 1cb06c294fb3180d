# SPDX-License-Identifier: Apache-2.0
"""A published generator's un-posed bust as a field: the level set of its density."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.imaging.colour_space import srgb_to_linear
from portrait_core.models.portrait_gan.folded_decoder import FoldedTrigridDecoder
from portrait_core.models.portrait_gan.generator import PortraitGenerator
from portrait_core.networks.decoder import Decoder
from portrait_core.runtime.devices import chunk_size
from portrait_core.runtime.torch_threads import one_torch_thread, over_rows

LEVEL = 10.0
"""Raw density on the surface, where nobody says otherwise."""

CHUNK = 120_000
"""Points evaluated at once, for the sake of memory."""

PIECE = 1 << 14
"""Points that one of several threads evaluates at once."""


@dataclass(frozen=True)
class TrigridField:
    """The bust of one latent of a published generator, a :class:`portrait_core.field.StructuredField`.

    Lattice space is the un-posed world in metres. Colours are those of the picture before super-resolution.

    Attributes:
        model: the generator, in evaluation mode.
        planes: (1, 3, F * depth, S, S), what ``model.planes`` gave for ``ws``.
        ws: style rows (1, num_ws, w_dim).
        level: raw density of the surface; inside it is larger.
        box: (2, 3) lower and upper corner; None for the whole box of the tri-grid.
    """

    model: PortraitGenerator
    planes: Tensor
    ws: Tensor
    level: float = LEVEL
    box: NDArray[np.float32] | None = None

    @property
    def side(self) -> float:
        """Edge of the tri-grid's box, metres."""
        return self.model.config.rendering.box_warp

    @property
    def bounds(self) -> NDArray[np.float32]:
        """(2, 3) lattice box, metres."""
        if self.box is not None:
            return self.box
        half = np.full(3, self.side / 2, np.float32)
        return np.stack([-half, half])

    def value(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Raw density above the level (N,)."""
        return self._evaluate(points)[0]

    def colour(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Linear RGB (N, 3), without the super-resolution head."""
        return srgb_to_linear(self._evaluate(points)[1])

    def place(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """The points themselves: this model has no identity warp."""
        return points

    def unplace(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """The points themselves."""
        return points

    def on_lattice(
        self, axes: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
    ) -> Callable[[NDArray[np.int64]], NDArray[np.float32]]:
        """Values at lattice indices (N, 3), by the decoder folded onto the lattice."""
        config, device = self.model.config, self.planes.device
        half = config.rendering.box_warp / 2
        x, y, z = (torch.as_tensor((axis / half).astype(np.float32)).to(device) for axis in axes)
        with torch.inference_mode(), one_torch_thread():
            decoder = cast(Decoder, self.model.decoder)
            folded = FoldedTrigridDecoder(decoder, self.planes, (x, y, z), depth=config.triplane_depth)

        def read(index: NDArray[np.int64]) -> NDArray[np.float32]:
            with torch.inference_mode():
                return (folded(torch.as_tensor(index).to(device)) - self.level).cpu().numpy()

        return lambda index: over_rows(read, index, PIECE, device)

    def _evaluate(self, points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Densities above the level (N,) and sRGB colours (N, 3)."""
        device = self.planes.device

        def part(rows: NDArray[np.float32]) -> NDArray[np.float32]:
            with torch.inference_mode():
                given = torch.as_tensor(rows)[None].to(device)
                sigma, features = self.model.evaluate_points(self.planes, given, self.ws)
                return torch.cat([sigma[0] - self.level, self._shade(features)], 1).cpu().numpy()

        found = np.empty((len(points), 4), np.float32)
        chunk = chunk_size(CHUNK)
        size = chunk_size(PIECE) if device.type == "cpu" else chunk
        for begin in range(0, len(points), chunk):
            some = np.ascontiguousarray(points[begin : begin + chunk], np.float32)
            found[begin : begin + chunk] = over_rows(part, some, size, device)
        return found[:, 0], found[:, 1:]

    def _shade(self, features: Tensor) -> Tensor:
        """sRGB (N, 3) of decoder features (1, N, C), as the renderer makes pictures of them."""
        if self.model.config.decoder_activation == "sigmoid":
            features = features * 2 - 1
        if self.model.torgb is None:
            raw = features[0, :, :3]
        else:
            raw = self.model.torgb(features.transpose(1, 2)[..., None], self.ws[:, -1])[0, :, :, 0].t()
        return ((raw + 1) / 2).clamp(0, 1)


@dataclass(frozen=True)
class PortraitField(TrigridField):
    """A :class:`TrigridField` that ends at a flat cut ``bottom`` metres up (below zero: below the neck joint).

    The pictures that such models learn from end at the shoulders: what the tri-grid holds below, nobody ever saw.
    """

    bottom: float = 0.0

    def cut_planes(self) -> NDArray[np.float32]:
        """(1, 4): the cut, for :class:`portrait_core.field.CutField`."""
        return np.array([[0, -1, 0, -self.bottom]], np.float32)
