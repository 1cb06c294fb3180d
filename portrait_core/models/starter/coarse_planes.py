# SPDX-License-Identifier: Apache-2.0
"""Planes for small pictures: the coarse blocks of the synthesis network are a person's own, and what the fine ones add
is what they add for the mean style.

The coarse blocks are a quarter of the work. Persons differ in what the fine ones add by a thirtieth of what planes are;
a gallery's pictures differ by a level of 255 at most nearly everywhere, and by ten nowhere
(``tests/pipeline/test_quick_parts.py``).
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from torch import Tensor

from portrait_core.models.starter.generator import CanonicalGenerator
from portrait_core.networks.resampling import upsample2

COARSE = 8
"""Resolution of the last block that is a person's own."""

_details: WeakKeyDictionary[CanonicalGenerator, Tensor] = WeakKeyDictionary()


def coarse_planes(network: CanonicalGenerator, style: Tensor) -> Tensor:
    """Planes (B, 3, C, R, R) of style vectors (B, w_dim), nearly those of :meth:`CanonicalGenerator.planes_of_style`.

    For finished networks: what the fine blocks add is looked up once.
    """
    if network not in _details:
        _details[network] = _mean_detail(network)
    picture = _picture(network, style) + _details[network] + network.plane_basis(style)
    return picture.reshape(picture.shape[0], 3, -1, *picture.shape[2:])


def _mean_detail(network: CanonicalGenerator) -> Tensor:
    """(1, 3 C, R, R): what fine blocks add for the style of the mean latent."""
    mean = network.backbone.mapping.w_avg[None]
    style = network.identity_code.style(network.refined_code(mean))
    rows = style.unsqueeze(1).expand(-1, network.num_ws, -1)
    return network.backbone.synthesis(rows, noise_mode="const") - _picture(network, style)


def _picture(network: CanonicalGenerator, style: Tensor) -> Tensor:
    """(B, 3 C, R, R): the image after the coarse blocks, brought to the size of the planes as fine blocks do."""
    synthesis = network.backbone.synthesis
    rows = style.unsqueeze(1).expand(-1, network.num_ws, -1)
    picture: Tensor = synthesis(rows, noise_mode="const", until=COARSE)
    while picture.shape[-1] < synthesis.img_resolution:
        picture = upsample2(picture)
    return picture
