# SPDX-License-Identifier: Apache-2.0
"""A stored network as a torch module."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from portrait_core.photo.networks import operators
from portrait_core.photo.networks.graph import StoredNetwork


class Network(nn.Module):
    """Runs a graph: its arrays are buffers, in 32 bits where they are fractions. It does not learn."""

    def __init__(self, stored: StoredNetwork) -> None:
        super().__init__()
        self.graph = stored.graph
        for number, array in stored.arrays.items():
            values = torch.tensor(array)
            self.register_buffer(_name(number), values.float() if values.is_floating_point() else values)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """That of what it takes, without the batch: (H, W, channels) for pictures."""
        return self.graph.input_shape[1:]

    def forward(self, values: torch.Tensor) -> list[torch.Tensor]:
        """The outputs for ``values`` (1, ...) float32, in the order of the graph.

        Raises ``ValueError`` for another shape than the network's.
        """
        if tuple(values.shape) != self.graph.input_shape:
            raise ValueError(f"network: expected {self.graph.input_shape}, got {tuple(values.shape)}")
        found = {number: self.get_buffer(_name(number)) for number in self.graph.constants}
        found[self.graph.input] = values
        for each in self.graph.operations:
            found[each.output] = operators.run(each.kind, [found[number] for number in each.inputs], each.options)
        return [found[number] for number in self.graph.outputs]

    @torch.inference_mode()
    def read(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs for ``values`` of :attr:`input_shape`, without the batch where they have one."""
        batch = torch.tensor(values, dtype=torch.float32)[None]
        outputs = self(batch)
        return [(each[0] if each.shape[0] == 1 else each).contiguous().numpy() for each in outputs]


def _name(number: int) -> str:
    return f"value_{number}"
