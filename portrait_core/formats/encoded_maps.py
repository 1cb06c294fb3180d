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
    return distinct([level.maps for level in levels])


def distinct(every: Sequence[Maps]) -> tuple[list[Maps], list[int]]:
    """``every`` one without repetitions, and the number of each; equal means: the same object."""
    found: list[Maps] = []
    numbers: list[int] = []
    for each in every:
        for number, maps in enumerate(found):
            if maps is each:
                numbers.append(number)
                break
        else:
            numbers.append(len(found))
            found.append(each)
    return found, numbers


def encode_maps(
    maps: Sequence[Maps], kind: ImageKind = "png", suffixes: Sequence[str] | None = None
) -> list[EncodedMaps]:
    """All images as files, in threads. ``kind`` is that of colours; directions and roughness are always PNG.

    ``suffixes`` tell the images of several maps apart; by default those of levels of detail.
    """

    def encode(job: tuple[int, str]) -> tuple[bytes, ImageKind]:
        number, name = job
        how: ImageKind = kind if MAPS[name].colour_space == "srgb" else "png"
        image = maps[number][name]
        return (encode_map(image) if how == "png" else encode_jpeg(image)), how

    jobs = [(number, name) for number, each in enumerate(maps) for name in each]
    with side_by_side(_THREADS) as threads:
        contents = list(threads.map(encode, jobs))
    if suffixes is None:
        suffixes = [f"_LOD{n}" if len(maps) > 1 else "" for n in range(len(maps))]
    results = [EncodedMaps(suffix, {}, each) for suffix, each in zip(suffixes, maps, strict=True)]
    for (number, name), content in zip(jobs, contents, strict=True):
        results[number].images[name] = content
    return results
