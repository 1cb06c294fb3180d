# SPDX-License-Identifier: Apache-2.0
"""What pictures are compared by, each under its name, and several of them with weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol, cast, get_args

from torch import Tensor

from portrait_core.errors import UsageError, suggestion
from portrait_core.networks.discriminator import Portraits

Name = Literal["trunk", "colours", "mask", "landmarks", "vgg"]

ABOUT: Mapping[Name, str] = MappingProxyType(
    {
        "trunk": "features of the model's own discriminator, within the mask",
        "colours": "colours and their gradients at several scales, within the mask",
        "mask": "the silhouette",
        "landmarks": "landmarks of the face",
        "vgg": "features of VGG16 over the whole picture, as published",
    }
)
"""Every comparison by its name."""

USUAL: Mapping[Name, float] = MappingProxyType({"trunk": 1.0, "colours": 1.0, "mask": 1.0})
"""What is compared where nobody says, with weights."""


class Comparison(Protocol):
    """How far a picture is from the one that is wanted: a scalar, 0 where they agree, with gradients."""

    def __call__(self, seen: Portraits) -> Tensor:
        """``seen`` are pictures of one person, a batch of one."""
        ...


@dataclass(frozen=True)
class Weighted:
    """Several comparisons by name, with their weights."""

    comparisons: Mapping[Name, Comparison]
    weights: Mapping[Name, float]

    def __call__(self, seen: Portraits) -> tuple[Tensor, dict[str, float]]:
        """The weighted sum, and each comparison's own value."""
        total, own = seen.image.new_zeros([]), dict[str, float]()
        for name, comparison in self.comparisons.items():
            value = comparison(seen)
            total = total + self.weights[name] * value
            own[name] = float(value.detach())
        return total, own


def weights_of(text: str) -> dict[Name, float]:
    """``trunk,colours=2`` as names with weights.

    Raises :class:`UsageError` for a name that is none, a weight that is no positive number, and where nothing is named.
    """
    found: dict[Name, float] = {}
    names = get_args(Name)
    for part in (each.strip() for each in text.split(",")):
        if not part:
            continue
        name, equals, number = part.partition("=")
        name = name.strip().lower()
        if name not in names:
            raise UsageError(f"pictures cannot be compared by {name[:40]!r}. {suggestion(name, names, what='names')}")
        try:
            weight = float(number) if equals else 1.0
        except ValueError:
            weight = -1.0
        if not 0 < weight <= 1e6:
            raise UsageError(f"{part[:60]!r}: the weight of a comparison is a number above 0, as in {name}=2.")
        found[cast(Name, name)] = weight
    if not found:
        raise UsageError(f"nothing is named to compare pictures by; there are {', '.join(names)}.")
    return found


def weighted(weights: Mapping[Name, float], makers: Mapping[Name, Callable[[], Comparison]]) -> Weighted:
    """The comparisons that have weights, each made by its maker."""
    return Weighted({name: makers[name]() for name in weights}, dict(weights))
