# SPDX-License-Identifier: Apache-2.0
"""Check of the safe reader on a checkpoint in the published format: names, shapes and bytes of every tensor."""

from __future__ import annotations

import hashlib
import json
import lzma
from pathlib import Path
from typing import Any

import torch

from portrait_core.models.portrait_gan.generator import GeneratorConfig, PortraitGenerator
from portrait_core.safe_pickle.checkpoint import PublishedNetwork, read_checkpoint_bytes
from tests.vectors.files import Comparison


def check_checkpoint(path: Path) -> list[Comparison]:
    """Compare the tensors of a ``.pkl`` or ``.pkl.xz`` file with the hashes in the ``.json`` file beside it; build
    the generator that it describes and load it."""
    raw = path.read_bytes()
    checkpoint = read_checkpoint_bytes(lzma.decompress(raw) if path.suffix == ".xz" else raw)
    expected = json.loads(path.with_name(path.name.split(".")[0] + ".json").read_text())
    comparisons = [
        Comparison("networks", float(set(checkpoint.networks) != set(expected["expected"])), 0.0),
        Comparison(
            "neural_rendering_resolution",
            float(
                checkpoint.generator.attributes.get("neural_rendering_resolution")
                != expected["neural_rendering_resolution"]
            ),
            0.0,
        ),
    ]
    for name, tensors in expected["expected"].items():
        comparisons += _compare(name, checkpoint.networks[name], tensors)
    generator = checkpoint.generator
    config = GeneratorConfig.from_published(
        generator.constructor,
        generator.tensors,
        rendering=generator.attributes["rendering_kwargs"],
        neural_resolution=generator.attributes["neural_rendering_resolution"],
    )
    with torch.device("meta"):
        network = PortraitGenerator(config)
    network.load_state_dict(generator.tensors, strict=True, assign=True)
    return comparisons


def _compare(name: str, network: PublishedNetwork, expected: dict[str, Any]) -> list[Comparison]:
    differing = float(list(network.tensors) != list(expected))
    comparisons = [Comparison(f"{name}: names in order", differing, 0.0)]
    for key, facts in expected.items():
        tensor = network.tensors.get(key)
        same = (
            tensor is not None
            and list(tensor.shape) == facts["shape"]
            and str(tensor.dtype).removeprefix("torch.") == facts["dtype"]
            and hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest() == facts["sha256"]
        )
        comparisons.append(Comparison(f"{name}: {key}", 0.0 if same else 1.0, 0.0))
    return comparisons
