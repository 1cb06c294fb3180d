# SPDX-License-Identifier: Apache-2.0
"""What turns pictures into rows of numbers, and what such a thing says about itself."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class FeatureNetwork(Protocol):
    """A network whose features are compared; it makes the same row of a picture whatever its companions are."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    @property
    def digest(self) -> str:
        """Changes with the weights and with how pictures are brought to them; features are kept by it."""
        ...

    def features(self, images: Tensor, masks: Tensor) -> Tensor:
        """Rows ``[B, D]`` float32 on the CPU.

        Args:
            images: uint8 ``[B, 3, S, S]``, sRGB.
            masks: ``[B, 1, R, R]`` in [0, 1], 1 where the person is; most networks don't look at them.
        """
        ...
