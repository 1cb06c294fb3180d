# SPDX-License-Identifier: Apache-2.0
"""Our own small network: a portrait and its mask -> where the camera stands around the shoulders, how the head is
turned against them, and where the aligned square lies.

The camera is defined by the torso, and shoulders hide how they are turned: landmarks alone miss it by ten degrees in
front and by forty behind. The network has seen the portrait world from everywhere instead. It answers with a vector
(sin, cos) of the yaw, whose length says how sure it is: what it was not sure of in training it averages, and averages
of directions are short.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType]
from torch import Tensor, nn

from portrait_core.errors import ModelFileError
from portrait_core.files.whole_file import whole_file
from portrait_core.photo.bust_geometry import View
from portrait_core.photo.crop import Picture, Square, cut
from portrait_core.photo.person_mask import Mask, cut_mask

FILE = Path(__file__).with_name("view_network.safetensors")
SIZE = 64
WIDTHS = (24, 48, 48, 96, 96, 128)
STRIDES = (2, 2, 1, 2, 1, 2)
HIDDEN = 96
OUTPUTS = 10
"""sin and cos of the yaw; pitch, roll; head (3); middle of the aligned square against that of the input, in its sides,
right and down; logarithm of the ratio of their sides."""
SIGNS = (-1.0, 1.0, 1.0, -1.0, 1.0, -1.0, -1.0, -1.0, 1.0, 1.0)
"""What the mirrored picture makes of each."""
PASSES = 3
METADATA_KEY = "portraitkit_view_network"


class ViewNetwork(nn.Module):
    """Input as :func:`prepared` makes it, ``[B, 4, 64, 64]``; output ``[B, 10]``."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        layers: list[nn.Module] = []
        before = 4
        for width, stride in zip(WIDTHS, STRIDES, strict=True):
            layers += [nn.Conv2d(before, width, 3, stride, 1), nn.GroupNorm(8, width), nn.ReLU()]
            before = width
        self.seen = nn.Sequential(*layers)
        self.told = nn.Sequential(nn.Linear(before * 16, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, OUTPUTS))

    def forward(self, values: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """The ten numbers for each picture; in training ``rng`` leaves a share of what was seen out."""
        seen = self.seen(values).flatten(1)
        if self.training and rng is not None and self.dropout:
            kept = torch.rand(seen.shape, generator=rng) >= self.dropout
            seen = seen * kept / (1 - self.dropout)
        return self.told(seen)


def prepared(pictures: Tensor, masks: Tensor) -> Tensor:
    """``[B, 4, S, S]`` of pictures ``[B, 3, S, S]`` (0 to 1) and masks ``[B, 1, S, S]``: colours about the person's
    mean in their own spread, nothing where nobody is, so that light and background say nothing."""
    total = masks.sum((2, 3), keepdim=True).clamp_min(1.0)
    middle = (pictures * masks).sum((2, 3), keepdim=True) / total
    off = (pictures - middle) * masks
    spread = (off.square().sum((1, 2, 3), keepdim=True) / (3 * total)).sqrt()
    return torch.cat([off / (spread + 0.03), masks - 0.5], dim=1)


class ViewFileFacts(BaseModel):
    """What the file says of itself: ``spreads`` are standard deviations of yaw, pitch, roll, head (3), middle (2) and
    logarithm of the side where the network is quite sure and where it is least sure (see :func:`spreads_at`)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format_version: int = 1
    licence: str = "CC0-1.0"
    training: dict[str, Any] = {}
    sure: tuple[float, ...]
    unsure: tuple[float, ...]


@dataclass(frozen=True)
class ViewEstimate:
    """What the network says of a square: the ``view``, the aligned ``square``, how sure it is (``length``, 0 to about
    1), and standard deviations (9,) in the order of the fit's numbers, the middle's in pixels."""

    view: View
    square: Square
    length: float
    spreads: NDArray[np.float64]


class ViewReader:
    """A trained network and its facts."""

    def __init__(self, network: ViewNetwork, facts: ViewFileFacts) -> None:
        self.network, self.facts = network.eval(), facts

    @torch.inference_mode()
    def numbers(self, picture: NDArray[np.float32], mask: Mask) -> NDArray[np.float64]:
        """The ten numbers for a picture (64, 64, 3) of 0 to 1 and a mask (64, 64): the mean of it and its mirror."""
        values = prepared(torch.tensor(picture).permute(2, 0, 1)[None], torch.tensor(mask)[None, None])
        found = self.network(torch.cat([values, torch.flip(values, [3])])).numpy().astype(np.float64)
        return (found[0] + found[1] * SIGNS) / 2

    def look(self, picture: Picture, mask: Mask, seen: Square, begin: Square) -> ViewEstimate:
        """What a photograph shows, of whose square ``seen`` the ``mask`` (S, S) is known; the search for the aligned
        square begins at ``begin``."""
        square = begin
        numbers = np.zeros(OUTPUTS)
        for _ in range(PASSES):
            shown = cut(picture, square, SIZE) / 255.0
            numbers = self.numbers(shown, cut_mask(mask, seen, square, SIZE))
            right, down, grown = np.clip(numbers[7:], -0.5, 0.5)
            middle = np.asarray(square.middle) + square.side * np.array([right, down])
            square = Square((float(middle[0]), float(middle[1])), square.side * float(np.exp(grown)))
        length = float(np.hypot(*numbers[:2]))
        yaw = float(np.arctan2(numbers[0], numbers[1]))
        view = View.of(np.array([yaw, *numbers[2:7]]))
        spreads = spreads_at(length, self.facts.sure, self.facts.unsure)
        spreads[6:8] *= square.side
        return ViewEstimate(view, square, length, spreads)


def spreads_at(length: float, sure: tuple[float, ...], unsure: tuple[float, ...]) -> NDArray[np.float64]:
    """(9,): standard deviations for a length: between those at 1 and those at 0, by the length's distance from 1."""
    share = float(np.clip(1.0 - length, 0.0, 1.0))
    return np.asarray(sure) * (1 - share) + np.asarray(unsure) * share


def save_view_network(path: Path, network: ViewNetwork, facts: ViewFileFacts) -> None:
    """Write the network in 16 bits with its facts, whole or not at all."""
    tensors = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    metadata = {METADATA_KEY: json.dumps(facts.model_dump(mode="json"), sort_keys=True)}
    with whole_file(path, overwrite=True) as temporary:
        try:
            save_file(tensors, temporary, metadata=metadata)
        except SafetensorError as error:
            raise OSError(None, str(error)) from error


@lru_cache(maxsize=2)
def load_view_network(path: Path = FILE) -> ViewReader:
    """The network in a file. Raises :class:`ModelFileError` where there is none, or it is damaged."""
    opened: Any = safetensors.safe_open  # it comes without types
    try:
        with opened(str(path), "pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            names: list[str] = list(file.keys())
            tensors: dict[str, Tensor] = {name: file.get_tensor(name).float() for name in names}
        facts = ViewFileFacts.model_validate_json(metadata.get(METADATA_KEY, ""))
        network = ViewNetwork()
        network.load_state_dict(tensors)
    except (SafetensorError, OSError, ValidationError, RuntimeError) as error:
        why = " ".join(str(error).split())[:160]
        raise ModelFileError(f"{path}: is not the network of cameras, or damaged ({why}). Get it again.") from error
    if (
        len(facts.sure) != 9
        or len(facts.unsure) != 9
        or not all(bool(each.isfinite().all()) for each in tensors.values())
    ):
        raise ModelFileError(f"{path}: the network of cameras holds values that are none. Get it again.")
    return ViewReader(network, facts)
