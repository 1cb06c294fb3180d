# SPDX-License-Identifier: Apache-2.0
"""Features of a network of the user's over the whole picture: the published way to compare."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from portrait_core.networks.discriminator import Portraits
from portrait_core.photo.inversion.target import Target


class FeatureComparison:
    """The sum of squared differences of features (docs/published/scripts.md, section 6); backgrounds count too."""

    def __init__(self, features: Callable[[Tensor], Tensor], target: Target) -> None:
        """``features`` turns pictures [1, 3, S, S] in [-1, 1] into rows [1, N], with gradients."""
        self.features = features
        with torch.no_grad():
            self.wanted = features(target.image)

    def __call__(self, seen: Portraits) -> Tensor:
        """See `portrait_core.photo.inversion.comparison.Comparison`."""
        return (self.features(seen.image) - self.wanted).square().sum()
