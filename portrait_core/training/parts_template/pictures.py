# SPDX-License-Identifier: Apache-2.0
"""Small pictures of eye and mouth for the template, from the CC0 base textures: cropped, shaded, of few colours."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from portrait_core.training.parts_template.proxy_mesh import Proxy
from portrait_core.training.parts_template.whole_mesh import WholeMesh
from portrait_core.world.assets import AssetFolders

EYE = "grey_eye.png"
"""The set's picture whose iris is the most even grey: a person's colour is laid over it."""
EYE_MIDDLE = (149.9, 358.9)
EYE_REACH = 0.26
"""Middle of its left eye in texels, and how far the picture reaches from there, as a share of the file's 512 texels:
the front half of the ball."""

COLOURS = 128
"""Colours of the mouth's picture."""
BACK = (0.015, 0.055)
"""Metres behind the foremost tooth between which teeth and gums lose light, and the share that is left at the end."""
BACK_LIGHT = 0.45


def eye_picture(assets: AssetFolders) -> NDArray[np.uint8]:
    """A PNG file (N,) uint8 of the front of an eyeball seen along its line of sight, which is the picture's middle;
    its border lies :data:`EYE_REACH` of the set's texture away."""
    with Image.open(assets.makehuman / "eyes" / "materials" / EYE) as image:
        scale = image.size[0] / 512
        x, y = (value * scale for value in EYE_MIDDLE)
        half = EYE_REACH * image.size[0]
        size = round(2 * half)
        box = (x - half + 0.5, y - half + 0.5, x + half + 0.5, y + half + 0.5)
        cropped = image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC, box=box)
    return _png(cropped)


def mouth_picture(mesh: WholeMesh, parts: dict[str, Proxy], assets: AssetFolders) -> NDArray[np.uint8]:
    """A PNG file (N,) uint8 of the texture that teeth and gums share, darker the farther back they lie, filled beyond
    the borders of its pieces."""
    with Image.open(assets.makehuman / "teeth" / "materials" / "teeth.png") as image:
        colours = np.asarray(image.convert("RGB"), np.float64)
    size = len(colours)
    depth = Image.new("L", (size, size), 0)
    pen = ImageDraw.Draw(depth)
    places = {name: parts[name].places(mesh.neutral) for name in ("teeth", "gums")}
    front = max(float(each[:, 2].max()) for each in places.values())
    for name, where in places.items():
        part = parts[name]
        for polygon, corners in zip(part.polygons, part.corners, strict=True):
            # 1 to 255: how much light; 0 is where nothing is
            behind = front - where[polygon[polygon >= 0], 2].mean()
            lost = np.clip((behind - BACK[0]) / (BACK[1] - BACK[0]), 0, 1)
            light = round(255 * (1 - (1 - BACK_LIGHT) * lost))
            at = part.uvs[corners] * size
            pen.polygon([(float(u), size - float(v)) for u, v in at], fill=light, outline=light)
    light = np.asarray(depth, np.float64) / 255
    nearest = ndimage.distance_transform_edt(light == 0, return_distances=False, return_indices=True)
    assert nearest is not None
    # Shades change slowly over gums and not at all within a tooth.
    filled = (colours * light[..., None])[nearest[0], nearest[1]]
    return _png(Image.fromarray(np.rint(filled).astype(np.uint8)).quantize(COLOURS))


def _png(image: Image.Image) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return np.frombuffer(buffer.getvalue(), np.uint8).copy()
