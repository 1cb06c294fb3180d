# SPDX-License-Identifier: Apache-2.0
"""Pictures to PNG files: colour, depth, silhouette, one by one or as a sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from portrait_core.files.whole_file import whole_file

DEPTH_UNIT = 1e-4
"""Metres per step of a depth picture: a tenth of a millimetre, up to 6.5 m."""


def save_pictures(
    files: Mapping[tuple[int, str], Path],
    pictures: Sequence[Mapping[str, NDArray[Any]]],
    kinds: Sequence[str],
    *,
    sheet: bool,
    overwrite: bool,
) -> list[Path]:
    """Write every kind of every picture; as a ``sheet``, all pictures of a kind into one file. Returns the paths."""
    written: list[Path] = []
    for kind in kinds:
        images = [encode(kind, picture[kind]) for picture in pictures]
        for number, image in enumerate([contact_sheet(images)] if sheet else images):
            path = files[number, kind]
            with whole_file(path, overwrite=overwrite) as temporary:
                Image.fromarray(image).save(temporary, format="PNG")
            written.append(path)
    return written


def encode(kind: str, values: NDArray[Any]) -> NDArray[Any]:
    """Values of a picture -> what the PNG holds: uint8 colour, uint16 depth in tenths of a millimetre, uint8 mask."""
    if kind == "image":
        return values.astype(np.uint8)
    if kind == "mask":
        return np.round(np.clip(values.astype(np.float32), 0, 1) * 255).astype(np.uint8)
    # Rays that meet nothing have an infinite depth, or none.
    finite = np.where(np.isfinite(values), values, 0)
    return np.round(np.clip(finite / DEPTH_UNIT, 0, 65535)).astype(np.uint16)


def shown_depth(depth: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Depth (H, W) metres as a picture (H, W, 3) from near (white) to far (dark), nothing being black."""
    near, far = 2.7 - 0.45, 2.7 + 0.45
    bright = np.clip((far - depth) / (far - near), 0.05, 1.0)
    values = np.where(np.isfinite(depth), bright, 0.0)
    return np.repeat(np.round(values * 255).astype(np.uint8)[..., None], 3, axis=2)


def contact_sheet(images: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Images of one size in rows of about equal length; at most eight side by side."""
    columns = min(len(images), 8 if len(images) > 8 else math.ceil(len(images)))
    rows = math.ceil(len(images) / columns)
    height, width = images[0].shape[:2]
    sheet = np.zeros((rows * height, columns * width, *images[0].shape[2:]), images[0].dtype)
    if sheet.ndim == 3:
        sheet[:] = 255
    for number, image in enumerate(images):
        top, left = number // columns * height, number % columns * width
        sheet[top : top + height, left : left + width] = image
    return sheet
