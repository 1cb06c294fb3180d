# SPDX-License-Identifier: Apache-2.0
"""The published networks in torch against the numbers of the runtime that they were published for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from portrait_core.face.names import ARKIT
from portrait_core.photo.expression_estimate import ESTIMATED, POINTS
from portrait_core.photo.networks.published import NAMES, NETWORKS, NetworkName
from portrait_core.photo.networks.store import load_network

REFERENCE = json.loads((Path(__file__).parent / "data" / "litert.json").read_text(encoding="utf-8"))["networks"]


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize("name", [network.name for network in NETWORKS])
def test_a_network_gives_what_its_own_runtime_gives(name: NetworkName) -> None:
    network = load_network(name)
    values = np.random.default_rng(7).random(network.input_shape).astype(np.float32)
    outputs = network.read(values)
    assert len(outputs) == len(REFERENCE[name])
    for found, expected in zip(outputs, REFERENCE[name], strict=True):
        flat = found.reshape(-1).astype(np.float64)
        assert len(flat) == expected["size"]
        # The runtime's own two ways of computing are this far apart: no reader can be asked to be nearer.
        near = max(2e-5 * max(expected["largest"], 1.0), 2 * expected.get("between", 0.0))
        assert np.abs(flat[:: expected["every"]] - expected["values"]).max() < near
        assert abs(flat.mean() - expected["mean"]) < near
        assert abs(np.abs(flat).max() - expected["largest"]) < near


@pytest.mark.usefixtures("networks")
def test_a_network_is_loaded_once() -> None:
    assert load_network("face_mesh") is load_network("face_mesh")


def test_names_of_networks_and_shapes() -> None:
    assert tuple(network.name for network in NETWORKS) == NAMES
    assert len(ESTIMATED) == 51
    assert set(ARKIT) - set(ESTIMATED) == {"tongueOut"}
    assert len(POINTS) == 146
    assert list(POINTS) == sorted(set(POINTS))
    assert POINTS[-1] == 477
