# SPDX-License-Identifier: Apache-2.0
"""Maps as the contents of image files, encoded side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from portrait_core.avatar import Maps
from portrait_core.imaging.images import encode_jpeg
from portrait_core.imaging.png import encode_map
from portrait_core.maps import MAPS
from portrait_core.runtime.threads import side_by_side

ImageKind = Literal["png", "jpeg"]
_THREADS = 2
_kept: WeakKeyDictionary[Maps, dict[tuple[str, int, ImageKind], bytes]] = WeakKeyDictionary()


@dataclass(frozen=True)
class EncodedMaps:
    """The images of one :class:`Maps` as file contents, by the maps' names; absent maps have no entry."""

    suffix: str
    images: dict[str, tuple[bytes, ImageKind]]
    maps: Maps


def encode_maps(
    maps: Sequence[Maps],
    kind: ImageKind,
    suffixes: Sequence[str],
    *,
    with_opacity: bool = False,
) -> list[EncodedMaps]:
    """All images as files, in threads. ``kind`` is that of colours; directions and roughness are always PNG.

    ``suffixes`` tell the images of several maps apart. ``with_opacity`` puts the opacity into the image of the colours,
    as glTF wants it, which is a PNG then. What was encoded once is kept as long as its maps are: grey hair is the same
    for many persons, and several formats hold one avatar's images.
    """
    images = [_with_opacity(each) if with_opacity else dict(each) for each in maps]
    kept = [_kept.setdefault(each, {}) for each in maps]

    def encode(job: tuple[int, str]) -> tuple[bytes, ImageKind]:
        number, name = job
        image = images[number][name]
        how: ImageKind = kind if MAPS[name].colour_space == "srgb" and image.shape[2] == MAPS[name].channels else "png"
        key = (name, image.shape[2], how)
        if key not in kept[number]:
            kept[number][key] = encode_map(image) if how == "png" else encode_jpeg(image)
        return kept[number][key], how

    jobs = [(number, name) for number, each in enumerate(images) for name in each]
    with side_by_side(_THREADS) as threads:
        contents = list(threads.map(encode, jobs))
    results = [EncodedMaps(suffix, {}, each) for suffix, each in zip(suffixes, maps, strict=True)]
    for (number, name), content in zip(jobs, contents, strict=True):
        results[number].images[name] = content
    return results


def _with_opacity(maps: Maps) -> dict[str, NDArray[np.uint8]]:
    """The images, with the opacity as the last channel of the colours where there is one; grey ones have two."""
    images = dict(maps)
    opacity = images.pop("opacity", None)
    if opacity is not None:
        colour = images["base_colour"]
        grey = bool((colour[..., 0] == colour[..., 1]).all() and (colour[..., 0] == colour[..., 2]).all())
        images["base_colour"] = np.concatenate([colour[..., :1] if grey else colour, opacity], axis=2)
    return images
