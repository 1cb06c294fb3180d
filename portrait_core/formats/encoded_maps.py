# SPDX-License-Identifier: Apache-2.0
"""Maps as the contents of image files, encoded side by side; levels that share their maps get one set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from portrait_core.avatar import Level, Maps
from portrait_core.imaging.images import encode_jpeg
from portrait_core.imaging.png import encode_map
from portrait_core.maps import MAPS
from portrait_core.runtime.threads import side_by_side

ImageKind = Literal["png", "jpeg"]
_THREADS = 2


@dataclass(frozen=True)
class EncodedMaps:
    """The images of one :class:`Maps` as file contents, by the maps' names; absent maps have no entry."""

    suffix: str
    images: dict[str, tuple[bytes, ImageKind]]
    maps: Maps


def distinct_maps(levels: Sequence[Level]) -> tuple[list[Maps], list[int]]:
    """The maps without repetitions, and for each level the number of its own. Shared means: the same object."""
    found: list[Maps] = []
    numbers: list[int] = []
    for level in levels:
        for number, maps in enumerate(found):
            if maps is level.maps:
                numbers.append(number)
                break
        else:
            numbers.append(len(found))
            found.append(level.maps)
    return found, numbers


def encode_maps(maps: Sequence[Maps], kind: ImageKind = "png") -> list[EncodedMaps]:
    """All images as files, in threads. ``kind`` is that of colours; directions and roughness are always PNG."""

    def encode(job: tuple[int, str]) -> tuple[bytes, ImageKind]:
        number, name = job
        how: ImageKind = kind if MAPS[name].colour_space == "srgb" else "png"
        image = maps[number][name]
        return (encode_map(image) if how == "png" else encode_jpeg(image)), how

    jobs = [(number, name) for number, each in enumerate(maps) for name in each]
    with side_by_side(_THREADS) as threads:
        contents = list(threads.map(encode, jobs))
    results = [EncodedMaps(f"_LOD{n}" if len(maps) > 1 else "", {}, each) for n, each in enumerate(maps)]
    for (number, name), content in zip(jobs, contents, strict=True):
        results[number].images[name] = content
    return results
