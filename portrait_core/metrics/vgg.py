# SPDX-License-Identifier: Apache-2.0
"""VGG16 as torchvision's file of weights has it: features of precision and recall, and LPIPS for path lengths.

Sources: Simonyan and Zisserman 2015 (the network), Zhang et al. 2018 (LPIPS). The published measures took the original
weights of 2014, which only a TorchScript file holds; figures by others are near them, but not the same.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from portrait_core.errors import ModelFileError
from portrait_core.metrics.network_files import NetworkPlaces, Weights, is_there, read_network

SIDE = 224
"""Pictures are brought to this side before the fully connected layers."""
LPIPS_SIDE = 256
"""Pixels that the published inversion compares at."""
STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""Channels of the convolutions between two poolings."""
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the channels from 0 to 1."""


class Vgg16(nn.Module):
    """The convolutions, and the two fully connected layers before the classes; names are torchvision's."""

    def __init__(self, *, connected: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before, self.ends = 3, list[int]()
        for stage in STAGES:
            for width in stage:
                layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
                before = width
            self.ends.append(len(layers))
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential()
        if connected:
            rows = (nn.Linear(512 * 49, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU())
            self.classifier = nn.Sequential(*rows)

    def stages(self, x: Tensor) -> list[Tensor]:
        """What each stage gives before it is pooled, of normalised pictures ``[B, 3, S, S]``."""
        found: list[Tensor] = []
        for number, layer in enumerate(self.features):
            if number in self.ends:
                found.append(x)
                if len(found) == len(self.ends):
                    break
            x = layer(x)
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Rows ``[B, 4096]`` of normalised pictures of 224 pixels."""
        return self.classifier(self.features(x).flatten(1))


class VggFeatures:
    """The last row of 4096 numbers before the classes."""

    name = "VGG16"

    def __init__(self, places: NetworkPlaces, device: torch.device) -> None:
        """Raises as `read_network`."""
        weights = read_network("vgg", places)
        self._device, self._script = device, weights.module is not None
        self._network: Any = (weights.module if self._script else _loaded(weights, connected=True)).to(device)
        if self._script and "return_features" not in {each.name for each in self._network.forward.schema.arguments}:
            raise ModelFileError(
                f"{weights.path}: this TorchScript has no return_features; it is not the published VGG16."
            )
        self.digest = f"vgg-{weights.digest[:32]}-{SIDE}"

    @torch.inference_mode()
    def features(self, images: Tensor, masks: Tensor) -> Tensor:
        """See `portrait_core.metrics.feature_network.FeatureNetwork`."""
        del masks
        shown = images.to(self._device)
        if self._script:
            return self._network(shown, return_features=True).flatten(1).float().cpu()
        return self._network(_normalised(_of_side(shown.float() / 255))).cpu()


class Lpips:
    """LPIPS distances of pairs of pictures."""

    name = "LPIPS of VGG16"

    def __init__(self, places: NetworkPlaces, device: torch.device) -> None:
        """Raises as `read_network`, of both files."""
        weights, heads = read_network("vgg", places), read_network("lpips", places)
        if weights.module is not None:
            raise ModelFileError(f"{weights.path}: path lengths take the weights of VGG16, no TorchScript.")
        self._network = _loaded(weights, connected=False).to(device)
        self._device = device
        self._heads = _heads(places, device)
        self.digest = f"lpips-{weights.digest[:16]}-{heads.digest[:16]}"

    @torch.inference_mode()
    def distances(self, a: Tensor, b: Tensor) -> Tensor:
        """Distances ``[B]`` of pictures ``[B, 3, S, S]`` in [0, 1] (float, not rounded)."""
        pairs = zip(*(self._network.stages(_normalised(each.to(self._device))) for each in (a, b)), strict=True)
        total = torch.zeros(len(a), device=self._device)
        for (ours, theirs), head in zip(pairs, self._heads, strict=True):
            apart = (
                functional.normalize(ours, dim=1, eps=1e-10) - functional.normalize(theirs, dim=1, eps=1e-10)
            ).square()
            total += (apart * head).sum(dim=1).mean(dim=(1, 2))
        return total.cpu()


class VggRows:
    """Features by which the published inversion compares pictures, with gradients: rows whose squared distance is the
    LPIPS of VGG16.

    Of the published TorchScript they are what it gives itself. Of torchvision's weights, features of unit length at
    each pixel, by the roots of LPIPS's weights where its layers are here, else (``exact`` False) all alike.
    """

    def __init__(self, places: NetworkPlaces, device: torch.device) -> None:
        """Raises as `read_network`."""
        weights = read_network("vgg", places)
        self._heads: list[Tensor] | None = None
        self._script: Any = None
        self.exact = True
        if weights.module is not None:
            self._script = weights.module.to(device)
            if "return_lpips" not in {each.name for each in self._script.forward.schema.arguments}:
                raise ModelFileError(
                    f"{weights.path}: this TorchScript has no return_lpips; it is not the published VGG16."
                )
            return
        self._network = _loaded(weights, connected=False).to(device)
        self.exact = is_there("lpips", places)
        if self.exact:
            self._heads = [each.clamp(min=0).sqrt() for each in _heads(places, device)]

    def __call__(self, images: Tensor) -> Tensor:
        """Rows ``[B, N]`` of pictures ``[B, 3, S, S]`` in [-1, 1], which are brought to 256 pixels where they are
        larger."""
        shown = (images + 1) * 127.5
        if shown.shape[-1] > LPIPS_SIDE:
            shown = functional.interpolate(shown, (LPIPS_SIDE, LPIPS_SIDE), mode="area")
        if self._script is not None:
            return self._script(shown, resize_images=False, return_lpips=True)
        rows: list[Tensor] = []
        for number, each in enumerate(self._network.stages(_normalised(shown / 255))):
            unit = functional.normalize(each, dim=1, eps=1e-10)
            unit = unit if self._heads is None else unit * self._heads[number]
            rows.append((unit / (each.shape[2] * each.shape[3]) ** 0.5).flatten(1))
        return torch.cat(rows, dim=1)


def _heads(places: NetworkPlaces, device: torch.device) -> list[Tensor]:
    """LPIPS's weights of the channels of each stage, [1, C, 1, 1]."""
    heads = read_network("lpips", places)
    try:
        rows = [heads.tensors[f"lin{stage}.model.1.weight"].float() for stage in range(len(STAGES))]
    except KeyError as error:
        raise ModelFileError(f"{heads.path}: not the linear layers of LPIPS ({error} is missing).") from None
    if [row.numel() for row in rows] != [stage[-1] for stage in STAGES]:
        raise ModelFileError(f"{heads.path}: linear layers of LPIPS for another network than VGG16.")
    return [row.reshape(1, -1, 1, 1).to(device) for row in rows]


def _loaded(weights: Weights, *, connected: bool) -> Vgg16:
    network = Vgg16(connected=connected)
    wanted = network.state_dict()
    own = {name: weights.tensors[name].float() for name in wanted if name in weights.tensors}
    try:
        network.load_state_dict(own)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelFileError(f"{weights.path}: not the weights of VGG16 ({reason}).") from error
    return network.eval().requires_grad_(False)


def _of_side(pictures: Tensor) -> Tensor:
    if pictures.shape[-1] == SIDE:
        return pictures
    return functional.interpolate(pictures, (SIDE, SIDE), mode="bilinear", antialias=pictures.shape[-1] > SIDE)


def _normalised(pictures: Tensor) -> Tensor:
    mean, deviation = (pictures.new_tensor(each)[None, :, None, None] for each in (MEAN, DEVIATION))
    return (pictures - mean) / deviation
