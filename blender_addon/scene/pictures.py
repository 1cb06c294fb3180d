# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture beside an avatar's file becomes the preview of a data-block."""

from __future__ import annotations

from array import array
from pathlib import Path

import bpy

_EDGE = 256


def show_preview(block: bpy.types.ID, picture: Path | None) -> None:
    """Take ``picture`` as the preview of ``block``, where there is such a picture and it can be read."""
    if picture is None or not picture.is_file():
        return
    try:
        image = bpy.data.images.load(str(picture))
    except RuntimeError:
        return
    try:
        if not image.size[0] or not image.size[1]:
            return
        image.scale(_EDGE, _EDGE)
        pixels = array("f", bytes(4 * 4 * _EDGE * _EDGE))
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
    preview = block.preview_ensure()
    preview.image_size = (_EDGE, _EDGE)
    preview.image_pixels_float.foreach_set(pixels)


def copy_preview(source: bpy.types.ID, target: bpy.types.ID) -> None:
    """Give ``target`` the preview of ``source``, where it has one."""
    seen = source.preview
    if seen is None or not seen.image_size[0]:
        return
    pixels = array("f", bytes(4 * 4 * seen.image_size[0] * seen.image_size[1]))
    seen.image_pixels_float.foreach_get(pixels)
    preview = target.preview_ensure()
    preview.image_size = tuple(seen.image_size)
    preview.image_pixels_float.foreach_set(pixels)
