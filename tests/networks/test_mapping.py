# SPDX-License-Identifier: Apache-2.0
"""Options of the mapping network that the published vectors do not reach."""

from __future__ import annotations

import pytest
import torch

from portrait_core.networks.initialise import initialise
from portrait_core.networks.mapping import MappingNetwork


def test_unnormalised_latent_keeps_its_length() -> None:
    network = MappingNetwork(4, 0, 8, 3, num_layers=2, normalize_z=False)
    z = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))
    assert not torch.allclose(network(z), network(3 * z))
    network.normalize_z = True
    assert torch.allclose(network(z), network(3 * z), atol=1e-6)


def test_truncation_to_the_average_and_back() -> None:
    network = MappingNetwork(4, 0, 8, 3, num_layers=2)
    network.w_avg.fill_(0.5)
    z = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(network(z, psi=0.0), torch.full((2, 3, 8), 0.5))
    assert torch.equal(network(z, psi=0.0, cutoff=1)[:, 1:], network(z)[:, 1:])


def test_one_seed_gives_one_network() -> None:
    first, second = MappingNetwork(4, 2, 8, 3), MappingNetwork(4, 2, 8, 3)
    initialise(first, torch.Generator().manual_seed(5))
    initialise(second, torch.Generator().manual_seed(5))
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name


def test_wrong_use_is_told() -> None:
    with pytest.raises(ValueError, match="at least one"):
        MappingNetwork(0, 0, 8, 3)
    network = MappingNetwork(4, 2, 8, 3)
    with pytest.raises(ValueError, match="no label"):
        network(torch.zeros(1, 4))
    with pytest.raises(ValueError, match=r"\[1, 5\]"):
        network(torch.zeros(1, 5), torch.zeros(1, 2))
    with pytest.raises(ValueError, match="keeps no average"):
        MappingNetwork(0, 2, 8, None)(None, torch.zeros(1, 2), psi=0.5)
