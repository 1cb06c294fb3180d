# SPDX-License-Identifier: Apache-2.0
"""The decoder folded into tables against the decoder itself, and what the parts say of roughness."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from portrait_core.models.starter.decoder import (
    CLOTH_ROUGHNESS,
    EYE_ROUGHNESS,
    HAIR_ROUGHNESS,
    LIP_ROUGHNESS,
    SKIN_ROUGHNESS,
    CanonicalDecoder,
    CanonicalSample,
)
from portrait_core.models.starter.point_decoder import PointDecoder, StaticTables
from portrait_core.networks.initialise import initialise


@pytest.mark.parametrize("octaves", [0, 4])
def test_it_equals_the_decoder_at_any_point_of_the_box_and_beyond(octaves: int) -> None:
    generator = torch.Generator().manual_seed(4)
    decoder = CanonicalDecoder(5, static_channels=3, static_resolution=24, style_dim=8, hidden=16, octaves=octaves)
    initialise(decoder, generator)
    planes = torch.randn(1, 3, 5, 7, 7, generator=generator)
    style = torch.randn(1, 8, generator=generator)
    palette = torch.rand(1, 6, 3, generator=generator)
    points = torch.rand(40_000, 3, generator=generator) * 2.2 - 1.1  # more than one chunk; some outside the box
    points[:2] = torch.tensor([[1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]])
    folded = PointDecoder(decoder, StaticTables(decoder), planes, style, palette)
    with torch.no_grad():
        plain = decoder(planes, points[None], style, palette)
        distance = decoder.distance(planes, points[None], style)[0]
    found = folded(points)
    for field in fields(CanonicalSample):
        torch.testing.assert_close(getattr(found, field.name), getattr(plain, field.name), atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(folded.distance(points), distance, atol=1e-6, rtol=1e-4)
    # What is the same for everybody may be added later.
    torch.testing.assert_close(folded.hidden_on(points, folded.still(points)), folded.hidden(points))
    assert plain.skin.std() > 0.01


def test_each_part_has_its_roughness() -> None:
    """Columns: bare skin, lip, eyeball, cloth, hair, and half way between skin and cloth."""
    metre = torch.tensor([[1.0, 1, 1, 1, -1, 1]]) * 0.1
    none = torch.zeros(1, 6, 3)
    sample = CanonicalSample(
        body=torch.zeros(1, 6),
        hair=metre,
        neckline=torch.tensor([[0.1, 0.1, 0.1, -0.1, 0.1, 0.0]]),
        eye=torch.tensor([[-20.0, -20, 20, -20, -20, -20]]),
        skin=none,
        cloth=none,
        hair_colour=none,
        lips=torch.tensor([[0.0, 1, 0, 0, 0, 0]]),
    )
    half = (SKIN_ROUGHNESS + CLOTH_ROUGHNESS) / 2
    expected = [SKIN_ROUGHNESS, LIP_ROUGHNESS, EYE_ROUGHNESS, CLOTH_ROUGHNESS, HAIR_ROUGHNESS, half]
    torch.testing.assert_close(sample.roughness(eyes=True), torch.tensor([expected]))
    assert float(sample.roughness()[0, 2]) == pytest.approx(SKIN_ROUGHNESS)
