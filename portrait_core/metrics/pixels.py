# SPDX-License-Identifier: Apache-2.0
"""Small pictures and masks as features: no network, and what early trainings can be steered by."""

from __future__ import annotations

from torch import Tensor

from portrait_core.training.adversarial.figures import CELLS, small_pictures


class Pixels:
    """Means of colours and mask in `CELLS` x `CELLS` cells, as the trainings' own ``distance`` compares them."""

    name = "pixels and masks"
    digest = f"pixels-{CELLS}"

    def features(self, images: Tensor, masks: Tensor) -> Tensor:
        """See `portrait_core.metrics.feature_network.FeatureNetwork`."""
        return small_pictures(images.float() / 127.5 - 1, masks)
