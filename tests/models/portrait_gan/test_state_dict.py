# SPDX-License-Identifier: Apache-2.0
"""The published configuration has exactly the published state-dict keys, shapes and types."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from portrait_core.models.portrait_gan.body import BodySizes
from portrait_core.models.portrait_gan.generator import GeneratorConfig, PortraitGenerator
from portrait_core.networks.discriminator import PortraitDiscriminator
from portrait_core.networks.superresolution import VARIANTS, Superresolution

TABLE = Path(__file__).parents[2] / "data" / "published_state_dict.tsv"
Entry = tuple[tuple[int, ...], str, str]


def published(network: str) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for line in TABLE.read_text().splitlines():
        if line.startswith(f"{network}\t"):
            _, key, shape, dtype, kind = line.split("\t")
            entries[key] = (tuple(int(n) for n in shape.split("x") if n), dtype, kind)
    return entries


def described(module: nn.Module) -> dict[str, Entry]:
    parameters = dict(module.named_parameters())
    return {
        key: (tuple(value.shape), str(value.dtype).removeprefix("torch."), "P" if key in parameters else "B")
        for key, value in module.state_dict().items()
    }


def published_generator() -> PortraitGenerator:
    with torch.device("meta"):
        return PortraitGenerator(GeneratorConfig(body=BodySizes(), label_deviation=True))


def test_generator_keys() -> None:
    table = published("G")
    assert len(table) == 313
    assert described(published_generator()) == table


def test_generator_parameter_count() -> None:
    assert sum(p.numel() for p in published_generator().parameters()) == 53_816_512


def test_discriminator_keys() -> None:
    table = published("D")
    assert len(table) == 102
    with torch.device("meta"):
        network = PortraitDiscriminator()
    assert described(network) == table
    assert sum(p.numel() for p in network.parameters()) == 49_312_422


@pytest.mark.parametrize("name", VARIANTS)
def test_only_8xdc_keeps_no_filter_of_its_own(name) -> None:
    with torch.device("meta"):
        module = Superresolution(32, name)
    assert ("resample_filter" in module.state_dict()) == (name != "8XDC")
