# SPDX-License-Identifier: Apache-2.0
"""Inception-v3 as FID, KID and the Inception score are defined by: the network of torch-fidelity, the user's weights.

torch-fidelity has the graph of 2015 to the bit, with its resizing without antialias. It is given the weights as read by
`portrait_core.metrics.network_files`; left to itself it would unpickle the file, or fetch it.
"""

from __future__ import annotations

import io
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from portrait_core.errors import ModelFileError, UsageError, remedy
from portrait_core.metrics.network_files import NetworkPlaces, Weights, read_network

WIDTH = 2048
"""Features of a picture; behind them come the logits of its classes without bias."""


class Inception:
    """Rows of `WIDTH` pooled features, then logits without bias (of TorchScript: logarithms of probabilities)."""

    name = "Inception-v3"

    def __init__(self, places: NetworkPlaces, device: torch.device) -> None:
        """Raises as `read_network`, and UsageError where torch-fidelity is not installed."""
        weights = read_network("inception", places)
        self._device = device
        self._script = weights.module is not None
        self._network: Any = (weights.module if self._script else _built(weights)).to(device)
        if self._script and not {"return_features", "no_output_bias"} <= _arguments(self._network):
            raise ModelFileError(
                f"{weights.path}: this TorchScript has no return_features and no_output_bias; it is not the published "
                "Inception."
            )
        self.digest = f"inception-{weights.digest[:32]}"

    @torch.inference_mode()
    def features(self, images: Tensor, masks: Tensor) -> Tensor:
        """See `portrait_core.metrics.feature_network.FeatureNetwork`."""
        del masks
        shown = images.to(self._device)
        if not self._script:
            pooled, logits = self._network(shown)
            return torch.cat([pooled, logits], dim=1).cpu()
        pooled = self._network(shown, return_features=True).flatten(1)
        classes = self._network(shown, no_output_bias=True).flatten(1)
        return torch.cat([pooled, classes.clamp_min(1e-30).log()], dim=1).float().cpu()


def pooled_part(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The features of FID and KID."""
    return rows[:, :WIDTH]


def class_probabilities(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """The classes' probabilities (N, classes)."""
    logits = rows[:, WIDTH:].astype(np.float64)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _built(weights: Weights) -> Any:
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import (  # pyright: ignore[reportMissingImports]
            FeatureExtractorInceptionV3,  # pyright: ignore[reportUnknownVariableType]
        )
    except ImportError as error:
        raise UsageError(
            f"torch-fidelity, which has the Inception network and needs torchvision, cannot be loaded ({error}).",
            remedy=remedy("install", extra="metrics", package="torch-fidelity"),
        ) from None
    # It takes nothing but a file; this one is written here, of plain tensors.
    again = io.BytesIO()
    torch.save(dict(weights.tensors), again)
    again.seek(0)
    build = cast("Any", FeatureExtractorInceptionV3)
    try:
        return build("inception", ["2048", "logits_unbiased"], feature_extractor_weights_path=again)
    except (RuntimeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelFileError(f"{weights.path}: not the weights of the published Inception ({reason}).") from error


def _arguments(module: Any) -> set[str]:
    return {each.name for each in module.forward.schema.arguments}
