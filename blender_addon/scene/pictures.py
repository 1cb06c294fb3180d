# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture beside an avatar's file becomes the preview of a data-block."""

from __future__ import annotations

from array import array
from pathlib import Path

import bpy

_EDGE = 256


def show_preview(block: bpy.types.ID, picture: Path | None) -> bool:
    """Take ``picture`` as the preview of ``block``; False where there is no such picture or it cannot be read."""
    if picture is None or not picture.is_file():
        return False
    try:
        image = bpy.data.images.load(str(picture))
    except RuntimeError:
        return False
    try:
        if not image.size[0] or not image.size[1]:
            return False
        image.scale(_EDGE, _EDGE)
        pixels = array("f", bytes(4 * 4 * _EDGE * _EDGE))
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
    preview = block.preview_ensure()
    preview.image_size = (_EDGE, _EDGE)
    preview.image_pixels_float.foreach_set(pixels)
    return True


def copy_preview(source: bpy.types.ID, target: bpy.types.ID) -> bool:
    """Give ``target`` the preview of ``source``; False where it has none."""
    seen = source.preview
    if seen is None or not seen.image_size[0]:
        return False
    pixels = array("f", bytes(4 * 4 * seen.image_size[0] * seen.image_size[1]))
    seen.image_pixels_float.foreach_get(pixels)
    preview = target.preview_ensure()
    preview.image_size = tuple(seen.image_size)
    preview.image_pixels_float.foreach_set(pixels)
    return True
